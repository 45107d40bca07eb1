import contextlib
import inspect
import json
import math
import re
from pathlib import Path
from typing import Any

import jmespath.functions
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.visitor import _Expression

from moemap.engine import functions
from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.tree import EvaluationError
from moemap.engine.functions.errors import FunctionError
from moemap.engine.functions.registry import BODIES, Example, declare
from moemap.engine.functions.table import FUNCTIONS, reference
from moemap.engine.values.numbers import parse_number
from moemap.engine.values.payload import check_payload

EXAMPLES = [example for function in FUNCTIONS.values() for example in function.examples]
KeyExpression: Any = _Expression  # its published types say that an expression is text
LIBRARY = jmespath.functions.Functions.FUNCTION_TABLE


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.expression)
def test_examples(example: Example) -> None:
    result = parse(example.expression).search(dict(example.given))
    assert json.dumps(result) == json.dumps(example.result)


def test_every_function_has_examples_of_its_own() -> None:
    for function in FUNCTIONS.values():
        assert function.examples
        assert all(f"{function.name}(" in example.expression for example in function.examples)
        assert function.description.endswith(".")


def test_outside_of_the_reference_there_are_no_links() -> None:
    assert FUNCTIONS["matches"].told.startswith("True if the pattern is found in the string; ")
    assert not [name for name, function in FUNCTIONS.items() if "](" in function.told]


def test_every_function_is_implemented_as_declared() -> None:
    assert set(FUNCTIONS) == set(BODIES)
    for name, body in BODIES.items():
        parameters = inspect.signature(body).parameters.values()
        variadic = any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters)
        assert (len(parameters), variadic) == (len(FUNCTIONS[name].parameters), FUNCTIONS[name].variadic)


def test_the_librarys_functions_are_declared_as_they_are() -> None:
    assert {name for name, function in FUNCTIONS.items() if function.builtin} == set(LIBRARY)
    for name, library in LIBRARY.items():
        function = FUNCTIONS[name]
        assert [list(parameter.types) for parameter in function.parameters] == [
            a["types"] for a in library["signature"]
        ]
        assert function.variadic == bool(library["signature"][-1].get("variadic"))


def test_signatures_read_back() -> None:
    for function in FUNCTIONS.values():
        kinds = {"builtin": function.builtin, "masks": function.masks}
        declared = declare(function.signature, function.description, *function.examples, **kinds)
        assert declared == function
    assert FUNCTIONS["get"].signature == "get(object: object|null, name: string|null) -> any"
    assert FUNCTIONS["merge"].signature == "merge(object: object, ...) -> object"
    with pytest.raises(ValueError, match="lower"):
        declare("lower", "")


def test_the_reference_is_up_to_date() -> None:
    page = Path(__file__).parents[3] / "docs" / "functions.md"
    assert page.read_text(encoding="utf-8") == reference(), "write reference() to docs/functions.md"


def test_the_reference_names_every_function() -> None:
    assert re.findall(r"^### (\w+)$", reference(), re.MULTILINE) == sorted(
        FUNCTIONS, key=lambda name: (FUNCTIONS[name].builtin, name)
    )


DATA = {
    "text": "a",
    "number": 1,
    "double": 1.5,
    "list": [1, "a", None],
    "numbers": [1, 2.5],
    "object": {"a": 1, "B": [2]},
    "items": [{"k": "a", "n": 1}, {"k": 1, "n": "2"}, {"k": True}, {"k": "a", "n": 3.5}, {}],
    "huge": 1e308,
    "max": 2**64 - 1,
    "id": 10482000000000000000001,
    "wide": 10**399,
}

