"""The documentation of a mapping as one page of Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from ..diagnostics.problem import Place
from ..diagnostics.terminal import printable, printable_lines
from ..html.page import spans
from ..language.rulebook import ABSENT
from ..values.kinds import shown
from .document import MappingDocument, PageSection
from .examples import ShownTest
from .listings import Cell, Listing, TableRow

__all__ = ["markdown"]


def markdown(document: MappingDocument) -> str:
    """The page: overview, a section for each rule, and the details that rules refer to."""
    return "\n".join(_lines(document))


def _lines(document: MappingDocument) -> Iterator[str]:
    yield f"# {_plain(document.title)}"
    yield ""
    if document.description:
        yield from (_plain(document.description), "")
    if document.base is not None:
        yield from (f"It extends {_plain(document.base)}; what differs is marked in **bold**.", "")
    yield from (f"- {_plain(name)}: {_cell(cell)}" for name, cell in document.facts)
    yield from ("", "## Overview", "", "```mermaid", document.mermaid, "```", "")
    for listing in document.overview:
        yield from _listing(f"## {_plain(listing.title)}", listing)
    yield from ("## Rules", "", "In the order in which they are tried.", "")
    for section in document.sections:
        yield from _section(section)
    for listing in document.details:
        yield from _listing(f"## {_plain(listing.title)}", listing)


def _section(section: PageSection) -> Iterator[str]:
    mark = f" (**{section.mark}**)" if section.mark else ""
    yield from (f"### Rule {_plain(section.name)}{mark}", "")
    if section.description:
        yield from (_plain(section.description), "")
    yield from (f"- {_plain(name)}: {_cell(cell)}" for name, cell in section.facts)
    yield from (f"- Line: {_code(_line(section.place))}", "")
    for listing in section.listings:
        yield from _listing("" if listing.title == "Fields" else f"{_plain(listing.title)}:", listing)
    if section.example is not None:
        yield from _example(section.example)


def _listing(title: str, listing: Listing) -> Iterator[str]:
    if title:
        yield from (title, "")
    if listing.note:
        yield from (_plain(listing.note), "")
    marks = any(row.mark for row in listing.rows)
    places = any(row.place is not None for row in listing.rows)
    columns = [
        *(["Change"] if marks else []),
        *(listing.columns[one] for one in listing.used),
        *(["Line"] if places else []),
    ]
    yield _row(columns)
    yield _row("---" for _ in columns)
    for row in listing.rows:
        yield _row(_cells(row, listing.used, marks=marks, places=places))
    yield ""


def _cells(row: TableRow, used: list[int], *, marks: bool, places: bool) -> Iterator[str]:
    if marks:
        yield f"**{row.mark}**" if row.mark else ""
    yield from (_cell(row.cells[one]) for one in used)
    if places:
        yield _code(_line(row.place)) if row.place is not None else ""


def _row(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)  # in code, too
    return f"| {' | '.join(escaped)} |"


def _line(place: Place) -> str:
    return f"{PurePath(place.file).name}:{place.line}"


def _example(example: ShownTest) -> Iterator[str]:
    yield from ("<details>", f"<summary>Example: {_plain(example.test)}</summary>", "")
    if example.settings:
        given = ", ".join(f"{name} = {shown(value)}" for name, value in example.settings.items())
        yield from (f"With {_code(given)}.", "")
    yield from (f"{_code(example.pointer)} of the input:" if example.pointer else "The input:", "")
    yield from ("```json", _json(example.input), "```", "")
    if example.output is not ABSENT:
        yield from (f"gives, in {_code(example.request or '')}:", "", "```json", _json(example.output), "```")
    else:
        yield _plain(example.words)
    yield from ("", "</details>", "")


def _json(value: object) -> str:
    return printable_lines(json.dumps(value, indent=2, ensure_ascii=False))


def _cell(cell: Cell) -> str:
    if cell.form == "rule":
        return f"[{_plain(cell.text)}](#rule-{cell.text.lower()})"
    return (_code(cell.text) if cell.form == "code" else _plain(cell.text)) if cell.text else ""


def _code(text: str) -> str:
    """A text as code, between more backticks than it has in a row."""
    text = printable(text)
    fence = "`" * (1 + max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _plain(text: str) -> str:
    return "".join(_code(part) if is_code else _escaped(part) for part, is_code in spans(text))


def _escaped(text: str) -> str:
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{one}" if one in "\\`*_[]" else one for one in text)
