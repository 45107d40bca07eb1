"""A session finds what a new check finds, whatever changed before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from moemap.engine.checks.shared.opening import Opening
from moemap.engine.checks.shared.session import MAX_MAPPINGS, Session
from moemap.engine.compiler.rules.mapping import source_of
from moemap.engine.diagnostics.problem import Problem, Related
from moemap.engine.inference.facts import TypedEmission
from moemap.engine.inference.rulebook import RuleWalk
from moemap.engine.language.loaded import Loaded
from moemap.engine.language.rulebook import Rule
from moemap.engine.source.contents import unsaved
from moemap.engine.source.homes import MAPPINGS
from moemap.engine.types.types import Type
from moemap.engine.values.recall import Recall
from moemap.tests.effort import effort
from moemap.tests.test_hardness import EVERYTHING, LIST_SCHEMA

Texts = Mapping[Path, str]

SHIPPED = next(MAPPINGS.glob("*/*/mapping.yaml"))
SHOP = Path(__file__).parents[1] / "shop" / "mapping.yaml"
EXAMPLES = Path(__file__).parents[4] / "examples"

_WORD = re.compile(r"[\w$-]+")
SEEDS = {"mapping": 8, "portfolio": 9, "consent": 9}
"""Each shipped folder, with seeds of changes that leave it usable and of others that do not."""
_STEPS = effort(3, 60)
"""The changes to what is shipped, after each of which it is checked anew."""


def changed(text: str, random: Random) -> str:
    """A text with one change: of a line, or of a word in it; mostly to a file that can still be read."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(at, "# a comment")
        case 3:
            lines[at] += "  # a comment"
        case _:
            words = list(_WORD.finditer(lines[at]))
            if words:
                word = random.choice(words)
                other = random.choice(_WORD.findall(text))
                lines[at] = lines[at][: word.start()] + other + lines[at][word.end() :]
    return "\n".join(lines)


def edits(files: Texts, random: Random, count: int) -> Iterator[Texts]:
    """Texts of the files, each with one change more than the one before; now and then all changes are undone."""
    texts = dict(files)
    for _ in range(count):
        if random.random() < 0.3:
            texts = dict(files)
        else:
            path = random.choice(sorted(files))
            texts[path] = changed(texts[path], random)
        yield texts


class Checked(NamedTuple):
    """All that a check finds, with the code of a mapping that can be used."""

    problems: tuple[Problem, ...]
    related: list[tuple[Related, ...]]
    texts: list[str]
    code: str | None


def checked(loaded: Loaded) -> Checked:
    code = None if loaded.rulebook is None else source_of(loaded.rulebook)
    texts = [source.text for source in loaded.sources.values()]
    return Checked(loaded.problems, [problem.related for problem in loaded.problems], texts, code)


class Anew:
    """Checks a mapping without a session, once for the same texts."""

    def __init__(self) -> None:
        self.found: dict[tuple[Path, str], Checked] = {}

    def __call__(self, main: Path, texts: Texts) -> Checked:
        key = main, repr(texts)
        if key not in self.found:
            self.found[key] = checked(Opening(main).inspect())
        return self.found[key]


def usable_as_anew(session: Callable[[Path], Loaded], main: Path, texts: Texts, anew: Anew) -> bool:
    """Asserts that a session finds what a new check finds; returns whether the mapping can be used."""
    with unsaved(texts):
        found = checked(session(main))
        assert found == anew(main, texts)
    return found.code is not None


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(3))
def test_any_changes(seed: int, write: Callable[[Mapping[str, Any]], Path]) -> None:
    for main in (SHOP, write({"mapping.yaml": EVERYTHING, "list.schema.json": json.dumps(LIST_SCHEMA)})):
        session, anew = Session(), Anew()
        texts = edits({main: main.read_text("utf-8")}, Random(seed), 30)
        assert sum(usable_as_anew(session.inspect, main, changes, anew) for changes in texts) > 5


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", SEEDS)
def test_any_changes_of_what_is_shipped(name: str) -> None:
    main = SHIPPED if name == "mapping" else EXAMPLES / "workspaces" / f"{name}.yaml"
    files = {path: path.read_text("utf-8") for path in (main, *SHIPPED.parent.glob("*.yaml"))}
    session, anew = Session(), Anew()
    usable = [usable_as_anew(session.inspect, main, texts, anew) for texts in edits(files, Random(SEEDS[name]), _STEPS)]
    assert {*usable} == {False, True}


@pytest.mark.slow
@pytest.mark.fuzz
def test_any_changes_of_files_that_two_mappings_share() -> None:
    files = {path: path.read_text("utf-8") for path in SHIPPED.parent.glob("*.yaml")}
    random = Random(7)
    one, other = Recall(), Recall()
    one.relatives, other.relatives = (other,), (one,)
    recalls, usable, anew = {SHIPPED: one, EXAMPLES / "workspaces" / "portfolio.yaml": other}, 0, Anew()

    def recalled(main: Path) -> Loaded:
        recalls[main].begin()
        return Opening(main, recalls[main]).inspect()

    for texts in edits(files, random, effort(4, 60)):
        usable += usable_as_anew(recalled, random.choice(list(recalls)), texts, anew)
    assert usable > 1


def test_a_change_of_a_schema(write: Callable[[Mapping[str, Any]], Path]) -> None:
    rules = "rules: [{rule: all, output: out, fields: {a: batch.a}}]\n"
    closed = {"in.schema.json": {"properties": {"b": {}}, "additionalProperties": False}}
    session, found = Session(), []
    for schemas in ({}, closed, {}):
        problems = session.inspect(write({"rules.yaml": rules, **schemas})).problems
        found.append(any(problem.code == "M203" for problem in problems))
    assert found == [False, True, False]


@pytest.mark.slow
def test_only_what_changed_is_inferred_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = []
    walked = RuleWalk.rule

    def counted(walk: RuleWalk, rule: Rule, context: Type) -> TypedEmission | None:
        rules.append(rule.name)
        return walked(walk, rule, context)

    monkeypatch.setattr(RuleWalk, "rule", counted)
    path = SHIPPED.parent / "push.yaml"
    text, session = path.read_text("utf-8"), Session()
    session.inspect(SHIPPED)
    assert len(rules) > 40
    rules.clear()
    session.inspect(SHIPPED)
    assert rules == []
    session.inspect(SHIPPED, {path: text.replace("== 'false'", "== 'no'", 1)})
    assert rules
    assert all(name.startswith("push-") for name in rules)
    main = SHIPPED.read_text("utf-8")
    session.inspect(SHIPPED)
    rules.clear()
    for changed in ("\ndescription: Changed, ", "\n# one\n# two\ndescription: "):
        session.inspect(SHIPPED, {SHIPPED: main.replace("\ndescription: ", changed, 1)})
        assert rules == []  # all that is below is as before


def test_mappings_are_forgotten(write: Callable[[Mapping[str, Any]], Path]) -> None:
    main, session = write({}), Session()
    for number in range(MAX_MAPPINGS + 3):
        other = main.with_name(f"m{number}.yaml")
        other.write_bytes(main.read_bytes())
        assert session.inspect(other).ok
    assert len(session._recalls) == MAX_MAPPINGS
