"""Definitions, uses and renaming: over includes, rules that extend others, workspaces, tests and templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from moemap.engine.editing.cursor import offset_of, position_of
from moemap.engine.editing.data import Edit, Location, Position
from moemap.engine.editing.navigation import RenameError, definition, prepare_rename, references, rename
from moemap.engine.editing.roles import ROOTS, parts_of
from moemap.engine.editing.state import EditingState
from moemap.engine.editing.tokens import lexed
from moemap.engine.language.rulebook import Expr, Text
from moemap.engine.schemas.schema import Schema
from moemap.engine.source.nodes import Node, ScalarNode
from moemap.engine.source.text import Source
from moemap.tests.effort import effort

from .conftest import FILES, written
from .test_state import SHIPPED, WORKSPACES


def at(state: EditingState, path: Path, marked: str) -> Position:
    """The position of a bar in a part of a file's text."""
    source = state.source(path)
    assert source is not None
    offset = source.text.index(marked.replace("|", "", 1)) + marked.index("|")
    return position_of(source, offset)


def shown(state: EditingState, locations: tuple[Location, ...], root: Path) -> list[str]:
    """Each location as its file, line and text."""
    lines = []
    for path, span in locations:
        source = state.source(path)
        assert source is not None
        text = source.text[offset_of(source, span.start) : offset_of(source, span.end)]
        lines.append(f"{path.relative_to(root).as_posix()}:{span.start.line} {text}".rstrip())
    return lines


DEFINITIONS = [
    ("parts/orders.yaml", "extends: ba|se\n  when: order.kind ==", ["parts/orders.yaml:3 base"]),
    ("acme.yaml", "extends: ba|se", ["parts/orders.yaml:3 base"]),
    ("acme.yaml", "- rule: ref|und", ["acme.yaml:7 refund", "parts/orders.yaml:28 refund"]),
    ("parts/orders.yaml", "route: or|ders\n  output", ["mapping.yaml:23 orders"]),
    ("parts/orders.yaml", "output: ev|ent", ["mapping.yaml:11 event"]),
    ("parts/orders.yaml", "table: ki|nds", ["parts/tables.yaml:2 kinds"]),
    ("parts/orders.yaml", "entries: pri|vate", ["mapping.yaml:20 private"]),
    ("parts/orders.yaml", "settings.cur|rency", ["mapping.yaml:8 currency"]),
    ("acme.yaml", "{cur|rency: USD}", ["mapping.yaml:8 currency"]),
    ("tests/orders.yaml", "{cur|rency: USD}", ["mapping.yaml:8 currency"]),
    ("tests/orders.yaml", "rule: noth|ing", ["mapping.yaml:25 nothing"]),
    ("parts/orders.yaml", "$to|tal", ["mapping.yaml:23 total"]),
    ("parts/orders.yaml", "{from: to|tal", ["mapping.yaml:23 total"]),
    ("parts/orders.yaml", "kind: co|de", ["parts/orders.yaml:14 code"]),
    ("parts/orders.yaml", "[li|ne.name", ["parts/orders.yaml:19 line"]),
    ("parts/orders.yaml", "number: num|ber\n        note", ["parts/orders.yaml:20 number"]),
    ("parts/orders.yaml", "of {{ us|er }}", ["mapping.yaml:17 user"]),
    ("mapping.yaml", "order of {{ us|er }}", ["mapping.yaml:17 user"]),
    ("mapping.yaml", "{{ bat|ch.id }}", ["mapping.yaml:6 batch"]),
    ("mapping.yaml", "include: [parts/or|ders.yaml", ["parts/orders.yaml:1"]),
    ("mapping.yaml", "schema: ./schemas/in.sch|ema.json", ["schemas/in.schema.json:1"]),
    ("acme.yaml", "extends: ./map|ping.yaml", ["mapping.yaml:1"]),
    ("tests/orders.yaml", "inputs/or|der.json", ["tests/inputs/order.json:1"]),
    ("mapping.yaml", "batch.us|er.id", ['schemas/in.schema.json:9 "user"']),
    ("mapping.yaml", "addresses[0].ci|ty", ['schemas/in.schema.json:67 "city"']),
    ("parts/orders.yaml", "from: order.ki|nd", ['schemas/in.schema.json:32 "kind"']),
    ("parts/orders.yaml", "[line.na|me", ['schemas/in.schema.json:50 "name"']),
    ("mapping.yaml", "sum(order.lines[].pri|ce)", ['schemas/in.schema.json:53 "price"']),
    ("parts/orders.yaml", "    ki|nd: code", ['schemas/out.schema.json:7 "kind"']),
    ("mapping.yaml", "    us|er: user", ['schemas/out.schema.json:4 "user"']),
    ("parts/orders.yaml", "order: {{ order.ki|nd }}", ['schemas/in.schema.json:32 "kind"']),
    ("parts/orders.yaml", "{{ line.na|me }}", ['schemas/in.schema.json:50 "name"']),
    ("mapping.yaml", "le|ngth(batch", []),
    ("mapping.yaml", "na|me: shop", []),
    ("acme.yaml", "order.vi|p", ['schemas/in.schema.json:36 "vip"']),
]


