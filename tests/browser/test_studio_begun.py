"""The way from a payload to a saved test in Studio, with the mouse and by the keyboard alone."""

from __future__ import annotations

from pathlib import Path

from moemap.tests.browser.chromium import Page
from moemap.tests.browser.studio import Person, Studio

PAYLOAD = """{"id": "o-1", "note": "by noon", "customer": {"email": "ida@example.com"},
"lines": [{"sku": "TIDE-26", "quantity": 2, "price": 24.5}], "paid": true}"""


def test_a_mapping_begins_with_a_payload(page: Page, tmp_path: Path) -> None:
    """The way of a person who has never seen the rules: a payload, a draft, a field, an explanation, a test, saved."""
    studio = Studio(tmp_path)
    person = Person(page)
    try:
        person.opens(studio, studio.address)
        page.click("[name=name]")
        page.type("Orders")
        page.click("textarea")
        page.type(PAYLOAD)
        person.clicks("Draft a mapping")
        person.sees("did you mean 'orders'?", "[role=alert]")
        page.click("[name=name]")
        page.press("Control+a")
        page.type("orders")
        person.clicks("Draft a mapping")
        person.sees('"email": "ida@example.com"', "#output")
        person.sees("1 test passed", ".state")
        person.goes_to("customer: record.customer")
        page.press("Enter")
        page.type("remark: record.note")
        person.sees('"remark": "by noon"', "#output")
        person.goes_to("remark: record.note")
        page.type("s")
        person.misses('"remark"', "#output")
        page.run("document.querySelector('.missing').open = true")
        page.click("#output .ask input")
        page.type("/remark")
        page.press("Enter")
        person.sees("Why there is no /remark", "#panel h3")
        person.sees("notes", "#panel .steps")
        person.goes_to("remark: record.notes")
        page.press("Backspace")
        person.sees('"remark": "by noon"', "#output")
        person.clicks("Make a test of it")
        person.sees("was written into orders/tests/samples.yaml", ".toast")
        person.clicks("Save 2 files", ".tools button")
        page.wait("document.querySelector('.tools .primary').ariaDisabled === 'true'")
        person.sees("1 of 2 tests failed", ".state")
        assert "remark: record.note\n" in (tmp_path / "orders" / "mapping.yaml").read_text("utf-8")
    finally:
        page.visit("about:blank")
        studio.close()


def test_the_keyboard_alone_goes_from_a_payload_to_a_saved_test(page: Page, tmp_path: Path) -> None:  # noqa: PLR0915 - one way
    studio = Studio(tmp_path)
    person = Person(page)
    try:
        person.opens(studio, studio.address)
        page.wait("document.activeElement.name === 'name'")
        page.type("orders")
        person.tabs_to("Payload")
        page.type(PAYLOAD)
        person.tabs_to("Draft a mapping")
        page.press("Enter")
        person.sees('"email": "ida@example.com"', "#output")

        # A field
        person.moves_to("note: record.note")
        page.press("Shift+F4")
        person.sees("/customer/email", "dialog .picks")
        page.press("Escape")
        page.wait("!document.querySelector('dialog')")
        page.press("Enter")
        page.type("remark: ")
        page.press("Escape")
        page.press("F4")
        person.sees("record.customer.email", "dialog .picks")
        page.type("note")
        page.press("Enter")
        person.sees('"remark": "by noon"', "#output")

        # Why is a value missing?
        page.type("s")
        person.misses('"remark"', "#output")
        page.press("Escape")
        page.press("Alt+3")
        page.wait("document.activeElement.role === 'tree'")
        person.tabs_to("Not given")
        page.press("Enter")
        person.tabs_to("Why is there no")
        page.type("/remark")
        page.press("Enter")
        person.sees("record has no 'notes'; did you mean 'note'?", "#panel .steps")
        page.press("Alt+4")
        page.wait("document.activeElement.role === 'tab'")
        person.tabs_to("mapping.yaml:16")
        page.press("Enter")
        page.wait("document.activeElement.classList.contains('cm-content')")
        assert "remark: record.notes" in person.text(".cm-activeLine")
        page.press("End")
        page.press("Backspace")
        page.press("Escape")
        person.sees('"remark": "by noon"', "#output")

        # A test, saved
        page.press("Alt+3")
        page.wait("document.activeElement.role === 'tree'")
        person.tabs_to("Make a test of it", back=True)
        page.press("Enter")
        person.sees("was written into orders/tests/samples.yaml", ".toast")
        page.press("Control+s")
        person.sees("Saved 2 files.", ".toast")
        assert "      remark: record.note\n" in (tmp_path / "orders" / "mapping.yaml").read_text("utf-8")
        assert "remark: by noon\n" in (tmp_path / "orders" / "tests" / "samples.yaml").read_text("utf-8")
        assert page.complaints == []
    finally:
        page.visit("about:blank")
        studio.close()
