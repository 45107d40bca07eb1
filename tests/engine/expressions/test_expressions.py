import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jmespath
import jmespath.functions
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moemap.engine.diagnostics.catalogue import CATALOGUE
from moemap.engine.expressions.parser import MAX_EXPRESSION_CHARS, parse
from moemap.engine.expressions.syntax_errors import MAX_EXPRESSION_DEPTH, ExpressionError
from moemap.engine.expressions.tree import EvaluationError, children, walk
from moemap.engine.values.equality import included

# The text at the place of each node, parents before children.
SPANS = [
    ("a", ["field a"]),
    ("  a  ", ["field a"]),
    ('a . "b c"', ['subexpression a . "b c"', "field a", 'field "b c"']),
    ('"b c"', ['field "b c"']),
    ("a.b.c", ["subexpression a.b.c", "field a", "field b", "field c"]),
    ("(a.b).c", ["subexpression (a.b).c", "field a", "field b", "field c"]),
    ("(a || b).c", ["subexpression (a || b).c", "or_expression a || b", "field a", "field b", "field c"]),
    ("!(a && b)", ["not_expression !(a && b)", "and_expression a && b", "field a", "field b"]),
    ("a[0][-1]", ["index_expression a[0][-1]", "field a", "index [0]", "index [-1]"]),
    (
        "a[ 1 : 2 ].x",
        ["projection a[ 1 : 2 ].x", "index_expression a[ 1 : 2 ]", "field a", "slice [ 1 : 2 ]", "field x"],
    ),
    ("a[::-1]", ["projection a[::-1]", "index_expression a[::-1]", "field a", "slice [::-1]", "identity "]),
    ("a[*].b", ["projection a[*].b", "field a", "field b"]),
    ("a[].b", ["projection a[].b", "flatten a[]", "field a", "field b"]),
    ("a.*.b", ["value_projection a.*.b", "field a", "field b"]),
    (
        "a[?b == 'c'].d",
        ["filter_projection a[?b == 'c'].d", "field a", "field d", "comparator b == 'c'", "field b", "literal 'c'"],
    ),
    (
        "a[?b][]",
        [
            "projection a[?b][]",
            "flatten a[?b][]",
            "filter_projection a[?b]",
            "field a",
            "identity ",
            "field b",
            "identity ",
        ],
    ),
    ("a<=`1`", ["comparator a<=`1`", "field a", "literal `1`"]),
    ("a || b | c", ["pipe a || b | c", "or_expression a || b", "field a", "field b", "field c"]),
    (
        '{x: a, "y z": (b)}',
        ['multi_select_dict {x: a, "y z": (b)}', "key_val_pair x: a", "field a", 'key_val_pair "y z": (b)', "field b"],
    ),
    (
        "a.{x: {y: b}}",
        [
            "subexpression a.{x: {y: b}}",
            "field a",
            "multi_select_dict {x: {y: b}}",
            "key_val_pair x: {y: b}",
            "multi_select_dict {y: b}",
            "key_val_pair y: b",
            "field b",
        ],
    ),
    ("a.[b, c]", ["subexpression a.[b, c]", "field a", "multi_select_list [b, c]", "field b", "field c"]),
    ("[a, b]", ["multi_select_list [a, b]", "field a", "field b"]),
    (
        "sort_by(a, &b.c)[0]",
        [
            "index_expression sort_by(a, &b.c)[0]",
            "function_expression sort_by(a, &b.c)",
            "field a",
            "expref &b.c",
            "subexpression b.c",
            "field b",
            "field c",
            "index [0]",
        ],
    ),
    ("a.length(b)", ["subexpression a.length(b)", "field a", "function_expression length(b)", "field b"]),
    (
        "map(&[?x], a)",
        [
            "function_expression map(&[?x], a)",
            "expref &[?x]",
            "filter_projection [?x]",
            "identity ",
            "identity ",
            "field x",
            "field a",
        ],
    ),
    ("a | [*].b", ["pipe a | [*].b", "field a", "projection [*].b", "identity ", "field b"]),
    (
        "a | [1:]",
        [
            "pipe a | [1:]",
            "field a",
            "projection [1:]",
            "index_expression [1:]",
            "identity ",
            "slice [1:]",
            "identity ",
        ],
    ),
    ("a | []", ["pipe a | []", "field a", "projection []", "flatten []", "identity ", "identity "]),
    ("a | *", ["pipe a | *", "field a", "value_projection *", "identity ", "identity "]),
    ("a | @", ["pipe a | @", "field a", "current @"]),
    (r"'it\'s' == a", [r"comparator 'it\'s' == a", r"literal 'it\'s'", "field a"]),
    ('`{"a": [1]}`.a', ['subexpression `{"a": [1]}`.a', 'literal `{"a": [1]}`', "field a"]),
    (r'`"a\`b"`', [r'literal `"a\`b"`']),
]