RESULTS = [
    ("lower('ÄB')", "äb"),
    ("trim(' \t a\n')", "a"),
    ("replace_any('a.b.c', '.', '--')", "a--b--c"),
    ("replace_any('abc', '', 'x')", "abc"),
    ("replace_any('a]b^c-', ']^-', '')", "abc"),
    ("split('', ',')", [""]),
    ("split('a, b', ', ')", ["a", "b"]),
    ("get(missing, 'a')", None),
    ("get(object, missing)", None),
    ("get(object, 'a')", 1),
    ("get_ignore_case(object, 'A')", 1),
    ("get_ignore_case(object, 'b')", [2]),
    ("get_ignore_case(object, 'c')", None),
    ("get_ignore_case(missing, 'c')", None),
    ("get_ignore_case(object, missing)", None),
    ("to_object(items, &k, &n)", {"a": 3.5}),
    ("to_object(missing, &k, &n)", None),
    ("to_object(`[]`, &k, &n)", {}),
    ("sort_by_number(items, &n)[*].to_string(n)", ["null", "null", "1", "2", "3.5"]),
    ("sort_by_number(missing, &n)", None),
    ("last_by(items, &k)[*].n", ["2", 3.5]),
    ("last_by(missing, &k)", None),
    ('last_by(`[1, true, 1.0, "1", [1], [true]]`, &@)', [True, 1.0, "1", [1], [True]]),
    ('distinct(`[{"a": 1, "b": 2}, {"b": 2, "a": 1}, [1], [1.0], null]`)', [{"a": 1, "b": 2}, [1], None]),
    ("multiply(number, double)", 1.5),
    ("add(number, number)", 2),
    ("subtract(double, number)", 0.5),
    ("omit(object, ['B', 'x'])", {"a": 1}),
    ("size('ü')", 4),
    ("size(missing)", 4),
    ("to_number('1' )", 1),
    ("to_number('1e999')", None),
    ("to_number('nan')", None),
    ("to_number('1_000')", None),
    ("to_number('\u0663\u0664')", None),
    ("to_number('1.')", None),
    ("to_number(' -1.5e2 ')", -150.0),
    ("to_number(`true`)", None),
    ("to_number('99999999999999999999')", 99999999999999999999),
    ("to_number('36800000000000000000')", 3.68e19),
    ("to_number('1_0')", None),
    ("to_number('\uff11\uff12')", None),
    ("to_number('+5')", None),
    ("to_number('007')", None),
    ("to_number('0x1F')", None),
    ("to_number('-Infinity')", None),
    ("to_number('.5')", None),
    ("to_number('-0')", 0),
    ("sum(`[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]`)", 1.0),
    ("sum(`[1e16, 1, 1, -1e16]`)", 2.0),
    ("avg(`[0.1, 0.2, 0.3]`)", 0.6 / 3),
    ("sum(`[9007199254740993, 1]`)", 9007199254740994),
    ("sort([wide, double, number])[0]", 1),
    (
        "[modulo(id, `10`), divide(id, id), subtract(id, id), add(id, `0.5`), avg([id, id]), sum([id, `1.5`])]",
        [1, 1, 0, 1.0482e22, 1.0482e22, 1.0482e22],
    ),
    ("[abs(id), round(id, `1`), max([id]), min([id, id])]", [10482000000000000000001] * 4),
    ("[max([wide, huge]) == wide, wide > huge, wide < huge]", [True, True, False]),
    ("from_unix_ms(join('', ['1e-', '9999999999999999999']), 'seconds')", "1970-01-01T00:00:00Z"),
    ("sort_by_number([{n: '1e1'}, {n: '9'}, {n: '+1'}], &n)[*].n", ["+1", "9", "1e1"]),
    ("from_unix_ms('1.7e12', 'seconds')", "2023-11-14T22:13:20Z"),
    ("[format_number('1.5e3', `2`), format_number(' -2E-1 ', `0`)]", ["1500.00", "0"]),
    ("[format_number('1e22', `0`), format_number('1e-9999999999999999999', `1`)]", ["10000000000000000000000", "0.0"]),
    ('contains([[`1`], `{"a": [0]}`], [`true`])', False),
    ('contains([[`1`], `{"a": [0]}`], `{"a": [false]}`)', False),
    ('contains([[`1`], `{"a": [0]}`], `{"a": [0.0]}`)', True),
    ("contains(`[true]`, `1`)", False),
    ("to_string(list)", '[1,"a",null]'),
    ('to_string(`"ü"`)', "ü"),
    ("to_string([text, 'ü'])", '["a","ü"]'),
    ("contains('abc', 'b')", True),
    ("contains(list, missing)", True),
    ("sort_by(items[?type(n) == 'number'], &n)[*].n", [1, 3.5]),
    ("sort_by(`[]`, &n)", []),
    ("min_by(`[]`, &n)", None),
    ("max_by(`[]`, &n)", None),
    ('max_by(`[{"n": 1, "i": 1}, {"n": 1, "i": 2}]`, &n).i', 1),
    ('min_by(`[{"n": 1, "i": 1}, {"n": 1, "i": 2}]`, &n).i', 1),
    ("sum(`[]`)", 0),
    ("sort(`[]`)", []),
    ("from_unix_ms(`0`, 'milliseconds')", "1970-01-01T00:00:00.000Z"),
    ("from_unix_ms(`-1`, 'milliseconds')", "1969-12-31T23:59:59.999Z"),
    ("from_unix_ms(`-1`, 'seconds')", "1969-12-31T23:59:59Z"),
    ("from_unix_ms(`1.9`, 'milliseconds')", "1970-01-01T00:00:00.001Z"),
    ("from_unix_ms(`-1.1`, 'milliseconds')", "1969-12-31T23:59:59.998Z"),
    ("from_unix_ms(' 1700000000000.9999999999 ', 'milliseconds')", "2023-11-14T22:13:20.000Z"),
    ("from_unix_ms('-62135596800000', 'seconds')", "0001-01-01T00:00:00Z"),
    ("from_unix_ms(`253402300799999`, 'milliseconds')", "9999-12-31T23:59:59.999Z"),
    ("from_unix_ms(missing, 'seconds')", None),
]


