"""Texts as numbers and numbers as texts: one reader, by the grammar of JSON."""

import json
import math
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import schemas
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError
from moemap.engine.expressions.tree import EvaluationError
from moemap.engine.language.rulebook import Setting
from moemap.engine.language.settings import Given, GivenText, values_of
from moemap.engine.schemas.schema import SchemaError
from moemap.engine.source.scalars import NotJson, resolve
from moemap.engine.templates.parser import parts_of
from moemap.engine.templates.rendering import rendered
from moemap.engine.templates.template import TemplateFailure
from moemap.engine.values.coercion import CoercionError, coerce
from moemap.engine.values.numbers import as_read, decimal_text, parse_decimal, parse_number

BLANKS = r"[ \t\r\n]{0,2}"
NUMERALS = st.from_regex(
    rf"{BLANKS}-?(0|[1-9][0-9]{{0,24}})(\.[0-9]{{1,25}})?([eE][+-]?[0-9]{{1,3}})?{BLANKS}", fullmatch=True
)
DECIMALS = st.from_regex(rf"{BLANKS}-?(0|[1-9][0-9]{{0,24}})(\.[0-9]{{1,25}})?{BLANKS}", fullmatch=True)

NO_NUMBERS = [
    *("", " ", "-", "+5", "007", "-01", ".5", "5.", "1e", "1e+", "1_0", "0x1F", "0b1", "0o7", "1,5", "1 0", "--1"),
    *("NaN", "nan", "Infinity", "-Infinity", "inf", "true", "null", "\u0663\u0664", "\uff11\uff12", "\u06f5"),
    *("1\u00a0", "\ufeff1", "1\x00", "1\x0b", "\x1c1", "1e999", "9" * 401, "½", "1L", "1.5f", "(1)", "'1'"),
]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_json_does_not_write_so_is_no_number_anywhere(text: str) -> None:
    assert parse_number(text) is None
    assert parse("to_number(text)").search({"text": text}) is None
    assert parse("sort_by_number([`0`, text], &@)").search({"text": text}) == [text, 0]
    for type_ in ("integer", "double"):
        with pytest.raises(CoercionError):
            coerce(text, type_)
    for filter_ in ("int", "round"):
        with pytest.raises(TemplateFailure):
            rendered(parts_of(f"{{{{ text | {filter_} }}}}"), {"text": text}, False)
    with pytest.raises(EvaluationError):
        parse("format_number(text, `2`)").search({"text": text})
    assert isinstance(resolve(text), NotJson | str | None | bool)


@pytest.mark.slow
@pytest.mark.fuzz
@given(NUMERALS)
def test_numbers_are_read_as_json_reads_them(text: str) -> None:
    exact = json.loads(text)
    number = parse_number(text)
    if isinstance(exact, float):
        assert number == exact if math.isfinite(exact) else number is None
        assert number is None or isinstance(number, float)
    else:
        assert number == as_read(exact)
    assert parse("to_number(text)").search({"text": text}) == number


@pytest.mark.fuzz
@given(DECIMALS)
def test_decimals_are_read_exactly_or_to_the_nearest_double(text: str) -> None:
    number = parse_decimal(text)
    exact = Fraction(text.strip())
    assert number == exact if isinstance(number, int) else number == float(exact)


@pytest.mark.fuzz
@given(st.text())
def test_no_other_text_is_a_decimal(text: str) -> None:
    number = parse_decimal(text)
    assert number is None or set(text) <= set(" \t\r\n-.0123456789")


@pytest.mark.fuzz
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_double_reads_back(number: float) -> None:
    text = decimal_text(number)
    assert coerce(text, "double") == number
    assert coerce(coerce(number, "string"), "double") == number
    assert set(text) <= set("-.0123456789")
    assert text != "-0"
    assert not text.endswith(".0")


@pytest.mark.fuzz
@given(st.integers())
def test_the_text_of_an_integer_is_its_digits(number: int) -> None:
    assert decimal_text(number) == str(number)


@pytest.mark.fuzz
@given(st.integers(-(10**400) + 1, 10**400 - 1) | st.floats(1e16, 1e300).map(lambda number: int(decimal_text(number))))
def test_no_digit_of_an_integer_is_lost_where_it_is_read(number: int) -> None:
    assert decimal_text(as_read(number)) == str(number)


DECIMAL_TEXTS = [
    (0, "0"),
    (0.1, "0.1"),
    (-0.0, "0"),
    (-1.0, "-1"),
    (1e16, "10000000000000000"),
    (1.5e-7, "0.00000015"),
    (1e22, "10000000000000000000000"),
    (2**63, "9223372036854775808"),
    (5e-324, "0." + "0" * 323 + "5"),
    (sys.float_info.max, "17976931348623157" + "0" * 292),
]


@pytest.mark.parametrize(("number", "text"), DECIMAL_TEXTS)
def test_decimal_text(number: float, text: str) -> None:
    assert decimal_text(number) == text


