"""Compiled expressions against jmespath itself: values and failures alike."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moemap.engine.compiler.expressions.compiler import ExpressionCompiler
from moemap.engine.compiler.python.function import PythonFunction
from moemap.engine.compiler.python.pool import Pool
from moemap.engine.compiler.python.value import ANY, STRING, Value, bare, kinds_of
from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError
from moemap.engine.expressions.tree import EvaluationError, Expression
from moemap.engine.functions.table import FUNCTIONS
from moemap.engine.runtime.notes import reason_of
from moemap.engine.runtime.operations import FAILURES
from moemap.engine.runtime.runner import NAMESPACE

SUITE = "jmespath@0.15.0"
"""The npm package whose archive has the public compliance cases; those of Python's have none."""
MIN_COMPLIANCE_CASES = 500


def compiled(expression: Expression, roots: dict[str, int], constants: dict[str, Any] | None = None) -> tuple[str, Any]:
    """The source of a function from the roots (each with the kinds that it may have) to the value, and the function."""
    pool = Pool(frozenset(NAMESPACE))
    writer = PythonFunction(pool, tuple(roots))
    values = {name: writer.declare(name, kinds) for name, kinds in roots.items()}
    values |= {name: pool.constant(value) for name, value in (constants or {}).items()}
    value = ExpressionCompiler(writer, values).value(expression)
    writer.line(f"return {bare(value.code)}")
    lines = [*pool.functions, *pool.constants, f"def search({', '.join(roots)}):", *writer.root.render(1)]
    namespace = dict(NAMESPACE)
    source = "\n".join(lines)
    exec(compile(source, "<expression>", "exec"), namespace)
    return source, namespace["search"]


def outcome(search: Callable[[], Any]) -> str:
    """The value as JSON text, which tells 1, 1.0 and true apart; or the reason of the failure."""
    try:
        return json.dumps(search())
    except EvaluationError as error:
        return f"fails: {error.reason}"
    except FAILURES as error:
        return f"fails: {reason_of(error)}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 4000, 250))
def test_random_expressions_mean_the_same(grammar: ModuleType, seed: int) -> None:
    compared = 0
    for number in range(seed, seed + 250):
        dice = grammar.Dice(number)
        expression = parse(grammar.expression(dice))
        source, search = compiled(expression, dict.fromkeys(grammar.ROOTS, ANY))
        for _ in range(3):
            context = grammar.context(dice)
            wanted = outcome(partial(expression.search, context))
            assert outcome(partial(search, **context)) == wanted, f"{expression.text}\n{json.dumps(context)}\n{source}"
            compared += 1
    assert compared == 750


@pytest.mark.parametrize("seed", range(0, 1500, 250))
def test_random_expressions_mean_the_same_where_kinds_and_values_are_known(grammar: ModuleType, seed: int) -> None:
    for number in range(seed, seed + 250):
        dice = grammar.Dice(number)
        expression = parse(grammar.expression(dice))
        constant = grammar.json_value(dice)
        source, search = compiled(expression, {"a": ANY, "b": STRING}, {"c": constant})
        for _ in range(2):
            context = {"a": grammar.json_value(dice), "b": dice.choice(grammar.TEXTS)}
            wanted = outcome(partial(expression.search, {**context, "c": constant}))
            assert outcome(partial(search, **context)) == wanted, f"{expression.text}\n{json.dumps(context)}\n{source}"


def examples() -> Iterator[Any]:
    for function in FUNCTIONS.values():
        for example in function.examples:
            yield pytest.param(example.expression, dict(example.given), example.result, id=example.expression)


@pytest.mark.parametrize(("text", "given", "result"), list(examples()))
def test_examples_of_the_functions(text: str, given: dict[str, Any], result: Any) -> None:
    _, search = compiled(parse(text), dict.fromkeys(given, ANY))
    assert outcome(partial(search, **given)) == json.dumps(result)


