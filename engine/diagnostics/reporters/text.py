"""Problems as text for people, with excerpts of the files.

Messages quote files and payloads from untrusted sources, so control characters are always escaped
(`terminal.printable`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..problem import Place, Problem
from ..terminal import cells, printable, styled
from .report import Lines, Report

__all__ = ["counted", "full_message", "related_notes", "render", "summary"]

# The maximum width of an excerpt in terminal cells; of a longer line, the cells kept before the span and from its
# start.
_WIDTH, _BEFORE, _FROM_START = 120, 40, 80
_TAB = "    "

_STYLES = {"error": "1;31", "warning": "1;33", "frame": "1;34", "strong": "1"}


def summary(problems: Iterable[Problem]) -> str:
    """The number of problems in words, such as `2 errors, 1 warning`, or `no problems`."""
    counts = counted(problems)
    words = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n]
    return ", ".join(words) or "no problems"


def counted(problems: Iterable[Problem]) -> dict[str, int]:
    """The number of problems of each severity."""
    severities = [problem.severity for problem in problems]
    return {severity: severities.count(severity) for severity in ("error", "warning")}


def _notes(problem: Problem) -> list[tuple[str, str]]:
    """The details besides the message and the place, as pairs of label and text."""
    notes = [
        ("rule", problem.rule),
        ("input", problem.input),
        ("output", problem.output),
        ("help", problem.hint),
    ]
    # The pointer to a whole document is the empty string.
    return [(label, printable(note) or "the whole document") for label, note in notes if note is not None]


def related_notes(problem: Problem) -> list[tuple[str, str]]:
    """The related places, as pairs of label and text."""
    return [("see", printable(f"{related.place}: {related.text}")) for related in problem.related]


def render(report: Report) -> str:
    """Renders the problems as a compiler does, each with its source line if its file is among `sources`."""
    return "\n\n".join(_diagnostic(problem, report.sources, report.color) for problem in report.problems)


def _diagnostic(problem: Problem, sources: Mapping[str, Lines], color: bool) -> str:
    def styled_as(style: str, part: str) -> str:
        return styled(_STYLES[style], part, color=color)

    head = styled_as(problem.severity, f"{problem.severity}[{problem.code}]")
    lines = [head + styled_as("strong", f": {printable(problem.message)}")]
    place = problem.place
    gutter = " " * len(str(place.line)) if place else " "
    if place:
        lines.append(f"{gutter}{styled_as('frame', '-->')} {printable(str(place))}")
    if place and place.file in sources:
        shown, indent, carets = _excerpt(sources[place.file].line_text(place.line), place)
        bar = styled_as("frame", "|")
        lines += [
            f"{gutter} {bar}",
            f"{styled_as('frame', str(place.line))} {bar} {shown}",
            f"{gutter} {bar} {' ' * indent}{styled_as(problem.severity, carets)}",
        ]
    notes = (*_notes(problem), *related_notes(problem))
    lines += [f"{gutter} {styled_as('frame', '=')} {styled_as('strong', label)}: {note}" for label, note in notes]
    return "\n".join(lines)


def _excerpt(line: str, place: Place) -> tuple[str, int, str]:
    """The part of a line around a span, its indentation, and the carets to print below it."""
    start = min(place.column - 1, len(line))
    goes_on = place.end_line > place.line
    end = len(line.rstrip()) if goes_on else min(place.end_column - 1, len(line))
    if len(line) <= _WIDTH and sum(map(_cost, line)) <= _WIDTH:
        before, after = line[:start], line[start:]
    else:
        before = _fitting(line[max(0, start - _BEFORE) : start][::-1], _BEFORE)[::-1]
        after = _fitting(line[start : start + _FROM_START], _FROM_START)
    left = "..." if len(before) < start else ""
    right = "..." if start + len(after) < len(line) else ""
    carets = "^" * max(1, _width(after[: max(0, end - start)])) + ("..." if goes_on else "")
    return f"{left}{_cells(before + after)}{right}".rstrip(), len(left) + _width(before), carets


def _cells(raw: str) -> str:
    return printable(raw.replace("\t", _TAB))


def _width(raw: str) -> int:
    """The width in terminal cells of a text as `_cells` writes it."""
    return sum(cells(c) for c in _cells(raw))


def _cost(character: str) -> int:
    # At least one: otherwise a line of combining characters alone would never be cut.
    return max(1, _width(character))


def _fitting(line: str, room: int) -> str:
    """The longest beginning of a line that fits in `room` cells."""
    for index, character in enumerate(line):
        room -= _cost(character)
        if room < 0:
            return line[:index]
    return line


def full_message(problem: Problem) -> str:
    """The message of a problem and its notes, one per line."""
    return "\n".join([printable(problem.message), *(f"{label}: {note}" for label, note in _notes(problem))])
