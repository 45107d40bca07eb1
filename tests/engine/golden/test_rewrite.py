"""Values changed inside a YAML text: what is changed, what is kept, and that it reads back as the same value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.golden.diff import canonical
from moemap.engine.golden.rewrite import applied, block, edits, inline
from moemap.engine.source.nodes import MappingNode, Node, SequenceNode, plain
from moemap.engine.source.parser import parse
from moemap.engine.source.text import Source


def node_of(text: str) -> Node:
    node, problems = parse(Source("x.yaml", text))
    assert problems == (), text
    assert node is not None
    return node


def rewritten(text: str, value: Any) -> str:
    """The text with the value of its key `a` changed."""
    node = node_of(text)
    assert isinstance(node, MappingNode)
    key, member = node.key("a"), node.get("a")
    assert key is not None
    assert member is not None
    return applied(text, edits(key, member, value))


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a: 1  # why\nb: 2\n", 15.0, "a: 15.0  # why\nb: 2\n"),
        ("a:\nb: 2\n", "no", 'a: "no"\nb: 2\n'),
        ("a:   # why\n  x\n", "y", "a:   # why\n  y\n"),
        # As deep down as possible
        (
            "a:\n  x: 1  # one\n  y: [1, {z: 2}]  # two\n",
            {"x": 1, "y": [1, {"z": 3}]},
            "a:\n  x: 1  # one\n  y: [1, {z: 3}]  # two\n",
        ),
        (
            "a:\n  - x: 1\n    y: 'q'  # kept\n  # kept\n  - z\n",
            [{"x": 2, "y": "q"}, "z"],
            "a:\n  - x: 2\n    y: 'q'  # kept\n  # kept\n  - z\n",
        ),
        ("a: {y: 1, x: 2}\n", {"x": 3, "y": 1}, "a: {y: 1, x: 3}\n"),
        # New keys come last
        ("a:\n  x: 1  # one\nb: 2\n", {"x": 1, "y": {"z": [1]}}, "a:\n  x: 1  # one\n  y:\n    z:\n      - 1\nb: 2\n"),
        ("a: {x: 1}\n", {"x": 1, "y": [2]}, "a: {x: 1, y: [2]}\n"),
        ("a:\n  x:\n    y: 1 # y\n", {"x": {"y": 1, "z": 2}, "w": 3}, "a:\n  x:\n    y: 1 # y\n    z: 2\n  w: 3\n"),
        # Other shapes
        (
            "a: []  # none\nb: 2\n",
            [{"x": 1, "y": 2}, [3, [4]]],
            "a:\n  - x: 1\n    y: 2\n  - - 3\n    - - 4  # none\nb: 2\n",
        ),
        ("a: [1]\n", [1, 2], "a: [1, 2]\n"),
        ("a:\n  - 1\n  - 2\nb: 2\n", [], "a: []\nb: 2\n"),
        ("a:\n- 1\n- 2\nb: 2\n", [1], "a:\n- 1\nb: 2\n"),
        ("a:\n    x: 1\n    y: 2\n", {"y": 3}, "a:\n    y: 3\n"),
        ("a: {x: 1, y: 2}\n", {"y": 3}, "a: {y: 3}\n"),
        ("a: {x: 1}\n", {"x": "y" * 120}, f"a:\n  x: {'y' * 120}\n"),
        ("a: |\n  text\n  more\nb: 2\n", "new", "a: new\nb: 2\n"),
        ("a: >-\n  text\n\n  more\n", {"x": "two\nlines"}, 'a:\n  x: "two\\nlines"\n'),
        ("a:\n  - # comment\n    x: 1\n  -\n", [{"x": 2}, "y"], "a:\n  - # comment\n    x: 2\n  - y\n"),
        # An alias is replaced where it stands
        ("b: &b [1]\na: *b  # same\n", {"x": 1}, "b: &b [1]\na:\n  x: 1  # same\n"),
        ("b: &b 1\na: [*b, *b]\n", [1, 2], "b: &b 1\na: [1, 2]\n"),
        # Line ends
        ("a: 1\r\nb: 2\r\n", {"x": [1]}, "a:\r\n  x:\r\n    - 1\r\nb: 2\r\n"),
        ("a: 1", {"x": 1}, "a:\n  x: 1"),
    ],
)  # fmt: skip
def test_rewriting(before: str, value: Any, after: str) -> None:
    assert rewritten(before, value) == after
    assert plain(node_of(after))["a"] == value


def test_the_same_value_is_not_touched() -> None:
    text = "a: {x: 0.10, 'y': \"\\x41\"}\n"
    assert rewritten(text, {"y": "A", "x": 0.1}) == text


@pytest.mark.parametrize(
    "plain_text", ["Purchase", "/events/0", "nothing to map", "user_id", "a-b", "x.y", "12abc", "me@example.com", "$a"]
)
def test_texts_without_quotes(plain_text: str) -> None:
    assert inline(plain_text) == plain_text


@pytest.mark.parametrize(
    "quoted",
    [
        *("", "no", "Yes", "on", "OFF", "null", "~", "true", "True", "1", "15.0", "1e5", ".5", "0x1F", "1_000", "1:30"),
        *("2026-01-01", "2026-01-01T00:00:00Z", "=", "<<", "- a", "a: b", "a #b", " a", "a ", "{a}", "[a", "*a", "&a"),
        *(
            "!a",
            "@a",
            "%a",
            "|",
            ">",
            "?",
            "---",
            "...",
            "'",
            '"',
            "a\nb",
            "\x7f",
            "\u2028",
            "\ufeff",
            "\u202e",
            "é",
            "😀",
        ),
    ],
)
def test_texts_in_quotes(quoted: str) -> None:
    assert inline(quoted).startswith('"')
    assert inline(quoted).isprintable()
    assert plain(node_of(f"a: {inline(quoted)}")) == {"a": quoted}


texts = st.sampled_from(["no", "1", "2026-01-01", "a: b", "a #b", "é", "x"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with something else here and there."""
    if draw(st.integers(0, 5)) == 0:
        return draw(values)
    if isinstance(value, dict):
        kept = {key: changed(draw, member) for key, member in value.items() if draw(st.integers(0, 9))}
        return kept | draw(st.dictionaries(texts, leaves, max_size=1))
    if isinstance(value, list):
        return [changed(draw, element) for element in value if draw(st.integers(0, 9))]
    return value


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    value = draw(values)
    return value, changed(draw, value)


@pytest.mark.slow
@pytest.mark.fuzz
@given(pairs(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_reads_back(pair: tuple[Any, Any], as_block: bool, newline: str) -> None:
    old, new = pair
    written = f"\n    {block(old, 4)}" if as_block else f" {inline(old)}"
    before = f"- b: 1 # b\n  a:{written}  # a\n  c: 2 # c\n".replace("\n", newline)
    assert canonical(plain(node_of(before))) == canonical([{"b": 1, "a": old, "c": 2}])
    root = node_of(before)
    assert isinstance(root, SequenceNode)
    node = root.items[0]
    assert isinstance(node, MappingNode)
    key, value = node.entries[1]
    after = applied(before, edits(key, value, new))
    assert canonical(plain(node_of(after))) == canonical([{"b": 1, "a": new, "c": 2}]), after
    assert all(f"# {comment}" in after for comment in "abc")
    assert after.count("\n") == after.count(newline)
