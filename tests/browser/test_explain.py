"""The page of `moemap explain`: pointing at one side highlights the other two, by pointer and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.tests.browser.chromium import Page

Make = Callable[[str], Path]
LIT = """[...document.querySelectorAll("section")].map((section) =>
    [...section.querySelectorAll("[aria-selected=true]")].map((one) => one.textContent.trim().replace(/,$/, "")))"""
TOTAL = "66.98"


@pytest.fixture
def explain(page: Page, made: Make) -> Page:
    page.open(made("explain"))
    for side, start in (("source", '"total_amount"'), ("target", '"Total Amount"'), ("rule", "Total Amount:")):
        page.run(
            "[...document.querySelectorAll('[role=option]')].find((one) => "
            f"one.textContent.replace(/^[0-9]+/, '').trim().startsWith({start!r})).dataset.test = '{side}'"
        )
    return page


def lit(page: Page) -> Any:
    return page.run(LIT)


@pytest.mark.parametrize("side", ["source", "rule", "target"])
def test_pointing_at_one_lights_the_other_two(explain: Page, side: str) -> None:
    explain.point(f"[data-test={side}]")
    inputs, rules, requests = lit(explain)
    assert f'"total_amount": {TOTAL}' in inputs
    assert any("Total Amount:" in line and "total_amount" in line for line in rules)
    assert f'"Total Amount": "{TOTAL}"' in requests


def test_what_belongs_together_comes_into_sight(explain: Page) -> None:
    explain.point("[data-test=target]")
    for side in ("source", "rule"):
        inside = explain.run(
            f"(() => {{ const one = document.querySelector('[data-test={side}]'); "
            "const [box, frame] = [one, one.closest('.panel')].map((part) => part.getBoundingClientRect()); "
            "return box.top >= frame.top && box.bottom <= frame.bottom; })()"
        )
        assert inside, side


def test_the_keyboard_does_the_same(explain: Page) -> None:
    explain.run("document.querySelector('[data-test=target]').focus()")
    assert f'"total_amount": {TOTAL}' in lit(explain)[0]
    status = explain.run("document.querySelector('[role=status]').textContent")
    assert f'"total_amount": {TOTAL}' in status
    assert "Rules: " in status
    explain.press("ArrowUp")
    assert explain.run("document.activeElement.textContent.trim()") == '"currency": "INR",'
    assert [line for line in lit(explain)[0] if "currency" in line] == ['"currency_code": "INR"']
    explain.press("Home")
    assert explain.run("document.activeElement.textContent.trim()") == "{"
    explain.press("Escape")
    assert lit(explain) == [[], [], []]


def test_each_list_is_one_stop_of_the_tab_key(explain: Page) -> None:
    stops = []
    for _ in range(explain.run("document.querySelectorAll('[role=listbox]').length")):
        explain.press("Tab")
        stops.append(explain.run("document.activeElement.parentElement.getAttribute('aria-label')"))
    assert stops == explain.run("[...document.querySelectorAll('[role=listbox]')].map((one) => one.ariaLabel)")
    assert stops[0] == "Input"


def test_a_line_that_nothing_belongs_to_says_so(explain: Page) -> None:
    explain.run("document.querySelector('[role=option]').focus()")
    assert explain.run("document.querySelector('[role=status]').textContent") == "Nothing belongs to this line."
