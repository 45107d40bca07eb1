"""The causes of syntax errors, in words."""

from __future__ import annotations

import pytest

from moemap.engine.source.nodes import plain
from moemap.engine.source.parser import parse
from moemap.tests.engine.source.test_source import node_of, source

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
    ("- [a.products[*].x, b]\n", (1, 15), "while scanning an alias", "quote a string that contains *"),
    ("- {from: sort_by(a, &b)}\n", (1, 21), "while scanning an anchor", "quote a string that contains &"),
    ("a: &(b)\n", (1, 4), "while scanning an anchor", "quote a string that contains &"),
    ("- {from: a, items:\u00a0[a]}\n", (1, 19), BLANK, "write a space instead"),
    ("- [a,\u00a0{b: c}]\n", (1, 6), BLANK, "write a space instead"),
    ("- {from: a, b: [c}\n", (1, 18), "did not find expected ','", "is the [ on line 1 closed?"),
    ("'a':\u00a0{b: c}\n", (1, 5), BLANK, "write a space instead"),
    ("a: \u00a0{b: c}\n", (1, 4), BLANK, "write a space instead"),
    ("a: {b: c}\u00a0\nd: e\n", (1, 10), BLANK, "write a space instead"),
    ("a: 'x'\u00a0\nb: c\n", (1, 7), BLANK, "write a space instead"),
    ("-\u00a0a: b\n  c: d\n", (1, 2), BLANK, "write a space instead"),
    ("a: x\u00a0y\nb: c: d\n", (2, 5), "mapping values are not allowed", 'contains ": "'),
    ("a:\u00a0\n  b: c\n", (1, 3), BLANK, "write a space instead"),
    ("a:\n  - b-c d:\u00a0\n      e: f\n", (2, 11), BLANK, "write a space instead"),
    ("a:\n\u200b  b: c\n", (2, 1), "the zero width space U+200B is not a space in YAML", "write a space instead"),
    ("a:\n  b: 1\n\ufeff  c: 2\n", (3, 1), "the zero width no-break space U+FEFF is", "write a space instead"),
    ("- {from: join(', ', a), b: c}\n", (1, 18), "unexpected end of stream", "put the whole expression in quotes"),
    ("- {from: f(a, 'b', 'c'), d: e}\n", (1, 23), "did not find expected ','", "quote a string that contains ,"),
    ("- {from: 'a, b: c}\n", (1, 10), "unexpected end of stream", "is the ' closed?"),
    ("- {from: a, when: !b.c}\n", (1, 19), "while scanning a tag", "quote a string that starts with !"),
    ("- when: !!\n", (1, 9), "while parsing a tag", "quote a string that starts with !"),
    ("- {when: a == 'b: c'}\n", (1, 17), "did not find expected ','", 'quote a string that contains ": "'),
    ("- [a: b: c]\n", (1, 8), "did not find expected ','", 'quote a string that contains ": "'),
    ("- {from: a | [0]}\n", (1, 14), "did not find expected ','", "quote a string that contains ["),
    ("- {from: a || {b: c}}\n", (1, 15), "did not find expected ','", "quote a string that contains {"),
    ("- {from: [a][0]}\n", (1, 13), "did not find expected ','", "quote a string that starts with ["),
    ("- from: [a, b].c\n", (1, 15), "did not find expected key", "quote a string that starts with ["),
    ("- from: {a: b} | c\n", (1, 16), "while scanning a block scalar", "quote a string that starts with {"),
    ("- from: |a\n", (1, 9), "while scanning a block scalar", "quote a string that starts with |"),
    ('- {from: "a."b c""}\n', (1, 14), "did not find expected ','", 'write \\" for a " in a string in such quotes'),
    ("- 'it's'\n", (1, 7), "did not find expected '-'", "write '' for a ' in a string in such quotes"),
    ("- when: 'a' == b\n", (1, 13), "did not find expected key", "the string ends at the ' before this: put all of it"),
    (
        "- {when: 'a' == b}\n",
        (1, 14),
        "did not find expected ','",
        "the string ends at the ' before this: put all of it",
    ),
    ("- {from: [a] type: b}\n", (1, 14), "did not find expected ','", "is the { on line 1 closed?"),
    ("- [{a: 1} {b: 2}]\n", (1, 11), "did not find expected ','", "is the [ on line 1 closed?"),
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
