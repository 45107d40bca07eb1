"""Changes that are offered for a part of a rule file; each was tried: it resolves its problem, and causes no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..diagnostics.edits import edit_of
from ..diagnostics.problem import Place, Problem
from ..golden.adding import added, new_file, unused_name
from ..insight.suggestions import ProposedTest, listed, suggestions
from ..language.installed import candidates
from ..runtime.result import Result
from ..source.paths import is_file
from ..source.text import Source
from .analysis import Analysis, analysis_of, shown_sample
from .cursor import cursor_at
from .data import Action, Edit, Position, Span
from .extraction import extraction
from .lenses import measure, uncovered
from .missing import missing_entries, missing_rules
from .state import EditingState
from .trials import Trials, edit_of_rewrite, with_line_ends

__all__ = ["actions", "golden_test", "suggested_test"]

_REASON = "(say why)"
_COMMENT = re.compile(r"#[ \t]*moemap:[ \t]*allow (M[0-9]{3}(?:, ?M[0-9]{3})*)")
_MOST_FIXES = 50
_TRIES = 400
_FEW_TRIES = 100
_MOST_TEXT = 500_000
"""The maximum number of characters of a test file to which a test is added."""
_SECONDS = 1.0
"""The maximum time in seconds for which a sample of a rule is searched."""


def actions(state: EditingState, path: Path, span: Span) -> tuple[Action, ...]:
    """The changes that are offered for a part of a file."""
    path = state.named(path)
    source = state.source(path)
    if source is None or state.kind(path) is None:
        return ()
    trials = Trials(state, path)
    problems = [one for one in trials.before if one.place is not None and one.place.file == str(path)]
    here = [one for one in problems if one.place is not None and _touches(one.place, span)]
    found: list[Action] = []
    for problem in here:
        found += _quick_fixes(trials, path, source, problem)
    if here:
        found += _fix_all(trials, path, source, problems)
    main = next(iter(state.mains(path)), None)
    analysis = None if main is None or state.kind(path) == "tests" else analysis_of(state, main)
    if analysis is not None:
        found += missing_entries(trials, path, source, analysis, span)
        found += missing_rules(trials, path, source, analysis, span)
        found += extraction(trials, path, source, analysis, span)
        found += _golden(state, path, analysis, span)
        found += _suggestion(state, path, analysis, span)
    return tuple(found)


def _touches(place: Place, span: Span) -> bool:
    start, end = (place.line, place.column), (place.end_line, place.end_column)
    return start <= tuple(span.end) and tuple(span.start) <= end


# Problems


def _quick_fixes(trials: Trials, path: Path, source: Source, problem: Problem) -> Iterator[Action]:
    """The change that the hint of a problem proposes, and a comment that allows the problem."""
    edit = _fix(path, source, problem)
    if edit is not None and trials.holds([edit], [problem]):
        yield Action(f"Change to {edit.text!r}", "quickfix", (edit,), problem.code)
    for allowance in _allowances(path, source, problem):
        if trials.holds([allowance], [problem]):
            yield Action(f"Allow {problem.code} here", "quickfix", (allowance,), problem.code)
            break


def _fix(path: Path, source: Source, problem: Problem) -> Edit | None:
    place = problem.place
    found = None if place is None else edit_of(problem, {place.file: source})
    return None if found is None else Edit(path, _span(found.place), found.text)


def _span(place: Place) -> Span:
    return Span(Position(place.line, place.column), Position(place.end_line, place.end_column))


def _allowances(path: Path, source: Source, problem: Problem) -> Iterator[Edit]:
    """Comments that may allow a problem: an existing one with the code added, or one beside or above its line."""
    if problem.place is None:
        return
    number = problem.place.line
    line = source.line_text(number)
    for at in (number, number - 1):
        there = _COMMENT.search(source.line_text(at)) if at else None
        if there is not None:
            here = Position(at, there.end(1) + 1)
            yield Edit(path, Span(here, here), f", {problem.code}")
            return
    comment = f"# moemap: allow {problem.code} because {_REASON}"
    end = Position(number, len(line.rstrip()) + 1)
    if "#" not in line:
        yield Edit(path, Span(end, end), f"  {comment}")
    indent = len(line) - len(line.lstrip(" "))
    start = Position(number, 1)
    yield Edit(path, Span(start, start), with_line_ends(f"{' ' * indent}{comment}\n", source))


def _fix_all(trials: Trials, path: Path, source: Source, problems: Sequence[Problem]) -> Iterator[Action]:
    """One change with all edits that the hints of a file's problems propose and that can be applied."""
    proposed = [(one, edit) for one in problems if (edit := _fix(path, source, one)) is not None][:_MOST_FIXES]
    apart: list[tuple[Problem, Edit]] = []
    for problem, edit in proposed:
        if all(other.span.end <= edit.span.start or edit.span.end <= other.span.start for _, other in apart):
            apart.append((problem, edit))
    if len(apart) > 1 and not trials.holds([edit for _, edit in apart], [one for one, _ in apart]):
        apart = [(one, edit) for one, edit in apart if trials.holds([edit], [one])]
        if not trials.holds([edit for _, edit in apart], [one for one, _ in apart]):
            return
    if len(apart) > 1:
        yield Action(f"Fix all {len(apart)} problems with a safe hint", "source", tuple(edit for _, edit in apart))


