"""Studio's page on a small project: views, edits, saving, and recovery from mistakes and accidents."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.tests.browser.chromium import Page
from moemap.tests.browser.studio import FILES, MAPPING, Person, Studio, project

pytestmark = pytest.mark.slow  # each starts Studio in a process of its own


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    opened = Studio(project(tmp_path / "shop"))
    yield opened
    opened.close()


@pytest.fixture
def person(page: Page, studio: Studio) -> Iterator[Person]:
    found = Person(page)
    found.opens(studio, studio.address)
    yield found
    assert [one for one in page.complaints if "WebSocket" not in one] == []
    assert [one for one in page.requests if not one.startswith((studio.plain, "data:", "ws://127.0.0.1"))] == []
    page.visit("about:blank")


def test_the_token_is_gone_from_the_address(person: Person) -> None:
    assert person.page.run("location.hash") == ""


def test_a_value_lights_its_line_and_what_was_read(person: Person) -> None:
    person.shows("paid")
    person.points_at('"ida@example.com"', "#output .row", "document.querySelector('#input [aria-selected=true]')")
    assert person.lit("input") == ['"email": "ida@example.com"']
    assert "      email: order.customer.email".strip() in person.lit("rules")
    person.points_at('"country"', "#input .row")
    person.page.wait("!document.querySelector('#input [aria-selected=true]')?.textContent.includes('ida')")
    assert person.lit("output") == ['"currency": "EUR",']
    person.points_at("order_id: order.id", ".cm-line")
    person.page.wait("document.querySelector('#output [aria-selected=true]')?.textContent.includes('o-1')")
    assert person.lit("input") == ['"id": "o-1",']


def test_a_chosen_value_says_why_it_is_there(person: Person) -> None:
    person.shows("paid")
    person.clicks('"EUR"', "#output .row")
    person.sees("/currency", "#panel h3")
    person.sees("mapping.yaml:33", "#panel")
    person.clicks("/country", "#panel .link")
    person.sees("Who reads /country", "#panel h3")


def test_an_edit_shows_what_changes_and_saving_keeps_it(person: Person, studio: Studio) -> None:
    person.shows("paid")
    person.goes_to("total: {from: order.total")
    person.page.press("Enter")
    person.page.type("remark: order.note")
    person.sees('"remark": "by noon"', "#output")
    person.page.wait("document.querySelector('#output .row.changed')?.textContent.includes('remark')")
    person.sees("1 sample changed", ".state")
    assert (studio.folder / "mapping.yaml").read_text("utf-8") == MAPPING
    person.page.press("Control+s")
    person.sees("Saved mapping.yaml.")
    assert (studio.folder / "mapping.yaml").read_text("utf-8") == f"{MAPPING}      remark: order.note\n"
    person.sees("No changes", ".state")
    assert not person.page.run("document.querySelector('#output .row.changed')")


def test_a_value_that_went_missing_says_why(person: Person) -> None:
    person.shows("paid")
    person.goes_to("email: order.customer.email")
    person.page.press("Shift+Home")
    person.page.press("Backspace")
    person.page.wait("document.querySelector('#output .row.gone')")
    person.clicks("ida@example.com", "#output .row.gone")
    person.sees("Why there is no /email", "#panel h3")
    person.sees("No rule gives a value there.", "#panel")


def test_a_place_that_has_no_value_says_why(person: Person) -> None:
    person.shows("open")
    person.page.click("#output .ask input")
    person.page.type("currency")
    person.page.press("Enter")
    person.sees("Why there is no /currency", "#panel h3")
    person.sees("rule invoice, currency: never reached: rule unpaid took all of the route orders before", "#panel")


def test_broken_rules_keep_the_last_good_result(person: Person) -> None:
    person.shows("paid")
    person.goes_to("total: {from: order.total")
    person.page.type(" [")
    person.sees("Broken", ".live")
    person.sees("Output of the last rules that could be used", "#output h2")
    assert '"EUR"' in person.text("#output")
    assert int(person.page.run("document.querySelectorAll('.cm-lintRange').length"))
    person.page.press("Control+z")
    person.sees("Live", ".live")
    person.misses("of the last rules")


def test_a_file_that_changed_on_disk_is_never_overwritten_unasked(person: Person, studio: Studio) -> None:
    path = studio.folder / "mapping.yaml"
    person.goes_to("total: {from: order.total")
    person.page.type(" # mine")
    person.sees("mine", ".cm-content")
    theirs = MAPPING.replace("version: 1.0.0", "version: 1.0.1")
    path.write_text(theirs, "utf-8")
    person.page.press("Control+s")
    person.sees("mapping.yaml changed on disk", "dialog")
    person.sees("version: 1.0.1", "dialog")
    assert path.read_text("utf-8") == theirs
    person.clicks("Save mine", "dialog button")
    person.sees("Saved mapping.yaml.")
    assert path.read_text("utf-8") == MAPPING.rstrip("\n") + " # mine\n"


def test_the_text_on_disk_can_be_taken_and_undone(person: Person, studio: Studio) -> None:
    path = studio.folder / "mapping.yaml"
    person.sees("1 test passed", ".state")
    person.goes_to("total: {from: order.total")
    person.page.type(" # mine")
    path.write_text(f"{MAPPING}      remark: order.note\n", "utf-8")
    person.sees("changed on disk while you edited it", ".banner")
    person.clicks("Compare and decide", ".banner button")
    person.clicks("Take the one on disk", "dialog button")
    person.sees("remark: order.note", ".cm-content")
    person.page.wait("document.querySelector('.tools .primary').ariaDisabled === 'true'")
    person.page.click(".cm-content")
    person.page.press("Control+z")
    person.sees("# mine", ".cm-content")


def test_a_file_without_edits_follows_the_disk(person: Person, studio: Studio) -> None:
    person.sees("1 test passed", ".state")
    (studio.folder / "mapping.yaml").write_text(MAPPING.replace("order.total,", "order.id,"), "utf-8")
    person.shows("paid")
    person.sees('"total": "o-1"', "#output")
    assert "from: order.id," in person.rules


def test_one_click_makes_a_test_of_what_is_seen(person: Person, studio: Studio) -> None:
    person.shows("paid")
    person.clicks("Make a test of it")
    person.sees("was written into tests/orders.yaml", ".toast")
    bottom = "getBoundingClientRect().bottom"
    in_sight = f"one.{bottom} < document.querySelector('.cm-scroller').{bottom}"
    has = "one.textContent.includes('test: paid')"
    person.page.wait(f"[...document.querySelectorAll('.cm-line')].some((one) => {has} && {in_sight})")
    person.page.press("Control+s")
    person.sees("2 tests passed", ".state")
    made = (studio.folder / "tests" / "orders.yaml").read_text("utf-8")
    assert made.startswith(FILES["tests/orders.yaml"])
    assert "ida@example.com" in made


def test_a_failing_test_is_named(person: Person) -> None:
    person.goes_to("skip:")
    person.page.type(" # no change")
    person.goes_to("when: order.state")
    person.page.type(" && order.id == 'x'")
    person.sees("1 of 1 test failed", ".state")
    person.clicks("1 of 1 test failed")
    person.clicks("an open order is skipped", "#panel .place")
    person.sees("test: an open order is skipped", ".cm-content")


def test_a_finding_leads_to_its_page_and_to_its_change(person: Person) -> None:
    person.goes_to("email: order.customer.email")
    person.page.type("s")
    person.clicks("Findings", "[role=tab]")
    person.clicks("M203", "#panel .link")
    person.sees("A path reads a member that can never be there", "dialog")
    person.page.press("Escape")
    person.page.wait("!document.querySelector('dialog')")
    person.page.press("Alt+2")
    person.page.wait("document.activeElement.classList.contains('cm-content')")
    person.page.press("Control+.")
    person.sees("email", "dialog .picks")
    person.page.press("Enter")
    person.sees("No findings", ".state")
    assert "email: order.customer.email\n" in person.rules


def test_a_table_is_edited_in_cells(person: Person) -> None:
    person.shows("paid")
    person.clicks("Edit table")
    person.page.wait("document.querySelector('dialog .cells')")
    assert person.page.run("[...document.querySelectorAll('dialog td input')].map((one) => one.value)") == [
        *("Denmark", "DKK", "Germany", "EUR")
    ]
    person.page.click("dialog [aria-label='value 2']")
    person.page.press("Control+a")
    person.page.type("CHF")
    person.page.press("Tab")
    assert person.page.run("document.activeElement.ariaLabel") == "Remove Germany"
    person.page.click("dialog [name=key]")
    person.page.type("Spain")
    person.page.press("Tab")
    person.page.type("EUR")
    person.page.press("Enter")
    person.page.wait("document.querySelectorAll('dialog tbody tr').length === 3")
    person.page.click("dialog [aria-label='Remove Denmark']")
    person.page.press("Escape")
    person.sees('"currency": "CHF"', "#output")
    assert "    entries:\n      Germany: CHF\n      Spain: EUR\n" in person.rules


def test_expressions_are_evaluated_while_they_are_typed(person: Person) -> None:
    person.shows("open")
    person.clicks("Evaluate", "[role=tab]")
    person.sees("record", "#panel")
    person.page.click("#panel input")
    person.page.type("record.total")
    person.sees("7346244611012968789", "#panel .answer")
    person.page.type(" ==")
    person.page.wait("document.querySelector('#panel .note.bad')")


def test_masked_values_are_nowhere_on_the_page(person: Person) -> None:
    person.shows("paid")
    person.clicks('"ida@example.com"', "#output .row")
    person.sees("order.customer.email", "#panel")
    person.clicks("Mask", ".tools button")
    person.sees("(string)", "#output")
    everything = "[...document.querySelectorAll('#input, #output, #more')].map((one) => one.textContent).join()"
    assert "ida@example.com" not in person.page.run(everything)
    assert "24.5" not in person.page.run(everything)


def test_a_pasted_payload_becomes_a_sample(person: Person) -> None:
    person.clicks("Paste", "#input button")
    person.page.wait("document.activeElement.matches('dialog textarea')")
    person.page.type('{"id": "o-3", "state": ')
    person.clicks("Add", "dialog button")
    person.sees("This is not JSON", "dialog")
    person.page.click("dialog textarea")
    person.page.press("Control+End")
    person.page.type('"paid", "total": 1.0}')
    person.clicks("Add", "dialog button")
    person.sees('"order_id": "o-3"', "#output")
    person.sees('"total": 1.0', "#input")


def test_the_keyboard_alone_does_it_all(person: Person, studio: Studio) -> None:
    """Without a click: to a sample, to its output, to the explanation, into the rules, and saved."""
    page = person.page
    for _ in range(40):
        page.press("Tab")
        if page.run("document.activeElement.textContent").startswith(("\u2713paid", "\u00b7paid")):
            break
    page.press("Enter")
    person.sees('"order_id": "o-1"', "#output")
    page.press("Alt+3")
    page.wait("document.activeElement.role === 'tree' && document.activeElement.closest('#output')")
    for _ in range(3):
        page.press("ArrowDown")
    active = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
    assert page.run(f"{active}.textContent") == '"currency": "EUR",'
    assert page.run(f"{active}.getAttribute('aria-level')") == "2"
    page.press("Enter")
    person.sees("/currency", "#panel h3")
    assert "mapping.yaml, line 33" in page.run(
        "[...document.querySelectorAll('[role=status]')].map((one) => one.textContent).join()"
    )
    page.press("ArrowLeft")
    page.press("ArrowLeft")
    assert page.run(f"{active}.getAttribute('aria-expanded')") == "false"
    page.press("ArrowRight")
    page.press("Alt+2")
    page.wait("document.activeElement.classList.contains('cm-content')")
    page.press("Control+End")
    page.type("      remark: order.note")
    person.sees('"remark": "by noon"', "#output")
    page.press("Control+s")
    person.sees("Saved mapping.yaml.")
    assert "remark: order.note" in (studio.folder / "mapping.yaml").read_text("utf-8")
    page.press("Escape")
    page.press("F1")
    person.sees("Help and keys", "dialog")
    page.press("Escape")
    page.wait("!document.querySelector('dialog')")
    assert page.run("document.activeElement.classList.contains('cm-content')")


def test_what_is_written_outlives_the_server(page: Page, tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    studio = Studio(folder)
    person = Person(page)
    try:
        person.opens(studio, studio.address)
        person.goes_to("total: {from: order.total")
        page.type(" # kept")
        studio.process.kill()
        person.sees("Offline", ".live")
        person.sees("The connection to Studio was lost", ".banner")
        page.type(" and more")
        assert "# kept and more" in person.rules
    finally:
        studio.close()
        page.visit("about:blank")


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_a_worker_that_dies_is_started_anew(person: Person, studio: Studio) -> None:
    person.shows("paid")
    children = Path(f"/proc/{studio.process.pid}/task/{studio.process.pid}/children").read_text("utf-8").split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    person.goes_to("email: order.customer.email")
    person.page.press("Enter")
    person.page.type("remark: order.note")
    person.sees('"remark": "by noon"', "#output")
    person.sees("Live", ".live")
    person.page.wait("!document.querySelector('.banner')")


def test_a_page_without_a_token_says_how_to_open_studio(page: Page, studio: Studio) -> None:
    page.visit(studio.plain)
    person = Person(page)
    person.sees("Studio opens by the address in the terminal")


def test_a_large_sample_is_shown_in_parts(page: Page, tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    wide = {f"m{number}": "x" * 400 for number in range(23_500)}
    order = {"id": "o-9", "state": "paid", **wide}
    (folder / "samples" / "large.json").write_text(json.dumps(order), "utf-8")
    (folder / "order.schema.json").write_text('{"type": "object"}', "utf-8")
    studio = Studio(folder)
    person = Person(page)
    try:
        person.opens(studio, studio.address)
        person.shows("large")
        person.sees("This input is large", "#input")
        person.sees('"order_id": "o-9"', "#output")
        assert page.run("document.querySelectorAll('#input .row').length") < 120
        page.run("document.querySelector('#input .scroll').scrollTop = 1e6")
        person.clicks("show", "#input .row .link")
        page.wait("document.querySelector('#input .rows').clientHeight > 10000")
        page.run("document.querySelector('#input .scroll').scrollTop = 1e6")
        page.wait("[...document.querySelectorAll('#input .row')].some((one) => one.textContent.includes('\"m590\"'))")
    finally:
        studio.close()
        page.visit("about:blank")


def test_helpers_write_text_that_can_be_undone(person: Person) -> None:
    before = person.rules
    person.goes_to("total: {from: order.total")
    person.clicks("Insert field")
    person.sees("/remark", "dialog .picks")
    person.page.type("remark")
    person.page.press("Enter")
    person.sees("remark: {from: }", ".cm-content")
    person.sees("Broken", ".live")
    person.clicks("Insert path")
    person.sees("order.note", "dialog .picks")
    person.page.type("note")
    person.page.press("Enter")
    person.sees("remark: {from: order.note}", ".cm-content")
    for _ in range(2):
        person.page.press("Control+z")
    assert person.rules == before


DROP = """(() => { const data = new DataTransfer(); data.items.add(new File([%s], "week.ndjson"));
const dropped = {dataTransfer: data, bubbles: true, cancelable: true};
document.querySelector(%s).dispatchEvent(new DragEvent("drop", dropped)); })()"""


def test_the_loss_of_a_corpus_that_is_dropped_is_listed(person: Person) -> None:
    person.clicks("Lost", "[role=tab]")
    person.sees("/note", "#panel td")
    lines = '{"id": "o-8", "coupon": "TIDE"}\n{"id": "o-9", "coupon": "EBB"}'
    person.page.run(DROP % (json.dumps(lines), "'.drop'"))
    person.sees("What 2 inputs have, and no output", "#panel")
    person.sees("/coupon", "#panel td")
    person.misses("/note", "#panel td")
    person.clicks("Samples of the project", "#panel button")
    person.sees("/note", "#panel td")
    person.page.run(DROP % ("'{}'", "'.cm-content'"))
    person.sees("/note", "#panel td")


def test_paths_whose_names_have_the_words_come_first(person: Person) -> None:
    person.goes_to("total: {from: order.total")
    person.clicks("Insert path")
    person.sees("order.note", "dialog .picks")
    person.page.type("id")
    person.page.wait("document.querySelector('dialog .picks code').textContent === 'order.id'")
