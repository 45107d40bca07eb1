"""Every page opens from disk at each width and in both colour schemes, requests nothing, and is accessible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.insight.explanation import as_html
from moemap.engine.insight.tracing import trace
from moemap.tests.browser.chromium import Page
from moemap.tests.browser.conftest import PAGES
from moemap.tests.docs.examples import Block, write

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
FINDINGS = """axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations.map(
    (one) => one.id + ": " + one.help + " at " + one.nodes.slice(0, 3).map((node) => node.target).join(", ")))"""
Make = Callable[[str], Path]


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800, 390])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_and_fits(page: Page, made: Make, name: str, width: int, dark: bool) -> None:
    page.open(made(name), width=width, dark=dark)
    assert page.complaints == []
    assert [one for one in page.requests if not one.startswith(("file:", "data:"))] == []
    assert page.run("document.documentElement.scrollWidth") <= width
    paper = page.run("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") != dark


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make test-browser")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800, 390])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(page: Page, made: Make, name: str, width: int, dark: bool) -> None:
    page.open(made(name), width=width, dark=dark)
    page.run(AXE.read_text("utf-8") + "; null")
    found: list[Any] = page.run(FINDINGS)
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_on_paper_nothing_is_cut_off(page: Page, made: Make, name: str) -> None:
    page.open(made(name))
    page.send("Emulation.setEmulatedMedia", media="print")
    hidden = page.run(
        "[...document.querySelectorAll('.panel, .wide, .lines, main')].filter((one) => "
        "one.clientHeight && one.scrollHeight > one.clientHeight + 1).map((one) => one.className)"
    )
    assert hidden == []


HOSTILE = "</script><script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>\u202e"


def test_nothing_of_a_batch_or_of_rules_runs(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mapping = f"""\
language: 1
name: shop
version: 1.0.0
input: {{as: batch, schema: ./batch.schema.json}}
outputs: {{event: {{schema: ./event.schema.json, request: {{path: /v1}}}}}}
rules: [{{rule: all, output: event, fields: {{a: batch.a, b: {{const: "{HOSTILE[:-1]}"}}}}}}]
"""
    loaded = api.inspect(write([Block("mapping.yaml", mapping, 1)], Path()))
    assert loaded.rulebook is not None
    text = as_html(trace(loaded.rulebook, {"a": HOSTILE, HOSTILE: 1}), HOSTILE)
    assert "\u202e" not in text
    path = tmp_path / "page.html"
    path.write_text(text, "utf-8")
    page.open(path)
    assert page.complaints == []
    assert page.run("window.hurt === undefined && document.images.length === 0")
    assert HOSTILE[:-1] in page.run("document.title")


def test_the_policy_stops_scripts_that_are_not_the_page_s_own(page: Page, made: Make, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(made("diff").read_text("utf-8").replace("</main>", "<script>window.hurt = 1</script></main>"))
    page.open(path)
    assert page.run("window.hurt === undefined")
    assert any("Content Security Policy" in text for text in page.complaints)