@pytest.mark.parametrize(("text", "expected"), SPANS, ids=[text for text, _ in SPANS])
def test_every_node_has_its_place(text: str, expected: list[str]) -> None:
    tree = parse(text).tree
    assert [f"{node['type']} {text[node['start'] : node['end']]}" for node in walk(tree)] == expected


@pytest.mark.parametrize("text", [text for text, _ in SPANS])
def test_the_tree_is_the_librarys(text: str) -> None:
    def bare(node: dict[str, Any]) -> dict[str, Any]:
        below = [bare(child) if isinstance(child, dict) else child for child in node["children"]]
        return {key: value for key, value in node.items() if key not in {"start", "end"}} | {"children": below}

    assert bare(parse(text).tree) == jmespath.compile(text).parsed


ROOTS = [
    ("a", ["a"]),
    ("a.b.c", ["a"]),
    ('"a b".c', ["a b"]),
    ("a || b && !c", ["a", "b", "c"]),
    ("a == b", ["a", "b"]),
    ("a[*].b", ["a"]),
    ("a[?b == c].d", ["a"]),
    ("a[].b", ["a"]),
    ("a[0].b", ["a"]),
    ("a[1:].b", ["a"]),
    ("a.*.b", ["a"]),
    ("a | b", ["a"]),
    ("(a || b) | c", ["a", "b"]),
    ("a.{x: b, y: c}", ["a"]),
    ("a.[b, c]", ["a"]),
    ("{x: a, y: b.c}", ["a", "b"]),
    ("[a, b.c]", ["a", "b"]),
    ("join(a, b[*].c)", ["a", "b"]),
    ("map(&b, a)", ["a"]),
    ("a.not_null(b, c)", ["a"]),
    ("a[?contains(b, c)]", ["a"]),
    ("not_null(a, a.b, 'x')", ["a", "a"]),
    ("'x'", []),
]


@pytest.mark.parametrize(("text", "names"), ROOTS)
def test_roots(text: str, names: list[str]) -> None:
    roots = parse(text).roots
    assert [root.name for root in roots] == names
    assert [text[root.start : root.end].strip('"') for root in roots] == names


