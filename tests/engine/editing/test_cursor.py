"""The cursor tells the part of the rules at a position, also in broken texts; a bar marks the position in the cases."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from moemap.engine.editing.cursor import _At, cursor_at, offset_of, position_of
from moemap.engine.editing.data import Position
from moemap.engine.editing.roles import ROOTS
from moemap.engine.editing.state import EditingState
from moemap.engine.language.discovery import FileKind
from moemap.engine.source.nodes import MappingNode
from moemap.engine.source.parser import parse
from moemap.engine.source.text import Source

from .conftest import FILES
from .test_state import SHIPPED, broken

CASES = [
    # (text, kind, keys, prefix, text of what stands there)
    ("ru|", "key", "", "ru", "ru"),
    ("|", "key", "", "", ""),
    ("rules:\n- rule: a\n  |", "key", "rules.0", "", ""),
    ("rules:\n- rule: a\n  wh|", "key", "rules.0", "wh", "wh"),
    ("rules:\n- rule: a\n  wh|\n  output: b\n", "key", "rules.0", "wh", "wh"),
    ("rules:\n- ru|", "key", "rules.0", "ru", "ru"),
    ("rules:\n- |", "key", "rules.0", "", ""),
    ("rules:\n- rule: a\n- ru|", "key", "rules.1", "ru", "ru"),
    ("rules:\n- rule: a\n  when: |", "expression", "rules.0.when", "", ""),
    ("rules:\n- rule: a\n  when: ord|", "expression", "rules.0.when", "ord", "ord"),
    ("rules:\n- rule: a\n  when: order.ki|nd == 'a'\n", "expression", "rules.0.when", "ki", "order.kind == 'a'"),
    ("rules:\n- rule: a\n  when: order.kind == |", "expression", "rules.0.when", "", "order.kind == "),
    ("rules:\n- rule: a\n  when: order.kind == |  # why\n", "expression", "rules.0.when", "", "order.kind == "),
    ("rules:\n- rule: a\n  when: a # wh|y\n", "comment", "rules.0.when", "# wh", "# why"),
    ("# a| b\nrules: []\n", "comment", "", "# a", "# a b"),
    ("rules:\n- rule: a\n  when: $to|", "expression", "rules.0.when", "$to", "$to"),
    ("rules:\n- rule: a\n  when: 'it''s.o|k == ''x'''\n", "expression", "rules.0.when", "o", "it's.ok == 'x'"),
    ('rules:\n- rule: a\n  when: "a.\\"fir|st name\\""\n', "expression", "rules.0.when", "fir", 'a."first name"'),
    ('rules:\n- rule: a\n  when: "\\U0001F600.or|d"\n', "expression", "rules.0.when", "or", "😀.ord"),
    ("rules:\n- rule: a\n  when: '😀.or|d'\n", "expression", "rules.0.when", "or", "😀.ord"),
    ("rules:\n- rule: a\n  when: 'order.ki|\n  output: b\n", "expression", "rules.0.when", "ki", "order.ki"),
    ("rules:\n- rule: a\n  when: >-\n    a.b\n    && c.d|e\n  a: b", "expression", "rules.0.when", "d", "a.b && c.de"),
    ("rules: [\n- rule: a\n  when: >-\n    a.b\n    && c.d|e\n", "expression", "rules.0.when", "d", "a.b && c.de"),
    ("let: {a: [}\nrules:\n- rule: a\n  when: c.d|e\n", "expression", "rules.0.when", "d", "c.de"),
    ("rules: [a,\n  b|", "key", "rules.1", "b", "b"),
    ("rules:\n- rule: a\n  fields:\n    x: &one a.b|\n", "expression", "rules.0.fields.x", "b", "a.b"),
    ("rules:\n- rule: a\n  when: |\n    a.b\n".replace("when: |", "when: >-|"), "", "rules.0.when", "", ""),
    ("rules:\n- rule: a\n  when: a.b\n    && c.d|e\n", "expression", "rules.0.when", "d", "a.b && c.de"),
    ("rules:\r\n- rule: a\r\n  when: order.ki|\r\n", "expression", "rules.0.when", "ki", "order.ki"),
    ("rules:\n- rule: a\n  skip: \"no {{ ord|er.id }}\"\n", "template", "rules.0.skip", "ord", "no {{ order.id }}"),
    ("rules:\n- {rule: a, when: ord|}\n", "expression", "rules.0.when", "ord", "ord"),
    ("rules:\n- {rule: a, when: ord|\n", "expression", "rules.0.when", "ord", "ord"),
    ("rules:\n- {rule: a, wh|\n", "key", "rules.0", "wh", "wh"),
    ("rules:\n- {rule: a, |}\n", "key", "rules.0", "", ""),
    ("rules:\n- {rule: a, fields: {x: {from: [a, b|", "expression", "rules.0.fields.x.from.1", "b", "b"),
    ("rules:\n- rule: a\n  fields: {x: {from: [a, {from: b, ty|", "key", "rules.0.fields.x.from.1", "ty", "ty"),
    ("rules:\n- rule: a\n  fields:\n    x: ord|", "expression", "rules.0.fields.x", "ord", "ord"),
    ("rules:\n- rule: a\n  fields:\n    x|", "key", "rules.0.fields", "x", "x"),
    ("rules:\n- rule: a\n  fields:\n    x:\n      ty|", "key", "rules.0.fields.x", "ty", "ty"),
    ("rules:\n- fields:\n    x:\n      from:\n      - ord|", "expression", "rules.0.fields.x.from.0", "ord", "ord"),
    ("rules:\n- rule: a\n  fields:\n    'x y': {type: st|}\n", "value", "rules.0.fields.x y.type", "st", "st"),
    ("rules:\n- rule: a\n  output: ev|\n", "value", "rules.0.output", "ev", "ev"),
    ("rules:\n\t- ru|", "key", "rules.0", "ru", "ru"),
    ("rules: [|", "key", "rules.0", "", ""),
    ("include: [a|]\n", "value", "include.0", "a", "a"),
    ("rules:\n- rule: a\n|\n- rule: b\n", "key", "", "", ""),
    ("tables: {a: {entries: {b: c|}, unlisted: keep}}\n", "value", "tables.a.entries.b", "c", "c"),
]  # fmt: skip


def at(text: str, offset: int, kind: FileKind = "part", *, parsed: bool = True) -> _At:
    source = Source("a.yaml", text, Path("a.yaml"))
    tree = parse(source, wide=True)[0] if parsed else None
    return _At(source, offset, ROOTS[kind], tree if isinstance(tree, MappingNode) else None)


@pytest.mark.parametrize(("marked", "kind", "keys", "prefix", "text"), CASES)
def test_cases(marked: str, kind: str, keys: str, prefix: str, text: str) -> None:
    offset = marked.rindex("|")
    plain = marked[:offset] + marked[offset + 1 :]
    found = at(plain, offset).cursor(Path("a.yaml"), Position(1, 1))
    assert (found.kind, ".".join(map(str, found.keys)), found.prefix, found.text) == (kind, keys, prefix, text)
    assert found.kind in ("key", "value") or found.span.start.line == found.span.end.line


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize(
    "name", ["mapping.yaml", "parts/orders.yaml", "acme.yaml", "tests/orders.yaml", "events.yaml", "consent.yaml"]
)
def test_positions_in_scalars_are_found_without_the_tree_too(name: str) -> None:
    shipped = name not in FILES
    text = (SHIPPED / name).read_text("utf-8") if shipped else FILES[name]
    kind: FileKind = (
        "tests" if "tests" in name else "workspace" if name == "acme.yaml" else "part" if shipped else "mapping"
    )
    source, count = Source("", text), 0
    tree, _ = parse(source, wide=True)
    assert isinstance(tree, MappingNode)
    for offset in Random(3).sample(range(len(text)), min(len(text), 1500)):
        one = _At(source, offset, ROOTS[kind], tree).cursor(Path("a"), Position(1, 1))
        if one.node is not None:
            other = _At(source, offset, ROOTS[kind], None).cursor(Path("a"), Position(1, 1))
            first, second = (
                (each.kind, each.keys, each.text, each.offset, each.prefix, each.span) for each in (one, other)
            )
            assert first == second, source.place(offset, offset)
            count += 1
    assert count > 200


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(4))
def test_every_position_of_broken_texts(seed: int) -> None:
    random = Random(seed)
    names: list[tuple[FileKind, str]] = [
        ("mapping", FILES["mapping.yaml"]),
        ("part", FILES["parts/orders.yaml"].replace("\n", "\r\n")),
        ("workspace", FILES["acme.yaml"]),
        ("tests", FILES["tests/orders.yaml"]),
        ("part", (SHIPPED / "promotions.yaml").read_text("utf-8")),
    ]
    for kind, text in names:
        for _ in range(random.randrange(1, 6)):
            text = broken(text, random)  # noqa: PLW2901
        parsed = at(text, 0, kind)
        for offset in range(len(text) + 1):
            parsed.offset = offset
            found = parsed.cursor(Path("a"), position_of(parsed.source, offset))
            assert 0 <= found.offset <= len(found.text)
            assert found.prefix == found.text[found.offset - len(found.prefix) : found.offset]
            assert found.span.start <= found.span.end
            assert offset_of(parsed.source, position_of(parsed.source, offset)) == offset or text[offset - 1] == "\r"


@pytest.mark.slow
def test_every_position_of_what_is_shipped() -> None:
    state = EditingState([SHIPPED])
    for path in sorted(SHIPPED.glob("*.yaml")):
        source = state.source(path)
        if source is None or state.kind(path) is None:
            continue
        for offset in range(0, len(source.text) + 1, 7):
            assert cursor_at(state, path, position_of(source, offset)) is not None


def test_names_of_what_it_stands_in(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    found = cursor_at(state, path, Position(11, 12))
    assert found is not None
    assert (found.rule, found.route, found.output, found.text) == ("order", None, None, "base")
    state.open(path, FILES["parts/orders.yaml"].replace("let:", "let: [", 1))
    broken_one = cursor_at(state, path, Position(11, 12))
    assert broken_one is not None
    assert (broken_one.rule, broken_one.node, broken_one.text) == ("order", None, "base")
    assert cursor_at(state, project / "other" / "compose.yaml", Position(1, 1)) is None
    assert cursor_at(state, project / "nowhere.yaml", Position(1, 1)) is None
    outside = cursor_at(state, path, Position(999, 999))
    assert outside is not None
    route = cursor_at(state, project / "mapping.yaml", Position(23, 30))
    assert route is not None
    assert route.route == "orders"


def test_spans_inside_of_scalars(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    found = cursor_at(state, path, Position(32, 10))
    assert found is not None
    assert found.text == "order.kind == 'refund' && order.id != 'x'"
    start = found.text.index("order.id")
    assert found.span_of(start, start + 8) == ((32, 8), (32, 16))
