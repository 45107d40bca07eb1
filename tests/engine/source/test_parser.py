"""YAML that is refused: problems and their places."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from moemap.engine.source import parser as module
from moemap.engine.source.nodes import MAX_DEPTH, MappingNode, plain
from moemap.engine.source.parser import MAX_NODES, parse
from moemap.engine.source.text import MAX_FILE_BYTES
from moemap.tests.engine.source.test_source import both_loaders, node_of, source, told

# --- problems ---


NOT_JSON = ", which JSON does not have"
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
)
DEEP_ALIASES = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 24 + "*a" + "]" * 24

PROBLEMS: list[Any] = [
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
        [("M004", "1:4-1:5", "the string does not end", "is the ' closed?")],
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
            ("M006", "5:4-5:6", "!g is a YAML tag" + NOT_JSON, "quote a string that starts with !"),
            ("M006", "7:4-7:5", "! is a YAML tag" + NOT_JSON, "quote a string that starts with !"),
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
    pytest.param(
        "- \n" * MAX_NODES,
        [("M008", "100000:2-100000:2", "the file expands to more than 100000 values", None)],
        marks=pytest.mark.slow,
    ),
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
    started = time.process_time()
    node, problems = parse(source(text))
    assert time.process_time() - started < 10
    assert (node is None) == any(code not in ("M005", "M006") for code, *_ in wanted)
    assert [told(problem) for problem in problems] == wanted


ESCAPE_HINT = "escapes are \\x, \\u and \\U with 2, 4 and 8 hexadecimal digits; write \\\\ for a \\"
INDENT_HINT = "indent the line like those beside it"
COLON_HINT = 'quote a string that contains ": "'
SYNTAX = [
    ("a: b: c", "1:5-1:6", "the : makes what is before it a key, which cannot stand here", COLON_HINT),
    (
        "foo\nbar: 1",
        "2:4-2:5",
        "the : makes what is before it a key, which cannot stand here",
        f"indent a key like those beside it, or {COLON_HINT}",
    ),
    ("a: 1\n- b", "2:1-2:2", "a key of the mapping that starts on line 1 is missing here", INDENT_HINT),
    (
        "a: 'b' c",
        "1:8-1:9",
        "nothing can follow the value here",
        "the string ends at the ' before this: put all of it in quotes",
    ),
    (
        "a:\n  - [1,\n  - 2\n",
        "3:3-3:4",
        "a value is missing here",
        "is the [ on line 2 closed?",
    ),
    (
        "a: [\n{b: 1\n",
        "2:1-2:2",
        "',' or '}' is missing here to go on with the mapping, or to end it",
        "is the { on line 2 closed?",
    ),
    (
        "a: [1,\n",
        "2:1-2:1",
        "a value is missing here",
        "is the [ on line 1 closed?",
    ),
    (
        "a: [1\nb: 2\n",
        "2:2-2:3",
        "',' or ']' is missing here to go on with the list that starts on line 1, or to end it",
        "is the [ on line 1 closed?",
    ),
    (
        "a: [\nb: 1,\n",
        "3:1-3:1",
        "a value is missing here",
        "is the [ on line 1 closed?",
    ),
    (
        "a: 1\nkey\nb: 1\n",
        "2:1-2:2",
        "no : follows to make this a key",
        "write ': ' after a key, and indent what is none",
    ),
    ('a: "\\q"', "1:5-1:6", "\\q stands for nothing in double quotes", ESCAPE_HINT),
    ('a: {b: "\\q"}', "1:9-1:10", "\\q stands for nothing in double quotes", ESCAPE_HINT),
    ('a: ["\\x1"]', "1:8-1:9", "hexadecimal digits are missing here", ESCAPE_HINT),
    ('a: "\\ud83d"', "1:7-1:8", "the escape stands for no character", ESCAPE_HINT),
    ("a: 1\nb: |\n\tc", "3:1-3:2", "a tab cannot stand here", "YAML indents with spaces"),
    ("%YAML 2.0\n---\na", "1:1-1:2", "%YAML names no version of YAML that is known", "remove the line"),
    (
        "a: !%ED%A0%80 b",
        "1:2-1:2",
        "an escape in what follows stands for no character",
        "quote a string that starts with !",
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
