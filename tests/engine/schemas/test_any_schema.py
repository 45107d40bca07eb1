"""Validation gives the results of the reference implementation, also in a standalone module and from a cache."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import api
from moemap.engine.compiler.standalone.schemas import EmbeddedSchemas
from moemap.engine.patterns.emptiness import machine_of
from moemap.engine.patterns.parser import PatternError, read
from moemap.engine.patterns.searching import found_in, python_text
from moemap.engine.schemas.definitions import Definitions
from moemap.engine.schemas.formats import FORMATS_OF_TEXT
from moemap.engine.schemas.schema import SCHEMAS, Schema, Validator, definitions_of, load, schema_of
from moemap.engine.schemas.validation import SchemaEvaluator
from moemap.engine.types.types import StringType, matches
from moemap.tests.engine.damage import damaged
from moemap.tests.schema_oracle import accepts

SHIPPED = sorted(path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.glob("mo*ngage/*.json"))
LOADED = {name: load(name, SCHEMAS) for name in SHIPPED}


def evaluator_of(schema: Schema) -> SchemaEvaluator:
    embedded = EmbeddedSchemas([schema])
    return SchemaEvaluator(embedded.names[schema.name], embedded.definitions, embedded.patterns, FORMATS_OF_TEXT)


@pytest.fixture(scope="module")
def bodies(shipped_mapping: Callable[..., api.Mapping]) -> list[Any]:
    """The bodies of all sample batches, short and very long ones."""
    mapping = shipped_mapping(push=True)
    found: list[Any] = [{"attributes": {"x" * 300: "x" * 6000}}, {"actions": [{"attributes": {"a": ["é"] * 100}}] * 30}]
    for path in sorted((SCHEMAS.parent / "examples").glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        for batch in content if isinstance(content, list) else [content]:
            found += [request.body for request in mapping.transform(batch).requests]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_schemas(name: str, bodies: list[Any], grammar: ModuleType) -> None:
    validator, evaluator, oracle = Validator(LOADED[name]), evaluator_of(LOADED[name]), accepts(LOADED[name])
    refused = 0
    for number in range(150):
        dice = grammar.Dice(number)
        body = damaged(dice, dice.choice(bodies)) if number % 4 else bodies[number // 4 % len(bodies)]
        expected = validator.violations(body)
        assert evaluator.violations(body) == expected, json.dumps(body)
        assert evaluator.is_valid(body) == (not expected) == oracle.is_valid(body)
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
    "multipleOf": st.sampled_from([1, 2, 0.5, 0.1]),
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
        **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "unevaluatedItems"), inner),
        "minContains": COUNT,
        "maxContains": COUNT,
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), st.lists(inner, min_size=1, max_size=3)),
        **dict.fromkeys(("properties", "dependentSchemas"), st.dictionaries(NAMES, inner, max_size=3)),
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
    }
    chosen = st.lists(st.sampled_from(sorted(parts)), max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: parts[name] for name in names}))


SIMPLE = st.booleans() | st.sampled_from([{"type": "string"}, {"type": "integer"}, {"minimum": 1}, {"pattern": "^a"}])


@pytest.mark.slow
@pytest.mark.fuzz
@given(_schemas(st.recursive(SIMPLE, _schemas, max_leaves=4)), SIMPLE, SIMPLE, st.lists(JSON, min_size=1, max_size=4))
def test_any_schema(document: dict[str, Any], one: Any, two: Any, bodies: list[Any]) -> None:
    document = {**document, "$defs": {"one": one, "a/b": two}}
    schema = schema_of(document)
    validator, oracle = Validator(schema), accepts(schema)
    others = [evaluator_of(schema), Definitions.of_text(definitions_of(schema).to_text()).evaluator()]
    for body in bodies:
        wanted = validator.violations(body)
        assert validator.is_valid(body) == (not wanted) == oracle.is_valid(body)
        for evaluator in others:
            assert (evaluator.is_valid(body), evaluator.violations(body)) == (not wanted, wanted)


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


@pytest.mark.fuzz
@given(st.recursive(st.tuples(ATOMS, QUANTIFIERS).map("".join), _groups, max_leaves=6), st.lists(TEXTS, min_size=1))
def test_python_and_the_automaton_find_the_same(pattern: str, texts: list[str]) -> None:
    try:
        part = read(pattern)
        search, automaton = re.compile(python_text(part)).search, machine_of(part)
    except PatternError:
        return
    for text in texts:
        assert (search(text) is not None) == automaton.is_found(text) == found_in(pattern)(text), text


MEANING: list[tuple[str, list[str], list[str]]] = [
    (".", ["a", "\x85", "\x0b", "\U0001f600"], ["", "\n", "\r", "\u2028", "\u2029"]),
    (r"^\d$", ["7"], ["\u0663", "x"]),
    (r"^\w$", ["a", "_", "0"], ["\xe9", "-"]),
    (r"^\s$", [" ", "\xa0", "\ufeff", "\u2028", "\n"], ["\x1c", "\x85", "\u200b"]),
    (r"^\S$", ["\x1c", "\x85"], ["\xa0", " "]),
    ("a$", ["a", "ba"], ["a\n"]),
    ("^a", ["ab"], ["\na", "ba"]),
    ("^.$", ["\U0001f600"], ["ab"]),
    (r"^\u{1f600}$", ["\U0001f600"], ["u"]),
    (r"^\ud83d\ude00$", ["\U0001f600"], ["\ud83d"]),
    (r"^\p{L}+$", ["\xe9\u0416"], ["1", ""]),
    (r"^\p{Lu}\P{Lu}$", ["A1"], ["AB"]),
    (r"^[\p{Nd}_]$", ["\u0663", "_"], ["a"]),
    (r"^\p{General_Category=Decimal_Number}$", ["1"], ["a"]),
    (r"^\p{ASCII}$", ["a"], ["\xe9"]),
    (r"^\p{White_Space}$", ["\x85", " "], ["\ufeff"]),
    (r"\bab\b", ["x ab-y", "ab"], ["xab", "abx"]),
    (r"a\Bb", ["ab"], ["a b"]),
    (r"^[\b]$", ["\x08"], ["b"]),
    ("^(?=.*[A-Z])(?=.*[0-9]).+$", ["aB1"], ["ab1", "AB"]),
    ("^(?!moe_)", ["x"], ["moe_x"]),
    ("(?<=a)b", ["ab"], ["b", "cb"]),
    ("(?<!a)b", ["b", "cb"], ["ab"]),
    ("^(?<year>[0-9]{4})$", ["2026"], ["x"]),
    ("[[a]", ["[", "a"], ["b"]),
    ("^[a&&b]$", ["&", "a", "b"], ["c"]),
    ("[]", [], ["", "a"]),
    ("^[^]$", ["\n", "a"], [""]),
    (r"^\cJ\0\x41$", ["\n\0A"], [""]),
    (r"^\/\-\@$", ["/-@"], []),
    ("^}]$", ["}]"], []),
    ("a{0}", ["", "b"], []),
    ("^(a+)+$", ["a" * 5000], ["a" * 5000 + "b"]),
    (r"^\S+@\S+\.\S+$", ["a@b.c"], ["@" * 20_000 + " "]),
    (r"\s+$", [" "], [" " * 20_000 + "x"]),
    ("(a?){30}a{30}", ["a" * 30], ["a" * 29]),
    ("(x+x+)+y", ["xxy"], ["x" * 5000]),
]


@pytest.mark.parametrize(("pattern", "found", "missing"), MEANING)
def test_what_a_pattern_means(pattern: str, found: list[str], missing: list[str]) -> None:
    schema = schema_of({"pattern": pattern, "patternProperties": {pattern: True}})
    for validator in (Validator(schema), evaluator_of(schema)):
        assert [text for text in found if not validator.is_valid(text)] == []
        assert [text for text in missing if validator.is_valid(text)] == []
    texts = StringType(patterns=frozenset({pattern}))
    assert [text for text in found if not matches(texts, text)] == []
    assert [text for text in missing if matches(texts, text)] == []


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(a)\1", "a reference to a group"),
        (r"(?<n>a)\k<n>", "a reference to a group"),
        ("(?i)a", "a group with '(?'"),
        (r"[a-\d]", "a range that is none"),
        ("[b-a]", "a range that is none"),
        ("a)", "')' closes nothing"),
        ("(a", "a group is not closed"),
        ("[a", "it ends too early"),
        ("*", "'*' where there is nothing to repeat"),
        ("{1}", "'{' where there is nothing to repeat"),
        ("a{x}", "'{' does not say how often something is repeated"),
        ("a{2,1}", "more times at least than at most"),
        ("a{10000}", "more than 9999 times"),
        ("^*", "a repetition of what is no character"),
        (r"\c", r"'\c'"),
        (r"\u{110000}", r"'\u{110000}' is beyond the last character"),
        (r"\p{Script=Greek}", r"'\p' with a property that is not known"),
        (r"\p{Greek}", r"'\p{Greek}': the property is not known"),
        ("\\", "'\\'"),
        ("(" * 50 + ")" * 50, "groups are nested too deeply"),
        ("(?=a+b+)", "it looks around"),
        ("(a{100}){100}", "it is too large"),
    ],
)
def test_patterns_that_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        found_in(pattern)
    assert str(caught.value) == reason
