"""The causes of syntax errors, in words."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.source import parser
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
    ("- {from: a.products[0].x}\n", (1, 20), "is missing here to go on with", "quote a string that contains ["),
    ("- [a, b[?c == 'd'].e]\n", (1, 8), "is missing here to go on with", "quote a string that contains ["),
    ("- {from: a.{b: c}}\n", (1, 12), "is missing here to go on with", "quote a string that contains {"),
    ("- [a.products[*].x, b]\n", (1, 15), "* begins an alias of YAML", "quote a string that contains *"),
    ("- {from: sort_by(a, &b)}\n", (1, 21), "& begins an anchor of YAML", "quote a string that contains &"),
    ("a: &(b)\n", (1, 4), "& begins an anchor of YAML", "quote a string that contains &"),
    ("- {from: a, items:\u00a0[a]}\n", (1, 19), BLANK, "write a space instead"),
    ("- [a,\u00a0{b: c}]\n", (1, 6), BLANK, "write a space instead"),
    ("- {from: a, b: [c}\n", (1, 18), "is missing here to go on with", "is the [ on line 1 closed?"),
    ("'a':\u00a0{b: c}\n", (1, 5), BLANK, "write a space instead"),
    ("a: \u00a0{b: c}\n", (1, 4), BLANK, "write a space instead"),
    ("a: {b: c}\u00a0\nd: e\n", (1, 10), BLANK, "write a space instead"),
    ("{9:?b::-=", (1, 3), "a string without quotes cannot have this : here", "quote a string that contains :"),
    ("a: 'x'\u00a0\nb: c\n", (1, 7), BLANK, "write a space instead"),
    ("-\u00a0a: b\n  c: d\n", (1, 2), BLANK, "write a space instead"),
    ("a: x\u00a0y\nb: c: d\n", (2, 5), "the : makes what is before it a key", 'contains ": "'),
    ("a:\u00a0\n  b: c\n", (1, 3), BLANK, "write a space instead"),
    ("a:\n  - b-c d:\u00a0\n      e: f\n", (2, 11), BLANK, "write a space instead"),
    ("a:\n\u200b  b: c\n", (2, 1), "the zero width space U+200B is not a space in YAML", "write a space instead"),
    ("a:\n  b: 1\n\ufeff  c: 2\n", (3, 1), "the zero width no-break space U+FEFF is", "write a space instead"),
    ("- {from: join(', ', a), b: c}\n", (1, 18), "the string does not end", "put the whole expression in quotes"),
    ("- {from: f(a, 'b', 'c'), d: e}\n", (1, 23), "is missing here to go on with", "quote a string that contains ,"),
    ("- {from: 'a, b: c}\n", (1, 10), "the string does not end", "is the ' closed?"),
    ("- {from: a, when: !b.c}\n", (1, 19), "! begins a tag of YAML", "quote a string that starts with !"),
    ("- when: !!\n", (1, 9), "! begins a tag of YAML", "quote a string that starts with !"),
    ("- {when: a == 'b: c'}\n", (1, 17), "is missing here to go on with", 'quote a string that contains ": "'),
    ("- [a: b: c]\n", (1, 8), "is missing here to go on with", 'quote a string that contains ": "'),
    ("- {from: a | [0]}\n", (1, 14), "is missing here to go on with", "quote a string that contains ["),
    ("- {from: a || {b: c}}\n", (1, 15), "is missing here to go on with", "quote a string that contains {"),
    ("- {from: [a][0]}\n", (1, 13), "is missing here to go on with", "quote a string that starts with ["),
    ("- from: [a, b].c\n", (1, 15), "nothing can follow the value", "quote a string that starts with ["),
    (
        "- from: {a: b} | c\n",
        (1, 16),
        "after |, a text begins on a line of its own",
        "quote a string that starts with {",
    ),
    ("- from: |a\n", (1, 9), "after |, a text begins on a line of its own", "quote a string that starts with |"),
    ('- {from: "a."b c""}\n', (1, 14), "is missing here to go on with", 'write \\" for a " in a string in such quotes'),
    ("- 'it's'\n", (1, 7), "nothing can follow the value", "write '' for a ' in a string in such quotes"),
    (
        "- when: 'a' == b\n",
        (1, 13),
        "nothing can follow the value",
        "the string ends at the ' before this: put all of it",
    ),
    (
        "- {when: 'a' == b}\n",
        (1, 14),
        "is missing here to go on with",
        "the string ends at the ' before this: put all of it",
    ),
    (
        "- {when: a:[b]}\n",
        (1, 11),
        "a string without quotes cannot have this : here",
        "quote a string that contains :",
    ),
    ("- [a:?b]\n", (1, 5), "a string without quotes cannot have this : here", "quote a string that contains :"),
    ("- {from: [a] type: b}\n", (1, 14), "is missing here to go on with", "is the { on line 1 closed?"),
    ("- [{a: 1} {b: 2}]\n", (1, 11), "is missing here to go on with", "is the [ on line 1 closed?"),
    ("a: {b: c}}\n", (1, 10), "nothing can follow the value", "no { is open here: leave the } out"),
    ("a: [b]]\n", (1, 7), "nothing can follow the value", "no [ is open here: leave the ] out"),
    ("a: {b: [c]]}\n", (1, 11), "is missing here to go on with", "no [ is open here: leave the ] out"),
    ("a: {b: [c}\n", (1, 10), "is missing here to go on with", "is the [ on line 1 closed?"),
    ("a: {b: c,, d: e}\n", (1, 10), "a value is missing here", "leave the , out"),
    ("a: [,b]\n", (1, 5), "a value is missing here", "leave the , out"),
    ("a: {- b: c}\n", (1, 5), "a value is missing here", "leave the - out"),
    (
        "a:\n  -b: c\n    d: e\n",
        (2, 3),
        "the - of an element of a list is followed by a space",
        "write a space after it",
    ),
    ("a:\n  - b: c\n  -d: e\n", (3, 3), "the - of an element of a list is followed by a space", "write a space after"),
    ("a:\n  - b\n  -c\nd: e\n", (3, 3), "the - of an element of a list is followed by a space", "write a space after"),
    ("a: b\n<<<<<<< HEAD\nc: d\n=======\nc: e\n>>>>>>> x\n", (2, 1), "a part of a merge conflict", "remove the lines"),
    ("a: b\n=======\nc: e\n", (2, 1), "a part of a merge conflict", "remove the lines"),
    ("a: b\n>>>>>>> x\n", (2, 1), "a part of a merge conflict", "remove the lines"),
    ("a: b\n// text\nc: d\n", (2, 1), "// begins no comment in YAML", "write # instead"),
    ('{"a": 1, // text\n "b": 2}\n', (1, 10), "// begins no comment in YAML", "write # instead"),
    ("a: >-\n  -b\nc: d: e\n", (3, 5), "the : makes what is before it a key", 'contains ": "'),
    ("a: 'b // c' d\n", (1, 13), "nothing can follow the value", "the string ends at the ' before this"),
    ("a: b\n/* text */\nc: d\n", (2, 1), "/* begins no comment in YAML", "write # instead"),
]


OTHERS = [
    ("a: *b.c\n", "* begins an alias of YAML, whose name has letters, digits, - and _ only", "contains *"),
    ("a: & b\n", "& begins an anchor of YAML, whose name has letters, digits, - and _ only", "contains &"),
    ("%YAML 3.0\n---\na: 1\n", "%YAML names no version of YAML that is known", "remove the line"),
    ("% b\n", "% begins a directive at the start of a line, and this is none", "quote a string that starts with %"),
    ("a: !b!c d\n", "! begins a tag of YAML, which is not supported", "quote a string that starts with !"),
    ("a: |0\n b\n", "the number after | is from 1 to 9", "leave it out, or quote the string"),
    ('a: "b\n--- c"\n', "the string does not end before this line", "close the quote, or indent it"),
    ('a: "\\x4"\n', "hexadecimal digits are missing here", "escapes are"),
    ("a: ? b\n", "? begins a key, which cannot stand here", "quote a string that starts with ?"),
    ("a: - b\n", "- begins an element of a list, which cannot stand behind a key", "quote a string that starts with -"),
    ("a: ]\n", "a value is missing here", "quote a string that starts with ]"),
    ("a: b\n...\nc: d\n", "the file goes on after its end", "remove the line ..., or quote it"),
    ("- a\nb: c\n", "an element of the list that starts on line 1 is missing here, which begins with '-'", "indent"),
    ("a: b\n- c\n", "a key of the mapping that starts on line 1 is missing here", "indent the line like those"),
    ("a: [b] c\n", "nothing can follow the value here", "put all of it in quotes"),
]


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@pytest.mark.parametrize(("text", "reason", "hint"), OTHERS)
def test_what_a_parser_says_is_told_in_plain_words(
    text: str, reason: str, hint: str, loader: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser, "_LOADER", loader)
    node, problems = parse(source(text))
    assert (node, [problem.message for problem in problems]) == (None, [reason])
    assert hint in (problems[0].hint or "")


@pytest.mark.fuzz
@given(st.text("ab:-?*&!%@`|>'\"#,[]{}\\ux09 \t\n.~=", max_size=12))
def test_no_words_of_a_parser_are_told(text: str) -> None:
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parser, "_LOADER", loader)
            for problem in parse(source(text))[1]:
                assert re.search("expected|while (pars|scann)ing|cannot be read|context", problem.message) is None


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
