"""The page of `moemap docs`: search without a server, working links, and examples on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.tests.browser.chromium import Page

SHOWN = (
    """[...document.querySelectorAll("[data-find]:not([hidden]) h2")].map((one) => one.firstChild.textContent.trim())"""
)
STATUS = "document.getElementById('found').textContent"


@pytest.fixture
def docs(page: Page, made: Callable[[str], Path]) -> Page:
    page.open(made("docs"))
    return page


def find(page: Page, words: str) -> Any:
    page.run("document.getElementById('search').select()")
    page.type(words)
    return page.run(SHOWN)


@pytest.mark.slow
def test_search_keeps_what_has_all_words(docs: Page) -> None:
    count = len(docs.run(SHOWN))
    assert find(docs, "postcode") == ["user", "Personal data"]
    assert docs.run(STATUS) == f"2 of {count} sections"
    rows = "[...document.querySelectorAll('[data-find]:not([hidden]) tbody tr')].filter((row) => row.checkVisibility())"
    targets = docs.run(f"{rows}.map((row) => row.cells[1].textContent)")
    assert targets[0] == "attributes.Postcode"
    assert all("ostcode" in row for row in docs.run(f"{rows}.map((row) => row.textContent)"))
    assert "purchase" in find(docs, "TransactionId string")
    assert find(docs, "postcode xylophone") == []
    assert docs.run(STATUS) == "Nothing has all of these words."
    docs.press("Escape")
    assert len(docs.run(SHOWN)) == count
    assert docs.run(STATUS) == ""


@pytest.mark.slow
def test_a_title_that_has_the_words_shows_its_whole_section(docs: Page) -> None:
    assert find(docs, "settings")[0] == "Settings"
    hidden = "document.querySelectorAll('#o2 ~ .wide tr[hidden]').length"
    assert docs.run(hidden) == 0


@pytest.mark.slow
def test_every_link_leads_to_a_part_of_the_page(docs: Page) -> None:
    dead = "[...document.querySelectorAll('a')].filter((one) => !document.querySelector(one.getAttribute('href')))"
    assert docs.run(f"{dead}.length") == 0
    assert docs.run("document.querySelectorAll('svg a').length") > 10


def test_the_contents_are_folded_on_a_phone_only(docs: Page, made: Callable[[str], Path]) -> None:
    assert docs.run("document.querySelector('.contents').open")
    docs.open(made("docs"), width=390)
    assert not docs.run("document.querySelector('.contents').open")


def test_examples_are_unfolded_on_paper(docs: Page) -> None:
    assert docs.run("document.querySelectorAll('.example[open]').length") == 0
    docs.run("window.dispatchEvent(new Event('beforeprint'))")
    assert docs.run("document.querySelectorAll('.example:not([open])').length") == 0


def test_paper_has_tables_however_narrow_it_is(docs: Page, made: Callable[[str], Path]) -> None:
    display = "getComputedStyle(document.querySelector('tbody tr')).display"
    docs.open(made("docs"), width=390)
    assert docs.run(display) == "block"
    docs.send("Emulation.setEmulatedMedia", media="print")
    assert docs.run(display) == "table-row"
    assert docs.run("getComputedStyle(document.querySelector('nav')).display") == "none"
