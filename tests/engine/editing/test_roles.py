"""The roles of nodes are those that the reader of rules gives them: expressions and templates, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from moemap.engine.editing.data import Position
from moemap.engine.editing.names import mention_of
from moemap.engine.editing.navigation import RenameError
from moemap.engine.editing.roles import ROOTS, parts_of, role_at
from moemap.engine.editing.state import EditingState
from moemap.engine.editing.tokens import lexed
from moemap.engine.language.keys import FORMS
from moemap.engine.language.names import Use, definitions_and_uses
from moemap.engine.language.rulebook import Expr
from moemap.engine.source.nodes import ScalarNode
from moemap.tests.engine.grammar import Dice, rules

from .test_navigation import assert_renamed_and_back
from .test_state import SHIPPED

Texts = dict[tuple[Path, int], str]


def by_role(state: EditingState, main: Path) -> Texts:
    found: Texts = {}
    for path in state.sources(main):
        kind, tree = state.kind(path), state.tree(path)
        assert kind is not None
        assert tree is not None
        for part in parts_of(tree, ROOTS[kind]):
            node = part.node
            is_string = isinstance(node, ScalarNode) and isinstance(node.value, str) and not part.is_key
            if is_string and part.role.scalar != "value":
                assert isinstance(node, ScalarNode)
                found[mention_of(state, node)[:2]] = part.role.scalar
    return found


def by_reader(state: EditingState, main: Path) -> Texts:
    rulebook = state.draft(main)
    assert rulebook is not None
    return {
        mention_of(state, use.text.node)[:2]: ("expression" if isinstance(use.text, Expr) else "template")
        for use in definitions_and_uses(rulebook)
        if isinstance(use, Use)
    }


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(6))
def test_random_rulebooks(seed: int, tmp_path: Path, head: dict[str, Any]) -> None:
    (tmp_path / ".moemap").touch()
    (tmp_path / "in.schema.json").write_text("{}")
    (tmp_path / "out.schema.json").write_text("{}")
    path = tmp_path / "mapping.yaml"
    path.write_text(json.dumps({**head, **rules(Dice(seed))}, indent=1), "utf-8")
    state = EditingState([tmp_path])
    # The rest are those of policies and outputs that no rule uses.
    assert by_reader(state, path).items() <= by_role(state, path).items()
    assert renamed(state, path, Random(seed)) > 0


def renamed(state: EditingState, path: Path, random: Random) -> int:
    """Renames some of the names in expressions; returns how many could be."""
    tree = state.tree(path)
    assert tree is not None
    places: list[tuple[Position, str]] = []
    for part in parts_of(tree, ROOTS["mapping"]):
        node = part.node
        if not isinstance(node, ScalarNode) or part.is_key or part.role.scalar != "expression" or node.style is None:
            continue
        for one in lexed(node.text, "expression") if isinstance(node.value, str) else ():
            if one.type in ("root", "variable"):
                place = node.span(one.start + 1, one.end)
                places.append((Position(place.line, place.column), node.text[one.start : one.end].strip('$"')))
    count = 0
    for position, name in random.sample(places, min(len(places), 4)):
        # There is none of the settings, of names that the language gives, and back to a name that stands elsewhere too.
        with suppress(RenameError):
            assert_renamed_and_back(state, path, position, "renamed", name)
            count += 1
        state.close(path)
    return count


def test_what_is_shipped() -> None:
    state, main = EditingState([SHIPPED]), SHIPPED / "mapping.yaml"
    roles, uses = by_role(state, main), by_reader(state, main)
    assert uses.items() <= roles.items()
    assert len(roles) - len(uses) < 5  # of abstract rules that none extends, if any


@pytest.mark.parametrize("form", FORMS)
def test_every_key_has_a_role(form: str) -> None:
    for name, key in FORMS[form].keys.items():
        role = role_at(ROOTS["part"], ("rules", 0, "fields", "a"))
        assert role.form is FORMS["fieldMapping"]
        assert role_at(ROOTS["mapping"], ("rules", 0, name)).key in (None, FORMS["rule"].keys.get(name))
        assert key.name == name


CASES: list[tuple[str, tuple[str | int, ...], Callable[[Any], Any], object]] = [
    ("mapping", ("outputs", "a", "request", "path"), lambda role: role.scalar, "template"),
    ("mapping", ("delivery", "windows", "a", "outputs", 0), lambda role: role.refers, "output"),
    ("mapping", ("settings",), lambda role: (role.names, role.names_refer), ("setting", False)),
    ("workspace", ("settings",), lambda role: (role.names, role.names_refer), ("setting", True)),
    ("part", ("rules", 0, "spread", 0, "entries", 0, "let", "x", "when"), lambda role: role.scalar, "expression"),
    ("part", ("rules", 0, "spread", "entries"), lambda role: role.refers, "policy"),
    ("part", ("policies", "a", 0, "name"), lambda role: role.scalar, "expression"),
    ("tests", ("tests", 0, "expect", "skipped", 0, "rule"), lambda role: role.refers, "rule"),
    ("tests", ("tests", 0, "expect", 1, "requests", 0, "output"), lambda role: role.refers, "output"),
    ("tests", ("tests", 0, "input", "rule"), lambda role: role.refers, ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "keys", "what", "wanted"), CASES)
def test_roles(kind: Any, keys: tuple[str | int, ...], what: Callable[[Any], Any], wanted: object) -> None:
    assert what(role_at(ROOTS[kind], keys)) == wanted