# text, with the place of the error between the signs; code; message; hint
ERRORS = [
    ("⟨⟩", "M201", "it is empty", None),
    ("⟨  ⟩", "M201", "it is empty", None),
    ("a.⟨⟩", "M201", "it ends too early", None),
    ("a ||⟨⟩  ", "M201", "it ends too early", None),
    ("a[⟨⟩", "M201", "it ends too early", None),
    ("{⟨⟩", "M201", "it ends too early", None),
    ("length(a⟨⟩", "M201", "')' is missing", None),
    ("contains(a[0⟨⟩", "M201", "']' is missing", None),
    ("{x: a⟨⟩", "M201", "'}' is missing", None),
    ("a[?b⟨⟩", "M201", "']' is missing", None),
    ("length(a⟨]⟩", "M201", "unexpected ']'", None),
    ("a⟨)⟩", "M201", "unexpected ')'", None),
    ("a⟨,⟩ b", "M201", "unexpected ','", None),
    ("a.⟨.⟩b", "M201", "unexpected '.'", None),
    ("a ⟨b⟩", "M201", "unexpected 'b'", None),
    ("a ⟨=⟩ b", "M201", "unexpected '='", "did you mean '=='?"),
    ("a ⟨=⟩", "M201", "unexpected '='", "did you mean '=='?"),
    ("a ⟨===⟩ b", "M201", "unexpected '==='", "did you mean '=='?"),
    ("a⟨!==⟩b", "M201", "unexpected '!=='", "did you mean '!='?"),
    ("a ⟨=<⟩ b", "M201", "unexpected '=<'", "did you mean '<='?"),
    ("a ⟨=⟩> b", "M201", "unexpected '='", None),
    ("a ⟨<>⟩ b", "M201", "unexpected '<>'", "did you mean '!='?"),
    ("a < ⟨>⟩ b", "M201", "unexpected '>'", None),
    ("a ⟨&⟩ b", "M201", "unexpected '&'", "did you mean '&&'?"),
    ("a⟨?.⟩b", "M201", "unexpected '?.'", "did you mean '.'?"),
    ("a ⟨??⟩ b", "M201", "unexpected '??'", "use not_null() for the first that is not null"),
    ("a ⟨?⟩ b : c", "M201", "unexpected '?'", "use if() to choose"),
    ("{⟨{⟩ a.b }}", "M201", "unexpected '{'", "{{ }} is for templates; an expression stands alone"),
    ("a ⟨and⟩ b", "M201", "unexpected 'and'", "did you mean '&&'?"),
    ("a ⟨or⟩ b", "M201", "unexpected 'or'", "did you mean '||'?"),
    ("not ⟨a⟩", "M201", "unexpected 'a'", "did you mean '!'?"),
    ("a ⟨if⟩ b else c", "M201", "unexpected 'if'", "use if() to choose"),
    ("if ⟨a⟩ then b else c", "M201", "unexpected 'a'", "use if() to choose"),
    ("a ⟨in⟩ ['x', 'y']", "M201", "unexpected 'in'", "use contains(list, value)"),
    ("a ⟨not⟩ in b", "M201", "unexpected 'not'", "use !contains(list, value)"),
    ("a ⟨is⟩ not null", "M201", "unexpected 'is'", "compare with ==, and with null as in a == `null`"),
    ("a ⟨contains⟩ 'x'", "M201", "unexpected 'contains'", "use contains(list, value)"),
    ("a ⟨like⟩ 'x%'", "M201", "unexpected 'like'", "use like(value, pattern)"),
    ("a ⟨matches⟩ 'x'", "M201", "unexpected 'matches'", "use matches(value, pattern)"),
    ("a ⟨=~⟩ 'x'", "M201", "unexpected '=~'", "use matches(value, pattern)"),
    ("⟨$⟩.a", "M201", "unexpected '$'", "a path starts with a name: that of the input is under `input: {as: ...}`"),
    ("'a' ⟨+⟩ b", "M201", "unexpected '+'", "use join() to put strings together, or a template"),
    ("a ⟨+⟩ 'b'", "M201", "unexpected '+'", "use join() to put strings together, or a template"),
    ('a[⟨"b"⟩]', "M201", "unexpected '\"b\"'", "a key is written after a dot: .b"),
    ("a == ⟨10⟩", "M201", "unexpected '10'", "a number is written `10`, in backticks"),
    ("a.⟨1⟩", "M201", "unexpected '1'", "an element is read with [1]"),
    ("a[⟨'b'⟩]", "M201", "unexpected 'b'", "a key is written after a dot: .b"),
    ("a[⟨'b c'⟩]", "M201", "unexpected 'b c'", 'a key is written after a dot: ."b c"'),
    ("a[⟨b⟩]", "M201", "unexpected 'b'", "a key is written after a dot: .b"),
    ("a.⟨'$b'⟩", "M201", "unexpected '$b'", 'a key is written without such quotes: ."$b"'),
    ("a ⟨-⟩ b", "M201", "unexpected '-'", "use subtract() to calculate"),
    ("a ⟨+⟩ b", "M201", "unexpected '+'", "use add() to calculate"),
    ("a ⟨*⟩ b", "M201", "unexpected '*'", "use multiply() to calculate"),
    ("a ⟨/⟩ b", "M201", "unexpected '/'", "use divide() to calculate"),
    ("a ⟨%⟩ b", "M201", "unexpected '%'", "use modulo() to calculate"),
    ("⟨\u201c⟩a.b\u201d", "M201", "unexpected '\u201c'", "write straight quotes: ' or \""),
    ("a.⟨[?⟩b]", "M201", "unexpected '[?'", "write [? without the dot"),
    ("a.⟨[]⟩.b", "M201", "unexpected '[]'", "write [] without the dot"),
    ("a⟨\u00a0⟩== b", "M201", "unexpected '\u00a0'", "the no-break space U+00A0 is not a space: write a space instead"),
    ("a⟨\u200b⟩", "M201", "unexpected '\u200b'", "the zero width space U+200B is not a space: write a space instead"),
    ("a ⟨\u2260⟩ b", "M201", "unexpected '\u2260'", "did you mean '!='?"),
    ("a ⟨\u2013⟩ b", "M201", "unexpected '\u2013'", "use subtract() to calculate"),
    ("a == ⟨\u2018⟩b\u2019", "M201", "unexpected '\u2018'", "write straight quotes: ' or \""),
    (
        "a.first⟨-⟩name",
        "M201",
        "unexpected '-'",
        'a name with such characters is written in double quotes: "first-name"',
    ),
    ("a.⟨$⟩Age", "M201", "unexpected '$'", 'a name with such characters is written in double quotes: "first-name"'),
    ("a ⟨?⟩ b", "M201", "unexpected '?'", "use if() to choose"),
    ("a ⟨\\⟩", "M201", "unexpected '\\'", None),
    ("a == ⟨'b⟩", "M201", "the string literal is not closed", None),
    ("a == ⟨`1⟩", "M201", "the JSON literal is not closed", None),
    ('a.⟨"b⟩', "M201", "the quoted name is not closed", None),
    ('a.⟨"b\\q"⟩ ', "M201", "the quoted name is not valid", None),
    ('a.⟨"\\ud800"⟩', "M201", "the quoted name cannot be used: a string has half of a surrogate pair", None),
    ("a == '⟨\ud800⟩'", "M201", "it has half of a surrogate pair", None),
    ("a == ⟨`b`⟩", "M201", "`b` is not a JSON literal", "did you mean the string 'b'?"),
    ("a == ⟨`[1,`⟩", "M201", "`[1,` is not a JSON literal", None),
    ("a == ⟨`NaN`⟩", "M201", "`NaN` is not a JSON literal: a number is not finite", None),
    ("a == ⟨`[1e999]`⟩", "M201", "`[1e999]` is not a JSON literal: a number is not finite", None),
    (
        "a == ⟨`18446744073709551616`⟩",
        "M201",
        "`18446744073709551616` is not a JSON literal: an integer needs more than 64 bits",
        None,
    ),
    (f"a[⟨{'9' * 5000}⟩]", "M201", "the number is too long", None),
    ("a⟨[::0]⟩", "M201", "the step of a slice cannot be 0", None),
    ("a[1:2:3⟨:⟩]", "M201", "unexpected ':'", None),
    ("length(a ⟨b.c⟩)", "M201", "',' is missing", None),
    ("length(a⟨,⟩)", "M201", "unexpected ','", None),
    ("length(⟨,⟩a)", "M201", "unexpected ','", None),
    ("{a: b ⟨c: d⟩}", "M201", "',' is missing", None),
    ("{a: b,⟨}⟩", "M201", "unexpected '}'", None),
    ("{a ⟨b⟩}", "M201", "unexpected 'b'", None),
    ('⟨"length"⟩(a)', "M201", "the name of a function is not quoted", None),
    ("(length)⟨(⟩a)", "M201", "unexpected '('", None),
    ("a[0]⟨(⟩a)", "M201", "unexpected '('", None),
    ("⟨&⟩a", "M201", "unexpected '&'", "'&' stands before an argument of a function, as in sort_by(list, &name)"),
    ("a == ⟨&⟩b", "M201", "unexpected '&'", "'&' stands before an argument of a function, as in sort_by(list, &name)"),
    ("⟨lenght⟩(a)", "M202", "'lenght'", "did you mean 'length'?"),
    ("⟨to_int⟩(a)", "M202", "'to_int'", "did you mean 'to_number'?"),
    ("a.b.⟨xyzzy⟩(c)", "M202", "'xyzzy'", None),
    ("⟨a.b.startswith('x')⟩", "M202", "'startswith'", "did you mean starts_with(a.b, 'x')?"),
    ("a[?⟨b.startsWith(c)⟩].d", "M202", "'startsWith'", "did you mean starts_with(b, c)?"),
    ("⟨a.b.upper()⟩", "M205", "upper() takes 1 argument, not 0", "did you mean upper(a.b)?"),
    ("⟨a.b.trim()⟩.upper()", "M205", "trim() takes 1 argument, not 0", "did you mean trim(a.b)?"),
    ("⟨(a || b) . upper()⟩", "M205", "upper() takes 1 argument, not 0", "did you mean upper((a || b))?"),
    ("⟨a.b.split(',')⟩[0]", "M205", "split() takes 2 arguments, not 1", "did you mean split(a.b, ',')?"),
    ("a[*].⟨b.len()⟩", "M202", "'len'", "did you mean length(b)?"),
    ("a[].⟨upper()⟩", "M205", "upper() takes 1 argument, not 0", "did you mean upper(@)?"),
    ("a | ⟨upper()⟩", "M205", "upper() takes 1 argument, not 0", "did you mean upper(@)?"),
    ("⟨a.b.map(&c)⟩", "M205", "map() takes 2 arguments, not 1", "did you mean map(&c, a.b)?"),
    ("⟨a.b.sort_by(&c)⟩", "M205", "sort_by() takes 2 arguments, not 1", "did you mean sort_by(a.b, &c)?"),
    ("⟨a.b.join(', ')⟩", "M205", "join() takes 2 arguments, not 1", "did you mean join(', ', a.b)?"),
    ("⟨', '.join(a.b)⟩", "M205", "join() takes 2 arguments, not 1", "did you mean join(', ', a.b)?"),
    ("! ⟨a.b.like('x')⟩", "M205", "like() takes 2 arguments, not 1", "did you mean like(a.b, 'x')?"),
    ("⟨length⟩(a, b)", "M205", "length() takes 1 argument, not 2", None),
    ("⟨contains⟩(a)", "M205", "contains() takes 2 arguments, not 1", None),
    ("a[?⟨not_null⟩()]", "M205", "not_null() takes at least 1 argument, not 0", None),
    ("⟨@⟩", "M209", "'@' has no meaning at the top", "start with a name"),
    ("a || ⟨@⟩.b", "M209", "'@' has no meaning at the top", "start with a name"),
    ("keys(⟨@⟩)", "M209", "'@' has no meaning at the top", "start with a name"),
    ("⟨*⟩", "M209", "'*' has no meaning at the top", "start with a name"),
    ("⟨*⟩.a", "M209", "'*' has no meaning at the top", "start with a name"),
    ("⟨[0]⟩", "M209", "'[0]' has no meaning at the top", "start with a name"),
    ("⟨[1:2]⟩", "M209", "'[1:2]' has no meaning at the top", "start with a name"),
    ("⟨[]⟩", "M209", "'[]' has no meaning at the top", "start with a name"),
    ("⟨[*]⟩.a", "M209", "'[*]' has no meaning at the top", "start with a name"),
    ("⟨[?a[0]]⟩.b", "M209", "'[?a[0]]' has no meaning at the top", "start with a name"),
    ("{x: ⟨@⟩}", "M209", "'@' has no meaning at the top", "start with a name"),
    (
        "length(⟨&a⟩)",
        "M211",
        "argument 1 of length() must be a string or a list or an object, not an expression (&)",
        None,
    ),
    ("not_null(a, ⟨&b⟩)", "M211", "argument 2 of not_null() must be any value, not an expression (&)", None),
    (
        "sort_by(a, ⟨b.c⟩)",
        "M211",
        "argument 2 of sort_by() must be an expression (&), not a value",
        "put & before it: &b.c",
    ),
]