# Tests


@dataclass(frozen=True)
class _Proposed:
    shows: tuple[str, ...]
    batch: Any
    settings: dict[str, Any]
    result: Result


def _golden(state: EditingState, path: Path, analysis: Analysis, span: Span) -> Iterator[Action]:
    cursor = cursor_at(state, path, span.start)
    if cursor is None or cursor.rule is None or cursor.kind not in ("key", "value", "expression", "template"):
        return
    traced = shown_sample(state, analysis, cursor.rule, _SECONDS)
    rule = next((one for one in analysis.rulebook.rules if one.name == cursor.rule), None)
    reaches = traced is not None and rule is not None and any(one.outcome == "takes" for one in traced.taken(rule))
    changes = golden_test(state, analysis.main, cursor.rule) if reaches else ()
    if traced is not None and changes:
        yield Action(f"Make a golden test of {traced.sample.name}", "source", changes)


def golden_test(state: EditingState, main: Path, rule: str | None) -> tuple[Edit, ...]:
    """The edit that adds a test with the shown sample and its present results; none if there is no sample."""
    main = state.named(main)
    analysis = analysis_of(state, main)
    traced = None if analysis is None else shown_sample(state, analysis, rule, _SECONDS)
    if analysis is None or traced is None:
        return ()
    known = {name: value for name, value in traced.sample.settings.items() if name in analysis.rulebook.settings}
    title = traced.sample.name if rule is None else f"{rule}: {traced.sample.name}"
    return _added_test(state, main, rule or "samples", _Proposed((title,), traced.sample.batch, known, traced.result))


def suggested_test(state: EditingState, main: Path, rule: str, tries: int = _TRIES) -> tuple[Edit, ...]:
    """The edit that adds a test for branches of a rule that no test takes; none if none is found. It takes seconds."""
    main = state.named(main)
    analysis, measured = analysis_of(state, main), measure(state, main)
    if analysis is None or measured is None:
        return ()
    wanted = {branch.id for branch in uncovered(measured, rule)}
    if rule not in measured.suggested and wanted:
        pool = [sample.batch for sample in analysis.samples.tests]
        found = suggestions(analysis.rulebook, measured.only(wanted), pool, tries, lambda _: None)
        measured.suggested[rule] = _added_test(state, main, rule, found[0]) if found else ()
    return measured.suggested.get(rule, ())


def _suggestion(state: EditingState, path: Path, analysis: Analysis, span: Span) -> Iterator[Action]:
    """A test for the rule whose name is at a position, if lenses show that some of its branches are not taken."""
    cursor = cursor_at(state, path, span.start)
    if cursor is None or cursor.rule is None or cursor.keys[2:] != ("rule",):
        return
    measured = measure(state, analysis.main, 0)
    if measured is not None and measured.rulebook is analysis.rulebook and uncovered(measured, cursor.rule):
        changes = suggested_test(state, analysis.main, cursor.rule, _FEW_TRIES)
        if changes:
            yield Action("Suggest a test for a branch that none takes", "source", changes)


def _added_test(state: EditingState, main: Path, name: str, test: ProposedTest) -> tuple[Edit, ...]:
    """The edit that writes a test to the test file of this name, or adds it there."""
    is_first = next(filter(is_file, candidates(main.parent)), None) == main
    path = main.parent / "tests" / f"{name if is_first else f'{main.stem}-{name}'}.yaml"
    source = state.source(path)
    if source is None:
        start = Position(1, 1)
        kind = "workspace" if state.kind(main) == "workspace" else "mapping"
        edit = Edit(path, Span(start, start), new_file(None if is_first else f"../{main.name}", listed(test), kind))
    else:
        file = state.test_file(path)
        if file is None or state.named(file.mapping) != main:
            return ()
        test = _Proposed((unused_name(test.shows[0], file), *test.shows[1:]), test.batch, test.settings, test.result)
        rewrite = added(file, partial(listed, test))
        if rewrite is None:
            return ()
        edit = edit_of_rewrite(path, source, rewrite)
    return (edit,) if len(edit.text) + len(source.text if source is not None else "") <= _MOST_TEXT else ()