@pytest.mark.parametrize(("name", "marked", "wanted"), DEFINITIONS)
def test_definitions(project: Path, name: str, marked: str, wanted: list[str]) -> None:
    state = EditingState([project])
    found = definition(state, project / name, at(state, project / name, marked))
    assert shown(state, found, project) == wanted


REFERENCES = [
    ("parts/orders.yaml", "- rule: ba|se",
     ["acme.yaml:10 base", *(f"parts/orders.yaml:{one} base" for one in (3, 11, 29))]),
    ("mapping.yaml", "  us|er: batch", ["acme.yaml:5 user", "mapping.yaml:15 user", "mapping.yaml:17 user",
                                         "mapping.yaml:27 user", "parts/orders.yaml:24 user"]),
    ("mapping.yaml", "{to|tal: ", ["mapping.yaml:23 total", "parts/orders.yaml:8 total", "parts/orders.yaml:12 total"]),
    ("tests/orders.yaml", "{cur|rency", [f"{one} currency" for one in ("acme.yaml:4", "mapping.yaml:8",
                                                                        "parts/orders.yaml:9", "tests/orders.yaml:3")]),
    ("mapping.yaml", "as: or|der,", ["acme.yaml:11 order", "mapping.yaml:23 order", "mapping.yaml:23 order",
                                     *(f"parts/orders.yaml:{line} order" for line in (12, 14, 18, 26, 31, 32, 34))]),
    ("parts/orders.yaml", "rule: or|der\n", ["parts/orders.yaml:10 order", "tests/orders.yaml:6 order"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "marked", "wanted"), REFERENCES)
def test_references(project: Path, name: str, marked: str, wanted: list[str]) -> None:
    state = EditingState([project])
    position = at(state, project / name, marked)
    assert shown(state, references(state, project / name, position), project) == wanted
    uses = references(state, project / name, position, declaration=False)
    assert 0 < len(uses) < len(wanted)


def applied(state: EditingState, edits: tuple[Edit, ...]) -> dict[Path, str]:
    texts = {edit.path: state.text(edit.path) or "" for edit in edits}
    for edit in sorted(edits, key=lambda one: one.span.start, reverse=True):
        source = state.source(edit.path)
        assert source is not None
        start, end = (offset_of(source, position) for position in edit.span)
        texts[edit.path] = texts[edit.path][:start] + edit.text + texts[edit.path][end:]
    return texts


def codes(state: EditingState) -> list[tuple[str, str]]:
    found = {file: made for path in state.files() for file, made in state.diagnostics(path).items()}
    return sorted((file.name, problem.code) for file, made in found.items() for problem in made)


def plain(part: Any, said: Callable[[str], str]) -> Any:
    """A part of a Rulebook without places, with strings as `said`; sets are in the order of these."""
    if isinstance(part, str):
        return said(part)
    if isinstance(part, Expr | Text):
        return said(part.expression.text if isinstance(part, Expr) else part.template.text)
    if isinstance(part, Mapping):
        return {plain(name, said): plain(value, said) for name, value in part.items()}
    if isinstance(part, tuple | frozenset):
        made = [plain(one, said) for one in part]
        return made if isinstance(part, tuple) else sorted(made)
    if is_dataclass(part) and not isinstance(part, Node | Source | Schema):
        return {one.name: plain(getattr(part, one.name), said) for one in fields(part)}
    return None if isinstance(part, Node | Source | Schema) else part


def assert_renamed_and_back(state: EditingState, path: Path, position: Position, new: str, old: str) -> int:
    """Renaming changes nothing but the name, and renaming back gives the same texts."""

    def rules() -> list[str]:
        renamed = partial(re.sub, rf"\b{old}\b", new)
        return [str(plain(state.rulebook(main), renamed)) for main in state.mappings()]

    edits = rename(state, path, position, new)
    before = {edit.path: state.text(edit.path) for edit in edits}
    faults, were = codes(state), rules()
    for file, text in applied(state, edits).items():
        state.open(file, text)
    assert codes(state) == faults
    assert rules() == were
    same = next(edit for edit in edits if edit.path == path and edit.span.start <= position <= edit.span.end)
    start = same.span.start
    left = [one for one in edits if one.path == path and Position(start.line, 1) <= one.span.start < start]
    back = rename(state, path, Position(start.line, start.column + len(left) * (len(new) - len(old))), old)
    assert applied(state, back) == before
    for file in before:
        state.close(file)
    return len(edits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "marked", "old"),
    [
        *((name, marked, wanted[0].split()[-1]) for name, marked, wanted in REFERENCES),
        ("parts/orders.yaml", "table: ki|nds", "kinds"),
        ("parts/orders.yaml", "as: li|ne\n", "line"),
        ("parts/orders.yaml", "index: num|ber", "number"),
        ("parts/orders.yaml", "kind: co|de", "code"),
        ("parts/orders.yaml", "output: ev|ent", "event"),
        ("parts/orders.yaml", "entries: pri|vate", "private"),
        ("mapping.yaml", "as: bat|ch", "batch"),
        ("acme.yaml", "extra: ext|ra}", "extra"),
        ("mapping.yaml", "  or|ders: {each", "orders"),
    ],
)
def test_renaming(project: Path, name: str, marked: str, old: str) -> None:
    state = EditingState([project])
    position = at(state, project / name, marked)
    span = prepare_rename(state, project / name, position)
    assert span.start <= position <= span.end
    assert assert_renamed_and_back(state, project / name, position, "renamed", old) > 1