@pytest.mark.parametrize(("marked", "code", "message", "hint"), ERRORS, ids=[case[0][:40] for case in ERRORS])
def test_errors(marked: str, code: str, message: str, hint: str | None) -> None:
    start, end = marked.index("⟨"), marked.index("⟩") - 1
    with pytest.raises(ExpressionError) as caught:
        parse(marked.replace("⟨", "").replace("⟩", ""))
    error = caught.value
    assert (error.code, error.start, error.end, error.hint) == (code, start, end, hint)
    assert message in CATALOGUE[code].message.format_map(error.data)


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_EXPRESSION_DEPTH + "a" + ")" * MAX_EXPRESSION_DEPTH,
        "!" * MAX_EXPRESSION_DEPTH + "a",
        "a" + "[*]" * (MAX_EXPRESSION_DEPTH + 1),
        " || ".join("a" * (MAX_EXPRESSION_DEPTH + 1)),
        "!" * 9_000 + "a",
        " && ".join("a" * 2_000),
    ],
    ids=lambda text: text[:9],
)
def test_deep_expressions_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.code == "M210"
    assert caught.value.data == {"reason": f"is nested more than {MAX_EXPRESSION_DEPTH} levels deep"}
    assert 0 <= caught.value.start < caught.value.end <= len(text)


