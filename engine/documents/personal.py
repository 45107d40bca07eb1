"""The personal data of a mapping in its documentation: which members reach which requests, and what is asserted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..language.rulebook import Assertion, RequestPlace, Rulebook
from ..privacy.personal import privacy_of
from ..privacy.report import lines_of, summary, title_of_member
from ..source.text import one_line
from .listings import Cell, Listing, TableRow

__all__ = ["asserted", "personal_data"]


def personal_data(rulebook: Rulebook) -> Listing:
    """The places of requests that personal members can reach; what goes the same way stands together."""
    privacy = privacy_of(rulebook)
    alike: dict[tuple[str, ...], dict[str, None]] = {}
    for member in privacy.members:
        for line in lines_of(privacy.sent, member):
            mask = f"{line.mask}()" if line.mask else ""
            way = member.category, line.where, line.by, _all(line.conditions), mask
            alike.setdefault(way, {})[title_of_member(member)] = None
    places: dict[tuple[str, ...], list[str]] = {}
    for (category, where, *rest), members in alike.items():
        places.setdefault((category, ", ".join(members), *rest), []).append(where)
    seen: Counter[str] = Counter()
    rows = []
    for (category, members_, by, conditions, mask), found in places.items():
        to = ", ".join(found)
        seen[f"{category} {to}"] += 1
        cells = Cell(category), Cell(members_, "code"), Cell(to, "code"), Cell(by)
        key = f"{category} {to} {seen[f'{category} {to}']}"
        rows.append(TableRow(key, (*cells, Cell(conditions, "code"), Cell(mask, "code"))))
    note = f"{summary(privacy)}. Found from the rules alone, for any input and any settings."
    columns = "Category", "Members of the input", "Sent to", "By", "Where", "Masked by"
    return Listing("Personal data", columns, tuple(rows), note)


def _all(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " && ".join(f"({one})" for one in conditions)


def asserted(rulebook: Rulebook) -> Listing:
    """The assertions of a mapping, in words."""
    rows = [
        TableRow(
            name,
            (
                Cell(name, "code"),
                Cell(_words(one)),
                Cell("" if one.without is None else one_line(one.without.text), "code"),
                Cell(one_line(one.description or "")),
            ),
            one.place,
        )
        for name, one in rulebook.assertions.items()
    ]
    note = "`moemap check` proves each, for all inputs for which the condition in the column Unless does not hold."
    columns = "Assertion", "What holds", "Unless", "Description"
    return Listing("Assertions", columns, tuple(rows), note)


def _words(one: Assertion) -> str:
    if one.no_output:
        return f"no request of {_listed(one.no_output, 'or')} is sent"
    what = "personal data" if "any" in one.category else _listed(one.category, "and")
    masked = " that no hash masks" if one.unmasked else ""
    if one.never_in:
        return f"{what}{masked}: never in {_places(one.never_in, 'or')}"
    return f"{what}{masked}: only in {_places(one.only_in, 'and')}"


def _places(places: Iterable[RequestPlace], last: str) -> str:
    return _listed(["any request" if one.text == "*" else f"`{one.text}`" for one in places], last)


def _listed(names: Iterable[str], last: str) -> str:
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end
