"""Facts about strings hold, and the reader of the input refuses the strings that it has to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.engine import compiler
from moemap.engine.compiler.python.string_sources import NUMERALS, KnownStrings, Region, common, time_texts
from moemap.engine.compiler.python.value import STRING, Value
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.runtime.operations import as_string, utc_milliseconds, utc_seconds
from moemap.engine.runtime.result import Result
from moemap.engine.values.coercion import coerce

NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)  # fmt: skip


class Refusing:
    """Stands in for Notes."""

    def converted(self, value: Any, type_: str, _site: Any) -> Any:
        return coerce(value, type_)


@pytest.mark.fuzz
@given(NUMBERS)
@example(5e-324)
@example(-2.2250738585072014e-308)
@example(1.7976931348623157e308)
@example(-0.0)
def test_numerals(number: float) -> None:
    text = as_string(number, Refusing(), None)  # type: ignore[arg-type]
    assert NUMERALS.language is not None
    assert re.search(NUMERALS.language, text)
    assert NUMERALS.within(350)
    assert not NUMERALS.within(349)
    assert len(text) <= 350


@pytest.mark.fuzz
@given(st.integers(-(10**14), 3 * 10**14))
def test_times(moment: int) -> None:
    for function, precision in ((utc_seconds, "seconds"), (utc_milliseconds, "milliseconds")):
        try:
            text = function(moment)
        except (ValueError, OverflowError):
            continue
        known = time_texts(precision)
        assert known.language is not None
        assert re.search(known.language, text)
        assert known.within(24)


@pytest.mark.fuzz
@given(st.sets(st.text(max_size=5), min_size=1, max_size=20))
def test_listed(texts: set[str]) -> None:
    known = KnownStrings(frozenset(texts))
    assert known.within(5)
    assert known.within(max(map(len, texts)))


def test_origins_of_several_strings_are_those_of_all() -> None:
    one, other = Region(), Region()
    text, plain = Value("a", STRING, texts=(one,)), Value("b", STRING)
    assert common([text, Value("b", STRING, texts=(other, one))]) == (one, other)
    assert common([text, plain]) == ()
    assert common([text, Value("None", 1)]) == (one,)
    assert common([text, Value("'x'", STRING, constant="x")]) == (one, KnownStrings(frozenset({"x"})))
    assert common([]) == ()


# --- the length of texts

INPUT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": {"type": ["string", "number", "null"]},
        "other": {"type": "string"},
        "texts": {"type": "array", "items": {"type": "string"}},
        "object": {"type": "object"},
        "unread": {"type": "string"},
        "parts": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": False, "properties": {"text": {"type": "string"}}},
        },
    },
}
OUTPUT = {
    "type": "object",
    "additionalProperties": {"$ref": "#/$defs/any"},
    "$defs": {
        "any": {
            "type": ["string", "number", "array", "object"],
            "maxLength": 300,
            "items": {"$ref": "#/$defs/any"},
            "additionalProperties": {"$ref": "#/$defs/any"},
        }
    },
}
LONG, TOO_LONG = "x" * 300, "x" * 301
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("a member", {"fields": {"a": "batch.text"}}, {"text": ...}),
    ("a member as a text", {"fields": {"a": {"from": "batch.text", "type": "string"}}}, {"text": ...}),
    ("one of two", {"fields": {"a": "batch.text || batch.other"}}, {"other": ...}),
    ("one of two alternatives", {"fields": {"a": ["batch.text", "batch.other"]}}, {"other": ...}),
    ("through a let", {"let": {"b": "batch.text"}, "fields": {"a": "b"}}, {"text": ...}),
    (
        "through a let with a type",
        {"let": {"b": {"from": "batch.text", "type": "string"}}, "fields": {"a": "b"}},
        {"text": ...},
    ),
    ("a member of an object", {"fields": {"a": "batch.object.b"}}, {"object": {"b": ...}}),
    ("in any case", {"fields": {"a": "get_ignore_case(batch.object, 'B')"}}, {"object": {"b": ...}}),
    ("an element", {"fields": {"a": "batch.texts[1]"}}, {"texts": ["a", ...]}),
    ("a list", {"fields": {"a": "batch.texts"}}, {"texts": ["a", ...]}),
    ("each of a list", {"fields": {"a": {"each": "batch.texts", "as": "b", "value": "b"}}}, {"texts": [...]}),
    (
        "a member of each record",
        {"fields": {"a": {"each": "batch.parts", "as": "b", "fields": {"c": "b.text"}}}},
        {"parts": [{}, {"text": ...}]},
    ),
    (
        "each of an object",
        {"fields": {"a": {"each": "batch.object", "as": "b", "key": "n", "value": "b"}}},
        {"object": {"b": ...}},
    ),
    (
        "a spread",
        {"fields": {"c": {"const": 1}}, "spread": {"from": "batch.object", "as": "b"}},
        {"object": {"b": ...}},
    ),
    ("joined texts", {"fields": {"a": "join('', [batch.text, batch.other])"}}, {"text": "x", "other": ...}),
    ("a template", {"fields": {"a": {"template": "{{ batch.text }}"}}}, {"text": ...}),
]


def filled(value: Any, text: str) -> Any:
    """The batch with a text in the place of `...`."""
    if value is ...:
        return text
    if isinstance(value, dict):
        return {name: filled(member, text) for name, member in value.items()}
    return [filled(element, text) for element in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("rule", "batch"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_long_texts(
    tmp_path: Path,
    head: dict[str, Any],
    difference: Callable[[Result, Result], str],
    rule: dict[str, Any],
    batch: dict[str, Any],
) -> None:
    (tmp_path / "in.schema.json").write_text(json.dumps(INPUT))
    (tmp_path / "out.schema.json").write_text(json.dumps(OUTPUT))
    output = {"schema": "./out.schema.json", "request": {"method": "POST", "path": "/s"}}
    content = {"outputs": {"one": output}, "rules": [{"rule": "one", "output": "one", **rule}]}
    (tmp_path / "mapping.yaml").write_text(json.dumps({**head, **content}), "utf-8")
    loaded = load(tmp_path / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    interpreter, compiled = Interpreter(loaded.rulebook), compiler.compile(loaded.rulebook)
    compiled.prepare()
    answered = []
    for text in (LONG, TOO_LONG, "é" * 300, "\U0001f600" * 300, "a"):
        one = filled(batch, text)
        records = compiled._structs.get()
        assert records is not None
        records._left_out = 0
        given, wanted = compiled.transform_text(orjson.dumps(one)), interpreter.run(one)
        assert given is None or not difference(wanted, given)
        assert wanted.problems or text != TOO_LONG
        answered.append(given is not None)
    assert not answered[1]
    assert answered[-1]


def test_what_no_rule_reads_may_be_long(tmp_path: Path, head: dict[str, Any]) -> None:
    (tmp_path / "in.schema.json").write_text(json.dumps(INPUT))
    (tmp_path / "out.schema.json").write_text(json.dumps(OUTPUT))
    output = {"schema": "./out.schema.json", "request": {"method": "POST", "path": "/s"}}
    rule = {"rule": "one", "output": "one", "fields": {"a": "batch.text"}}
    (tmp_path / "mapping.yaml").write_text(json.dumps({**head, "outputs": {"one": output}, "rules": [rule]}), "utf-8")
    rulebook = load(tmp_path / "mapping.yaml").rulebook
    assert rulebook is not None
    compiled = compiler.compile(rulebook)
    compiled.prepare()
    assert compiled.transform_text(orjson.dumps({"text": LONG, "unread": TOO_LONG})) is not None
