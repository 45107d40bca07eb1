"""Recovery from duplicate keys (M005) and values that JSON does not have (M006).

Reading goes on with the first of the keys and with the text of the value. Problems that would only follow from that are
left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..diagnostics.problem import Place, Problem
from .nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["lost_names", "without_consequences"]

_UNKNOWN = frozenset({"M111", "M112", "M115", "M204"})


def lost_names(node: Node, *, lost: bool = False) -> Iterator[str]:
    """All strings under duplicate keys: names that may be defined there.

    `lost`: the node is under such a key itself.
    """
    match node:
        case ScalarNode():
            if lost:
                yield node.text
        case SequenceNode():
            for item in node.items:
                yield from lost_names(item, lost=lost)
        case MappingNode():
            for key, value in node.entries:
                yield from lost_names(key, lost=lost)
                yield from lost_names(value, lost=lost)
            for _, value in node.repeated:
                yield from lost_names(value, lost=True)


def without_consequences(problems: Iterable[Problem], lost: Collection[str]) -> Iterator[Problem]:
    """Removes problems that only follow from M005 and M006 in the same file.

    These are problems of a string that was taken for a value, and unknown names that may be among the `lost` ones.
    """
    problems = tuple(problems)
    odd = [problem.place for problem in problems if problem.code == "M006" and problem.place is not None]
    for problem in problems:
        place = problem.place
        follows = problem.code > "M009" and place is not None and any(_touches(place, one) for one in odd)
        if not follows and not (problem.code in _UNKNOWN and problem.data.get("name") in lost):
            yield problem


def _touches(place: Place, odd: Place) -> bool:
    """Returns whether a place concerns a recovered value: inside it, or around it or after its tag on the same line."""
    if place.is_inside(odd):
        return True
    on_one_line = place.file == odd.file and place.line == place.end_line == odd.line == odd.end_line
    return on_one_line and place.column <= odd.end_column + 1 and odd.column <= place.end_column
