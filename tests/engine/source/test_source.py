"""YAML to nodes: the values, their places, and all that is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from moemap.engine.diagnostics.problem import Place, Problem
from moemap.engine.source import parser as module
from moemap.engine.source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain, synthetic
from moemap.engine.source.parser import parse
from moemap.engine.source.scalars import resolve
from moemap.engine.source.text import MAX_FILE_BYTES, Source, read

both_loaders = pytest.mark.usefixtures("_loader")


def source(text: str) -> Source:
    return Source("rules.yaml", text)


def node_of(text: str) -> Node:
    node, problems = parse(source(text))
    assert problems == ()
    assert node is not None
    return node


def scalars(node: Node) -> Iterator[ScalarNode]:
    match node:
        case ScalarNode():
            yield node
        case SequenceNode():
            for item in node.items:
                yield from scalars(item)
        case MappingNode():
            for key, value in node.entries:
                yield key
                yield from scalars(value)


def described(node: Node) -> object:
    """The content of a node as a value that can be compared."""
    place = (node.start, node.end)
    match node:
        case ScalarNode():
            return place, node.value, node.text, node.style, [node.span(i, i + 1) for i in range(len(node.text))]
        case SequenceNode():
            return place, [described(item) for item in node.items]
        case MappingNode():
            return place, [(described(key), described(value)) for key, value in node.entries]
    raise AssertionError(node)


def told(problem: Problem) -> tuple[str, str, str, str | None]:
    place = problem.place
    assert place is not None
    where = f"{place.line}:{place.column}-{place.end_line}:{place.end_column}"
    return problem.code, where, problem.message, problem.hint


# --- sources ---


LINES = [
    ("a\nb", ["a", "b"]),
    ("a\r\nb\rc\n", ["a", "b", "c", ""]),
    ("a\u2028b\x85c\x0b", ["a\u2028b\x85c\x0b"]),
    ("\ufeffa\nb", ["a", "b"]),
    ("", [""]),
]


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_lines_are_split_as_editors_do(text: str, lines: list[str]) -> None:
    assert [source(text).line_text(number + 1) for number in range(len(lines))] == lines
    end = source(text).place(len(text), len(text))
    assert (end.line, end.column) == (len(lines), len(lines[-1]) + 1)


def test_places_count_characters() -> None:
    assert source("é😀b\r\nc").place(2, 6) == Place("rules.yaml", 1, 3, 2, 2)


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes("\ufeffa: é\r\n".encode())
    found, problems = read(path, "r.yaml")
    assert problems == ()
    assert found is not None
    assert (found.name, found.text, found.path) == ("r.yaml", "\ufeffa: é\r\n", path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    source, (problem,) = read(tmp_path / "pipe.yaml", "pipe.yaml")
    assert (source, problem.message) == (None, "the file cannot be read: it is not a file")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"ok: 1\nb: \xe9\n")
    (tmp_path / "cut").write_bytes("é".encode()[:1])
    (tmp_path / "utf16").write_bytes("a: 1".encode("utf-16"))
    (tmp_path / "full").write_bytes(b"#" * MAX_FILE_BYTES)
    (tmp_path / "large").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with (tmp_path / "huge").open("wb") as file:
        os.truncate(file.fileno(), 5_000_000_000)
    cases = [
        ("none", "M001", "1:1-1:1", "the file cannot be read: No such file or directory", None),
        (".", "M001", "1:1-1:1", "the file cannot be read: Is a directory", None),
        ("\0", "M001", "1:1-1:1", "the file cannot be read: embedded null byte", None),
        (
            "latin",
            "M002",
            "2:4-2:4",
            "the file is not UTF-8 text: invalid continuation byte 0xe9",
            "save the file as UTF-8",
        ),
        ("cut", "M002", "1:1-1:1", "the file is not UTF-8 text: unexpected end of data 0xc3", "save the file as UTF-8"),
        ("utf16", "M002", "1:1-1:1", "the file is not UTF-8 text: invalid start byte 0xff", "save the file as UTF-8"),
        ("large", "M003", "1:1-1:1", "the file has 1000001 bytes; at most 1000000 are read", None),
        ("huge", "M003", "1:1-1:1", "the file has 5000000000 bytes; at most 1000000 are read", None),
    ]
    for name, *wanted in cases:
        found, problems = read(tmp_path / name, name)
        assert found is None
        assert [told(problem) for problem in problems] == [tuple(wanted)]
    assert read(tmp_path / "full", "full")[0] is not None


# --- values ---


VALUES = [
    (
        "a: 1\nb: [x, 'y', \"z\", 1.5]\nc: [true, null, ~,]",
        {"a": 1, "b": ["x", "y", "z", 1.5], "c": [True, None, None]},
    ),
    ("- {d: }\n-\n- e:\n  f:\n  - g\n", [{"d": None}, None, {"e": None, "f": ["g"]}]),
    ("'1': '1'\n\"true\": |\n  1\n", {"1": "1", "true": "1\n"}),
    ("a: &x [1, {b: 2}]\nc: *x\nd: *x\n", {"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": [1, {"b": 2}]}),
    ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ("&k a: b\nc: *k", {"a": "b", "c": "a"}),
    ("- &k key\n- {*k : 1}", ["key", {"key": 1}]),
    ("a: !!str 1\nb: !!str yes\nc: !!str\nd: !!str 2026-01-01", {"a": "1", "b": "yes", "c": "", "d": "2026-01-01"}),
    ("'<<': 1\n'=': 2", {"<<": 1, "=": 2}),
    ("version: 1.0.0\nwhen: a && b\nurl: http://x/y#z", {"version": "1.0.0", "when": "a && b", "url": "http://x/y#z"}),
    ("[a: 1]", [{"a": 1}]),
    ("text", "text"),
    ("---\n", None),
    ("%YAML 1.1\n---\na: 1\n...\n", {"a": 1}),
    ("\ufeffa: 1", {"a": 1}),
    ('a: "\\0\\u0007"', {"a": "\0\a"}),
]


@both_loaders
@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text: str, value: object) -> None:
    found = plain(node_of(text))
    assert found == value
    assert repr(found) == repr(value)  # 1 is not 1.0 and not true


def test_mappings_are_looked_up_by_key() -> None:
    node = node_of("a: 1\nb: 2")
    assert isinstance(node, MappingNode)
    assert node.keys() == ("a", "b")
    key, value = node.key("b"), node.get("b")
    assert isinstance(key, ScalarNode)
    assert isinstance(value, ScalarNode)
    assert (key.text, key.place.line, value.value) == ("b", 2, 2)
    assert (node.key("c"), node.get("c")) == (None, None)


def test_an_alias_is_the_node_of_its_anchor() -> None:
    node = node_of("a: &x {b: 1}\nc: *x")
    assert isinstance(node, MappingNode)
    assert node.get("a") is node.get("c")


def test_nodes_are_equal_to_themselves_only() -> None:
    text = source("a")
    first, second = parse(text)[0], parse(text)[0]
    assert first != second
    assert {first: 1}.get(first) == 1


# --- places of nodes ---


PLACES = [
    # the text, and where each node stands, the outer before the inner
    ("a: b", ["1:1-1:5", "1:1-1:2", "1:4-1:5"]),
    ("\ufeffa: b", ["1:1-1:5", "1:1-1:2", "1:4-1:5"]),
    ("é: 😀\nc: d\n\n# end\n", ["1:1-2:5", "1:1-1:2", "1:4-1:5", "2:1-2:2", "2:4-2:5"]),
    ("# top\n\na:\n- b\n\n- c\n", ["3:1-6:4", "3:1-3:2", "4:1-6:4", "4:3-4:4", "6:3-6:4"]),
    ("[ {a: } , 'b c' ]", ["1:1-1:18", "1:3-1:8", "1:4-1:5", "1:6-1:6", "1:11-1:16"]),
    ("[a: , b]", ["1:1-1:9", "1:2-1:4", "1:2-1:3", "1:4-1:4", "1:7-1:8"]),
    ("a:\n\n\nb:\n", ["1:1-4:3", "1:1-1:2", "1:3-1:3", "4:1-4:2", "4:3-4:3"]),
    ("a: |\n  x\n\n\n# c\nb: >+\n  y\n\n", ["1:1-7:4", "1:1-1:2", "1:4-2:4", "6:1-6:2", "6:4-7:4"]),
    ("a: |\n\n\nb: 1", ["1:1-4:5", "1:1-1:2", "1:4-1:5", "4:1-4:2", "4:4-4:5"]),
    ("a: &x b\nc: *x", ["1:1-2:6", "1:1-1:2", "1:7-1:8", "2:1-2:2", "1:7-1:8"]),
    ("a: &x # why\n  - b", ["1:1-2:6", "1:1-1:2", "2:3-2:6", "2:5-2:6"]),
    ("a: !!str &x\n  b", ["1:1-2:4", "1:1-1:2", "2:3-2:4"]),
    ("a: &x\nb: *x", ["1:1-2:6", "1:1-1:2", "1:6-1:6", "2:1-2:2", "1:6-1:6"]),
    ("&m\n&k a: b", ["2:1-2:8", "2:4-2:5", "2:7-2:8"]),
    ("a: b\r\nc: d\re: f", ["1:1-3:5", "1:1-1:2", "1:4-1:5", "2:1-2:2", "2:4-2:5", "3:1-3:2", "3:4-3:5"]),
]


def every(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case SequenceNode():
            for item in node.items:
                yield from every(item)
        case MappingNode():
            for key, value in node.entries:
                yield key
                yield from every(value)


@both_loaders
@pytest.mark.parametrize(("text", "places"), PLACES)
def test_places_of_nodes(text: str, places: list[str]) -> None:
    found = [node.place for node in every(node_of(text))]
    assert [f"{p.line}:{p.column}-{p.end_line}:{p.end_column}" for p in found] == places


# --- places of characters ---


HERE = [
    # plain
    "a: HERE",
    "a: some HERE b",
    "a: one\n  two HERE\n  three",
    "a: one\n\n\n   HERE",
    "[a, b HERE, c]",
    "a: &x  one HERE",
    "a: one  \n   two  HERE # HERE",
    "a: é😀 HERE",
    "a: one\r\n  HERE",
    "a: one\u2028  HERE",
    "a: one\x85  HERE",
    "\ufeffa: HERE",
    # single quoted
    "a: 'HERE'",
    "a: 'it''s ''HERE'",
    "a: ' one\n\n  \n  two '' \n  HERE'",
    "a: !!str 'HERE'",
    # double quoted
    'a: "HERE"',
    'a: "\\x41\\u00e9\\U0001F600\\n\\t\\"\\\\\\/\\_\\N\\L\\P\\0\\ HERE"',
    'a: "one\n\n  two\\\n    \\ HERE"',
    'a: "one\\\n\n\n  HERE"',
    'a: "\n  HERE\n"',
    'a: "one \\\r\n  HERE"',
    'a: "one \\ \n  two \\\t\n  HERE"',
    # literal
    "a: |\n  HERE",
    "a: |\n  one\n    two\n\n  HERE\n",
    "a: |-\n\n  \n   one\n\n     HERE\n   \n",
    "a: |2\n     one\n   HERE\n",
    "a:\n  b: |2-\n       one\n\n      HERE\nc: d",
    "a: |+\n  one\n   \n  HERE\n\n\nb: c",
    "a: | # why\n  one\r\n  HERE\r\n",
    "- - |\n    one\n    \tHERE",
    "a: &x |\n  HERE",
    "|\n HERE",
    # folded
    "a: >\n  HERE",
    "a: >\n  one\n  two HERE\n  three\n",
    "a: >-\n  one\n\n\n  two\n\n  HERE",
    "a: >\n  one\n    more\n   indented HERE\n\n  back\n",
    "a: >\n    one\n  \n     more\n\n    HERE\n",
    "a: >2\n    one\n  two\n  HERE\n",
    "a: >\n\n\n  one\n  \ttab\n  HERE",
    "a: >\n  one\r\n  two\r\n  HERE\r\n",
    "a: >+\n  one\n  HERE\n\n\n",
    # keys
    '"\\x41 HERE": b',
    "a HERE: b",
]


@both_loaders
@pytest.mark.parametrize("text", HERE)
def test_places_of_characters(text: str) -> None:
    (scalar,) = (scalar for scalar in scalars(node_of(text)) if "HERE" in scalar.text)
    start = scalar.text.index("HERE")
    at = text.index("HERE")
    assert scalar.span(start, start + 4) == source(text).place(at, at + 4)
    assert scalar.span(start + 1, start + 1) == source(text).place(at + 1, at + 1)


SPANS = [
    # the text, the characters, where they stand
    ("a: 'it''s'", (2, 3), "1:7-1:9"),
    ('a: "\\u00e9x"', (0, 1), "1:5-1:11"),
    ("a: one\n  two", (3, 4), "1:7-2:3"),
    ("a: one\n\n  two", (3, 4), "2:1-3:1"),
    ("a: one\n  two", (2, 5), "1:6-2:4"),
    ("a: one", (3, 3), "1:7-1:7"),
    ("a: one", (0, 99), "1:4-1:7"),
    ("a: 'one'", (3, 4), "1:8-1:8"),
    ("a: ''", (0, 0), "1:4-1:6"),
    ("a: |\n  one\n\nb: c", (3, 4), "2:6-2:6"),
    ("a: |\n  one\n\nb: c", (4, 4), "2:6-2:6"),
    ("a: |+\n  one\n\nb: c", (0, 5), "2:3-2:6"),
    ("a: >\n  one\n  two\n", (3, 4), "2:6-3:3"),
]


@both_loaders
@pytest.mark.parametrize(("text", "characters", "where"), SPANS)
def test_spans(text: str, characters: tuple[int, int], where: str) -> None:
    *_, scalar = (scalar for scalar in scalars(node_of(text)) if scalar.text not in {"a", "b", "c"})
    place = scalar.span(*characters)
    assert f"{place.line}:{place.column}-{place.end_line}:{place.end_column}" == where


def test_a_text_that_decodes_otherwise_has_the_place_of_the_whole() -> None:
    scalar = ScalarNode(source("'abc'"), 0, 5, "xyz", "xyz", "'")
    assert scalar.span(1, 2) == scalar.place


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML's own scanner takes no tab between words")
def test_places_after_tabs() -> None:
    text = "a:\tone\t \n  \t two\t HERE\t# HERE"
    _, scalar = scalars(node_of(text))
    assert scalar.text == "one two\t HERE"
    assert scalar.span(9, 13) == source(text).place(18, 22)


# PyYAML writes U+0085 so that it reads a line feed.
CHARACTERS = st.sampled_from("abc  \n\n'\"\\:#-|>\t") | st.characters(codec="utf-8", exclude_characters="\x85")
TEXTS = st.text(CHARACTERS, max_size=80)
STYLES = ["", "'", '"', "|", ">"]


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2)
@example("'\"\\ \n\n a\n  b\n\n\n", ">", 20, True, 1)
@example("\n  \n x\n", "|", 20, True, 2)
@example("   ", "|", 20, True, 0)
@example(" \n \n", ">", 20, True, 1)
@example("a b\u2028c\u2029 d", "'", 20, True, 1)
@example("it's 'so' and so and so", "'", 10, True, 3)
@example("\u00a0", "", 20, True, 1)
@example("\u3000x", "", 20, True, 2)
@given(TEXTS, st.sampled_from(STYLES), st.integers(10, 30), st.booleans(), st.integers(0, 3))
def test_every_character_of_a_dumped_text_is_found(
    value: str, style: str, width: int, allow_unicode: bool, depth: int
) -> None:
    assume(style != "" or resolve(value) == value)  # PyYAML leaves what only we refuse, as 08, without quotes
    data: object = value
    for level in range(depth):
        data = [data, "end"] if level % 2 else {"first": data, "last": "end"}
    text = yaml.dump(data, default_style=style or None, width=width, allow_unicode=allow_unicode, indent=2 + depth)
    node = node_of(text)
    assert plain(node) == data
    scalar = next(scalar for scalar in scalars(node) if scalar.text == value)
    last = 0
    for index, character in enumerate(value):
        start, end = offsets(text, scalar.span(index, index + 1))
        assert last <= start <= end
        assert stands_for(text[start:end], character, scalar.style), (text[start:end], character)
        last = end


def offsets(text: str, place: Place) -> tuple[int, int]:
    starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
    return starts[place.line - 1] + place.column - 1, starts[place.end_line - 1] + place.end_column - 1


def stands_for(raw: str, character: str, style: str | None) -> bool:
    """Returns whether characters of a file stand for a character: the same, an escape of it, or a folded line end."""
    if raw == character:
        return True
    if style == "'" and raw == "''":
        return character == "'"
    if style == '"' and raw.startswith("\\"):
        return bool(yaml.safe_load(f'"{raw}"') == character)
    return character in " \n" and raw.strip(" \t\n\x85\u2028\u2029\\") == ""


# --- laws ---


YAML_LIKE = st.text(st.sampled_from("ab1: -[]{},'\"|>&*!#%?~<=\\.\n\r\t \ufeff\x85\u2028😀\x07"), max_size=60)


@pytest.mark.fuzz
@both_loaders
@settings(max_examples=settings().max_examples * 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), YAML_LIKE))
def test_any_text_gives_a_node_or_problems(text: str) -> None:
    node, problems = parse(source(text))
    assert (node is None) == any(problem.code not in ("M005", "M006") for problem in problems)
    lines = text.count("\n") + text.count("\r") + 1
    assert all(problem.place is not None and 1 <= problem.place.line <= lines for problem in problems)
    if node is not None:
        plain(node)
        for scalar in scalars(node):
            assert scalar.start <= scalar.end <= len(text)
            for index in range(len(scalar.text)):
                assert scalar.place.line <= scalar.span(index, index + 1).line <= scalar.place.end_line


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@pytest.mark.fuzz
@given(JSON)
def test_a_synthetic_node_has_its_value_and_the_place_of_another(value: object) -> None:
    at = node_of("\n [a]")
    node = synthetic(value, at)
    assert plain(node) == value
    assert {found.place for found in every(node)} == {at.place}
    assert all(scalar.span(0, 1) == at.place for scalar in scalars(node))


DOCUMENTS = [text for text, _ in [*VALUES, *PLACES]] + HERE + [text for text, _, _ in SPANS]


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="libyaml is missing")
@pytest.mark.parametrize("text", DOCUMENTS)
def test_both_loaders_give_the_same_nodes_and_places(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_libyaml = described(node_of(text))
    monkeypatch.setattr(module, "_LOADER", yaml.SafeLoader)
    assert described(node_of(text)) == with_libyaml