REFUSED = [
    ("parts/orders.yaml", "table: ki|nds", "Kinds", "the name of a table 'Kinds' is not a name of lower-case "
     "letters, digits and underscores"),
    ("parts/orders.yaml", "- rule: ba|se", "order", "the rule 'order' is there already: orders.yaml:10"),
    ("mapping.yaml", "  us|er: batch", "line", "the name 'line' is taken in expressions of this mapping"),
    ("mapping.yaml", "  us|er: batch", "settings", "the name 'settings' is taken in expressions of this mapping"),
    ("mapping.yaml", "  us|er: batch", "none", "the name of a let 'none' is not a name that templates can read"),
    ("mapping.yaml", "  us|er: batch", "no", "YAML does not read no as a string"),
    ("mapping.yaml", "le|ngth(batch", "x", "only names that rule files define can be renamed: of rules, routes, lets, "
     "tables, policies, settings, outputs"),
    ("mapping.yaml", "batch.us|er.id", "x", "only names that rule files define can be renamed: of rules, routes, lets, "
     "tables, policies, settings, outputs"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "marked", "new", "words"), REFUSED)
def test_what_cannot_be_renamed(project: Path, name: str, marked: str, new: str, words: str) -> None:
    state = EditingState([project])
    with pytest.raises(RenameError) as caught:
        rename(state, project / name, at(state, project / name, marked), new)
    assert str(caught.value) == words
    assert state.opened == ()


def test_files_of_others_are_not_renamed(project: Path) -> None:
    state = EditingState([project / "parts"])
    path = project / "parts" / "orders.yaml"
    with pytest.raises(RenameError, match=r"acme.yaml too, which is not part of this project"):
        rename(state, path, at(state, path, "settings.cur|rency"), "money")
    with pytest.raises(RenameError, match="this is no file of a mapping"):
        rename(state, project / "other" / "compose.yaml", Position(1, 1), "x")
    state.open(path, "rules: [")
    with pytest.raises(RenameError, match="cannot be read as long as its YAML is broken"):
        rename(state, path, Position(1, 2), "x")