@pytest.mark.parametrize(
    ("text", "given", "result"),
    [
        ("a == `1`", True, False),
        ("a == `true`", 1, False),
        ("a == `1`", 1.0, True),
        ("[a] == [`true`]", 1, False),
        ("[a] != [`true`]", 1, True),
        ("a == `[1]`", [True], False),
        ('a == `{"b": [0]}`', {"b": [False]}, False),
        ("a[?b == `[1]`]", [{"b": [True]}, {"b": [1.0]}], [{"b": [1.0]}]),
        ("a[?b != `[1]`]", [{"b": [True]}, {"b": [1]}], [{"b": [True]}]),
        ("contains(a, `1`)", [True, "x"], False),
        ("contains(a, `[true]`)", [[1]], False),
        ("contains(map(&[@], a), `[true]`)", [1], False),
        ("!a", 0, False),
        ("a || 'b'", 0, 0),
        ("a && 'b'", {}, {}),
        ("a < `1`", None, None),
        ("a[*]", "text", None),
        ("a[*]", [1, None], [1]),
        ("a.[x, y]", "text", [None, None]),
        ("a.{x: x}", None, None),
        ("a[] | [0]", [[], [2], 3], 2),
        ("a[-1]", [], None),
        ("a[::-1]", [1, 2], [2, 1]),
        ("a.*.b", {"x": {"b": 1}, "y": 2}, [1]),
        ("a == `18446744073709551615`", 2**64 - 1, True),
        ("length(a) > `1` && a[1]", [1, 0], 0),
        ("type(a) == 'number'", True, False),
        ("contains(`[1, 2]`, a)", True, False),
        ("get_ignore_case(a, '')", {"X": 1, "": 2}, 2),
        ("get_ignore_case(a, 'x') || get_ignore_case(a, '')", {"Y": 1, "": 2}, 2),
        ("[get_ignore_case(a, '~'), get_ignore_case(a, '')]", {"~": 1}, [1, None]),
    ],
)
def test_traps(text: str, given: Any, result: Any) -> None:
    _, search = compiled(parse(text), {"a": ANY})
    assert outcome(partial(search, given)) == json.dumps(result)
    assert outcome(partial(parse(text).search, {"a": given})) == json.dumps(result)


SHORT_CUTS = [
    "contains(values(a), `null`)",
    "contains(keys(a), 'B')",
    "length(a) != length(distinct(map(&lower(@), keys(a))))",
    "length(distinct(map(&trim(@), keys(a)))) == length(a)",
    "length(distinct(map(&lower(replace_any(@, '_ ', '')), keys(a))))",
    "length(distinct(map(&to_string(@), keys(a))))",
    "distinct(map(&trim(@), keys(a)))",
    "map(&upper(@), keys(a))",
    "map(&lower(@), a)",
    "get_ignore_case(a, '$x')",
    "get_ignore_case(a, '$X') || get_ignore_case(a, 'b')",
    "replace_any(to_string(a), '. ', '_')",
    "replace_any(to_string(a), 'ab', '')",
    "replace_any(a, '. ', '_')",
    "replace_any(a, 'b_', '')",
    "replace_any(lower(trim(a)), '. ', '_')",
    "replace_matches(a, '^abc$', 'x')",
    "replace_matches(lower(a), '^b$', '')",
    "replace_matches(to_string(a), '^1$', '$&2')",
    "replace_matches(trim(to_string(a)), '^abc$', 'x')",
    "length(distinct(map(&replace_matches(lower(@), '^b$', 'c'), keys(a))))",
    "last_by(a, &k)",
    "last_by(a, &@)",
    "last_by(a[?k], &lower(k))",
    "last_by(a, &[@, @])",
    "from_unix_ms(a, 'seconds')",
    "from_unix_ms(a, 'milliseconds')",
    "sort_by_number(a, &n)",
    "sort_by_number(a, &@)",
    "sort_by_number(a[?n], &to_number(n))",
    "to_object(a, &k, &n)",
    "to_object(a, &@, &type(@))",
    "to_object(sort_by_number(a[?k], &n), &k, &@)",
    "map(&type(@), a)",
    "distinct(map(&type(@), a))",
]
GIVEN: list[Any] = [
    None, True, 0, 7, -1, 59_999, 60_000, 1_764_000_123_999, 253_402_300_799_999, 253_402_300_800_000, 1.5, "", "abc",
    "a b.c", "é", "1", [], {}, {"B": 1, "b": None}, {" k": 1, "k": 2, "K ": 3}, {"$X": 1}, {"$x": None, "$X": 2},
    {"$Y": 1, "\u017f": 2, "s": 3}, [1, 3, 2], [3, "2", None, 1.0, "x", True], ["b", "A", "a"], [[1], {}, "a", None],
    [{"k": "x", "n": 2}, {"k": "y", "n": "1"}, {"k": "x", "n": 1}, {"n": 0}, {"k": 3}, 5, None],
    [{"n": 1}, {"n": 1}, {"n": 2}],
]  # fmt: skip


@pytest.mark.parametrize("kinds", [ANY, None])
@pytest.mark.parametrize("text", SHORT_CUTS)
def test_short_cuts_mean_the_same(text: str, kinds: int | None) -> None:
    expression = parse(text)
    for value in GIVEN:
        source, search = compiled(expression, {"a": kinds_of(value) if kinds is None else kinds})
        wanted = outcome(partial(expression.search, {"a": value}))
        assert outcome(partial(search, a=value)) == wanted, f"{json.dumps(value)}\n{source}"


