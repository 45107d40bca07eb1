import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.values.coercion import TYPES, CoercionError, coerce
from moemap.engine.values.kinds import kind, shown, with_article
from moemap.engine.values.payload import (
    MAX_INPUT_DEPTH,
    MAX_INPUT_NODES,
    check_constant,
    check_payload,
    json_text,
    received,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
documents = st.recursive(
    scalars, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4), max_leaves=15
)

COERCED = [
    ("a", "string", "a"),
    ("", "string", ""),
    (7, "string", "7"),
    (10482000000000000000001, "string", "10482000000000000000001"),
    (-(10**399), "string", "-1" + "0" * 399),
    (-(2**63), "string", "-9223372036854775808"),
    (100.0, "string", "100"),
    (99.90, "string", "99.9"),
    (-0.0, "string", "0"),
    (1e21, "string", "1000000000000000000000"),
    (True, "string", "true"),
    (False, "string", "false"),
    (7, "integer", 7),
    (7.0, "integer", 7),
    ("7", "integer", 7),
    (" \t7.00\r\n", "integer", 7),
    ("-0", "integer", 0),
    ("-7", "integer", -7),
    ("18446744073709551615", "integer", 2**64 - 1),
    (1e18, "integer", 10**18),
    (7, "number", 7),
    (7.0, "number", 7.0),
    ("7", "number", 7),
    ("7.0", "number", 7),
    ("7.5", "number", 7.5),
    (7, "double", 7.0),
    (7.5, "double", 7.5),
    ("7.5", "double", 7.5),
    ("-7", "double", -7.0),
    ("0.5", "double", 0.5),
    ("20282372182973150", "double", 20282372182973152.0),
    (2**53, "double", 2.0**53),
    (2**60, "double", 2.0**60),
    (True, "boolean", True),
    ("TRUE", "boolean", True),
    ("False", "boolean", False),
    ("2026-01-31T23:59:59Z", "datetime", "2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:59.000Z", "datetime", "2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:59.1Z", "datetime", "2026-01-31T23:59:59.100Z"),
    ("2026-01-31T23:59:59.123456000Z", "datetime", "2026-01-31T23:59:59.123456Z"),
    ("2026-02-01T01:59:59+02:00", "datetime", "2026-01-31T23:59:59Z"),
    ("2026-01-31T18:29:59-0530", "datetime", "2026-01-31T23:59:59Z"),
    ("0001-01-01T00:00:00Z", "datetime", "0001-01-01T00:00:00Z"),
    ("2024-02-29", "date", "2024-02-29"),
    ([], "array", []),
    ([1, None, "a"], "array", [1, None, "a"]),
    ({"a": None}, "object", {"a": None}),
    ([1, "a", {}], "any", [1, "a", {}]),
]


@pytest.mark.parametrize(("value", "type_", "expected"), COERCED)
def test_coerce(value: Any, type_: str, expected: Any) -> None:
    result = coerce(value, type_)
    assert (result, type(result)) == (expected, type(expected))


