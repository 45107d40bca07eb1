"""The JSON values of plain scalars, and the scalars that are refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.source.scalars import NotJson, character_spans, resolve

VALUES = [
    ("", None),
    ("~", None),
    ("null", None),
    ("true", True),
    ("false", False),
    ("0", 0),
    ("-0", 0),
    ("-17", -17),
    ("18446744073709551615", 2**64 - 1),
    ("-9223372036854775808", -(2**63)),
    ("1.5", 1.5),
    ("-0.0", -0.0),
    ("1e3", 1000.0),
    ("1.5E-3", 0.0015),
    ("1e-999", 0.0),
]

TEXTS = """
    y n yES nULL tRUE abc 1.2.3 1.0.0 a1 1a -- - . .. e3 1e 0x 0xG 0b2 1:60 1:30: 2026-1-1 2026-01-01T 1,5 <<< == .info
    +.nan @ _1 ٣ १२ 1٣ 2026-\u06601-01 -infinity NaN Infinity ~~
"""

REFUSED = [
    ("a YAML 1.1 boolean", "write true, or quote it: ", "yes Yes YES on On ON True TRUE"),
    ("a YAML 1.1 boolean", "write false, or quote it: ", "no No NO off Off OFF False FALSE"),
    ("a YAML 1.1 null", "write null, or quote it: ", "Null NULL"),
    ("a merge key", "use `extends`, or quote it: ", "<<"),
    ("a YAML 1.1 default value", "quote it: ", "="),
    ("an infinite number", "quote it: ", ".inf .Inf .INF +.inf -.inf -.INF"),
    ("not a number", "quote it: ", ".nan .NaN .NAN"),
    ("a YAML date", "quote it: ", "2026-01-01 2026-01-01T00:00:00Z 2026-1-2t3:04:05.678 2026-01-01T00:00:00+05:30"),
    ("a binary number", "write it in plain decimal digits, or quote it: ", "0b101 -0b1_0"),
    ("a hexadecimal number", "write it in plain decimal digits, or quote it: ", "0x1F 0xff_ff +0x0"),
    ("an octal number", "write it in plain decimal digits, or quote it: ", "010 0o17 00 -007 0_7"),
    ("a sexagesimal number", "write it in plain decimal digits, or quote it: ", "1:30 12:30:45 -1:00.5 0:07"),
    (
        "a number in a notation of YAML",
        "write it in plain decimal digits, or quote it: ",
        "1_000 +1 .5 5. -.5 08 0049 1_0.5 1.e5 +1e3 00.5",
    ),
    (
        "an integer of more than 64 bits",
        "quote it: ",
        "18446744073709551616 -9223372036854775809 123456789012345678901",
    ),
    ("a number beyond the range of a double", "quote it: ", "1e999 -1e999"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_the_scalars_of_json(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)
    if isinstance(found, float):
        assert math.copysign(1, found) == math.copysign(1, float(text))


@pytest.mark.parametrize("text", TEXTS.split())
def test_other_plain_scalars_are_text(text: str) -> None:
    assert resolve(text) == text


def test_dates_may_have_a_blank_before_the_time() -> None:
    found = resolve("2026-01-01 10:00:00 +1")
    assert found == NotJson("a YAML date", 'quote it: "2026-01-01 10:00:00 +1"')


@pytest.mark.parametrize(
    ("what", "hint", "text"), [(what, hint, text) for what, hint, texts in REFUSED for text in texts.split()]
)
def test_what_is_more_than_text_to_some_yaml_is_refused(what: str, hint: str, text: str) -> None:
    found = resolve(text)
    assert isinstance(found, NotJson)
    assert (found.what, found.hint) == (what, f'{hint}"{text}"')


def test_integers_of_batches_may_be_wide() -> None:
    assert resolve("10482000000000000000001", wide=True) == 10482000000000000000001
    assert resolve("-9223372036854775809", wide=True) == -9223372036854775809
    assert resolve("1" + "0" * 22, wide=True) == 1e22  # as a program that knows doubles alone writes it


def test_long_numbers_are_quoted_in_part() -> None:
    hint = f'quote it: "{"9" * 37}..."'
    wanted = NotJson("an integer of more than 400 digits", hint, "which readers of JSON refuse")
    assert resolve("9" * 5000) == resolve("9" * 5000, wide=True) == wanted


@pytest.mark.fuzz
@given(st.text())
def test_every_text_resolves(text: str) -> None:
    found = resolve(text)
    assert not isinstance(found, str) or found == text


@pytest.mark.fuzz
@given(st.text(alphabet="ab '\"\\xuU0nN|>+-2#\n\r\x85\t"), st.sampled_from(["", "'", '"', "|", ">"]), st.text("ab \n"))
def test_spans_are_given_for_the_right_text_only(text: str, style: str, value: str) -> None:
    spans = character_spans(text, 0, len(text), style, value)
    assert spans is None or len(spans) == len(value)