def test_what_becomes_of_a_name_is_found_once() -> None:
    expression = parse("replace_any(lower(trim(name)), unwanted, '_')")
    pool = Pool(frozenset(NAMESPACE))
    writer = PythonFunction(pool, ("name",))
    roots = {"name": Value("name", STRING, stable=True, is_name=True), "unwanted": pool.constant(". ")}
    value = ExpressionCompiler(writer, roots).value(expression)
    namespace = dict(NAMESPACE)
    exec("\n".join([*pool.constants, f"def search(name): return {value.code}"]), namespace)
    for name in ["Data. Sale", " Ads ", "", " ", "\u0130 \u03a3", "x" * 300, "Data. Sale", " Ads ", "", " ", "x" * 300]:
        assert namespace["search"](name) == expression.search({"name": name, "unwanted": ". "})
    assert namespace["CHANGED_1"] == {
        "Data. Sale": "data__sale",
        " Ads ": "ads",
        "\u0130 \u03a3": "i\u0307_\u03c3",
        "": "",
        " ": "",
    }


def test_the_right_side_is_evaluated_only_where_it_counts() -> None:
    _, search = compiled(parse("a && length(b) > `1` || c || lower(d)"), dict.fromkeys("abcd", ANY))
    assert search(a=None, b=5, c=1, d=5) == 1
    assert outcome(partial(search, a=1, b=5, c=1, d=5)).startswith("fails: argument 1 of length()")
    assert outcome(partial(search, a=1, b=[], c=[], d=5)).startswith("fails: argument 1 of lower()")


@pytest.mark.parametrize(
    "step", ["(@ || @ && @)", "if(@, @, @)", "join(@, [@, @, @])", "(@ == @ && @)", "(@ || @)[*].not_null(@ && @, @)"]
)
def test_code_grows_with_the_chain_and_not_with_its_uses_of_the_value(step: str) -> None:
    def chain(links: int) -> str:
        return " | ".join(["a", *[step] * links])

    short, longer = (len(compiled(parse(chain(links)), {"a": ANY})[0]) for links in (15, 45))
    assert longer < 4 * short < 100_000

    expression = parse(chain(12))
    _, search = compiled(expression, {"a": ANY})
    values: list[Any] = [None, "", "ab", 0, 1.5, True, [], ["x", None], [["x"], 0], {"a": []}]
    for value in values:
        assert outcome(partial(search, a=value)) == outcome(partial(expression.search, {"a": value}))


def test_a_path_is_read_once() -> None:
    source, _ = compiled(parse("a.b.c == 'x' && a.b.d || a.b.c"), {"a": ANY})
    assert source.count(".get('b')") == 1
    assert source.count(".get('c')") == 1
    assert source.count("is dict") == 2


# The public cases


@pytest.fixture(scope="session")
def compliance(pytestconfig: pytest.Config) -> list[tuple[Any, dict[str, Any]]]:
    """The public cases, each with its input. Fetched once, and kept in pytest's cache."""
    assert pytestconfig.cache is not None
    folder = Path(pytestconfig.cache.mkdir("jmespath-compliance"))
    archive = next(folder.glob("*.tgz"), None)
    if archive is None:
        command = ["npm", "pack", "--silent", SUITE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"cannot fetch the compliance cases ({' '.join(command)}): {done.stderr.strip()}"
        archive = next(folder.glob("*.tgz"))
    cases = []
    with tarfile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda member: member.name):
            content = files.extractfile(member) if "/test/compliance/" in member.name else None
            if content is not None and member.name.endswith(".json"):
                for group in json.load(content):
                    cases += [(group["given"], case) for case in group["cases"]]
    return cases


@pytest.mark.slow
def test_public_compliance_cases(compliance: list[tuple[Any, dict[str, Any]]]) -> None:
    compared = 0
    for given, case in compliance:
        if "expression" not in case:
            continue
        try:
            expression = parse(f"root | ({case['expression']})")
        except ExpressionError:
            continue  # refused when it is read: nothing to compile
        source, search = compiled(expression, {"root": ANY})
        wanted = outcome(partial(expression.search, {"root": given}))
        assert outcome(partial(search, given)) == wanted, f"{case['expression']}\n{json.dumps(given)}\n{source}"
        if "result" in case:
            assert search(given) == case["result"], case["expression"]
        compared += 1
    assert compared >= MIN_COMPLIANCE_CASES, f"{compared} of {len(compliance)} cases were compared"


def test_the_text_of_expressions_is_only_ever_a_literal() -> None:
    text = r"""a."x\"); raise SystemExit #\n" || 'y\'); raise SystemExit' || a[?b == `"\u2028#"`]"""
    source, search = compiled(parse(text), {"a": ANY})
    assert search({'x"); raise SystemExit #\n': 1}) == 1
    assert Value("x").code not in source.splitlines()
