"""Changes that are offered for a part of a rule file. Each was tried: it resolves its problem, and causes no other."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..diagnostics.edits import edit_of
from ..diagnostics.problem import Place, Problem
from ..expressions.parser import parse
from ..expressions.syntax_errors import ExpressionError
from ..expressions.tree import walk
from ..golden.rewrite import Rewrite, edits, inline
from ..inference.facts import LookUp
from ..insight.suggestions import listed, suggestions
from ..language.decoder import ROOT
from ..runtime.result import Result
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from ..source.text import Source
from ..types.types import constants, without_null
from .analysis import Analysis, analysis_of, shown_sample
from .cursor import cursor_at, offset_of, span_of
from .data import Action, Edit, Position, Span
from .lenses import measure, uncovered
from .state import EditingState

__all__ = ["actions", "golden_test", "suggested_test"]

_REASON = "(say why)"
_COMMENT = re.compile(r"#[ \t]*moemap:[ \t]*allow (M[0-9]{3}(?:, ?M[0-9]{3})*)")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_MOST_FIXES = 50
_TRIES = 400
_MOST_ENTRIES = 50


def actions(state: EditingState, path: Path, span: Span) -> tuple[Action, ...]:
    """The changes that are offered for a part of a file."""
    path = state.named(path)
    source = state.source(path)
    if source is None or state.kind(path) is None:
        return ()
    trials = _Trials(state, path)
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
        found += _missing_entries(trials, path, source, analysis, span)
        found += _extraction(trials, path, source, analysis, span)
        found += _golden(state, path, analysis, span)
    return tuple(found)


def _touches(place: Place, span: Span) -> bool:
    start, end = (place.line, place.column), (place.end_line, place.end_column)
    return start <= tuple(span.end) and tuple(span.start) <= end


# Trying


@contextmanager
def _tried(state: EditingState, changes: Iterable[Edit]) -> Iterator[None]:
    """The state with these changes, which are undone at the end."""
    by_path: dict[Path, list[Edit]] = {}
    for edit in changes:
        by_path.setdefault(edit.path, []).append(edit)
    before = {path: state.text(path) if path in state.opened else None for path in by_path}
    try:
        for path, own in by_path.items():
            state.open(path, _changed(state.source(path) or Source(str(path), "", path), own))
        yield
    finally:
        for path, text in before.items():
            if text is None:
                state.close(path)
            else:
                state.open(path, text)


def _changed(source: Source, changes: Sequence[Edit]) -> str:
    text = source.text
    for edit in sorted(changes, key=lambda one: one.span, reverse=True):
        start, end = offset_of(source, edit.span.start), offset_of(source, edit.span.end)
        text = text[:start] + edit.text + text[end:]
    return text


class _Trials:
    """Changes of one file that are tried; `before` are the problems of it and of all that depend on it."""

    def __init__(self, state: EditingState, path: Path) -> None:
        self.state = state
        self.path = path
        self.before = _problems(state, path)

    def holds(self, changes: Sequence[Edit], gone: Sequence[Problem] = ()) -> bool:
        """Returns whether changes resolve these problems, and cause no others anywhere.

        Where one of them is an error, the warnings that it hid may come to light.
        """
        with _tried(self.state, changes):
            found = _problems(self.state, self.path)
        after = Counter(map(_words, found))
        left = Counter(map(_words, self.before)) - Counter(map(_words, gone))
        hidden = any(one.severity == "error" for one in gone)
        caused = {_words(one) for one in found if one.severity == "error" or not hidden}
        is_new = any(words in caused for words in after - left)
        return not is_new and not any(after[_words(one)] > left[_words(one)] for one in gone)


def _problems(state: EditingState, path: Path) -> list[Problem]:
    """The problems of a file, and of all that depend on it."""
    return [one for problems in state.diagnostics(path).values() for one in problems]


def _words(problem: Problem) -> tuple[str, str, str]:
    return problem.place.file if problem.place is not None else "", problem.code, problem.message


# Problems


def _quick_fixes(trials: _Trials, path: Path, source: Source, problem: Problem) -> Iterator[Action]:
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
    """Comments that may allow a problem: one that is there, with the code added, or one beside or above its line."""
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
    yield Edit(path, Span(start, start), f"{' ' * indent}{comment}\n")


def _fix_all(trials: _Trials, path: Path, source: Source, problems: Sequence[Problem]) -> Iterator[Action]:
    """All changes that the hints of the problems of a file propose, as far as they hold."""
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


# Tables


def _missing_entries(trials: _Trials, path: Path, source: Source, analysis: Analysis, span: Span) -> Iterator[Action]:
    """Entries for the values that can be looked up in a table and are not listed."""
    facts = list(analysis.flow.of(LookUp))
    for node in dict.fromkeys(fact.table.node for fact in facts):
        own = [fact for fact in facts if fact.table.node is node]
        entries, key = (node.get("entries"), node.key("entries")) if isinstance(node, MappingNode) else (None, None)
        if key is None or not isinstance(entries, MappingNode) or not _covers(node, path, source, span):
            continue
        folded = own[0].table.ignore_case
        given = {one.text.casefold() if folded else one.text for one, _ in entries.entries}
        known = [constants(without_null(fact.type)) for fact in own]
        values = dict.fromkeys(value for found in known for value in found or ())
        texts = [one if isinstance(one, str) else json.dumps(one) for one in values]
        missing = [one for one in texts if (one.casefold() if folded else one) not in given]
        if None in known or not 0 < len(missing) <= _MOST_ENTRIES:
            continue
        value = {**plain(entries), **dict.fromkeys(missing)}
        changes = tuple(_edit(path, source, one) for one in edits(key, entries, value, (node,)))
        if trials.holds(changes):
            words = f"{len(missing)} missing entries" if len(missing) > 1 else f"the missing entry {missing[0]!r}"
            yield Action(f"Add {words} to the table", "refactor", changes)


def _covers(node: Node, path: Path, source: Source, span: Span) -> bool:
    if node.source.path != path or node.source.text != source.text:
        return False
    return node.start <= offset_of(source, span.start) and offset_of(source, span.end) <= node.end


def _edit(path: Path, source: Source, rewrite: Rewrite) -> Edit:
    newline = "\r\n" if "\r\n" in source.text else "\n"
    return Edit(path, span_of(source, rewrite.start, rewrite.end), rewrite.text.replace("\n", newline))


# Lets


def _extraction(trials: _Trials, path: Path, source: Source, analysis: Analysis, span: Span) -> Iterator[Action]:
    """The expression at a position, or the selected part of it, as a named value of its rule."""
    state, cursor = trials.state, cursor_at(trials.state, path, span.start)
    if cursor is None or cursor.kind != "expression" or cursor.node is None or cursor.keys[:1] != ("rules",):
        return
    number, inner = cursor.keys[1], cursor.keys[2:]
    tree = state.present(path)
    rules = tree.get("rules") if tree is not None else None
    rule = rules.items[number] if isinstance(rules, SequenceNode) and isinstance(number, int) else None
    if not isinstance(rule, MappingNode) or inner[:1] in (("when",), ("let",)) or source.text[rule.start] == "{":
        return
    try:
        expression = parse(cursor.text)
    except ExpressionError:
        return
    start, end = 0, len(cursor.text)
    if span.start != span.end:
        spans = [(one["start"], one["end"]) for one in walk(expression.tree) if "start" in one]
        chosen = [one for one in spans if cursor.span_of(*one) == span]
        if not chosen:
            return
        start, end = chosen[0]
    text = cursor.text[start:end]
    names = _names_of(state, analysis, path, number)
    try:
        part = parse(text)
    except ExpressionError:
        return
    if len(text) < 2 or text in names or not {use.name for use in part.roots} <= names or expression.has_variables:
        return
    name = _free_name(
        next((str(step) for step in reversed(inner) if isinstance(step, str) and step not in _STEPS), "value"), names
    )
    place = _let_place(source, rule, name, text)
    if place is not None:
        changes = (place, Edit(path, cursor.span_of(start, end), name))
        if trials.holds(changes):
            yield Action(f"Extract into the let {name!r}", "refactor", changes)


_STEPS = ("from", "value", "fields", "each", "template", "spread", "entries", "list", "when", "default", "message")


def _names_of(state: EditingState, analysis: Analysis, path: Path, number: Any) -> set[str]:
    """The names that the fields of a rule see."""
    context = analysis.scopes.at(state.tree(path), ("rules", number, "fields"))
    return {name for one in context.type.objects for name in one.properties}


def _free_name(wanted: str, taken: set[str]) -> str:
    name = _NOT_IN_NAMES.sub("_", wanted.casefold()).strip("_")
    name = name if ROOT.fullmatch(name) else "value"
    number, made = 2, name
    while made in taken:
        number, made = number + 1, f"{name}_{number}"
    return made


def _let_place(source: Source, rule: MappingNode, name: str, text: str) -> Edit | None:
    """The edit that adds a let to a rule in block style."""
    let = rule.get("let")
    assert source.path is not None  # noqa: S101  it is a file's
    if isinstance(let, MappingNode) and let.entries:
        value = {**plain(let), name: text}
        key = rule.key("let")
        changes = [] if key is None else edits(key, let, value, (rule,))
        return _edit(source.path, source, changes[0]) if len(changes) == 1 else None
    if let is not None:
        return None
    key = next((one for one, _ in rule.entries if one.text not in _BEFORE_LET), None)
    if key is None:
        return None
    indent = " " * (key.place.column - 1)
    here = Position(key.place.line, key.place.column)
    return Edit(source.path, Span(here, here), f"let:\n{indent}  {name}: {inline(text)}\n{indent}")


_BEFORE_LET = (
    "rule",
    "abstract",
    "enabled",
    "extends",
    "description",
    "reference",
    "deprecated",
    "route",
    "output",
    "when",
)


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
    traced = shown_sample(state, analysis, cursor.rule)
    rule = next((one for one in analysis.rulebook.rules if one.name == cursor.rule), None)
    reaches = traced is not None and rule is not None and any(one.outcome == "takes" for one in traced.taken(rule))
    changes = golden_test(state, analysis.main, cursor.rule) if reaches else ()
    if traced is not None and changes:
        yield Action(f"Make a golden test of {traced.sample.name}", "source", changes)


def golden_test(state: EditingState, main: Path, rule: str | None) -> tuple[Edit, ...]:
    """The edit that adds a test with the sample that is shown, and what it gives now; none if there is no sample."""
    main = state.named(main)
    analysis = analysis_of(state, main)
    traced = None if analysis is None else shown_sample(state, analysis, rule)
    if analysis is None or traced is None:
        return ()
    known = {name: value for name, value in traced.sample.settings.items() if name in analysis.rulebook.settings}
    title = traced.sample.name if rule is None else f"{rule}: {traced.sample.name}"
    return _added_test(state, main, rule or "samples", _Proposed((title,), traced.sample.batch, known, traced.result))


def suggested_test(state: EditingState, main: Path, rule: str) -> tuple[Edit, ...]:
    """The edit that adds a test for branches of a rule that no test takes; none if none is found. It takes seconds."""
    main = state.named(main)
    analysis, measured = analysis_of(state, main), measure(state, main)
    if analysis is None or measured is None:
        return ()
    wanted = {branch.id for branch in uncovered(measured, rule)}
    pool = [sample.batch for sample in analysis.samples.tests]
    coverage = measured.only(wanted)
    found = suggestions(analysis.rulebook, coverage, pool, _TRIES, lambda _: None) if wanted else ()
    return _added_test(state, main, rule, found[0]) if found else ()


def _added_test(state: EditingState, main: Path, name: str, test: Any) -> tuple[Edit, ...]:
    """The edit that writes a test to the test file of this name, or adds it there."""
    path = main.parent / "tests" / f"{name}.yaml"
    source = state.source(path)
    if source is None:
        start = Position(1, 1)
        edit = Edit(path, Span(start, start), f"tests:\n{listed(test)}\n")
    else:
        tree = state.present(path)
        tests = tree.get("tests") if tree is not None else None
        if not isinstance(tests, SequenceNode) or not tests.items or source.text[tests.start] == "[":
            return ()
        taken = {one.text for item in tests.items if isinstance(one := _name_in(item), ScalarNode)}
        number, shown = 2, test.shows[0]
        while shown in taken:
            number, shown = number + 1, f"{test.shows[0]} ({number})"
        test = _Proposed((shown, *test.shows[1:]), test.batch, test.settings, test.result)
        indent = " " * (tests.place.column - 1)
        lines = [f"{indent}{line[2:]}" if line.strip() else "" for line in listed(test).split("\n")]
        end = offset_end = len(source.text.rstrip())
        edit = Edit(path, span_of(source, end, offset_end), "\n\n" + "\n".join(lines))
    return (edit,)


def _name_in(item: Node) -> Node | None:
    return item.get("test") if isinstance(item, MappingNode) else None