READ = [
    (2**64 - 1, 2**64 - 1),
    (2**64, 2**64),
    (-(2**63) - 1, -(2**63) - 1),
    (10482000000000000000001, 10482000000000000000001),
    (36800000000000000000, 3.68e19),
    (10**23, 1e23),
    (10**309, 10**309),
]


@pytest.mark.parametrize(("number", "read"), READ)
def test_a_large_integer_that_a_double_writes_is_that_double(number: int, read: float) -> None:
    assert repr(as_read(number)) == repr(read)


@pytest.mark.parametrize("size", [15, 16, 17, 308, 309, 390, 399, 400])
@pytest.mark.parametrize("fraction", ["", ".5", ".0"])
@pytest.mark.parametrize("filter_", ["int", "round", "round(15)"])
def test_no_template_gives_what_is_no_number_of_json(size: int, fraction: str, filter_: str) -> None:
    text = ("9" * size)[: 400 - len(fraction)] + fraction
    parts = parts_of(f"{{{{ text | {filter_} }}}}")
    for given_ in (text, json.loads(text) if fraction == "" else text):
        try:
            found = rendered(parts, {"text": given_}, False)
        except TemplateFailure as failure:
            assert "64 bits" in failure.reason or "as a number" in failure.reason  # noqa: PT017
        else:
            assert found is not None
            assert math.isfinite(float(found))
            assert parse_number(found) is not None


WRITTEN = [
    ("18446744073709551615", 2**64 - 1),
    ("-9223372036854775808", -(2**63)),
    ("36800000000000000000", 3.68e19),
    ("1e22", 1e22),
    ("-0", 0),
    ("10482000000000000000001", None),
    ("18446744073709551616", None),
    ("9" * 401, None),
    ("9" * 5000, None),
    ("1e400", None),
]


@pytest.mark.parametrize(("text", "number"), WRITTEN, ids=[text[:30] for text, _ in WRITTEN])
def test_numbers_in_rules_settings_and_schemas_are_exact(text: str, number: float | None, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(f'{{"const": [{text}]}}')
    problems: list[Problem] = []
    type_ = "integer" if isinstance(number, int) else "double"
    setting = Setting(name="s", type=type_, default=None, node=None)  # type: ignore[arg-type]
    found = values_of({"s": setting}, [Given("s", GivenText(text))], problems)
    if number is None:
        assert isinstance(resolve(text), NotJson)
        with pytest.raises(ExpressionError, match="is not a JSON literal"):
            parse(f"`{text}`")
        with pytest.raises(SchemaError, match="cannot be used: "):
            schemas.load("./schema.json", tmp_path)
        assert ([problem.code for problem in problems], found) == (["M116"], {})
    else:
        assert repr(resolve(text)) == repr(number)
        assert repr(parse(f"`{text}`").search({})) == repr(number)
        assert repr(schemas.load("./schema.json", tmp_path).document) == repr({"const": [number]})
        assert (problems, repr(found)) == ([], repr({"s": number}))


@pytest.mark.parametrize(
    ("type_", "text", "problem"),
    [
        ("double", "9007199254740992", None),
        ("double", "9007199254740993", "exact as a double, not 9007199254740993 (None)"),
        ("double", "1e400", 'of type double, not "1e400" (it cannot be used: a number is not finite)'),
        ("array", "[1]", None),
        ("array", "[1", 'a list, not "[1" (it is not JSON: unexpected end of data: line 1 column 3 (char 2))'),
        ("array", "a", 'a list, not "a" (None)'),
        ("any", "1.5", None),
        ("any", "[1", 'a JSON value, not "[1" (it is not JSON: unexpected end of data: line 1 column 3 (char 2))'),
        ("any", "1e400", 'a JSON value, not "1e400" (it cannot be used: a number is not finite)'),
        ("any", "[1e400]", 'a JSON value, not "[1e400]" (it cannot be used: a number is not finite)'),
        ("object", "{1", 'of type object, not "{1" (it is not JSON: unexpected character, expected a string key: line 1 column 2 (char 1))'),  # noqa: E501
    ],
)  # fmt: skip
def test_settings_of_a_command_line_are_exact_or_say_why_not(type_: str, text: str, problem: str | None) -> None:
    problems: list[Problem] = []
    setting = Setting(name="s", type=type_, default=None, items=None, enum=None, description=None, node=None)  # type: ignore[arg-type]
    found = values_of({"s": setting}, [Given("s", GivenText(text))], problems)
    said = [f"{one.message.partition(' must be ')[2]} ({one.hint})" for one in problems]
    assert said == ([] if problem is None else [problem])
    assert found == ({"s": json.loads(text)} if problem is None else {})


def test_numbers_in_inputs_of_tests_are_those_of_batches() -> None:
    assert repr(resolve("10482000000000000000001", wide=True)) == "10482000000000000000001"
    assert repr(resolve("36800000000000000000", wide=True)) == "3.68e+19"
