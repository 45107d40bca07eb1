"""The pictures of the documentation, made anew: `make pictures` keeps them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.tests.browser.chromium import Page
from moemap.tests.browser.studio import Person, Studio

ROOT = Path(__file__).parents[2]
MOST_BYTES = 250_000


@pytest.fixture(scope="module")
def shipped(page: Page) -> Iterator[Studio]:
    opened = Studio(ROOT / "mappings" / "mparticle-moengage" / "v1")
    yield opened
    page.visit("about:blank")
    opened.close()


def test_studio_on_the_shipped_mapping(page: Page, shipped: Studio, tmp_path: Path) -> None:
    folder = Path(os.environ.get("MOEMAP_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
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
