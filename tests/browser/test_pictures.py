"""The pictures of the documentation are made again; `make pictures` keeps them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.tests.browser.chromium import Page
from moemap.tests.browser.studio import Person, Studio
from moemap.tests.browser.terminal import XTERM, drawn, show

ROOT = Path(__file__).parents[2]
EDITOR = Path(__file__).with_name("editor.lua")
MOST_BYTES = 250_000


@pytest.fixture(scope="module")
def shipped(page: Page) -> Iterator[Studio]:
    opened = Studio(ROOT / "mappings" / "mparticle-moengage" / "v1")
    yield opened
    page.visit("about:blank")
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which pictures are kept."""
    made = Path(os.environ.get("MOEMAP_PICTURES") or tmp_path / "pictures")
    made.mkdir(parents=True, exist_ok=True)
    return made


@pytest.mark.slow
def test_studio_on_the_shipped_mapping(page: Page, shipped: Studio, folder: Path) -> None:
    person = Person(page)
    person.opens(shipped, shipped.address)
    for name in ("purchase", "refund", "wishlist", "unicode_and_emoji"):
        person.clicks("Samples", "#input button")
        page.wait("document.querySelector('dialog .picks code')")
        page.type(f"{name} file")
        page.press("Enter")
        page.press("Escape")
        page.wait("!document.querySelector('dialog')")
    for name in ("add_to_cart", "bulk_array #0", "bulk_array #1"):
        page.run(f"document.querySelector(`[aria-label='Leave out {name}']`).click()")
        page.wait(f"!document.querySelector(`[aria-label='Leave out {name}']`)")
    person.clicks("purchase", ".samples button")
    person.sees("asha.rao@example.com", "#input")
    person.sees("asha.rao@example.com", "#output")
    page.run("document.querySelector('#output .request').open = false")
    person.clicks('"currency"', "#output .row")
    person.sees("/actions/0/attributes/currency", "#panel h3")
    page.wait("document.querySelector('#rules .cm-lit') && document.querySelector('#input [aria-selected=true]')")
    page.picture(folder / "studio.png")
    assert 20_000 < (folder / "studio.png").stat().st_size < MOST_BYTES
    assert page.complaints == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvim") is None, reason="there is no Neovim")
@pytest.mark.skipif(not XTERM.exists(), reason="xterm.js is not there: make test-browser")
def test_an_editor_on_the_shipped_mapping(page: Page, folder: Path, tmp_path: Path) -> None:
    size, until = (146, 27), tmp_path / "seen"
    environment = {
        "MOEMAP_FILE": str(ROOT / "mappings" / "mparticle-moengage" / "v1" / "commerce.yaml"),
        "MOEMAP_PYTHON": sys.executable,
        "MOEMAP_SEEN": str(until),
        **{f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "DATA", "STATE")},
    }
    command = ["nvim", "-n", "-u", "NONE", "-c", "syntax on", "-c", f"luafile {EDITOR}"]
    lines = show(page, drawn(command, size, until, environment), size, tmp_path)
    said = "\n".join(lines)
    assert "'product.quantiy' can never exist: 'product' has no 'quantiy'" in said
    assert "`product.price`: string, number or null" in said
    assert "Price of one piece; may be text, empty text included." in said
    page.picture(folder / "editor.png", of=".xterm-screen")
    assert 20_000 < (folder / "editor.png").stat().st_size < MOST_BYTES
    assert page.complaints == []
