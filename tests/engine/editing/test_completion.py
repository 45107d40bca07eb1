"""Completion offers all that can be written, the best first, in broken files too; and all that it offers is valid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from moemap.engine.editing.actions import actions
from moemap.engine.editing.analysis import analysis_of
from moemap.engine.editing.completion import completions
from moemap.engine.editing.cursor import cursor_at
from moemap.engine.editing.data import Completion, Position, Span
from moemap.engine.editing.hover import hover
from moemap.engine.editing.inlays import inlays
from moemap.engine.editing.lenses import lenses
from moemap.engine.editing.members import type_words
from moemap.engine.editing.signatures import signature
from moemap.engine.editing.state import EditingState
from moemap.engine.expressions.parser import tree_of
from moemap.engine.inference.expressions import Seen, infer
from moemap.engine.source.homes import MAPPINGS

from .conftest import FILES

CURSOR = "¦"
ORDERS, FIELD = "parts/orders.yaml", "    currency: settings.currency"
MEMBERS = [("kind", "string or null"), ("lines", "list or null"), ("attributes", "object or null")]
LINES = [("id", "string or null"), ("name", "string or null"), ("price", "number or null")]
KINDS = [("string", ""), ("integer", ""), ("double", ""), ("number", "")]
SETTINGS = [("currency", '"EUR" or "USD"'), ("key", "string")]

CASES: dict[str, tuple[str, str, str, list[tuple[str, str]]]] = {
    # Keys of the language
    "keys of a rule": (
        ORDERS,
        "- rule: order\n",
        "- rule: new\n  ¦\n- rule: order\n",
        [("output", "name of an output"), ("skip", "template"), ("reject", "template")],
    ),
    "keys of a field": (
        ORDERS,
        FIELD,
        "    currency: {from: order.kind, ¦}",
        [("spread", "spread, or a list"), ("when", "expression"), ("table", "table or its name"), ("type", "type")],
    ),
    "keys of a field that is not closed": (
        ORDERS,
        FIELD,
        "    new: {from: order.kind, list: [{const: 1}], type: string, ¦",
        [("spread", "spread, or a list"), ("when", "expression"), ("table", "table or its name"), ("items", "type")],
    ),
    "keys of a test": ("tests/orders.yaml", "  match: partial", "  ¦", [("covers", "list of strings")]),
    # Values
    "types": (ORDERS, FIELD, "    currency: {type: ¦}", KINDS),
    "choices, with the default": (
        ORDERS,
        FIELD,
        "    currency: {on_problem: ¦}",
        [("omit", "the default"), ("reject", ""), ("keep", "")],
    ),
    "tables": (ORDERS, FIELD, "    currency: {table: ¦}", [("kinds", "")]),
    "outputs": (ORDERS, "output: event", "output: ¦", [("event", "POST /events/{{ batch.id }}")]),
    "routes": (
        ORDERS,
        "abstract: true\n  route: orders",
        "abstract: true\n  route: ¦",
        [("orders", "each batch.orders")],
    ),
    "rules": (
        ORDERS,
        "extends: base\n  when: >-",
        "extends: ¦\n  when: >-",
        [("base", "orders.yaml"), ("order", "orders.yaml")],
    ),
    "policies": (ORDERS, "entries: private", "entries: ¦", [("private", "")]),
    "files to include": ("mapping.yaml", ", parts/tables.yaml]", ", ¦]", [("parts/lonely.yaml", "part")]),
    "schemas": (
        "mapping.yaml",
        "schema: ./schemas/out.schema.json",
        "schema: ¦",
        [("./schemas/in.schema.json", "file")],
    ),
    "values of a setting": ("acme.yaml", "{currency: USD}", "{currency: ¦}", [("EUR", ""), ("USD", "")]),
    "settings": ("acme.yaml", "{currency: USD}", "{¦}", SETTINGS),
    "settings of a test": ("tests/orders.yaml", "{currency: USD}", "{¦}", SETTINGS),
    "inherited rules": (
        "acme.yaml",
        "- rule: vip",
        "- rule: ¦",
        [("nothing", "mapping.yaml"), ("base", "orders.yaml")],
    ),
    "inherited lets": ("acme.yaml", "let: {extra", "let: {¦, extra", [("user", ""), ("home", "")]),
    "input files": ("tests/orders.yaml", "inputs/order.json", "¦", [("inputs/order.json", "file")]),
    "target fields": (ORDERS, FIELD, "    ¦", [("user", "string"), ("kind", "any value")]),
    # Expressions
    "members": (ORDERS, FIELD, "    currency: order.¦", MEMBERS),
    "members of an element": (ORDERS, FIELD, "    currency: order.lines[0].¦", LINES),
    "members in a projection": (ORDERS, FIELD, "    currency: order.lines[*].n¦", LINES),
    "members in a filter": (ORDERS, FIELD, '    currency: "order.lines[?¦]"', LINES),
    "members in a filter that is not closed": (ORDERS, FIELD, '    currency: "order.lines[?na¦"', LINES),
    "members after a pipe": (ORDERS, FIELD, '    currency: "order.lines | [0].¦"', LINES),
    "members for a function": (ORDERS, FIELD, "    currency: sort_by(order.lines, &¦)", LINES),
    "members in an argument": (ORDERS, FIELD, "    currency: join(order.¦", MEMBERS),
    "members in an unknown function": (ORDERS, FIELD, "    currency: jion(order.¦", MEMBERS),
    "members of a variable": (ORDERS, FIELD, "    currency: let $x = order.lines[0] in $x.¦", LINES),
    "members of the element of a field": (ORDERS, FIELD, "    x: {each: order.lines, as: o, value: o.¦}", LINES),
    "members behind a reference": (ORDERS, FIELD, '    x: "batch.user.addresses[0].¦"', [("city", "string or null")]),
    "settings in an expression": (ORDERS, FIELD, "    x: settings.¦", SETTINGS),
    "names in scope": (
        ORDERS,
        FIELD,
        "    currency: ¦",
        [("order", "object"), ("batch", "object"), ("total", "number or null"), ("home", "string")],
    ),
    "names in the entries of a spread": (
        ORDERS,
        "    entries: private\n",
        "    entries:\n    - {when: n¦}\n",
        [("order", "object"), ("batch", "object"), ("name", "string"), ("value", "any value"), ("code", '"Order"')],
    ),
    "variables": (ORDERS, "$total > `0`", "$¦", [("$order", "object"), ("$batch", "object")]),
    "variables of the expression": (ORDERS, FIELD, "    x: let $y = user in $¦", [("$y", "let of this expression")]),
    "nothing after a value": (ORDERS, FIELD, "    currency: order.kind ¦", []),
    # Templates
    "members in a template": (ORDERS, FIELD, '    x: {template: "{{ order.lines[0].¦ }}"}', LINES),
    "a template that is not closed": (ORDERS, FIELD, '    x: {template: "{{ order.¦"}', MEMBERS),
    "names in a template": (
        ORDERS,
        FIELD,
        '    x: {template: "a {{ ¦ }}"}',
        [("order", "object"), ("batch", "object")],
    ),
    "filters": (ORDERS, FIELD, '    x: {template: "{{ user | ¦ }}"}', [("lower", "filter"), ("upper", "filter")]),
    "tests of templates": (
        ORDERS,
        FIELD,
        '    x: {template: "{% if user is ¦"}',
        [("defined", "test"), ("none", "test")],
    ),
    "nothing outside of braces": (ORDERS, FIELD, '    x: {template: "{{ user }} ¦"}', []),
    # Comments
    "the word of an allowance": (ORDERS, FIELD, f"{FIELD}  # moemap: ¦", [("allow", "with codes and a reason")]),
    "codes, those of the line first": (ORDERS, FIELD, "    currency: evnt  # moemap: allow ¦", [("M204", "error")]),
}


def opened(root: Path, file: str, old: str, new: str) -> tuple[EditingState, Path, Position]:
    """The state in which a text was replaced by one with a cursor."""
    state, path = EditingState([root]), root / file
    assert FILES[file].count(old) == 1
    for main in state.mains(path):
        state.rulebook(main)
    state.tree(path)
    text = FILES[file].replace(old, new)
    offset = text.index(CURSOR)
    text = text.replace(CURSOR, "")
    state.open(path, text)
    return state, path, Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def ranked(found: tuple[Completion, ...]) -> list[Completion]:
    return sorted(found, key=lambda one: one.rank)


def applied(text: str, one: Completion) -> str:
    lines = text.split("\n")
    (line, start), (last, end) = one.span
    assert line == last
    lines[line - 1] = lines[line - 1][: start - 1] + one.text + lines[line - 1][end - 1 :]
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_all_that_can_be_written_is_offered(case: str, project: Path) -> None:
    *edit, expected = CASES[case]
    state, path, position = opened(project, *edit)
    found = ranked(completions(state, path, position))
    assert [(one.label, one.detail) for one in found[: len(expected)]] == expected
    assert bool(found) is bool(expected)


TEXTS = {
    "a name that needs quotes": (ORDERS, FIELD, "    currency: order.attributes.¦", 'order.attributes."first name"'),
    "in double quotes": (ORDERS, FIELD, '    x: "order.attributes.¦"', r'"order.attributes.\"first name\""'),
    "in single quotes": (ORDERS, FIELD, "    x: 'order.attributes.¦'", "'order.attributes.\"first name\"'"),
    "a name whose quote is written": (ORDERS, FIELD, '    x: order.attributes."fi¦', 'order.attributes."first name"'),
    "in a block": (ORDERS, FIELD, "    x: >-\n      order.attributes.¦\n", 'order.attributes."first name"'),
    "in a template": (
        ORDERS,
        FIELD,
        '    x: {template: "{{ order.attributes.¦ }}"}',
        r'{template: "{{ order.attributes[\"first name\"] }}"}',
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_names_are_quoted_where_that_is_needed(case: str, project: Path) -> None:
    *edit, expected = TEXTS[case]
    sample = '{"id": 1, "orders": [{"kind": "order", "attributes": {"first name": "Ida"}}]}'
    (project / "tests" / "inputs" / "order.json").write_text(sample)
    state, path, position = opened(project, *edit)
    (one,) = completions(state, path, position)
    assert (one.label, one.kind, one.documentation) == ("first name", "member", "In 1 of 1 sample.")
    text = applied(state.text(path) or "", one)
    assert expected in text
    state.open(path, text)
    assert state.diagnostics(path)[path] == ()


SHIPPED = MAPPINGS / "mparticle-moengage" / "v1"
FILE_NAMES = sorted(path.name for path in SHIPPED.glob("*.yaml") if path.name != "explained.yaml")
_MOST = 40


def places(text: str, dice: Random, count: int) -> Iterator[Position]:
    lines = text.split("\n")
    for _ in range(count):
        line = dice.randrange(len(lines))
        yield Position(line + 1, dice.randint(0, len(lines[line])) + 1)


TYPED = [
    "",
    ".",
    '"',
    "'",
    "|",
    "{{ ",
    "[",
    "[?",
    "(",
    " {",
    "}",
    ": ",
    "- ",
    "$",
    "&",
    "@",
    "\t",
    " # moemap: ",
    " *a",
    "🎉",
]


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("is_shipped", [True, False])
def test_no_position_is_refused(project: Path, is_shipped: bool) -> None:
    """Every position gets an answer, whatever is typed there, or if the rest of the line or file is missing."""
    dice, root = Random(settings().max_examples), SHIPPED if is_shipped else project
    state = EditingState([root])
    files = [path for path in state.files() if state.kind(path) is not None]
    for _ in range(settings().max_examples // 4):
        path = dice.choice(files)
        text = path.read_text("utf-8")
        (position,) = places(text, dice, 1)
        lines = text.split("\n")
        before = lines[position.line - 1][: position.column - 1]
        lines[position.line - 1] = before + dice.choice([*TYPED, lines[position.line - 1][len(before) :]])
        state.open(path, "\n".join(lines if dice.random() < 0.8 else lines[: position.line]))
        for at in (position, Position(position.line, position.column + 1)):
            for one in completions(state, path, at):
                assert one.span.start.line == one.span.end.line == position.line
            hover(state, path, at)
            signature(state, path, at)
        if dice.random() < 0.2:
            inlays(state, path, (1, len(lines)))
            lenses(state, path)
            actions(state, path, Span(position, position))
        if dice.random() < 0.7:
            state.close(path)


@pytest.mark.slow
@pytest.mark.fuzz
def test_a_member_that_is_offered_is_there_and_of_the_type_that_is_said() -> None:
    dice, state = Random(settings().max_examples), EditingState([SHIPPED])
    checked = 0
    for _ in range(settings().max_examples // 4):
        path = SHIPPED / dice.choice(FILE_NAMES)
        text = state.text(path) or ""
        # Before a bracket, a name is not complete without a dot of its own.
        dots = [at for at, character in enumerate(text) if character == "." and text[at + 1 : at + 2] not in ("[", "{")]
        at = dice.choice(dots)
        position = Position(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at) + 1)
        cursor, (main, *_) = cursor_at(state, path, position), state.mains(path)
        analysis = analysis_of(state, main)
        if cursor is None or cursor.kind != "expression" or analysis is None:
            continue
        context = analysis.scopes.at(state.tree(path), cursor.keys)
        found = [one for one in completions(state, path, position) if one.kind == "member"]
        for one in dice.sample(found, min(len(found), _MOST)):
            state.open(path, applied(text, one))
            new = cursor_at(state, path, position)
            assert new is not None
            tree = tree_of(new.text)
            assert tree is not None, new.text
            said: list[Seen] = []
            start = new.text.rindex(one.label if one.label in new.text else one.text, 0, new.offset + len(one.text) + 2)
            infer(tree, context.type, said.append)
            there = [seen for seen in said if seen.node["start"] <= start < seen.node["end"] and "value" in seen.node]
            least = [seen for seen in there if seen.node["type"] == "field" and seen.node["value"] == one.label]
            assert any(type_words(seen.type) == one.detail for seen in least) or not least, (new.text, one)
            checked += bool(least)
            state.close(path)
    assert checked


NINE = ",".join("abcdefghi")
HOSTILE = {
    "brackets": "(" * 4_000 + "order.¦",
    "operators": "order.kind || " * 700 + "order.¦",
    "one long word": "a" * 9_900 + "(¦",
    "lists of lists": "order" + " | [@, @]" * 100 + ".¦",
    "iterations over lists": f"unknown({f'[{NINE}][*].[' * 20}order.¦",
    "a long template": "{{ " + "a" * 9_000 + ".¦",
    "many filters": "{{ order" + " | upper" * 1_000 + " | ¦",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_answered_in_time(name: str, project: Path) -> None:
    key = "template: " if "{{" in HOSTILE[name] else "from: "
    state, path, position = opened(project, ORDERS, FIELD, f"    currency:\n      {key}>-\n        {HOSTILE[name]}")
    start = time.process_time()
    completions(state, path, position)
    hover(state, path, Position(position.line, position.column - 2))
    signature(state, path, position)
    assert time.process_time() - start < 5
