"""TOML as nodes: the values of the standard library, at the places where they stand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.source.nodes import MAX_DEPTH, MappingNode, Node, ScalarNode, SequenceNode, plain
from moemap.engine.source.text import Source
from moemap.engine.source.toml import parse

ROOT = Path(__file__).parents[3]

TEXT = '''# a comment with = and [
a = 1
b . c."d e" = """x "q" \\
  y"""
'k' = \'\'\'a'b''c\'\'\'
e = [1, # c ]
  2, [3,], {x.y = 1, z = "]"} ,
]
f = -1e5
g = {}
h = """""five"""""
t = [true, false]
[t2]
q = "\\u00e9"
[[l]]
x=1
[l.sub]
y=2
[[l]]
x=3
[ t3 . u . "v w" ]
[z]
"" = 0
'''


def nodes(node: Node) -> Iterator[tuple[ScalarNode, Node]]:
    """All keys of a table and of what is in it, with their values."""
    if isinstance(node, MappingNode):
        for key, value in node.entries:
            yield key, value
            yield from nodes(value)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from nodes(item)


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "", "\n# nothing", "a=1"])
def test_values_are_those_of_the_standard_library(text: str) -> None:
    node, problems = parse(Source("f.toml", text))
    assert node is not None
    assert (plain(node), problems) == (tomllib.loads(text), ())


def test_keys_and_values_stand_where_they_are_written() -> None:
    node, _ = parse(Source("f.toml", TEXT))
    assert node is not None
    for key, value in nodes(node):
        written = TEXT[key.start : key.end]
        assert next(iter(tomllib.loads(f"{written} = 0"))) == key.text
        if isinstance(value, ScalarNode):
            assert tomllib.loads(f"v = {TEXT[value.start : value.end]}")["v"] == value.value
        elif isinstance(value, SequenceNode) and TEXT[value.start] == "[":
            assert tomllib.loads(f"v = {TEXT[value.start : value.end]}")["v"] == plain(value)


def test_a_real_file() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    node, problems = parse(Source("pyproject.toml", text))
    assert node is not None
    assert (plain(node), problems) == (tomllib.loads(text), ())


def quoted(text: str) -> str:
    """A text as a key in quotes, all of it escaped."""
    return '"' + "".join(f"\\U{ord(one):08x}" for one in text) + '"'


NAMES = st.text("ab-_", min_size=1, max_size=3) | st.text(max_size=4).map(quoted)
SCALARS = st.sampled_from(["1", "-0.5", "true", "''", "'#'", '"]"', '"""a\n"b" """', "'''}'''", "0x1F", "1_000"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ " + " , # c\n ".join(items) + " ]")
        | st.dictionaries(NAMES, inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=8,
)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "[{}]", "[[{}]]"]), st.lists(NAMES, min_size=1, max_size=3), VALUES), max_size=6
)


@pytest.mark.slow
@pytest.mark.fuzz
@given(LINES)
def test_random_texts(lines: list[tuple[str, list[str], str]]) -> None:
    text = "".join(
        f"{header.format(' . '.join(names))}\n" if header else f"{'.'.join(names)} = {value} # end\n"
        for header, names, value in lines
    )
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        node, problems = parse(Source("f.toml", text))
        assert (node, [problem.code for problem in problems]) == (None, ["M156"])
        return
    node, problems = parse(Source("f.toml", text))
    assert node is not None
    assert (plain(node), problems) == (expected, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = ", "f:1:4 M156 the file is not TOML: invalid value"),
        ("a = 1\na = 2\n", "f:2:6 M156 the file is not TOML: cannot overwrite a value"),
        ("b = 1\r\na = tru\r\n", "f:2:5 M156 the file is not TOML: invalid value"),
        ("a = 'x", 'f:1:7 M156 the file is not TOML: expected "\'"'),
        ("a = 2026-01-31", "f:1:5 M006 2026-01-31 is a date or a time, which JSON does not have"),
        ("a = [1979-05-27 07:32:00]", "f:1:6 M006 1979-05-27 07:32:00 is a date or a time, which JSON does not have"),
        (
            f"a = '1'\nb = [{'9' * 5000}]",
            "f:2:6 M156 the file is not TOML: an integer has 5,000 digits, which is too many",
        ),
        ("a = {b = -inf}", "f:1:10 M006 -inf is an infinite number or none, which JSON does not have"),
        (f"a = {'[' * 200}{']' * 200}", f"f:1:{5 + MAX_DEPTH} M007 nested more than {MAX_DEPTH} levels deep"),
        (f"a = {'[' * 9_999}{']' * 9_999}", f"f:1:1 M007 nested more than {MAX_DEPTH} levels deep"),
        (f"{'.'.join('a' * 100)} = 1", f"f:1:{2 * MAX_DEPTH + 1} M007 nested more than {MAX_DEPTH} levels deep"),
    ],
)
def test_problems(text: str, expected: str) -> None:
    _, problems = parse(Source("f", text))
    assert [f"{problem.place} {problem.code} {problem.message}" for problem in problems] == [expected]
