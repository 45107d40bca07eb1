"""JSON Schemas: which are refused is in cases/files.yaml; here what they say of bodies."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.schemas.schema import SCHEMAS, Schema, SchemaError, Validator, load, schema_of
from moemap.engine.schemas.violations import MAX_VIOLATIONS
from moemap.engine.values import equality
from moemap.engine.values.equality import equal
from moemap.tests.schema_oracle import accepts


def schema(document: Any, folder: Path, **files: Any) -> Schema:
    for name, content in {"main": document, **files}.items():
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return load("./main.json", folder)


DESCRIBED = {"not": {"pattern": "^_"}, "description": "names that begin with _ are reserved"}


@pytest.mark.parametrize(
    ("document", "body", "violations"),
    [
        ({"type": "object"}, [], [("", "must be object, not list")]),
        ({"type": ["string", "null"]}, 5, [("", "must be string or null, not integer")]),
        ({"properties": {"a": {"type": "integer"}}}, {"a": 1.5}, [("/a", "must be integer, not double")]),
        ({"properties": {"a": {"const": 1}}}, {"a": True}, [("/a", "must be 1, not true")]),
        ({"properties": {"a": {"enum": ["x", 1]}}}, {"a": "y"}, [("/a", '"y" is not one of ["x", 1]')]),
        (
            {"properties": {"a/b": {"minLength": 2}}},
            {"a/b": "x"},
            [("/a~1b", "has 1 character, at least 2 are needed")],
        ),
        ({"maxLength": 2}, "\U0001f600é\n", [("", "has 3 characters, at most 2 are allowed")]),
        ({"pattern": "^a"}, "b", [("", '"b" does not match the pattern ^a')]),
        ({"minimum": 1}, 0, [("", "0 is less than 1")]),
        ({"maximum": 1}, 2, [("", "2 is more than 1")]),
        ({"exclusiveMinimum": 1}, 1, [("", "1 is not more than 1")]),
        ({"exclusiveMaximum": 1}, 1.0, [("", "1.0 is not less than 1")]),
        ({"multipleOf": 0.1}, 0.35, [("", "0.35 is not a multiple of 0.1")]),
        ({"multipleOf": 1e30}, 1.5e30, [("", "1.5e+30 is not a multiple of 1e+30")]),
        ({"maximum": 1e23}, 2e23, [("", "2e+23 is more than 1e+23")]),
        ({"minItems": 1}, [], [("", "has 0 elements, at least 1 is needed")]),
        ({"items": {"maxItems": 1}}, [[], [1, 2]], [("/1", "has 2 elements, at most 1 is allowed")]),
        ({"minProperties": 1}, {}, [("", "has 0 members, at least 1 is needed")]),
        ({"maxProperties": 0}, {"a": 1}, [("", "has 1 member, at most 0 are allowed")]),
        ({"uniqueItems": True}, [1, 1], [("", "[1, 1] has equal elements")]),
        ({"contains": {"const": 1}}, [2], [("", "[2] has no element of the kind that it must contain")]),
        (
            {"contains": {"const": 1}, "minContains": 2},
            [1],
            [("", "has 1 matching element, at least 2 are needed")],
        ),
        (
            {"contains": {"const": 1}, "maxContains": 1},
            [1, 1],
            [("", "has 2 matching elements, at most 1 is allowed")],
        ),
        ({"prefixItems": [{}], "items": False}, [1, 2], [("", "has 2 elements, at most 1 is allowed")]),
        ({"unevaluatedItems": False}, [1], [("/0", "no element is allowed here")]),
        ({"unevaluatedProperties": False}, {"a": 1}, [("/a", "'a' is not allowed")]),
        ({"dependentRequired": {"a": ["b", "c"]}}, {"a": 1}, [("", "'b', 'c' are missing, which 'a' needs")]),
        ({"oneOf": [{}, {"minimum": 1}]}, 1, [("", "1 fits 2 of 2 alternatives, not one alone")]),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, 3, [("", "3 is not one of [1, 2]")]),
        ({"oneOf": [{"const": 1}, {"type": "string"}]}, 3, [("", "3 fits none of 2 alternatives")]),
        ({"properties": {"a": False}}, {"a": 1}, [("/a", "1 is not allowed")]),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"format": "date"}}},
            {"a": "1.1.2026"},
            [("/a", '"1.1.2026" does not have the format date')],
        ),
        ({"required": ["a", "b"]}, {"a": 1}, [("", "'b' is missing")]),
        ({"required": ["a", "b"]}, {}, [("", "'a', 'b' are missing")]),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1, "b": 2}, [("/b", "'b' is not allowed")]),
        ({"properties": {"a": {"not": {}}}}, {"a": 1}, [("/a", "1 is not allowed")]),
        (False, {}, [("", "{} is not allowed")]),
        (DESCRIBED, "_x", [("", '"_x" is not allowed (names that begin with _ are reserved)')]),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, [("/ab", "the name has 2 characters, at most 1 is allowed")]),
        ({"anyOf": [{"type": "string"}, {"items": {"minimum": 5}}]}, [9, 1], [("/1", "1 is less than 5")]),
        ({"anyOf": [{"type": "string"}, {"minimum": 5}]}, 1, [("", "1 fits none of 2 alternatives")]),
        (
            {"properties": {"b": {"type": "string"}, "a": {"type": "string"}}},
            {"b": 1, "a": 2},
            [("/a", "must be string, not integer"), ("/b", "must be string, not integer")],
        ),
        ({"$ref": "other.json#/$defs/x"}, "y", [("", "must be integer, not string")]),
    ],
)
def test_words(document: Any, body: Any, violations: list[tuple[str, str]], tmp_path: Path) -> None:
    document = document if isinstance(document, dict) else {"allOf": [document]}
    other = {"$defs": {"x": {"type": "integer"}}}
    found = Validator(schema(document, tmp_path, other=other)).violations(body)
    assert [(violation.pointer, violation.reason) for violation in found] == violations


def test_more_than_twenty_violations_are_counted(tmp_path: Path) -> None:
    validator = Validator(schema({"items": {"type": "string"}}, tmp_path))
    found = validator.violations([1] * 100)
    assert (len(found), found.more) == (MAX_VIOLATIONS, 100 - MAX_VIOLATIONS)
    assert not validator.violations(["x"])
    assert validator.violations([1] * MAX_VIOLATIONS).more == 0


def test_references_lead_through_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.json").write_text(json.dumps({"$ref": "../a.json#/$defs/text"}), "utf-8")
    loaded = schema({"properties": {"x": {"$ref": "deep/b.json"}}}, tmp_path, a={"$defs": {"text": {"type": "string"}}})
    assert len(loaded.resources) == 3
    assert Validator(loaded).is_valid({"x": "y"})
    assert [violation.pointer for violation in Validator(loaded).violations({"x": 1})] == ["/x"]


def test_a_schema_is_read_again_after_any_of_its_files_changed(tmp_path: Path) -> None:
    first = schema({"$ref": "part.json"}, tmp_path, part={"type": "string"})
    assert load("./main.json", tmp_path) is first
    second = schema({"$ref": "part.json"}, tmp_path, part={"type": "number"})
    assert (first.validator.is_valid("x"), second.validator.is_valid("x")) == (True, False)
    (tmp_path / "part.json").unlink()
    with pytest.raises(SchemaError, match="does not exist"):
        load("./main.json", tmp_path)


def test_a_schema_that_refers_to_itself(tmp_path: Path) -> None:
    validator = Validator(schema({"type": "object", "additionalProperties": {"$ref": "#"}}, tmp_path))
    assert validator.is_valid({"a": {"b": {}}})
    assert [violation.pointer for violation in validator.violations({"a": {"b": 1}})] == ["/a/b"]


@pytest.mark.parametrize("levels", [1, 24, 25, 26, 90, 99])
def test_what_a_definition_says_of_a_value_is_found_once(levels: int) -> None:
    again = [{"type": "object", "required": ["c"], "properties": {"c": {"$ref": "#"}}} for _ in range(2)]
    validator = Validator(
        schema_of({"anyOf": [*again, {"const": 1}, {"not": {"$ref": "#/$defs/any"}}], "$defs": {"any": {}}})
    )
    for leaf, is_valid in ((1, True), (2, False)):
        value: Any = leaf
        for _ in range(levels):
            value = {"c": value}
        assert validator.is_valid(value) is is_valid
        assert bool(validator.violations(value)) is not is_valid


def test_a_schema_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="has more than 5000000 bytes"):
        schema({"description": "x" * 5_000_000}, tmp_path)


def test_a_schema_that_is_nested_too_deeply(tmp_path: Path) -> None:
    document: Any = {}
    for _ in range(200):
        document = {"not": document}
    with pytest.raises(SchemaError, match="it is nested more than 100 levels deep"):
        schema(document, tmp_path)


NAMES = sorted(path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.glob("mo*ge/*.json"))

WORDS = st.sampled_from(
    [
        "type",
        "customer_id",
        "device_id",
        "actions",
        "action",
        "attributes",
        "platform",
        "name",
        "elements",
        "email",
        "x",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.floats(-1, 3) | st.text("a1_", max_size=3)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4))


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=settings().max_examples // 2)
@given(
    body=st.dictionaries(WORDS, JSON, max_size=5), kind=st.sampled_from(["customer", "event", "device", "transition"])
)
def test_shipped_schemas_mean_what_they_mean_to_the_library(name: str, body: dict[str, Any], kind: str) -> None:
    validator = VALIDATORS[name]
    for candidate in (body, {**body, "type": kind, "customer_id": "1"}):
        assert validator.is_valid(candidate) is ORACLES[name].is_valid(candidate)
        assert bool(validator.violations(candidate)) is not validator.is_valid(candidate)


VALIDATORS = {name: Validator(load(name, SCHEMAS)) for name in NAMES}
ORACLES = {name: accepts(load(name, SCHEMAS)) for name in NAMES}


def test_no_pattern_of_a_schema_makes_it_search_for_hours(tmp_path: Path) -> None:
    slow = "^(a+)+$"
    schema = {
        "properties": {"a": {"pattern": slow}},
        "patternProperties": {slow: {"type": "string"}},
        "additionalProperties": False,
    }
    (tmp_path / "slow.schema.json").write_text(json.dumps(schema))
    validator = Validator(load("./slow.schema.json", tmp_path))
    text = "a" * 60 + "b"
    assert [(one.pointer, one.keyword) for one in validator.violations({"a": text, text: 1, "aa": 2})] == [
        ("/a", "pattern"),
        ("/aa", "type"),
        (f"/{text}", "additionalProperties"),
    ]


OLD = "http://json-schema.org/draft-0{}/schema#"
YEAR = "https://json-schema.org/draft/{}/schema"


@pytest.mark.parametrize(
    ("document", "valid", "invalid"),
    [
        ({"$schema": OLD.format(4), "minimum": 3, "exclusiveMinimum": True}, [4], [3, 2]),
        ({"$schema": OLD.format(4), "exclusiveMinimum": True, "minimum": 3}, [4], [3]),
        ({"$schema": OLD.format(4), "minimum": 3, "exclusiveMinimum": False}, [3], [2]),
        ({"$schema": OLD.format(4), "const": 1}, [2], []),
        ({"$schema": OLD.format(6), "if": {}, "then": False}, [1], []),
        ({"$schema": OLD.format(7), "items": [{"type": "string"}], "additionalItems": False}, [["a"], []], [["a", 1]]),
        ({"$schema": OLD.format(7), "items": {"type": "string"}, "additionalItems": False}, [["a", "b"]], [[1]]),
        ({"$schema": OLD.format(7), "prefixItems": [False], "dependentRequired": {"a": ["b"]}}, [[1], {"a": 1}], []),
        (
            {"$schema": OLD.format(7), "dependencies": {"a": ["b"], "c": {"minProperties": 2}}},
            [{"a": 1, "b": 1}, {}],
            [{"a": 1}, {"c": 1}],
        ),
        ({"dependencies": {"a": ["b"]}, "additionalItems": False, "items": {}}, [{"b": 1}, [1]], [{"a": 1}]),
        ({"$schema": YEAR.format("2019-09"), "items": [{"type": "string"}], "additionalItems": False}, [["a"]], [[1]]),
        (
            {
                "$schema": OLD.format(7),
                "definitions": {"a": {"type": "string"}},
                "$ref": "#/definitions/a",
                "maxLength": 1,
            },
            ["abc"],
            [1],
        ),
        ({"$defs": {"a": {"$anchor": "it", "type": "integer"}}, "$ref": "#it"}, [1], ["x"]),
        (
            {"$schema": OLD.format(7), "definitions": {"a": {"$id": "#it", "type": "string"}}, "not": {"$ref": "#it"}},
            [1],
            ["x"],
        ),
        (
            {
                "$id": "https://a.example/x/y",
                "$defs": {"b": {"$id": "z", "$defs": {"c": {"const": 1}}, "$ref": "#/$defs/c"}},
                "$ref": "z",
            },
            [1],
            [2],
        ),
        (
            {"$id": "https://a.example/x", "properties": {"a": {"$ref": "https://a.example/x"}}, "type": "object"},
            [{}],
            [{"a": 1}],
        ),
        ({"$dynamicRef": "#it", "$defs": {"x": {"$dynamicAnchor": "it", "type": "integer"}}}, [1], ["x"]),
        (
            {
                "$schema": YEAR.format("2019-09"),
                "$recursiveAnchor": True,
                "type": "object",
                "additionalProperties": {"$recursiveRef": "#"},
            },
            [{"a": {"b": {}}}],
            [{"a": {"b": 1}}],
        ),
        ({"x-own": {"deep": [{"type": "integer"}]}, "$ref": "#/x-own/deep/0"}, [1], ["x"]),
        ({"properties": {"a%b/c~d": {"const": 1}, "z": {"$ref": "#/properties/a%25b~1c~0d"}}}, [{"z": 1}], [{"z": 2}]),
        ({"const": {"$ref": "nothing", "pattern": "("}}, [{"$ref": "nothing", "pattern": "("}], [{}]),
        (
            {"enum": [{"$ref": "nothing"}], "examples": [{"$ref": "x"}], "default": {"$ref": "y"}},
            [{"$ref": "nothing"}],
            [1],
        ),
        ({"properties": {"$ref": {"type": "string"}}}, [{"$ref": "x"}], [{"$ref": 1}]),
        ({"format": "date"}, ["x"], []),
        ({"$schema": OLD.format(7), "contentEncoding": "base64", "format": "unheard-of"}, ["?"], []),
        ({"maxLength": 2**63, "maxItems": 10**30, "minProperties": 2.0}, ["x", [1], {"a": 1, "b": 2}], [{"a": 1}]),
        ({"multipleOf": 0.1}, [0.3, 1.1, 7, 1e308], [0.35]),
        ({"multipleOf": 2**64}, [0, 2**65], [2**63]),
        ({"multipleOf": 1e23}, [1e23, 3e23, 0, 10**23], [1e22, 99999999999999991611392]),
        ({"multipleOf": 2.0}, [4, 1e23], [3]),
        ({"maximum": 1e23, "minLength": 1e23}, [1e23, 5], [2e23, "x"]),
        ({"multipleOf": 1e-300}, [1e300, 3], []),
        ({"minimum": 2**63 + 1}, [2**63 + 1, 1e19], [2**63, 9.3e17]),
        (
            {"uniqueItems": True},
            [[1, True], [0, False], ["1", 1], [[1], [True]]],
            [[1, 1.0], [0.0, -0.0], [{"a": 1}, {"a": 1.0}]],
        ),
        ({"const": 1}, [1, 1.0], [True, "1"]),
        ({"const": [1, {"a": 0}]}, [[1.0, {"a": -0.0}]], [[True, {"a": 0}], [1, {"a": False}]]),
        ({"type": "integer"}, [1, 1.0, 1e300, -0.0, 2**80], [1.5, True, "1"]),
        ({"maxLength": 2}, ["\U0001f600\U0001f600", "e\u0301"], ["abc"]),
        ({"minContains": 0, "contains": False}, [[], [1]], []),
        ({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False}, [{"a": 1}], [{"b": 1}]),
        (
            {
                "if": {"properties": {"a": {"const": 1}}},
                "then": {"properties": {"b": {}}},
                "unevaluatedProperties": False,
            },
            [{"a": 1, "b": 2}],
            [{"a": 2, "b": 2}],
        ),
        ({"prefixItems": [{}], "contains": {"type": "string"}, "unevaluatedItems": False}, [[1, "x"]], [[1, "x", 2]]),
    ],
)
def test_bodies_are_valid_as_each_keyword_means(document: Any, valid: list[Any], invalid: list[Any]) -> None:
    validator = Validator(schema_of(document))
    assert [body for body in valid if not validator.is_valid(body)] == []
    assert [body for body in invalid if validator.is_valid(body)] == []
    assert all(validator.violations(body) for body in invalid)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"type": "text"}, 'is not a JSON Schema: "text" is not a type (at /type)'),
        ({"properties": {"a": 5}}, "is not a JSON Schema: an integer is not a schema (at /properties/a)"),
        ({"properties": []}, "is not a JSON Schema: [] is not an object (at /properties)"),
        ({"maxLength": -1}, "is not a JSON Schema: -1 is not a count (at /maxLength)"),
        ({"maxLength": 1.5}, "is not a JSON Schema: 1.5 is not a count (at /maxLength)"),
        ({"maxLength": True}, "is not a JSON Schema: true is not a count (at /maxLength)"),
        ({"type": ["string", ["null"]]}, 'is not a JSON Schema: ["null"] is not a type (at /type)'),
        ({"items": {"type": [{}]}}, "is not a JSON Schema: {} is not a type (at /items/type)"),
        ({"format": ["date"]}, 'is not a JSON Schema: ["date"] is not a string (at /format)'),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "format": {}},
            "is not a JSON Schema: {} is not a string (at /format)",
        ),
        ({"multipleOf": 0}, "is not a JSON Schema: 0 is not a number above 0 (at /multipleOf)"),
        ({"required": "a"}, 'is not a JSON Schema: "a" is not a list of names (at /required)'),
        ({"anyOf": []}, "is not a JSON Schema: [] is not a list of schemas (at /anyOf)"),
        ({"items": [{}]}, "is not a JSON Schema: a list is not a schema (at /items)"),
        ({"exclusiveMinimum": True}, "is not a JSON Schema: true is not a number (at /exclusiveMinimum)"),
        ({"dependentRequired": {"a": 1}}, "is not a JSON Schema: 1 is not a list of names (at /dependentRequired)"),
        ({"pattern": "("}, "has the pattern '(', which cannot be used: a group is not closed (at /pattern)"),
        (
            {"pattern": r"(a)\1"},
            "has the pattern '(a)\\\\1', which cannot be used: a reference to a group (at /pattern)",
        ),
        ({"$ref": "http://[::1"}, "is not a JSON Schema: 'http://[::1' is not a URI (Invalid IPv6 URL)"),
        ({"$id": "http://[::1", "$ref": "#"}, "is not a JSON Schema: 'http://[::1' is not a URI (Invalid IPv6 URL)"),
        ({"$id": "http://[::1#/a"}, "is not a JSON Schema: 'http://[::1#/a' is not a URI (Invalid IPv6 URL)"),
        ({"$ref": "#/$defs/a"}, "refers to '#/$defs/a', which does not exist"),
        ({"items": {"$ref": "#a"}}, "refers to '#a', which does not exist (at /items)"),
        ({"$ref": "#"}, "refers to itself for the same value without end, at #"),
        (
            {"$schema": "http://json-schema.org/draft-03/schema#"},
            'is not a JSON Schema: "http://json-schema.org/draft-03/schema#" is not a dialect that is known here '
            "(draft-04, draft-06, draft-07, 2019-09, 2020-12) (at /$schema)",
        ),
        (
            {
                "$defs": {name: {"$id": name, "$defs": {"x": {"$dynamicAnchor": "it"}}} for name in "ab"},
                "allOf": [{"$ref": "a#it"}, {"$id": "b", "$dynamicRef": "#it"}],
            },
            "is not a JSON Schema: '#it' leads to one of 2 places, which depends on the way there (at /allOf/1)",
        ),
    ],
)
def test_what_is_refused(document: Any, reason: str) -> None:
    with pytest.raises(SchemaError) as caught:
        schema_of(document)
    assert caught.value.reason == reason


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 500, str(2**64), str(-(2**63) - 1)])
def test_numbers_that_are_refused(number: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"minimum": {number}}}')
    with pytest.raises(SchemaError, match="cannot be used: "):
        load("./a.json", tmp_path)


def pairs(keyword: str, levels: int) -> dict[str, Any]:
    """A schema of pairs that refer on: 2^levels ways to the last one."""
    parts = {f"a{level}": {keyword: [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{levels}": {"type": "string"}}}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_pairs_that_refer_on(keyword: str) -> None:
    with pytest.raises(SchemaError, match="says something of one value in more than 10000 ways, at #/"):
        schema_of(pairs(keyword, 40))
    found = Validator(schema_of(pairs(keyword, 10))).violations(1)
    assert len(found) == 1


def test_pairs_that_refer_on_one_level_deeper_in_the_value_each(tmp_path: Path) -> None:
    levels = 60
    parts = {
        f"a{level}": {"properties": {"x": {"allOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2}}}
        for level in range(levels)
    }
    document = {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{levels}": {"type": "string"}}}
    body: Any = 1
    for _ in range(levels):
        body = {"x": body}
    (violation,) = Validator(schema_of(document)).violations(body)
    assert violation.pointer == "/x" * levels


@pytest.mark.slow
def test_a_long_chain_of_files(tmp_path: Path) -> None:
    for number in range(1200):
        content = {"properties": {"a": {"$ref": f"{number + 1}.json"}}} if number < 1199 else {}
        (tmp_path / f"{number}.json").write_text(json.dumps(content))
    with pytest.raises(SchemaError, match="refers to more than 500 files"):
        load("./0.json", tmp_path)
    assert len(load("./900.json", tmp_path).resources) == 300


def test_a_chain_for_one_value(tmp_path: Path) -> None:
    parts = {f"a{number}": {"$ref": f"#/$defs/a{number + 1}"} for number in range(300)}
    with pytest.raises(SchemaError, match="refers on more than 100 times for one value"):
        schema_of({"$ref": "#/$defs/a0", "$defs": {**parts, "a300": {}}})


def test_places_in_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r'is not a JSON Schema: "x" is not a type \(at /type of other.json\)'):
        schema({"$ref": "other.json"}, tmp_path, other={"type": "x"})


def test_a_body_of_any_depth_is_judged() -> None:
    validator = Validator(schema_of({"additionalProperties": {"$ref": "#"}, "type": "object"}))
    body: Any = 1
    for _ in range(4_000):
        body = {"a": body}
    assert not validator.is_valid(body)


def test_threads_change_nothing_of_the_process() -> None:
    limit = sys.getrecursionlimit()
    validator = Validator(schema_of({"additionalProperties": {"$ref": "#"}, "type": "object"}))
    body: Any = 1
    for _ in range(100):
        body = {"a": body}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(validator.violations, [body] * 200))
    assert {one.pointer for violations in found for one in violations} == {"/a" * 100}
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("keyword", ["enum", "anyOf", "oneOf"])
@pytest.mark.parametrize("listed", [lambda number: {"k": number}, lambda number: [[number], "x"], float])
def test_a_value_is_looked_up_among_many(
    listed: Callable[[int], Any], keyword: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [listed(number) for number in range(1_000)]
    parts = values if keyword == "enum" else [*({"const": value, "title": "x"} for value in values), {"const": "y"}]
    validator = schema({keyword: parts}, tmp_path).validator
    compared: list[Any] = []

    def counted(one: Any, other: Any) -> bool:
        compared.append(one)
        return equal(one, other)

    monkeypatch.setattr(equality, "equal", counted)
    assert [number for number in range(990, 1_010) if validator.is_valid(listed(number))] == list(range(990, 1_000))
    assert len(compared) <= 20
    assert list(validator.violations(listed(1_001)))


def test_many_alternatives_with_values_and_others(tmp_path: Path) -> None:
    parts = [*({"const": number} for number in range(20)), {"const": 3, "minimum": 0}, {"const": 4.0}, {"const": True}]
    any_of = schema({"anyOf": [*parts, {"type": "string"}, True]}, tmp_path).validator
    one_of = schema({"oneOf": [*parts, {"type": "string"}, False]}, tmp_path).validator
    values = [0, 2, 3, 4, 1.0, True, False, "x", 20]
    assert [any_of.is_valid(value) for value in values] == [True] * 9
    assert [one_of.is_valid(value) for value in values] == [True, True, False, False, True, True, False, True, False]
