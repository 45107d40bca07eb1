"""YAML to nodes: the values, their places, and all that is refused."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from moemap.engine.diagnostics.problem import Place, Problem
from moemap.engine.source import parser as module
from moemap.engine.source.nodes import MAX_DEPTH, MappingNode, Node, ScalarNode, SequenceNode, plain, synthetic
from moemap.engine.source.parser import MAX_NODES, parse
from moemap.engine.source.scalars import resolve
from moemap.engine.source.text import MAX_FILE_BYTES, Source, read

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOADER", request.param)


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
    """Everything a node says, to compare."""
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
    assert (source, problem.message) == (None, "pipe.yaml: is not a file")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"ok: 1\nb: \xe9\n")
    (tmp_path / "cut").write_bytes("é".encode()[:1])
    (tmp_path / "utf16").write_bytes("a: 1".encode("utf-16"))
    (tmp_path / "full").write_bytes(b"#" * MAX_FILE_BYTES)
    (tmp_path / "large").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with (tmp_path / "huge").open("wb") as file:
        os.truncate(file.fileno(), 5_000_000_000)
    cases = [
        ("none", "M001", "1:1-1:1", "none: No such file or directory", None),
        (".", "M001", "1:1-1:1", ".: Is a directory", None),
        ("\0", "M001", "1:1-1:1", "\0: embedded null byte", None),
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


@settings(max_examples=200)
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
    """Whether characters of a file are a character of a scalar: the same, an escape of it, or a line end (folded)."""
    if raw == character:
        return True
    if style == "'" and raw == "''":
        return character == "'"
    if style == '"' and raw.startswith("\\"):
        return bool(yaml.safe_load(f'"{raw}"') == character)
    return character in " \n" and raw.strip(" \t\n\x85\u2028\u2029\\") == ""


# --- problems ---


NOT_JSON = ", which JSON does not have"
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
)
DEEP_ALIASES = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 24 + "*a" + "]" * 24

PROBLEMS: list[tuple[str, list[tuple[str, str, str, str | None]]]] = [
    # M004
    (
        "a:\n\tb: 1",
        [("M004", "2:1-2:2", "a tab cannot stand here", "YAML indents with spaces")],
    ),
    (
        "a:\n  - b\n  \tc: 1",
        [("M004", "3:3-3:4", "a tab cannot stand here", "YAML indents with spaces")],
    ),
    (
        "a: @x",
        [("M004", "1:4-1:5", "@ cannot start a value", "quote a string that starts with it")],
    ),
    (
        "a: %d",
        [("M004", "1:4-1:5", "% cannot start a value", "quote a string that starts with it")],
    ),
    (
        "a: &x 1\nname: 2\nb: *nam\nc: *x",
        [("M004", "3:4-3:8", "the alias *nam has no anchor &nam before it", None)],
    ),
    (
        "a: &names 1\nb: *name",
        [("M004", "2:4-2:9", "the alias *name has no anchor &name before it", "did you mean 'names'?")],
    ),
    (
        "a: &x\n  b: [*x]",
        [("M004", "2:7-2:9", "the alias *x stands inside what it repeats", None)],
    ),
    (
        "\ufeffa: \x07",
        [("M004", "1:4-1:5", "a file may not contain the character U+0007", 'write it as "\\u0007", in double quotes')],
    ),
    (
        "a: 1\nb: \ud800",
        [("M004", "2:4-2:5", "a file may not contain the character U+D800", None)],
    ),
    (
        "a: 'b\n\n",
        [("M004", "1:4-1:5", "found unexpected end of stream while scanning a quoted scalar", "is the ' closed?")],
    ),
    # M005
    (
        "a: 1\nb: {c: 1, 'c': 2, \"\\x63\": 3}\na: 3",
        [
            ("M005", "2:11-2:14", "duplicate key 'c'; first on line 2", None),
            ("M005", "2:19-2:25", "duplicate key 'c'; first on line 2", None),
            ("M005", "3:1-3:2", "duplicate key 'a'; first on line 1", None),
        ],
    ),
    (
        "&k a: 1\n*k : 2",
        [("M005", "2:1-2:3", "duplicate key 'a'; first on line 1", None)],
    ),
    # M006
    (
        "a: yes\non: [NO, 0x1F]\nb: {c: 2026-01-01, ? {d: .inf} : 1}",
        [
            ("M006", "1:4-1:7", "yes is a YAML 1.1 boolean" + NOT_JSON, 'write true, or quote it: "yes"'),
            ("M006", "2:1-2:3", "on is a YAML 1.1 boolean" + NOT_JSON, 'write true, or quote it: "on"'),
            ("M006", "2:6-2:8", "NO is a YAML 1.1 boolean" + NOT_JSON, 'write false, or quote it: "NO"'),
            (
                "M006",
                "2:10-2:14",
                "0x1F is a hexadecimal number" + NOT_JSON,
                'write it in plain decimal digits, or quote it: "0x1F"',
            ),
            ("M006", "3:8-3:18", "2026-01-01 is a YAML date" + NOT_JSON, 'quote it: "2026-01-01"'),
            ("M006", "3:22-3:31", "an object is a key that is not a string" + NOT_JSON, "a key is a string"),
            ("M006", "3:26-3:30", ".inf is an infinite number" + NOT_JSON, 'quote it: ".inf"'),
        ],
    ),
    (
        "a: &a !!binary eA==\nb: !!map {}\nc: !<tag:x,1> d\ne: !!str []\nf: !g\n  h: 1\ni: ! j",
        [
            ("M006", "1:7-1:15", "!!binary is a YAML tag" + NOT_JSON, "leave the tag out"),
            ("M006", "2:4-2:9", "!!map is a YAML tag" + NOT_JSON, "leave the tag out"),
            ("M006", "3:4-3:14", "tag:x,1 is a YAML tag" + NOT_JSON, "leave the tag out"),
            ("M006", "4:4-4:9", "!!str is a YAML tag" + NOT_JSON, "leave the tag out"),
            ("M006", "5:4-5:6", "!g is a YAML tag" + NOT_JSON, "leave the tag out"),
            ("M006", "7:4-7:5", "! is a YAML tag" + NOT_JSON, "leave the tag out"),
        ],
    ),
    (
        "!!python/object/apply:os.system [x]",
        [("M006", "1:1-1:32", "!!python/object/apply:os.system is a YAML tag" + NOT_JSON, "leave the tag out")],
    ),
    (
        "<<: {a: 1}\n1: a\ntrue: b\n~: c\n1.5: d",
        [
            ("M006", "1:1-1:3", "<< is a merge key" + NOT_JSON, 'use `extends`, or quote it: "<<"'),
            ("M006", "2:1-2:2", "1 is a key that is not a string" + NOT_JSON, 'quote it: "1"'),
            ("M006", "3:1-3:5", "true is a key that is not a string" + NOT_JSON, 'quote it: "true"'),
            ("M006", "4:1-4:2", "~ is a key that is not a string" + NOT_JSON, 'quote it: "~"'),
            ("M006", "5:1-5:4", "1.5 is a key that is not a string" + NOT_JSON, 'quote it: "1.5"'),
        ],
    ),
    (
        "{? : a, ? [f] : g}",
        [
            ("M006", "1:3-1:3", "an empty key is a key that is not a string" + NOT_JSON, 'quote it: ""'),
            ("M006", "1:11-1:14", "a list is a key that is not a string" + NOT_JSON, "a key is a string"),
        ],
    ),
    (
        "a: " + "9" * 50,
        [
            (
                "M006",
                "1:4-1:54",
                "9" * 37 + "... is an integer of more than 64 bits, which most readers of JSON round",
                'quote it: "' + "9" * 37 + '..."',
            )
        ],
    ),
    # M007
    ("[" * 100_000, [("M007", "1:65-1:66", "nested more than 64 levels deep", None)]),
    ("{" * 100_000, [("M007", "1:65-1:66", "nested more than 64 levels deep", None)]),
    ("[{" * 100_000, [("M007", "1:65-1:66", "nested more than 64 levels deep", None)]),
    ("a:\n " + "[" * 100_000, [("M007", "2:65-2:66", "nested more than 64 levels deep", None)]),
    ("- " * 60 + "[" * 100_000, [("M007", "1:125-1:126", "nested more than 64 levels deep", None)]),
    ("[" * 100 + "'", [("M007", "1:65-1:66", "nested more than 64 levels deep", None)]),
    (
        "a: yes\nb: " + "[" * 100 + "@",
        [
            ("M006", "1:4-1:7", "yes is a YAML 1.1 boolean" + NOT_JSON, 'write true, or quote it: "yes"'),
            ("M007", "2:67-2:68", "nested more than 64 levels deep", None),
        ],
    ),
    ("? " * 100_000, [("M007", "1:129-1:130", "nested more than 64 levels deep", None)]),
    (
        "".join(f"{' ' * level}a:\n" for level in range(1200)),
        [("M007", "65:65-65:66", "nested more than 64 levels deep", None)],
    ),
    ("{a: " * 100_000, [("M007", "1:257-1:258", "nested more than 64 levels deep", None)]),
    ("- " * 100_000, [("M007", "1:129-1:130", "nested more than 64 levels deep", None)]),
    (DEEP_ALIASES, [("M007", "2:28-2:30", "nested more than 64 levels deep", None)]),
    # M008
    (
        "- &a [" + "x," * 996 + "]\n" + "- *a\n" * 99 + "- [" + "a, " * 299 + "b, @",
        [("M008", "101:898-101:899", "the file expands to more than 100000 values", None)],
    ),
    ("- \n" * MAX_NODES, [("M008", "100000:2-100000:2", "the file expands to more than 100000 values", None)]),
    (LAUGHS, [("M008", "6:10-6:13", "the file expands to more than 100000 values", None)]),
    # M009
    ("", [("M009", "1:1-1:1", "the file is empty", None)]),
    ("# only this\n", [("M009", "1:1-1:1", "the file is empty", None)]),
    (
        "a: yes\n---\nb: [\n",
        [
            ("M006", "1:4-1:7", "yes is a YAML 1.1 boolean" + NOT_JSON, 'write true, or quote it: "yes"'),
            ("M009", "2:1-2:4", "the file has a second document", "put each document into its own file"),
        ],
    ),
]


@both_loaders
@pytest.mark.parametrize(("text", "wanted"), PROBLEMS, ids=lambda value: repr(value)[:30])
def test_problems(text: str, wanted: list[tuple[str, str, str, str | None]]) -> None:
    started = time.perf_counter()
    node, problems = parse(source(text))
    assert time.perf_counter() - started < 10
    assert (node is None) == any(code not in ("M005", "M006") for code, *_ in wanted)
    assert [told(problem) for problem in problems] == wanted


COLON_HINT = 'quote a string that contains ": "'
SYNTAX = [
    ("a: b: c", "1:5-1:6", "mapping values are not allowed in this context", COLON_HINT),
    ("foo\nbar: 1", "2:4-2:5", "mapping values are not allowed in this context", COLON_HINT),
    ("a: 1\n- b", "2:1-2:2", "did not find expected key while parsing a block mapping that starts on line 1", None),
    ("a: 'b' c", "1:8-1:9", "did not find expected key while parsing a block mapping", None),
    (
        "a:\n  - [1,\n  - 2\n",
        "3:3-3:4",
        "did not find expected node content while parsing a flow node",
        "is the [ on line 2 closed?",
    ),
    (
        "a: [\n{b: 1\n",
        "2:1-2:2",
        "did not find expected ',' or '}' while parsing a flow mapping",
        "is the { on line 2 closed?",
    ),
    (
        "a: [1,\n",
        "2:1-2:1",
        "did not find expected node content while parsing a flow node",
        "is the [ on line 1 closed?",
    ),
    (
        "a: [1\nb: 2\n",
        "2:2-2:3",
        "did not find expected ',' or ']' while parsing a flow sequence that starts on line 1",
        "is the [ on line 1 closed?",
    ),
    (
        "a: [\nb: 1,\n",
        "3:1-3:1",
        "did not find expected node content while parsing a flow node",
        "is the [ on line 1 closed?",
    ),
    ("a: 1\nkey\nb: 1\n", "2:1-2:2", "could not find expected ':' while scanning a simple key", None),
    ('a: "\\q"', "1:5-1:6", "found unknown escape character while parsing a quoted scalar", None),
    ('a: "\\ud83d"', "1:7-1:8", "found invalid Unicode character escape code while parsing a quoted scalar", None),
    ("a: 1\nb: |\n\tc", "3:1-3:2", "a tab cannot stand here", "YAML indents with spaces"),
    ("%YAML 2.0\n---\na", "1:1-1:2", "found incompatible YAML document", None),
    (
        "a: !%ED%A0%80 b",
        "1:2-1:2",
        "what follows cannot be read: 'utf-8' codec can't decode byte 0xed in position 1: invalid continuation byte",
        None,
    ),
]


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="the wording is libyaml's")
@pytest.mark.parametrize(("text", "where", "reason", "hint"), SYNTAX)
def test_syntax_errors(text: str, where: str, reason: str, hint: str | None) -> None:
    node, problems = parse(source(text))
    assert node is None
    assert [told(problem) for problem in problems] == [("M004", where, reason, hint)]


@pytest.mark.parametrize("escape", ["ud83d", "U00110000", "Uffffffff"])
def test_escapes_that_are_no_characters_without_libyaml(escape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOADER", yaml.SafeLoader)
    node, problems = parse(source(f'a: "\\{escape}"'))
    assert node is None
    assert [problem.code for problem in problems] == ["M004"]


def test_a_text_in_memory_has_the_limit_of_a_file() -> None:
    assert parse(source("é" * (MAX_FILE_BYTES // 2)))[0] is not None
    node, problems = parse(source("é" * (MAX_FILE_BYTES // 2) + "x"))
    assert node is None
    assert [told(problem) for problem in problems] == [
        ("M003", "1:1-1:1", "the file has 1000001 bytes; at most 1000000 are read", None)
    ]


@pytest.mark.slow
@both_loaders
@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 23 + "*a" + "]" * 23,
        "- \n" * (MAX_NODES - 1),
    ],
    ids=["depth", "depth of an alias", "nodes"],
)
def test_the_limits_themselves_are_allowed(text: str) -> None:
    plain(node_of(text))


def test_the_first_of_equal_keys_counts() -> None:
    node, problems = parse(source("a: {b: 1, b: {c: 2}, d: 0x1}\ne: 1\n'a': 2\na: 3\n"))
    assert isinstance(node, MappingNode)
    assert plain(node) == {"a": {"b": 1, "d": "0x1"}, "e": 1}
    assert [(key.place.line, plain(value)) for key, value in node.repeated] == [(3, 2), (4, 3)]
    assert [(problem.code, [str(one.place) for one in problem.related]) for problem in problems] == [
        ("M005", ["rules.yaml:1:5"]),
        ("M006", []),
        ("M005", ["rules.yaml:1:1"]),
        ("M005", ["rules.yaml:1:1"]),
    ]


# --- laws ---


YAML_LIKE = st.text(st.sampled_from("ab1: -[]{},'\"|>&*!#%?~<=\\.\n\r\t \ufeff\x85\u2028😀\x07"), max_size=60)


@both_loaders
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


BLANK = "the no-break space U+00A0 is not a space in YAML"
TOLD_BEFORE_THE_PARSER = [
    ("rules:\n  - rule: a\n  \u00a0 output: out\n    x: 1\n", (3, 3), BLANK, "write a space instead"),
    ("rules:\n  - rule: a\n    \u00a0output: out\n", (3, 5), BLANK, "write a space instead"),
    ("rules:\n  - rule: a\n\u00a0   output: out\n", (3, 1), BLANK, "write a space instead"),
    ("rules:\n  - rule: a\n     \u00a0output: out\n    x: 1\n", (3, 6), BLANK, "write a space instead"),
    ("a:\n\u00a0\u00a0b: 2\n\n  c: 3\n", (2, 1), BLANK, "write a space instead"),
    ("a:\n  - b\n \u00a0- c\n", (3, 2), BLANK, "write a space instead"),
    (
        "- \u3000a: x\n",
        (1, 3),
        "the ideographic space U+3000 is not a space in YAML",
        "quote a string that starts with it",
    ),
    (
        "[a, b\n\u3000c: x\n",
        (2, 1),
        "the ideographic space U+3000 is not a space in YAML",
        "quote a string that starts with it",
    ),
    ("- {from: a.products[0].x}\n", (1, 20), "did not find expected ','", "quote a string that contains ["),
    ("- [a, b[?c == 'd'].e]\n", (1, 8), "did not find expected ','", "quote a string that contains ["),
    ("- {from: a.{b: c}}\n", (1, 12), "did not find expected ','", "quote a string that contains {"),
    ("- {from: a, b: [c}\n", (1, 18), "did not find expected ','", "is the [ on line 1 closed?"),
    ("a:\u00a0\n  b: c\n", (1, 3), BLANK, "write a space instead"),
    ("a:\n  - b-c d:\u00a0\n      e: f\n", (2, 11), BLANK, "write a space instead"),
    ("a:\n\u200b  b: c\n", (2, 1), "the zero width space U+200B is not a space in YAML", "write a space instead"),
    ("a:\n  b: 1\n\ufeff  c: 2\n", (3, 1), "the zero width no-break space U+FEFF is", "write a space instead"),
    ("- {from: join(', ', a), b: c}\n", (1, 18), "unexpected end of stream", "put the whole expression in quotes"),
    ("- {from: f(a, 'b', 'c'), d: e}\n", (1, 23), "did not find expected ','", "quote a string that contains ,"),
    ("- {from: 'a, b: c}\n", (1, 10), "unexpected end of stream", "is the ' closed?"),
]


@pytest.mark.parametrize(("text", "at", "reason", "hint"), TOLD_BEFORE_THE_PARSER)
def test_the_cause_is_told_and_not_what_the_parser_meets(
    text: str, at: tuple[int, int], reason: str, hint: str
) -> None:
    node, problems = parse(source(text))
    assert node is None
    (problem,) = problems
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == at
    assert problem.code == "M004"
    assert reason in problem.message
    assert hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: '\u00a0x'", {"a": "\u00a0x"}),
        ("a: x\u00a0y", {"a": "x\u00a0y"}),
        ("a: >-\n  \u00a0b: 2\n  c: 3\n", {"a": "\u00a0b: 2 c: 3"}),
        ("\u00a0", "\u00a0"),
        ("a: \u3000x", {"a": "\u3000x"}),
        ("- \u00a0\n- \u00a0x", ["\u00a0", "\u00a0x"]),
        ("{\u00a0a: 1}", {"\u00a0a": 1}),
        ("'\u00a0a': 1", {"\u00a0a": 1}),
    ],
)
def test_odd_blanks_inside_of_texts(text: str, value: object) -> None:
    assert plain(node_of(text)) == value
