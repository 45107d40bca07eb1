"""A project for Studio, Studio in a process of its own, and the actions of a person on its page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from moemap.tests.browser.chromium import PATIENCE, Page

MAPPING = """\
language: 1
name: invoices
version: 1.0.0
input: {as: record, schema: ./order.schema.json}

outputs:
  invoice:
    schema: ./invoice.schema.json
    request: {method: POST, path: /v1/invoices}

tables:
  currencies:
    unlisted: omit
    entries:
      Denmark: DKK
      Germany: EUR

routes:
  orders: {each: "[record]", as: order}

rules:
  - rule: unpaid
    route: orders
    when: order.state != 'paid'
    skip: "the order {{ order.id }} is {{ order.state }}"

  - rule: invoice
    route: orders
    output: invoice
    fields:
      order_id: order.id
      email: order.customer.email
      currency: {from: order.country, table: currencies}
      total: {from: order.total, type: string}
"""


def schema(**members: Any) -> str:
    return json.dumps({"type": "object", "additionalProperties": False, "properties": members})


STRING, NUMBER = {"type": "string"}, {"type": "number"}
FILES = {
    "mapping.yaml": MAPPING,
    "order.schema.json": schema(
        id=STRING, state=STRING, country=STRING, total=NUMBER, note=STRING, customer=json.loads(schema(email=STRING))
    ),
    "invoice.schema.json": schema(order_id=STRING, email=STRING, currency=STRING, total=STRING, remark=STRING),
    "samples/paid.json": json.dumps(
        {
            "id": "o-1",
            "state": "paid",
            "country": "Germany",
            "total": 24.50,
            "note": "by noon",
            "customer": {"email": "ida@example.com"},
        }
    ),
    "samples/open.json": '{"id": "o-2", "state": "open", "country": "Spain", "total": 7346244611012968789}',
    "tests/orders.yaml": """\
tests:
  - test: an open order is skipped
    input_file: ../samples/open.json
    expect:
      requests: []
      skipped: [{pointer: "", rule: unpaid, reason: the order o-2 is open}]
""",
}


def project(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


MOST_TABS = 12


class Studio:
    """Studio on a folder. `address` opens it once; after that, the browser is known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moemap", "studio", str(folder), "--no-browser"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said: list[str] = []
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                return
        raise AssertionError("".join(self.said))

    @property
    def plain(self) -> str:
        return self.address.partition("#")[0]

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)


class Person:
    """The actions of a person on Studio's page, and the texts that it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def text(self, selector: str) -> str:
        """The text of the first element that matches."""
        return str(self.page.run(f"document.querySelector({selector!r})?.innerText ?? ''"))

    def sees(self, text: str, inside: str = "body") -> None:
        """Waits until a text is shown."""
        has = f"one.innerText.replace(/\\s+/g, ' ').includes({json.dumps(' '.join(text.split()))})"
        self.page.wait(f"[...document.querySelectorAll({inside!r})].some((one) => {has})")

    def misses(self, text: str, inside: str = "body") -> None:
        """Waits until a text is no longer shown."""
        quoted = json.dumps(text)
        self.page.wait(f"[...document.querySelectorAll({inside!r})].every((one) => !one.innerText.includes({quoted}))")

    def clicks(self, text: str, selector: str = "button, [role=tab], summary, a") -> None:
        self.page.click(selector, text)

    def shows(self, name: str) -> None:
        """Chooses a sample and waits for its input."""
        self.clicks(name, ".samples button")
        self.page.wait("document.querySelector('#input [role=tree]')")

    def points_at(self, text: str, selector: str = ".row", until: str = "true") -> None:
        """Points at a text, again and again until `until` is true, since its data may not have arrived yet."""
        end = time.monotonic() + PATIENCE
        while True:
            self.page.point(selector, text)
            soon = time.monotonic() + 2
            while time.monotonic() < soon:
                if self.page.run(f"Boolean({until})"):
                    return
                time.sleep(0.02)
            assert time.monotonic() < end, f"it does not come true: {until}"
            self.page.send("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)

    def opens(self, studio: Studio, address: str | None = None, *, width: int = 1280, dark: bool = False) -> None:
        """Opens the page and waits for the first results."""
        self.page.visit(address or studio.plain, width=width, dark=dark)
        self.page.wait("document.querySelector('.live.good') || document.querySelector('.welcome')")

    def tabs_to(self, text: str, *, back: bool = False) -> None:
        """Presses Tab until what is named by a text has the focus, and shows that it has it."""
        one = "document.activeElement"
        for _ in range(MOST_TABS):
            self.page.press("Shift+Tab" if back else "Tab")
            name = self.page.run(f"{one}.ariaLabel ?? {one}.labels?.[0]?.innerText ?? {one}.innerText")
            if str(name).startswith(text):
                assert self.page.run(f"{one}.matches(':focus-visible')")
                return
        raise AssertionError(f"the Tab key does not lead to {text}")

    def moves_to(self, line_with: str) -> None:
        """Moves the cursor of the editor, from the end, to the end of the line that has a text."""
        self.page.wait("document.activeElement.classList.contains('cm-content')")
        self.page.press("Control+End")
        while line_with not in self.text(".cm-activeLine"):
            assert self.page.run("document.querySelector('.cm-activeLine') !== document.querySelector('.cm-line')")
            self.page.press("ArrowUp")
        self.page.press("End")

    def goes_to(self, line_with: str, *, end: bool = True) -> None:
        """Puts the cursor into the line of the editor that has a text."""
        self.page.click(".cm-line", line_with)
        if end:
            self.page.press("End")

    @property
    def rules(self) -> str:
        """The visible text in the editor."""
        return str(
            self.page.run("[...document.querySelectorAll('.cm-line')].map((one) => one.textContent).join('\\n')")
        )

    def lit(self, pane: str) -> Any:
        """The highlighted lines of a pane."""
        selector = f"#{pane} .cm-lit" if pane == "rules" else f"#{pane} [aria-selected=true][role=treeitem]"
        return self.page.run(f"[...document.querySelectorAll({selector!r})].map((one) => one.textContent.trim())")
