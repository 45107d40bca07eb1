"""Verdicts and reasons of the standard library's evaluator, against those of the libraries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import api
from moemap.engine.compiler.judges import JudgeError, Judges
from moemap.engine.compiler.regexes import portable
from moemap.engine.regular import PatternError
from moemap.engine.schemas import SCHEMAS, Schema, Validator, load
from moemap.engine.verdicts import Verdicts

SHIPPED = sorted(path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.glob("mo*ngage/*.json"))
LOADED = {name: load(name, SCHEMAS) for name in SHIPPED}


def verdicts_of(schema: Schema) -> Verdicts:
    judges = Judges([schema])
    return Verdicts(judges.names[schema.name], judges.definitions, judges.patterns)


def schema_of(document: dict[str, Any]) -> Schema:
    return Schema("s", "file:///s", document, {"file:///s": document}, Path(), ())


@pytest.fixture(scope="module")
def bodies(shipped_mapping: Callable[..., api.Mapping]) -> list[Any]:
    """The bodies of all sample batches, short and very long ones."""
    mapping = shipped_mapping(push=True)
    found: list[Any] = [{"attributes": {"x" * 300: "x" * 6000}}, {"actions": [{"attributes": {"a": ["é"] * 500}}] * 80}]
    for path in sorted((SCHEMAS.parent / "examples").glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        for batch in content if isinstance(content, list) else [content]:
            found += [request.body for request in mapping.transform(batch).requests]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_schemas(name: str, bodies: list[Any], grammar: ModuleType) -> None:
    validator, verdicts = Validator(LOADED[name]), verdicts_of(LOADED[name])
    refused = 0
    for number in range(300):
        dice = grammar.Dice(number)
        body = grammar.damaged(dice, dice.choice(bodies)) if number % 4 else bodies[number // 4 % len(bodies)]
        expected = validator.violations(body)
        assert verdicts.violations(body) == expected, json.dumps(body)
        assert verdicts.is_valid(body) == (not expected)
        refused += bool(expected)
    assert refused > 5 or "$defs" in LOADED[name].document


NAMES = st.sampled_from(["a", "b", "ab", "propertyNames", "é"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, -0.0, 1e300, 2**63])
    | st.sampled_from(["", "a", "ab", "é", "0", "a\n", "\u2003"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PATTERNS = st.sampled_from(["^a", "b$", "[^a]", "^(?:a|b)$", r"\d", r"^\s*$", "", r"^.{1,2}$", "é", r"[\w-]$"])
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
COUNT = st.integers(0, 3)
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
    "const": JSON,
    "enum": st.lists(JSON, min_size=1, max_size=3),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), st.sampled_from([0, 1, 0.5])),
    "uniqueItems": st.booleans(),
    "pattern": PATTERNS,
    "required": st.lists(NAMES, max_size=3, unique=True),
    "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
    "description": st.just("words"),
    "$ref": st.sampled_from(["#/$defs/one", "#/$defs/a~1b"]),
}


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts: dict[str, st.SearchStrategy[Any]] = {
        **LEAVES,
        **dict.fromkeys(("not", "if", "then", "else", "items", "contains", "propertyNames"), inner),
        "additionalProperties": inner,
        "minContains": COUNT,
        "maxContains": COUNT,
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), st.lists(inner, min_size=1, max_size=3)),
        **dict.fromkeys(("properties", "dependentSchemas"), st.dictionaries(NAMES, inner, max_size=3)),
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
    }
    chosen = st.lists(st.sampled_from(sorted(parts)), max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: parts[name] for name in names}))


SIMPLE = st.booleans() | st.sampled_from([{"type": "string"}, {"type": "integer"}, {"minimum": 1}, {"pattern": "^a"}])


@given(_schemas(st.recursive(SIMPLE, _schemas, max_leaves=4)), SIMPLE, SIMPLE, st.lists(JSON, min_size=1, max_size=4))
def test_any_schema(document: dict[str, Any], one: Any, two: Any, bodies: list[Any]) -> None:
    document = {**document, "$defs": {"one": one, "a/b": two}}
    schema = schema_of(document)
    validator, verdicts = Validator(schema), verdicts_of(schema)
    for body in bodies:
        assert verdicts.is_valid(body) == validator.is_valid(body)
        assert verdicts.violations(body) == validator.violations(body)


def test_a_schema_that_refers_to_itself() -> None:
    schema = schema_of({"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": False})
    validator, verdicts = Validator(schema), verdicts_of(schema)
    bodies: list[Any] = [{"a": {"a": {}}}, {"a": {"a": {"b": 1}}}, {"a": {"a": 1}}]
    for body in bodies:
        assert verdicts.violations(body) == validator.violations(body)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            {"unevaluatedProperties": False},
            "file:///s#/unevaluatedProperties: 'unevaluatedProperties' cannot",
        ),
        ({"properties": {"a": {"$dynamicRef": "#x"}}}, "file:///s#/properties/a/$dynamicRef: '$dynamicRef' cannot be"),
        ({"items": {"$id": "other"}}, "file:///s#/items/$id: '$id' cannot be judged without the libraries"),
        ({"multipleOf": 2}, "file:///s#/multipleOf: 'multipleOf' cannot be judged without the libraries"),
        ({"pattern": r"\bx"}, r"file:///s#/pattern: the pattern '\\bx' cannot be searched for without the libraries"),
    ],
)
def test_what_is_refused(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(JudgeError) as caught:
        Judges([schema_of(document)])
    assert str(caught.value).startswith(reason)


# Patterns

TEXTS = st.text(alphabet="abAZ019_-./\\ \n\r\t\x0b\x1c\x85\xa0é\u2003\u2028\ufeff\U0001f600[]^${}|&~", max_size=6)
ATOMS = st.sampled_from(
    ["a", "b", "Z", "0", "-", "/", r"\/", r"\.", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\n", r"\u00e9",
     r"\x41", "[a-z]", "[^a]", r"[\d_-]", r"[^\s]", r"[\u2000-\u200a]", "[.$^]", r"[\]\\]", "[-a]", "[a^]", "é",
     "\U0001f600", "^", "$"]
)  # fmt: skip
QUANTIFIERS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??", "{1,2}?"])


def _groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(st.sampled_from(["(", "(?:"]), inner, QUANTIFIERS).map(lambda p: f"{p[0]}{p[1]}){p[2]}")
        | st.tuples(inner, inner).map("|".join)
        | st.lists(inner, max_size=3).map("".join)
    )


def _repeated(pair: tuple[str, str]) -> str:
    # In a group, because jsonschema-rs 0.60 finds `0+a?0+` in "0".
    return f"({''.join(pair)})" if pair[1] in ("*", "+", "{1,}") else "".join(pair)


@given(st.recursive(st.tuples(ATOMS, QUANTIFIERS).map(_repeated), _groups, max_leaves=6), st.lists(TEXTS, min_size=1))
def test_patterns_find_the_same(pattern: str, texts: list[str]) -> None:
    try:
        ours = re.compile(portable(pattern))
    except (PatternError, re.error):
        return
    try:
        theirs = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
    except jsonschema_rs.ValidationError:
        return
    for text in texts:
        assert (ours.search(text) is not None) == theirs(text), text


@pytest.mark.parametrize("name", SHIPPED)
def test_the_patterns_of_shipped_schemas(name: str) -> None:
    judges = Judges([LOADED[name]])
    alphabet = [*"aAgGuU019 \n\r\x0b\x1f\x85\xa0é$.%#moe_-Z:T+", "\u2003", "\ufeff"]
    random = Random(1)
    for pattern, text in judges.patterns.items():
        ours, theirs = re.compile(text).search, jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid
        for length in range(200):
            sample = "".join(random.choices(alphabet, k=length % 9))
            assert (ours(sample) is not None) == theirs(sample)


@pytest.mark.parametrize(
    "pattern",
    [r"\b", r"\1", "(?=a)", "(?<n>a)", "(?i)a", r"\p{L}", "[[a]", "[a&&b]", "[a-\\d]", "[]", "[^]", "a)", "(a", "[a",
     "*", "{1}", "a{x}", "(a+)+", "(a|aa)*", "(a?){20}", "(?:a*b?){2,}", r"\ud800", r"\c", "\\"],
)  # fmt: skip
def test_patterns_that_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        portable(pattern)