def test_the_greatest_depth_can_be_evaluated() -> None:
    assert parse(" || ".join("a" * MAX_EXPRESSION_DEPTH)).search({"a": None}) is None
    assert parse(".".join("a" * 1_000)).search({"a": None}) is None


def test_long_expressions_are_refused() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("a" * (MAX_EXPRESSION_CHARS + 1))
    assert caught.value.code == "M210"
    assert caught.value.data == {"reason": "has 10001 characters; at most 10000 are allowed"}


FAILURES = [
    ("a < 'x'", {"a": 1}, "a string and a number cannot be ordered (<, <=, >, >=)"),
    ("sort_by(a, &(x < 'y'))", {"a": [{"x": 1}]}, "a string and a number cannot be ordered (<, <=, >, >=)"),
    ("length(a.b)", {"a": {}}, "argument 1 of length() must be a string or a list or an object, not null"),
]


@pytest.mark.parametrize(("text", "context", "reason"), FAILURES)
def test_failures(text: str, context: dict[str, Any], reason: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        parse(text).search(context)
    assert caught.value.reason == str(caught.value) == reason


def test_an_expression_is_a_value() -> None:
    assert parse("a.b") == parse("a.b") != parse("a.c")
    assert len({parse("a.b"), parse("a.b")}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("a").text = "b"  # type: ignore[misc]  # what types forbid is refused at run time too


def test_children_are_nodes_only() -> None:
    (_, slice_) = children(children(parse("a[1:2]").tree)[0])
    assert (slice_["children"], children(slice_)) == ([1, 2, None], ())


def test_the_libraries_own_cache_is_left_alone() -> None:
    parse("cache.probe")
    assert "start" not in jmespath.compile("cache.probe").parsed
    assert parse("cache.probe").tree["start"] == 0


def test_threads_share_expressions() -> None:
    expression = parse("sort_by(a[?x > `1`], &x)[*].{y: x, z: to_string(x)} | [0]")
    contexts = [{"a": [{"x": number + 1}, {"x": number}]} for number in range(2, 200)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(expression.search, contexts))
    assert results == [{"y": number, "z": str(number)} for number in range(2, 200)]


# --- the same results as the library

names = st.sampled_from(["a", "b", "c"])
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, "", "a", "b"])
documents = st.recursive(
    scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=3), max_leaves=12
)
literals = st.sampled_from(["`1`", "`0`", "`true`", "'a'", "''", "`null`", "`[]`", "`{}`", "`[1, 2]`", "@"])