REFUSED = [
    ([], "string", "it is a list"),
    ({}, "string", "it is an object"),
    (True, "integer", "it is a boolean"),
    (7.5, "integer", "it has a fraction"),
    ("7.5", "integer", "it has a fraction"),
    ("7.00000000000000000000000000000001", "integer", "it has a fraction"),
    ("-0.00000000000000000000000000000001", "integer", "it has a fraction"),
    ("9007199254740993.5", "integer", "it has a fraction"),
    ("9" * 380 + ".5", "integer", "it has a fraction"),
    ("7e3", "integer", "it is not a decimal number"),
    ("+7", "integer", "it is not a decimal number"),
    ("007", "integer", "it is not a decimal number"),
    ("0x7", "integer", "it is not a decimal number"),
    ("Infinity", "double", "it is not a decimal number"),
    ("1_000", "integer", "it is not a decimal number"),
    ("", "integer", "it is not a decimal number"),
    ("7.", "integer", "it is not a decimal number"),
    ("\u0667", "integer", "it is not a decimal number"),
    ("\u00a07", "integer", "it is not a decimal number"),
    ("NaN", "double", "it is not a decimal number"),
    ("1,5", "double", "it is not a decimal number"),
    ("9" * 401, "double", "it is not a decimal number"),
    ("9" * 400, "double", "it is too large for a double"),
    ("9" * 398 + ".5", "double", "it is too large for a double"),
    (2**64, "integer", "it needs more than 64 bits"),
    (-(2**63) - 1, "integer", "it needs more than 64 bits"),
    ("18446744073709551616", "integer", "it needs more than 64 bits"),
    (1e300, "integer", "it needs more than 64 bits"),
    ([7], "integer", "it is a list"),
    (False, "double", "it is a boolean"),
    (2**53 + 1, "double", "it has more digits than a double can hold"),
    ("9007199254740993", "double", "it has more digits than a double can hold"),
    ({}, "double", "it is an object"),
    (1, "boolean", "it is an integer"),
    ("yes", "boolean", "it is neither true nor false"),
    (" true", "boolean", "it is neither true nor false"),
    (1700000000, "datetime", "it is an integer, not a string"),
    ("2026-01-31T23:59:59.1234567Z", "datetime", "it is more precise than a microsecond"),
    ("2026-01-31", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:59", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31 23:59:59Z", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:60Z", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31T24:00:00Z", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:59+24:00", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:59+02:60", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-01-31T23:59:59Z\n", "datetime", "it is not a time with a zone such as 2026-01-31T23:59:59Z"),
    ("2026-02-29T00:00:00Z", "datetime", "there is no such time"),
    ("0000-01-01T00:00:00Z", "datetime", "there is no such time"),
    ("0001-01-01T00:00:00+01:00", "datetime", "it is not in the years 1 to 9999"),
    ("9999-12-31T23:59:59-01:00", "datetime", "it is not in the years 1 to 9999"),
    ("2026-02-29", "date", "there is no such date"),
    ("2026-1-1", "date", "it is not a date such as 2026-01-31"),
    ("20260131", "date", "it is not a date such as 2026-01-31"),
    (20260131, "date", "it is an integer, not a string"),
    ("[]", "array", "it is a string, not a list"),
    ({}, "array", "it is an object, not a list"),
    ([], "object", "it is a list, not an object"),
]


@pytest.mark.parametrize(("value", "type_", "reason"), REFUSED)
def test_coerce_refuses(value: Any, type_: str, reason: str) -> None:
    with pytest.raises(CoercionError) as caught:
        coerce(value, type_)
    assert str(caught.value) == reason


def test_elements_of_arrays() -> None:
    assert coerce([1, 2.0, "3"], "array", "string") == ["1", "2", "3"]
    assert coerce([1, None], "array", "any") == [1, None]
    with pytest.raises(CoercionError, match=r"^its element 2: it is not a decimal number$"):
        coerce([1, "x"], "array", "integer")
    with pytest.raises(CoercionError, match=r"^its element 2 is null$"):
        coerce([1, None], "array", "integer")
    with pytest.raises(CoercionError, match=r"^it is a string, not a list$"):
        coerce("ab", "array", "string")


@pytest.mark.slow
@pytest.mark.fuzz
@given(documents.filter(lambda value: value is not None), st.sampled_from([*TYPES]), st.sampled_from([None, *TYPES]))
def test_coerce_gives_json_or_refuses_and_is_settled(value: Any, type_: str, items: str | None) -> None:
    try:
        result = coerce(value, type_, items)
    except CoercionError:
        return
    assert check_payload(result) is None
    assert coerce(result, type_, items) == result


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))
def test_times_are_moved_to_utc(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.seconds % 60:
        return
    read_back = datetime.fromisoformat(coerce(moment.isoformat(), "datetime"))
    assert read_back == moment.astimezone(UTC)


def test_kinds() -> None:
    values = ["", 1, 1.0, True, None, [], {}]
    kinds = ["string", "integer", "double", "boolean", "null", "list", "object"]
    assert [kind(value) for value in values] == kinds
    articles = ["a string", "an integer", "a double", "a boolean", "null", "a list", "an object"]
    assert [with_article(word) for word in kinds] == articles


SHOWN = [
    ('a\n"ü"', r'"a\n\"ü\""'),
    ({"a": [1, None, True, 1.5]}, '{"a": [1, null, true, 1.5]}'),
    ("x" * 100, '"' + "x" * 76 + "..."),
    (list(range(1000)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21..."),
    ("\ud800", '"\\ud800"'),
]


@pytest.mark.parametrize(("value", "text"), SHOWN)
def test_shown(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.slow
@pytest.mark.fuzz
@given(documents, st.integers(3, 40))
def test_shown_is_short(value: Any, limit: int) -> None:
    text = shown(value, limit)
    whole = json.dumps(value, ensure_ascii=False)
    assert text == whole if len(whole) <= limit else text == f"{whole[: limit - 3]}..."


@pytest.mark.fuzz
@given(documents, st.integers(1, 60))
def test_json_text_is_compact_and_bounded(value: Any, limit: int) -> None:
    whole = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert json_text(value, limit) == (whole if len(whole) <= limit else None)


def test_large_values_cost_no_more_than_what_is_shown() -> None:
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    assert shown(value) == "[" * 61 + "], []], [[], []]..."
    assert json_text(value, 1000) is None


# --- payloads


@pytest.mark.slow
@pytest.mark.fuzz
@given(documents)
def test_json_is_a_payload(value: Any) -> None:
    assert check_payload(value) is None


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth - 1):
        value = [value]
    return value


class Text(str):
    __slots__ = ()


NOT_PAYLOADS = [
    (math.nan, "a number is not finite"),
    (-math.inf, "a number is not finite"),
    (10**400, "an integer has more than 400 digits"),
    (-(10**5000), "an integer has more than 400 digits"),
    ("\ud800", "a string has half of a surrogate pair"),
    ({"\udfff": 1}, "a name has half of a surrogate pair"),
    ({1: 1}, "a name is not a string"),
    ((1, 2), "a value of the type tuple is not JSON"),
    (b"a", "a value of the type bytes is not JSON"),
    (Text("a"), "a value of the type Text is not JSON"),
    (_nested(MAX_INPUT_DEPTH + 1), "it is nested more than 100 levels deep"),
    ([0] * MAX_INPUT_NODES, "it has more than 1000000 values"),
]


@pytest.mark.parametrize(("value", "reason"), NOT_PAYLOADS, ids=[reason for _, reason in NOT_PAYLOADS])
def test_not_payloads(value: Any, reason: str) -> None:
    assert check_payload(value) == reason
    assert check_payload({"a": [value, 1]}) == reason


def test_limits_of_payloads() -> None:
    assert check_payload(_nested(MAX_INPUT_DEPTH)) is None
    assert check_payload([0] * (MAX_INPUT_NODES - 1)) is None
    assert check_payload([10**400 - 1, -(10**400) + 1]) is None
    assert check_constant([2**64 - 1, -(2**63)]) is None


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 10482000000000000000001])
def test_constants_have_64_bits(value: int) -> None:
    assert check_constant({"a": [value]}) == "an integer needs more than 64 bits"


def test_large_integers_are_received_as_they_are_read() -> None:
    given: Any = {"id": 10482000000000000000001, "of JavaScript": [36800000000000000000, True], "rest": [1, {}]}
    value, flaw = received(given)
    assert flaw is None
    assert repr(value) == "{'id': 10482000000000000000001, 'of JavaScript': [3.68e+19, True], 'rest': [1, {}]}"
    assert given["of JavaScript"] == [36800000000000000000, True]
    small = [2**64 - 1]
    assert received(small)[0] is small


def test_a_value_that_repeats_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert check_payload(circle) == "it is nested more than 100 levels deep"
    bomb: list[Any] = []
    for _ in range(60):
        bomb = [bomb, bomb]
    assert check_payload(bomb) == "it has more than 1000000 values"
