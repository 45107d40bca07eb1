"""Our own bounds of depth are found before those of the libraries that read a text, whatever their releases say."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import moemap
from moemap.engine import expressions, schemas, templates
from moemap.engine.golden import files as goldenfile
from moemap.engine.runtime.embedded import written_results
from moemap.engine.values.payload import MAX_INPUT_DEPTH, is_deep

DEEP = "it is nested more than 100 levels deep"
DEPTHS = [MAX_INPUT_DEPTH + 1, 500, 1023, 1024, 1025, 100_000]
NESTED = [("[", "]"), ('{"a":', "}"), ('[{"]}":', "}]"), ("[[],{},", "]"), ("[", "")]
"""Brackets around a level: of a list, an object, with brackets in a string, with closed ones before, never closed."""


def nested(level: tuple[str, str], depth: int) -> str:
    before, after = level
    return before * depth + "1" + after * depth


@pytest.fixture(scope="module")
def mappings(shipped_mapping: Callable[..., moemap.Mapping]) -> list[moemap.Mapping]:
    """The mapping, once without and once with the reader of batches as structs."""
    prepared = moemap.load("mparticle-moengage")
    prepared.prepare()
    return [shipped_mapping(), prepared]


@pytest.mark.slow
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("level", NESTED, ids=str)
def test_a_batch_that_is_too_deep_is_told_so_by_every_reader_of_text(
    level: tuple[str, str], depth: int, mappings: list[moemap.Mapping]
) -> None:
    for text in (nested(level, depth), f'{{"user_attributes": {{"plan": {nested(level, depth)}}}}}'):
        found = [mapping.transform_json(text).to_json()["problems"] for mapping in mappings]
        standalone = io.StringIO()
        assert written_results([text.encode()], standalone, lambda batch: mappings[0].transform(batch).to_json()) == 1
        found.append(json.loads(standalone.getvalue())["problems"])
        for problems in found:
            (problem,) = problems
            assert (problem["code"], problem["message"]) == ("M503", f"the record is refused: {DEEP}")


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_schema_that_is_too_deep_is_told_so(depth: int, tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text(nested(('{"not":', "}"), depth), "utf-8")
    with pytest.raises(schemas.SchemaError) as raised:
        schemas.load("./deep.json", tmp_path)
    assert str(raised.value) == f"cannot be used: {DEEP}"


def test_an_input_file_that_is_too_deep_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text(nested(("[", "]"), 100_000), "utf-8")
    (tmp_path / "tests.yaml").write_text(
        "mapping: mparticle-moengage\ntests: [{test: a, input_file: deep.json, expect: {}}]", "utf-8"
    )
    problems = goldenfile.load(tmp_path / "tests.yaml", "tests.yaml")[1]
    assert [problem.message for problem in problems if "deep.json" in problem.message] == [
        f"the input file 'deep.json' cannot be used: {DEEP}"
    ]


EXPRESSIONS = [
    ("(", "a", ")"),
    ("[", "a", "]"),
    ("{a: ", "a", "}"),
    ("!", "a", ""),
    ("length(", "a", ")"),
    ("a[?", "b", "]"),
]


@pytest.mark.parametrize("depth", [51, 500, 1_000, 1_240])
@pytest.mark.parametrize(("before", "inside", "after"), EXPRESSIONS)
def test_an_expression_that_is_too_deep_is_told_so(before: str, inside: str, after: str, depth: int) -> None:
    with pytest.raises(expressions.ExpressionError) as raised:
        expressions.parse(before * depth + inside + after * depth)
    assert raised.value.data == {"reason": "is nested more than 50 levels deep"}


TEMPLATES = [
    ("{{ " + "(" * 400, ")" * 400 + " }}"),
    ("{{ " + "(" * 4_000, ")" * 4_000 + " }}"),
    ("{{ " + "not " * 2_000, " }}"),
]


@pytest.mark.parametrize(("before", "after"), TEMPLATES)
def test_a_template_that_is_too_deep_is_told_so(before: str, after: str) -> None:
    with pytest.raises(templates.TemplateError) as raised:
        templates.compile(f"{before}a{after}")
    assert str(raised.value) == "it is nested more than 50 levels deep"


@pytest.mark.fuzz
@pytest.mark.slow
@given(
    st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), st.data()
)
def test_depth_is_counted_in_the_text(value: object, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert not is_deep(text)
    free = MAX_INPUT_DEPTH - depth_of(value)
    assert not is_deep("[" * free + text + "]" * free)
    assert is_deep("[" * (free + 1) + text)
    assert not is_deep(text[: data.draw(st.integers(0, len(text)))])


def depth_of(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, dict | list) + max(map(depth_of, inner), default=0)
