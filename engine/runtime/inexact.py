"""Finds and removes the numbers of bodies that readers of JSON would round: integers of more than 64 bits."""

from __future__ import annotations

from typing import Any

from ..schemas.violations import MAX_VIOLATIONS, Violation
from ..values.kinds import shown
from ..values.numbers import is_wide
from ..values.pointers import join

__all__ = ["inexact_in", "without_inexact"]


def inexact_in(body: Any) -> tuple[Violation, ...]:
    """The first integers in a body that readers of JSON round, in order of place, and the number of the others."""
    found: list[Violation] = []
    pending = [("", body)]
    while pending:
        place, value = pending.pop()
        match value:
            case dict():
                pending += [(join(place, name), member) for name, member in value.items()]
            case list():
                pending += [(join(place, number), element) for number, element in enumerate(value)]
            case int() if is_wide(value):
                found.append(Violation(place, "", f"{shown(value)} needs more than 64 bits"))
    found.sort()
    if len(found) > MAX_VIOLATIONS:
        last = found[MAX_VIOLATIONS - 1]
        others = len(found) - MAX_VIOLATIONS
        found[MAX_VIOLATIONS - 1 :] = [last._replace(reason=f"{last.reason}, and {others} others do")]
    return tuple(found)


def without_inexact(value: Any) -> Any:
    """Removes the members, and the lists that are members, with a number that readers of JSON would round.

    Members that are objects without anything else are removed, too; elements keep their places, and are empty. None if
    the value itself is removed.
    """
    match value:
        case dict():
            parts = {name: without_inexact(member) for name, member in value.items()}
            left = {name: part for name, part in parts.items() if part is not None or value[name] is None}
            return left if left or not value else None
        case list():
            elements = [without_inexact(one) or {} if isinstance(one, dict) else without_inexact(one) for one in value]
            is_exact = all(part is not None or one is None for part, one in zip(elements, value, strict=True))
            return elements if is_exact else None
    return None if isinstance(value, int) and is_wide(value) else value
