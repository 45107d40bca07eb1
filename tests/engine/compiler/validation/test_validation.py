"""Generated checks of bodies give the verdict of the evaluator, or leave it open."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.api import Mapping
from moemap.engine.compiler.python.pool import Pool
from moemap.engine.compiler.validation.conditions import ALWAYS, NEVER
from moemap.engine.compiler.validation.searches import search_code
from moemap.engine.compiler.validation.validation import Validation
from moemap.engine.runtime.runner import NAMESPACE
from moemap.engine.schemas.definitions import Definitions
from moemap.engine.schemas.schema import Schema, SchemaError, Validator, definitions_of, schema_of

EXAMPLES = Path(__file__).parents[4] / "examples"
Check = Callable[[Any], bool]


def compiled(*schemas: Schema) -> tuple[Check, str]:
    """The generated check, and its source."""
    pool = Pool(frozenset(NAMESPACE))
    name = Validation(pool).check(schemas)
    source = "\n".join([*pool.functions, *pool.constants])
    if name in (ALWAYS, NEVER):
        return (lambda _: name == ALWAYS), source
    namespace = dict(NAMESPACE)
    exec(source, namespace)
    return namespace[name], source


def check_of(document: Any) -> Check:
    return compiled(schema_of(document))[0]


# --- the schemas of the shipped mapping


def mutated(value: Any, chance: random.Random) -> Any:
    """The value with something else at one place."""
    others: list[Any] = [
        "",
        " ",
        "x" * 600,
        "moe_x",
        "a\n",
        None,
        True,
        0,
        2.5,
        10**20,
        [],
        {},
        [None],
        ["a", 1],
        {"": "$"},
        [[]],
    ]
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(sorted(value))
        if chance.random() < 0.15:
            return {other: member for other, member in value.items() if other != name}
        new = chance.choice(["", "id", "moe_a", "x" * 201, "$a", "extra"]) if chance.random() < 0.15 else name
        return {**value, new: mutated(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        if chance.random() < 0.15:
            return value * 60
        return [*value[:at], mutated(value[at], chance), *value[at + 1 :]]
    return chance.choice(others)


@pytest.fixture(scope="module")
def bodies(shipped_mapping: Callable[..., Mapping]) -> dict[str, list[Any]]:
    from orjson import loads

    made: dict[str, list[Any]] = {}
    program = shipped_mapping(push=True)
    for path in sorted(EXAMPLES.glob("*.json")):
        for request in program.transform(loads(path.read_bytes())).requests:
            made.setdefault(request.output, []).append(request.body)
    return made


@pytest.mark.slow
def test_the_bodies_of_the_samples_and_spoilt_ones_get_the_answer_of_the_validators(
    bodies: dict[str, list[Any]], shipped_mapping: Callable[..., Mapping]
) -> None:
    rulebook = shipped_mapping().rulebook
    chance = random.Random(20260101)
    answers = {True: 0, False: 0}
    for output in rulebook.outputs.values():
        schemas = [rulebook.schemas[name] for name in (output.schema, output.limits) if name is not None]
        validators = [Validator(schema) for schema in schemas]
        check, _ = compiled(*schemas)
        assert bodies[output.name]
        for body in bodies[output.name]:
            assert check(body)
            for _ in range(150):
                spoilt = mutated(body, chance)
                wanted = all(validator.is_valid(spoilt) for validator in validators)
                assert check(spoilt) == wanted, spoilt
                answers[wanted] += 1
    assert min(answers.values()) > 500


def test_the_source_is_the_same_every_time(shipped_mapping: Callable[..., Mapping]) -> None:
    rulebook = shipped_mapping().rulebook
    schemas = [rulebook.schemas[name] for name in ("moengage/event.schema.json", "moengage/limits.event.schema.json")]
    assert compiled(*schemas)[1] == compiled(*schemas)[1]


# --- any schema
#
# Schemas and values are made by dice: hypothesis takes most of the time to draw what is so deep.

SCALARS: list[Any] = [None, True, False, *range(-3, 13), 0.0, 1.0, 2.5, -0.0, 1e20]
SCALARS += ["", "a", "ab", "b", "moe_", "a\n", " ", "é", "aaaaaa", "1"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
PATTERNS = ["^a", "b$", "^ab?$", "[ab]", "[^a-z]", r"\n", "^(?:a|moe)", "a{2,4}", "^[a-z]+$", r"\d", "."]
SEEDS = st.integers(0, 2**32)


def value_by(dice: random.Random, depth: int = 3) -> Any:
    kind = dice.random()
    if depth == 0 or kind < 0.5:
        return dice.choice(SCALARS)
    inner = (value_by(dice, depth - 1) for _ in range(dice.randrange(5)))
    return list(inner) if kind < 0.75 else {dice.choice(["a", "b", "ab", "c", ""]): one for one in inner}


def names_by(dice: random.Random) -> list[str]:
    return dice.sample(["a", "b", "ab"], dice.randrange(3))


KEYWORDS: dict[str, Callable[[random.Random, Callable[[], Any]], Any]] = {
    "type": lambda dice, _: dice.choice([dice.choice(TYPES), dice.sample(TYPES, dice.randint(1, 3))]),
    "const": lambda dice, _: value_by(dice),
    "enum": lambda dice, _: [value_by(dice) for _ in range(dice.randint(1, 3))],
    "pattern": lambda dice, _: dice.choice(PATTERNS),
    "minimum": lambda dice, _: dice.randint(-2, 5),
    "maximum": lambda dice, _: dice.choice([2.5, dice.randint(-2, 5)]),
    "exclusiveMinimum": lambda dice, _: dice.randint(-2, 5),
    "exclusiveMaximum": lambda dice, _: dice.randint(-2, 5),
    "multipleOf": lambda dice, _: dice.randint(1, 3),
    "uniqueItems": lambda dice, _: dice.random() < 0.5,
    "prefixItems": lambda dice, inner: [inner() for _ in range(dice.randint(1, 2))],
    "properties": lambda dice, inner: {name: inner() for name in names_by(dice)},
    "patternProperties": lambda dice, inner: {"^a": inner()} if dice.random() < 0.8 else {},
    "required": lambda dice, _: names_by(dice),
    "dependentRequired": lambda dice, _: {name: names_by(dice) for name in names_by(dice)[:1]},
    "dependentSchemas": lambda dice, inner: {name: inner() for name in names_by(dice)[:1]},
    "$ref": lambda dice, _: dice.choice(["#", "#/$defs/one", "#/$defs/two"]),
    **dict.fromkeys(
        ("minLength", "maxLength", "minContains", "minItems", "maxItems", "minProperties", "maxProperties"),
        lambda dice, _: dice.randint(0, 3),
    ),
    **dict.fromkeys(
        ("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"),
        lambda _, inner: inner(),
    ),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), lambda dice, inner: [inner() for _ in range(dice.randint(1, 2))]),
}


def schema_by(dice: random.Random, depth: int = 3) -> Any:
    if depth == 0 or dice.random() < 0.1:
        return dice.choice([True, False, {}])
    names = dice.sample(sorted(KEYWORDS), dice.randint(1, 4))
    return {name: KEYWORDS[name](dice, lambda: schema_by(dice, depth - 1)) for name in names}


NOT_UNDERSTOOD = {"multipleOf", "patternProperties", "minContains", "uniqueItems", "enum", "const"}


def keywords_in(node: Any) -> set[str]:
    """All names in a document: too many, but never too few."""
    if isinstance(node, dict):
        return set(node).union(*map(keywords_in, node.values()))
    return set().union(*map(keywords_in, node)) if isinstance(node, list) else set()


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 6)
@given(SEEDS)
def test_what_fits_is_valid_and_what_is_understood_is_exact(seed: int) -> None:
    dice = random.Random(seed)
    document = {"allOf": [schema_by(dice)], "$defs": {"one": schema_by(dice, 2), "two": schema_by(dice, 2)}}
    try:
        validator = Validator(schema_of(document))
    except SchemaError:  # it refers to itself for one value
        return
    check = check_of(document)
    exact = not keywords_in(document) & NOT_UNDERSTOOD
    for value in [value_by(dice) for _ in range(12)]:
        answer, wanted = check(value), validator.is_valid(value)
        assert wanted if answer else not exact or not wanted, (document, value)
        assert check(value) == answer


LEAVES: list[Any] = [*({"type": one} for one in TYPES), True, False, {"const": "a"}, {"maximum": 2}, {"maxLength": 1}]
NUMBERS: list[Any] = [1, 2, 2.0, 2.5, 5]
ITEMS: list[Any] = ["a", "ab", 1, 5, 2.5, True, False, None, {}, []]


def list_schema_by(dice: random.Random, depth: int = 2) -> Any:
    kind = dice.random()
    if depth == 0 or kind < 0.4:
        first = {"prefixItems": dice.choices(LEAVES, k=dice.randint(1, 2))} if dice.random() < 0.4 else {}
        others = {"items": dice.choice(LEAVES), "contains": dice.choice(LEAVES), "maxItems": dice.randint(0, 2)}
        names = ["items"] if first else list(others)
        return first | {name: others[name] for name in names if dice.random() < 0.5}
    inner = [list_schema_by(dice, depth - 1) for _ in range(3)]
    return dice.choice(
        [
            {"items": inner[0]},
            {"not": inner[0]},
            dict(zip(("if", "then", "else"), inner, strict=True)),
            {dice.choice(["allOf", "anyOf", "oneOf"]): inner[: dice.randint(1, 2)]},
        ]
    )


def list_by(dice: random.Random) -> list[Any]:
    items = dice.choice([ITEMS, NUMBERS])
    usual = dice.choice(items)
    return [usual if dice.random() < 0.5 else dice.choice(items) for _ in range(dice.randrange(4))]


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 4)
@given(SEEDS)
def test_lists_of_one_kind_and_of_several(seed: int) -> None:
    dice = random.Random(seed)
    document = list_schema_by(dice)
    check, validator = check_of(document), Validator(schema_of(document))
    exact = not keywords_in(document) & {"const"}
    values = [list_by(dice) for _ in range(dice.randint(1, 8))]
    for value in [*values, values]:
        answer, wanted = check(value), validator.is_valid(value)
        assert wanted if answer else not exact or not wanted, (document, value)


REFERENCES = [
    ({"$ref": "#name", "$defs": {"one": {"$anchor": "name", "type": "integer"}}}, 1, "x"),
    ({"$ref": "#/$defs/one", "$defs": {"one": {"$id": "urn:other", "type": "object"}}}, {}, 1),
    (
        {"$ref": "#/$defs/list", "$defs": {"list": {"items": {"$ref": "#"}, "maxItems": 2}}},
        [[[], []]],
        [[[], [[], [], []]]],
    ),
    ({"additionalProperties": {"$ref": "#"}, "type": ["object", "integer"]}, {"a": {"b": 1}}, {"a": {"b": "c"}}),
    ({"properties": {"a": {"$ref": "#/$defs/a~1b"}}, "$defs": {"a/b": {"const": 1}}}, {"a": 1.0}, {"a": True}),
    (
        {"anyOf": [{"type": "string"}, {"items": {"$ref": "#"}, "type": "array"}]},
        [["a"], [[], ["b"]]],
        [["a"], [[], [False]]],
    ),
    ({"$ref": "#/$defs/one", "maxLength": 2, "$defs": {"one": {"type": "string"}}}, "ab", "abc"),
]


@pytest.mark.parametrize(("document", "valid", "invalid"), REFERENCES)
def test_references(document: Any, valid: Any, invalid: Any) -> None:
    check = check_of(document)
    assert check(valid)
    assert not check(invalid)


@pytest.mark.parametrize(
    "document",
    [
        {"unevaluatedProperties": False},
        {"unevaluatedItems": False},
        {"not": {"patternProperties": {"^a": False}}},
        {"const": {"a": 1}},
        {"multipleOf": 2, "type": "integer"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "format": "date"},
    ],
)
def test_what_is_not_understood_never_surely_fits(document: Any) -> None:
    check = check_of(document)
    assert not any(map(check, [{}, {"a": 1}] if document.keys().isdisjoint({"pattern", "format"}) else ["a", "é"]))


def test_a_schema_that_is_nested_too_deeply_leaves_nothing_behind() -> None:
    deep: Any = {"type": "string"}
    for _ in range(2000):
        deep = {"properties": {"a": deep}, "not": {"items": deep}}
    pool = Pool(frozenset(NAMESPACE))
    validation = Validation(pool)
    assert validation.check([replace(schema_of({}), document=deep)]) == NEVER
    assert (pool.functions, pool.constants) == ([], [])
    assert validation.check([schema_of({"type": "string"})]) not in (ALWAYS, NEVER)


def test_names_are_remembered_only_up_to_a_bound() -> None:
    pool = Pool(frozenset(NAMESPACE))
    name = Validation(pool).check([schema_of({"propertyNames": {"maxLength": 300}})])
    namespace = dict(NAMESPACE)
    exec("\n".join([*pool.functions, *pool.constants]), namespace)
    assert namespace[name]({f"{number}": 1 for number in range(20_000)} | {"x" * 250: 1})
    assert not namespace[name]({"x" * 301: 1})
    (known,) = [value for key, value in namespace.items() if key.startswith("NAMES_")]
    assert len(known) == 10_000
    assert max(map(len, known)) < 200


# --- patterns

FOUND = [
    "^moe_",
    "ab",
    "^a$",
    "[^ab]",
    "[$.%#]",
    "^(?:a|b)$",
    "a{2}",
    "^a+$",
    "^[0-9]{1,3}(?:x|y)?$",
    "$",
    "^",
    "",
    "\\u0041",
    r"\d",
    r"^\W$",
    r"\s",
    r"\S",
    ".",
    "a$b",
    "(a$|b)",
    "^(?:[^a]|b?)x",
]
FOUND += [r"\bx", r"\Bx", "(?!a)b", r"\p{L}", r"^\P{Lu}", "[[a]", "[a&&b]", r"\u{1f600}", "[]", "[^]", r"[\b]"]
FOUND += [
    "^(?:[Ii][Dd]|0|n/[Aa])$",
    "^(?:[Kk]|[Ss][Ss])$",
    "^(?:[Ii][Dd]|A)$",
    "^(?:[A-a]|x)$",
    "^(?:[kK\u212a]|x)$",
    "^(?:é|É)$",
]
LEFT = ["a+b+", "x*y", "(a|b)+", "(?i)a", r"(a)\1", "(?=a+b+)", "a?" * 30 + "a" * 30]
TEXTS = ["", "a", "b", "ab", "aa", "moe_x", "xmoe_", "a\n", "\n", "12", "123x", "1234", "A", "$", "é", " ", "\x7f", "!"]
TEXTS += [
    "\u2028",
    "\xa0",
    "\u0663",
    "\x1c",
    "_",
    "Id",
    "ID",
    "iD\n",
    "0",
    "N/A",
    "n/a",
    "K",
    "k",
    "\u212a",
    "ss",
    "\u017fs",
    "É",
    "B",
]


@pytest.mark.parametrize("pattern", FOUND)
def test_patterns_are_found_as_the_validator_finds_them(pattern: str) -> None:
    check, validator = check_of({"pattern": pattern}), Validator(schema_of({"pattern": pattern}))
    assert [check(text) for text in TEXTS] == [validator.is_valid(text) for text in TEXTS]


AUTOMATA = ["a+b+", "x*y", "(a|b)+", "^(a|)*$", r"[\p{L}\p{N}_-]+$", "a?" * 30 + "a" * 30]


@pytest.mark.parametrize("pattern", [*FOUND, *AUTOMATA])
def test_patterns_are_found_alike_by_the_definitions_that_a_text_holds(pattern: str) -> None:
    schema = schema_of({"pattern": pattern})
    kept = Definitions.of_text(definitions_of(schema).to_text()).evaluator()
    validator = Validator(schema)
    assert [kept.is_valid(text) for text in TEXTS] == [validator.is_valid(text) for text in TEXTS]


@pytest.mark.parametrize("pattern", LEFT)
def test_patterns_that_engines_read_differently_or_slowly_are_left_alone(pattern: str) -> None:
    assert search_code(pattern, "value", Pool(frozenset())) is None