def _extended(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(below, below)
    return st.one_of(
        st.tuples(below, names).map(lambda parts: f"({parts[0]}).{parts[1]}"),
        st.tuples(below, st.sampled_from(["[0]", "[-1]", "[*]", "[]", "[1:]", "[::-1]", ".*"])).map("".join),
        st.tuples(below, names, st.sampled_from(["[*].", "[].", ".*."])).map(lambda p: f"{p[0]}{p[2]}{p[1]}"),
        pair.map(lambda parts: f"{parts[0]}[?{parts[1]}]"),
        st.tuples(below, st.sampled_from(["||", "&&", "|", "==", "!=", "<", ">="]), below).map(" ".join),
        below.map(lambda part: f"!{part}"),
        below.map(lambda part: f"({part})"),
        pair.map(lambda parts: f"[{parts[0]}, {parts[1]}]"),
        pair.map(lambda parts: f"{{x: {parts[0]}, y: {parts[1]}}}"),
        st.tuples(below, below).map(lambda parts: f"({parts[0]}).[{parts[1]}]"),
        st.tuples(st.sampled_from(["type", "to_array", "not_null", "to_number", "length", "keys"]), below).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
        pair.map(lambda parts: f"map(&{parts[0]}, to_array({parts[1]}))"),
        pair.map(lambda parts: f"contains(to_array({parts[0]}), {parts[1]})"),
        pair.map(lambda parts: f"sort_by(to_array({parts[0]}), &{parts[1]})"),
    )


bodies = st.recursive(names | literals, _extended, max_leaves=6)


class ExactFunctions(jmespath.functions.Functions):
    """The library's functions, but for `contains`: there, 1 and true are equal."""

    @jmespath.functions.signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: Any, search: Any) -> bool:
        return included(subject, search) if isinstance(subject, list) else search in subject


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2)
@example("contains(to_array(`1`), `true`)", None)
@given(bodies, documents)
def test_results_equal_the_librarys(body: str, document: Any) -> None:
    text = f"r | {body}"
    try:
        options = jmespath.Options(custom_functions=ExactFunctions())
        expected = ("value", jmespath.search(text, {"r": document}, options))
    except jmespath.exceptions.ParseError:
        with pytest.raises(ExpressionError):
            parse(text)
        return
    except (jmespath.exceptions.JMESPathError, TypeError):
        expected = ("failure", None)
    try:
        actual = ("value", parse(text).search({"r": document}))
    except EvaluationError:
        actual = ("failure", None)
    assert actual == expected


@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2)
@given(bodies)
def test_places_are_nested_and_tell_the_roots(body: str) -> None:
    text = f"r | {body}"
    if _error(text) is not None:
        return
    expression = parse(text)
    assert [root.name for root in expression.roots] == ["r"]
    for node in walk(expression.tree):
        assert 0 <= node["start"] <= node["end"] <= len(text)
        assert all(node["start"] <= child["start"] and child["end"] <= node["end"] for child in children(node))


@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2)
@given(st.text(alphabet="ab.[]*?:(){}&|!<>=@,'\"`\\ 01-$", max_size=20) | st.text(max_size=20))
def test_any_text_gives_an_expression_or_an_error_in_plain_words(text: str) -> None:
    error = _error(text)
    if error is not None:
        assert 0 <= error.start <= error.end <= len(text)
        message = CATALOGUE[error.code].message.format_map(error.data)
        assert not re.search(r"Expect|rparen|rbracket|identifier|token|Error|None", message.replace(text, ""))


def _error(text: str) -> ExpressionError | None:
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None
