"""Applies the edits that Problems propose, if they resolve their Problem and cause no other error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .diagnostics.edits import TextEdit, edit_of
from .diagnostics.problem import Place, Problem
from .inspection import Inspection
from .jobs.files import written_whole
from .source.text import Source, read

__all__ = ["ChangedError", "Fix", "Fixes", "fixed", "write"]

_MAX_ROUNDS = 5
_MAX_ALONE = 50
"""The maximum number of edits of a round that are tried one by one, since each try is a check."""

_SYNTAX = {"M004", "M005", "M006", "M009", "M201", "M208"}
"""The codes of texts that cannot be parsed: an edit that leads to one of them is refused."""


class ChangedError(ValueError):
    """A file has changed since it was read; the text names it."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A Problem and the edit that resolved it; `old` is the text that was replaced."""

    problem: Problem
    edit: TextEdit
    old: str


@dataclass(frozen=True, slots=True)
class Fixes:
    """The applied fixes, the inspection afterwards, and the original sources with their new texts."""

    fixes: tuple[Fix, ...]
    inspection: Inspection
    texts: Mapping[Path, tuple[Source, str]]


Inspect = Callable[[Mapping[Path, str]], Inspection]


def fixed(inspect: Inspect) -> Fixes:
    """Finds the edits that can be applied, without writing; `inspect` checks with texts in place of files."""
    texts: dict[Path, str] = {}
    before = inspect(texts)
    originals = {source.path: source for source in before.sources.values() if source.path is not None}
    fixes: list[Fix] = []
    refused: set[tuple[str, str, str]] = set()
    for _ in range(_MAX_ROUNDS):
        todo = [fix for fix in _proposed(before) if _key(fix) not in refused]
        if not todo:
            break
        made = _tried(inspect, before, texts, todo)
        if made is None:
            made = before, texts, []
            for fix in todo[:_MAX_ALONE]:
                # Places move with each edit, so each is looked up anew.
                now = next((one for one in _proposed(made[0]) if _key(one) == _key(fix)), None)
                alone = None if now is None else _tried(inspect, made[0], made[1], [now])
                if alone is None:
                    refused.add(_key(fix))
                else:
                    made = alone[0], alone[1], [*made[2], *alone[2]]
        before, texts = made[0], made[1]
        fixes += made[2]
        if not made[2]:
            break
    return Fixes(tuple(fixes), before, {path: (originals[path], text) for path, text in texts.items()})


def write(found: Fixes) -> None:
    """Writes the new texts. Raises ChangedError before anything is written if a file is not as it was, and OSError."""
    for path, (source, _) in found.texts.items():
        now, _problems = read(path, source.name)
        if now is None or now.text != source.text:
            raise ChangedError(f"{source.name} has changed meanwhile, so nothing was written")
    for path, (_, text) in found.texts.items():
        with written_whole(path) as file:
            file.write(text.encode())


def _key(fix: Fix) -> tuple[str, str, str]:
    return fix.problem.code, f"{fix.edit.place.file}: {fix.problem.message}", fix.edit.text


def _proposed(inspection: Inspection) -> list[Fix]:
    """The edits of the problems, without those that overlap an earlier one."""
    found: list[Fix] = []
    for problem in inspection.problems:
        edit = edit_of(problem, inspection.sources)
        if edit is None or inspection.sources[edit.place.file].path is None:
            continue
        if not any(_overlap(edit.place, fix.edit.place) for fix in found):
            source = inspection.sources[edit.place.file]
            found.append(Fix(problem, edit, source.text[slice(*_span(edit.place, source))]))
    return found


def _overlap(one: Place, other: Place) -> bool:
    (start, end), (other_start, other_end) = (
        ((place.line, place.column), (place.end_line, place.end_column)) for place in (one, other)
    )
    return one.file == other.file and end > other_start and other_end > start


def _span(place: Place, source: Source) -> tuple[int, int]:
    """The offsets of a place in its source."""
    return (
        source.line_start(place.line) + place.column - 1,
        source.line_start(place.end_line) + place.end_column - 1,
    )


def _tried(
    inspect: Inspect, before: Inspection, texts: Mapping[Path, str], fixes: Iterable[Fix]
) -> tuple[Inspection, dict[Path, str], list[Fix]] | None:
    """The inspection with these edits; None if a problem stays, a text breaks, or there are more errors than before."""
    made = list(fixes)
    new = dict(texts)
    for fix in sorted(made, key=lambda fix: (fix.edit.place.line, fix.edit.place.column), reverse=True):
        source = before.sources[fix.edit.place.file]
        assert source.path is not None  # noqa: S101  those are proposed only
        text = new.get(source.path, source.text)
        start, end = _span(fix.edit.place, source)
        given = fix.edit.text.replace("\n", "\r\n") if "\r\n" in fix.old else fix.edit.text
        new[source.path] = text[:start] + given + text[end:]
    after = inspect(new)
    left = Counter(_said(problem) for problem in after.problems)
    were = Counter(_said(problem) for problem in before.problems)
    gone = Counter(_said(fix.problem) for fix in made)
    if any(left[said] > were[said] - count for said, count in gone.items()):
        return None
    is_broken = any(code in _SYNTAX and code not in {fix.problem.code for fix in made} for code, _ in left - were)
    return None if is_broken or _errors(after) > _errors(before) else (after, new, made)


def _said(problem: Problem) -> tuple[str, str]:
    return problem.code, f"{problem.place.file if problem.place else ''}: {problem.message}"


def _errors(inspection: Inspection) -> int:
    return sum(problem.severity == "error" for problem in inspection.problems)
