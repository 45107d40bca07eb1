"""What can still be said of a file in which keys stand twice (M005) or values are none of JSON's (M006).

Reading goes on with the first of the keys and with the text of the value. What would only follow from that is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..diagnostics.problem import Place, Problem
from .nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["lost_names", "without_consequences"]

_UNKNOWN = frozenset({"M111", "M112", "M115", "M204"})


def lost_names(node: Node, *, lost: bool = False) -> Iterator[str]:
    """All texts in what stands under repeated keys: names that may be defined there. `lost`: all of the node is."""
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
    """Leaves out what is said of a text that only stands for another value, and names that are unknown because what
    defines them was passed over."""
    problems = tuple(problems)
    odd = [problem.place for problem in problems if problem.code == "M006" and problem.place is not None]
    for problem in problems:
        place = problem.place
        follows = problem.code > "M009" and place is not None and any(_touches(place, one) for one in odd)
        if not follows and not (problem.code in _UNKNOWN and problem.data.get("name") in lost):
            yield problem


def _touches(place: Place, odd: Place) -> bool:
    """Whether a place is about a value that is odd: inside of it, or around it or after its tag on one line."""
    if place.is_inside(odd):
        return True
    on_one_line = place.file == odd.file and place.line == place.end_line == odd.line == odd.end_line
    return on_one_line and place.column <= odd.end_column + 1 and odd.column <= place.end_column