def test_a_project_file_with_the_setting(project: Path) -> None:
    written(project, {"moemap.toml": 'mapping = "."\n[environments.live]\nsettings = {currency = "USD"}\n'})
    state = EditingState([project])
    with pytest.raises(RenameError, match=r"moemap.toml gives the setting 'currency' too"):
        rename(state, project / "mapping.yaml", at(state, project / "mapping.yaml", "  cur|rency: {type"), "money")


@pytest.mark.slow
def test_renaming_in_texts_of_other_systems(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    text = FILES["parts/orders.yaml"].replace("# Orders", "# \U0001f600 Orders").replace("\n", "\r\n")
    text = text.replace("'it''s no order: {{ order", '"\\U0001f600 \u00e9: {{ order').replace("kind }}'}", 'kind }}"}')
    state.open(path, text)
    assert state.diagnostics(path)[path] == ()
    position = at(state, path, "\u00e9: {{ or|der.kind")
    assert assert_renamed_and_back(state, path, position, "renamed", "order") > 8
    state.open(path, text)
    texts = applied(state, rename(state, path, position, "one"))
    assert 'reject: "\\U0001f600 \u00e9: {{ one.kind }}"}' in texts[path]
    assert texts[path].count("\r\n") == text.count("\r\n")


def test_names_that_an_expression_binds(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "tables.yaml"
    state.open(path, FILES["parts/tables.yaml"] + "let: {x: 'let $one = batch.id in [$one, $one]'}\n")
    found = references(state, path, at(state, path, "[$o|ne"))
    assert shown(state, found, project) == ["parts/tables.yaml:3 one"] * 3
    assert shown(state, definition(state, path, at(state, path, ", $o|ne")), project) == ["parts/tables.yaml:3 one"]
    texts = applied(state, rename(state, path, at(state, path, "[$o|ne"), "two"))
    assert "let $two = batch.id in [$two, $two]" in texts[path]


def test_rules_that_are_not_part_of_the_rulebook(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    off = "- {rule: off, enabled: false, route: orders, skip: '{{ order.id }} {{ user }}', when: $total > `1`}\n"
    state.open(path, FILES["parts/orders.yaml"] + off)
    (there,) = definition(state, path, at(state, path, "when: $to|tal > `1`"))
    assert (there.path.name, there.span.start.line) == ("mapping.yaml", 23)
    found = references(state, project / "mapping.yaml", at(state, project / "mapping.yaml", "  us|er: batch"))
    assert any("{{ user }}'" in (state.text(one.path) or "").split("\n")[one.span.start.line - 1] for one in found)


@pytest.mark.slow
@pytest.mark.fuzz
def test_renaming_in_what_is_shipped() -> None:
    state, random = EditingState([SHIPPED, WORKSPACES]), Random(2)
    places: list[tuple[Path, Position, str]] = []
    for path in sorted(SHIPPED.glob("*.yaml")):
        kind, tree, source = state.kind(path), state.tree(path), state.source(path)
        for part in parts_of(tree, ROOTS[kind]) if kind is not None and tree is not None else ():
            node, role = part.node, part.role
            if not isinstance(node, ScalarNode) or source is None or source.text[node.start : node.end] != node.text:
                continue  # its offsets are not those of its text
            if (part.is_key and role.names in ("let", "table", "policy", "setting", "route")) or role.refers in (
                "table",
                "rule",
                "route",
            ):
                places.append((path, position_of(source, node.start), node.text))
            elif role.scalar == "expression" and not part.is_key:
                for one in lexed(node.text, "expression"):
                    name = node.text[one.start : one.end]
                    if one.type == "root" and name not in ("settings", "value", "name"):
                        places.append((path, position_of(source, node.start + one.start), name))
    assert len(places) > 300
    for path, position, old in random.sample(places, effort(1, 40)):
        assert assert_renamed_and_back(state, path, position, "renamed", old) >= 1