@pytest.mark.parametrize(("expression", "expected"), RESULTS)
def test_results(expression: str, expected: Any) -> None:
    result = parse(expression).search({**DATA, "missing": None})
    assert (result, type(result)) == (expected, type(expected))


REFUSALS = [
    ("lower(number)", "argument 1 of lower() must be a string or null, not an integer"),
    (
        "join(',', list)",
        "argument 2 of join() must be a list of strings, not a list with a string, an integer and null",
    ),
    ("join(',', text)", "argument 2 of join() must be a list of strings, not a string"),
    (
        "max(list)",
        "argument 1 of max() must be a list of numbers or a list of strings, "
        "not a list with a string, an integer and null",
    ),
    ("length(double)", "argument 1 of length() must be a string or a list or an object, not a double"),
    (
        "merge(object, object, list)",
        "argument 3 of merge() must be an object, not a list with a string, an integer and null",
    ),
    ("abs(`true`)", "argument 1 of abs() must be a number, not a boolean"),
    (
        "get(list, 'a')",
        "argument 1 of get() must be an object or null, not a list with a string, an integer and null",
    ),
    ("contains(text, number)", "argument 2 of contains() must be a string where the first is one, not an integer"),
    ("split(text, '')", "the separator of split() is empty"),
    ("sort_by(items, &n)", "the keys of sort_by() must be all strings or all numbers; that of element 2 is a string"),
    ("sort_by(items, &missing)", "the keys of sort_by() must be all strings or all numbers; that of element 1 is null"),
    ("min_by(items, &k)", "the keys of min_by() must be all strings or all numbers; that of element 2 is an integer"),
    ("max_by(items, &k)", "the keys of max_by() must be all strings or all numbers; that of element 2 is an integer"),
    ("sum([huge, huge])", "the result of sum() is too large"),
    ("sum([max, max])", "the result of sum() is too large"),
    ("avg([huge, huge])", "the result of avg() is too large"),
    ("ceil(huge)", "the result of ceil() is too large"),
    ("floor(huge)", "the result of floor() is too large"),
    ("add(huge, huge)", "the result of add() is too large"),
    ("subtract(`-1e308`, huge)", "the result of subtract() is too large"),
    ("multiply(max, max)", "the result of multiply() is too large"),
    ("add(wide, double)", "the result of add() is too large"),
    ("subtract(double, wide)", "the result of subtract() is too large"),
    ("multiply(wide, double)", "the result of multiply() is too large"),
    ("sum([double, wide])", "the result of sum() is too large"),
    ("avg([wide, wide])", "the result of avg() is too large"),
    ("add(id, `1`)", "the result of add() is too large"),
    ("ceil(id)", "the result of ceil() is too large"),
    ("floor(wide)", "the result of floor() is too large"),
    ("format_number('1e400', `2`)", "format_number() cannot read the string as a decimal number"),
    ("from_unix_ms('1e-' , 'seconds')", 'from_unix_ms() cannot read "1e-" as a number of milliseconds'),
    (
        "from_unix_ms(number, 'days')",
        "the precision of from_unix_ms() must be 'seconds' or 'milliseconds', not \"days\"",
    ),
    ("from_unix_ms(text, 'seconds')", 'from_unix_ms() cannot read "a" as a number of milliseconds'),
    ("from_unix_ms(`1e300`, 'seconds')", "from_unix_ms() takes times in the years 1 to 9999 only, not 1e+300"),
    (
        "from_unix_ms('-62135596800001', 'seconds')",
        'from_unix_ms() takes times in the years 1 to 9999 only, not "-62135596800001"',
    ),
    (
        "from_unix_ms(`253402300800000`, 'seconds')",
        "from_unix_ms() takes times in the years 1 to 9999 only, not 253402300800000",
    ),
]


