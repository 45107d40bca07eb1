"""Studio's page in each of its states, at each width and in both colour schemes: nothing is cut off or inaccessible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moemap.tests.browser.chromium import Page
from moemap.tests.browser.studio import MAPPING, Person, Studio, project
from moemap.tests.browser.test_pages import AXE, FINDINGS


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, page: Page) -> Iterator[Studio]:
    opened = Studio(project(tmp_path_factory.mktemp("pages") / "shop"))
    page.visit(opened.address)
    yield opened
    page.visit("about:blank")
    opened.close()


def opened(person: Person) -> None:
    person.clicks("paid", ".samples button")
    person.sees('"order_id": "o-1"', "#output")


def shown(name: str) -> Callable[[Person], None]:
    """The panel `name`."""

    def show(person: Person) -> None:
        opened(person)
        person.page.run(f"document.getElementById('panel-{name}').click()")
        person.page.wait(f"document.getElementById('panel-{name}').ariaSelected === 'true'")

    return show


def asked(kind: str, selector: str) -> Callable[[Person], None]:
    """The dialog that a button opens."""

    def ask(person: Person) -> None:
        opened(person)
        person.page.run(
            f"[...document.querySelectorAll({selector!r})].find((one) => one.textContent.trim() === {kind!r}).click()"
        )
        person.page.wait("document.querySelector('dialog h2')")

    return ask


def explained(person: Person) -> None:
    opened(person)
    person.page.run(
        "[...document.querySelectorAll('#output .row')].find((one) => one.textContent.includes('EUR')).click()"
    )
    person.sees("Why", "#more")
    person.page.wait("document.querySelector('#panel .steps')")


def missed(person: Person) -> None:
    opened(person)
    person.page.run(
        "document.querySelector('.ask input').value = 'remark'; document.querySelector('.ask').requestSubmit()"
    )
    person.page.wait("document.querySelector('#panel h3')?.textContent.includes('/remark')")


def skipped(person: Person) -> None:
    person.clicks("open", ".samples button")
    person.sees("This input gives no request.", "#output")


def edited(text: str, result: str) -> Callable[[Person], None]:
    """The rules with a text at their end."""

    def edit(person: Person) -> None:
        opened(person)
        person.page.run("document.querySelector('.cm-content').focus()")
        person.page.press("Control+End")
        person.page.type(text)
        person.sees(result, ".top")

    return edit


def masked(person: Person) -> None:
    opened(person)
    person.page.run("document.querySelector('.tools button').click()")
    person.sees("(string)", "#output")


STATES: dict[str, Callable[[Person], None]] = {
    "opened": opened,
    "explained": explained,
    "missed": missed,
    "skipped": skipped,
    "changed": edited("      remark: order.note\n", "1 sample changed"),
    "broken": edited("  - rule: [", "Broken"),
    "masked": masked,
    **{name: shown(name) for name in ("findings", "tests", "eval", "changes", "lost", "privacy")},
    "samples": asked("Samples", "#input button"),
    "paste": asked("Paste", "#input button"),
    "files": asked("Files", "#rules button"),
    "table": asked("Edit table", "#rules button"),
    "settings": asked("Settings", ".tools button"),
    "share": asked("Share", ".tools button"),
    "more": asked("More", ".tools button"),
    "help": asked("?", ".tools button"),
}
WIDTHS = {1280: ["input", "rules", "output", "more"], 800: ["input", "rules", "output", "more"], 390: ["rules"]}


@pytest.fixture
def person(page: Page, studio: Studio) -> Iterator[Person]:
    yield Person(page)
    path = studio.folder / "mapping.yaml"
    page.run("document.querySelector('dialog')?.close()")
    if page.run("[...document.querySelectorAll('.bar-of-helpers button')].some((one) => one.textContent === 'Revert')"):
        page.run("[...document.querySelectorAll('.bar-of-helpers button')].at(-1).click()")
        page.wait("document.querySelector('.tools .primary').ariaDisabled === 'true'")
    assert path.read_text("utf-8") == MAPPING


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make test-browser")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (800, True), (390, True)])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_any_state(person: Person, studio: Studio, state: str, width: int, dark: bool) -> None:
    page = person.page
    person.opens(studio, width=1280, dark=dark)
    STATES[state](person)
    page.resize(width)
    page.run(AXE.read_text("utf-8") + "; null")
    found: list[Any] = page.run(FINDINGS)
    assert found == []
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


@pytest.mark.parametrize("width", WIDTHS)
def test_panes_share_the_width_and_never_overlap(person: Person, studio: Studio, width: int) -> None:
    page = person.page
    person.opens(studio, width=width)
    panes = "[...document.querySelectorAll('.pane')].filter((one) => getComputedStyle(one).visibility === 'visible')"
    assert page.run(f"{panes}.map((one) => one.id)") == WIDTHS[width]
    boxes = page.run(f"{panes}.map((one) => one.getBoundingClientRect().toJSON())")
    for number, one in enumerate(boxes):
        assert one["left"] >= 0
        assert one["right"] <= width
        assert one["bottom"] <= page.run("innerHeight")
        assert one["width"] > 200
        for other in boxes[number + 1 :]:
            is_beside = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert is_beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make test-browser")
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_where_there_is_nothing_yet(page: Page, tmp_path: Path, width: int) -> None:
    empty = Studio(tmp_path)
    person = Person(page)
    try:
        page.visit(empty.plain, width=width)
        person.sees("Studio opens by the address in the terminal")
        page.run(AXE.read_text("utf-8") + "; null")
        assert page.run(FINDINGS) == []
        page.visit("about:blank")
        person.opens(empty, empty.address, width=width)
        person.sees("Begin with a payload")
        page.run(AXE.read_text("utf-8") + "; null")
        assert page.run(FINDINGS) == []
    finally:
        page.visit("about:blank")
        empty.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make test-browser")
def test_axe_finds_nothing_in_a_conflict_and_without_a_server(page: Page, tmp_path: Path) -> None:
    studio = Studio(project(tmp_path / "shop"))
    person = Person(page)
    try:
        person.opens(studio, studio.address)
        edited("      remark: order.note\n", "1 sample changed")(person)
        (studio.folder / "mapping.yaml").write_text(f"{MAPPING}# theirs\n", "utf-8")
        page.press("Control+s")
        person.sees("mapping.yaml changed on disk", "dialog")
        page.run(AXE.read_text("utf-8") + "; null")
        assert page.run(FINDINGS) == []
        person.clicks("Decide later", "dialog button")
        studio.process.kill()
        person.sees("Offline", ".live")
        assert page.run(FINDINGS) == []
    finally:
        page.visit("about:blank")
        studio.close()


def test_a_phone_has_tabs(person: Person, studio: Studio) -> None:
    person.opens(studio, width=390)
    for label, pane in (("Input", "input"), ("Output", "output"), ("Why", "more"), ("Rules", "rules")):
        person.clicks(label, ".switch button")
        person.page.wait(f"getComputedStyle(document.getElementById({pane!r})).visibility === 'visible'")
        assert person.page.run("document.querySelectorAll('.switch [aria-current]').length") == 1


def test_a_phone_shows_the_answer_and_stays_at_the_rules_while_they_are_edited(person: Person, studio: Studio) -> None:
    person.opens(studio)
    opened(person)
    person.page.resize(390)
    person.clicks("Output", ".switch button")
    person.clicks("Not given", "summary")
    person.page.click(".missing .ask input")
    person.page.type("remark")
    person.page.press("Enter")
    person.sees("/remark", "#panel h3")
    person.page.wait("getComputedStyle(document.getElementById('more')).visibility === 'visible'")
    person.clicks("Rules", ".switch button")
    person.page.wait("getComputedStyle(document.getElementById('rules')).visibility === 'visible'")
    person.page.run("document.querySelector('.cm-content').focus()")
    person.page.press("Control+End")
    person.page.type("      remark: order.notes\n")
    person.page.wait("document.querySelector('#panel').textContent.includes('notes')")
    assert person.page.run("getComputedStyle(document.getElementById('rules')).visibility") == "visible"


def test_the_top_of_a_tablet_has_one_line(person: Person, studio: Studio) -> None:
    person.opens(studio, width=800)
    edited("      remark: order.note\n", "1 sample changed")(person)
    person.sees("1 test passed", ".state")
    assert person.page.run("document.querySelector('.top').clientHeight") <= 46


@pytest.mark.slow
def test_results_come_without_a_jump(person: Person, studio: Studio) -> None:
    """An edit moves no pane, and nothing at the top of one."""
    person.opens(studio)
    opened(person)
    boxes = "[...document.querySelectorAll('.pane, .tools *')].map((one) => one.getBoundingClientRect().toJSON())"
    before = person.page.run(boxes)
    edited("      remark: order.note\n", "1 sample changed")(person)
    assert person.page.run(boxes) == before


@pytest.mark.slow
def test_the_policy_forbids_all_that_is_not_the_page_s_own(person: Person, studio: Studio) -> None:
    person.opens(studio)
    page = person.page
    page.run(
        "(() => { const script = document.createElement('script'); script.textContent = 'window.hurt = 1'; "
        "const image = document.createElement('img'); image.src = 'http://127.0.0.1:9/x.png'; "
        "document.body.append(script, image); })()"
    )
    page.wait("document.images[0].complete")
    assert page.run("window.hurt === undefined && document.images[0].naturalWidth === 0")
    assert any("Content Security Policy" in one for one in page.complaints)