@pytest.mark.parametrize(("expression", "reason"), REFUSALS, ids=[expression for expression, _ in REFUSALS])
def test_refusals(expression: str, reason: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        parse(expression).search({**DATA, "missing": None})
    assert caught.value.reason == reason


@pytest.mark.slow
def test_results_are_bounded() -> None:
    long = {"text": "a" * 2_000, "parts": ["a"] * 2_000, "longer": ["a" * 999_997]}
    escaped = " | ".join(["text", *["to_string([@])"] * 40])  # each doubles the backslashes
    for expression in ("replace_any(text, 'a', text)", "join(text, parts)", "to_string(longer)", escaped):
        with pytest.raises(EvaluationError, match="has more than 1000000 characters"):
            parse(expression).search(long)
    doubled: Any = "a"
    for _ in range(40):
        doubled = [doubled, doubled]
    for call in ("to_string(@)", "size(@)", "distinct([@])", "last_by([@], &@)"):
        with pytest.raises(EvaluationError, match="it has more than 1000000 values"):
            parse(f"value | {call}").search({"value": doubled})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "1", "-1.5", "seconds", "milliseconds", "1e999"])
    | st.text(max_size=5),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from("abk"), below, max_size=3),
    max_leaves=8,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    function = draw(st.sampled_from(list(FUNCTIONS.values())))
    given_: dict[str, Any] = {}
    arguments = []
    for index, parameter in enumerate(function.parameters):
        if "expref" in parameter.types:
            arguments.append(draw(st.sampled_from(["&@", "&a", "&type(@)", "&to_number(@)"])))
        else:
            given_[f"x{index}"] = draw(
                json_values
                | st.lists(st.integers() | st.floats(allow_nan=False), max_size=3).filter(
                    lambda numbers: check_payload(numbers) is None
                )
            )
            arguments.append(f"x{index}")
    return f"{function.name}({', '.join(arguments)})", given_


@pytest.mark.slow
@pytest.mark.fuzz
@given(calls())
def test_functions_give_json_or_refuse(call: tuple[str, dict[str, Any]]) -> None:
    expression, data = call
    before = json.dumps(data)
    with contextlib.suppress(EvaluationError):
        assert check_payload(parse(expression).search(data)) is None
    assert json.dumps(data) == before


@pytest.mark.fuzz
@given(st.lists(st.fixed_dictionaries({"n": st.none() | st.integers() | st.text("0123456789.-", max_size=4)})))
def test_sort_by_number_is_stable_and_in_order(elements: list[dict[str, Any]]) -> None:
    def number(element: dict[str, Any]) -> float:
        value = parse_number(element["n"]) if isinstance(element["n"], str) else element["n"]
        return -math.inf if value is None else value

    result = parse("sort_by_number(list, &n)").search({"list": elements})
    assert [id(element) for element in result] == [id(element) for element in sorted(elements, key=number)]


def test_arguments_are_checked() -> None:
    with pytest.raises(FunctionError, match="must be a string or null, not an integer"):
        functions.call("lower", 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15) | st.text("a1.e- é", max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.data())
def test_the_librarys_functions_do_what_they_do_there(data: st.DataObject) -> None:
    """The same value, where the library has one that is JSON; what it refuses is refused."""
    name = data.draw(st.sampled_from(sorted(set(LIBRARY) - {"to_string", "contains"})))
    function = FUNCTIONS[name]
    keys = {"expref": st.just(lambda element: element)}
    arguments = [data.draw(keys.get("".join(parameter.types), JSON)) for parameter in function.parameters]
    library = jmespath.functions.Functions()
    resolved = [KeyExpression(argument, _Applied()) if callable(argument) else argument for argument in arguments]
    try:
        expected = library.call_function(name, resolved)
    except (jmespath.exceptions.JMESPathError, TypeError):
        with pytest.raises(FunctionError):
            functions.call(name, *arguments)
        return
    if name == "to_number" and isinstance(arguments[0], str):
        return  # the library takes what Python does
    given = functions.call(name, *arguments)
    if name in ("avg", "sum") and isinstance(expected, float):  # the library rounds after each step, ours once
        assert given == pytest.approx(expected, rel=1e-9, abs=1e-3)
        return
    assert json.dumps(given) == json.dumps(expected)


class _Applied:
    def visit(self, key: Any, element: Any) -> Any:
        return key(element)


@pytest.mark.parametrize(
    "expression",
    [
        "lower(x)",
        "upper(x)",
        "trim(x)",
        "split(x, ',')",
        "like(x, '*')",
        "replace_any(x, 'a', 'b')",
        "add(x, `1`)",
        "subtract(`1`, x)",
        "multiply(x, x)",
    ],
)
def test_null_gives_null(expression: str) -> None:
    assert parse(expression).search({"x": None}) is None


@pytest.mark.parametrize(
    ("lists", "names"),
    [
        ("index", ['{0.__class__}.{"a"}.0', '{0.__class__}.{"a"}.1.0', "{}.0"]),
        ("brackets", ['{0.__class__}.{"a"}[0]', '{0.__class__}.{"a"}[1][0]', "{}[0]"]),
    ],
)
def test_flatten_takes_braces_in_names_as_they_are(lists: str, names: list[str]) -> None:
    value = {"{0.__class__}": {'{"a"}': [1, [2]]}, "{}": ["b"]}
    assert BODIES["flatten"](value, ".", lists) == dict(zip(names, [1, 2, "b"], strict=True))
