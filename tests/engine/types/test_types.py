"""Laws of types: a union has the values of both, a meet those in common; narrowing removes only the excluded values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import schemas
from moemap.engine.proof.samples import NoSampleError, sample
from moemap.engine.types import types
from moemap.engine.types.description import describe
from moemap.engine.types.from_schema import type_of
from moemap.engine.types.membership import includes
from moemap.engine.types.narrowing import MAX_CONDITIONS, excluding, falsy, meet, meet_string, refine, truthy
from moemap.engine.types.types import (
    ANY,
    ANY_STRING,
    NEVER,
    NULL,
    ObjectType,
    Property,
    StringType,
    Type,
    constants,
    literal,
    lookup,
    matches,
    only,
    string,
    union,
    without_null,
)
from moemap.engine.values.equality import is_true

TREE = type_of(schemas.load("./infer.schema.json", Path(__file__).parents[1]))
PARTS = [ANY, NULL, NEVER, literal([1, "a"]), string(("a", "b")), TREE]
PARTS += [prop.type for prop in TREE.objects[0].properties.values()]


def _value(type_: Type, seed: int) -> object:
    try:
        return sample(type_, Random(seed))
    except NoSampleError:
        return None


@pytest.mark.fuzz
@given(st.sampled_from(PARTS), st.sampled_from(PARTS), st.integers(0, 10_000))
@settings(max_examples=settings().max_examples * 2)
def test_operations_on_types_lose_no_values(a: Type, b: Type, seed: int) -> None:
    value = _value(a, seed)
    in_a, in_b = includes(a, value), includes(b, value)
    both = union(a, b)
    assert not in_a or includes(both, value)
    assert not in_b or includes(both, value)
    assert not (in_a and in_b) or includes(meet(a, b), value)
    assert union(a, a) == a
    if in_a:
        assert includes(truthy(a) if is_true(value) else falsy(a), value)
        assert value is None or includes(without_null(a), value)
        assert includes(union(*(only(a, (kind,)) for kind in a.kinds)), value)
        if isinstance(value, str):
            assert includes(excluding(a, ("something else",)), value)


@pytest.mark.fuzz
@given(st.integers(0, 10_000))
def test_refining_keeps_what_fits(seed: int) -> None:
    value = _value(TREE, seed)
    assert isinstance(value, dict)
    left = refine(TREE, ("event", "type"), lambda type_: meet(type_, literal("seen")))
    event = value["event"]
    assert includes(left, value) == (isinstance(event, dict) and event["type"] == "seen")


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (ANY, "any value"),
        (NEVER, "nothing"),
        (NULL, "null"),
        (literal(True), "true"),
        (union(literal("b"), literal("a"), NULL), '"a", "b" or null'),
        (union(literal(1), literal([])), "1 or a list"),
        (without_null(ANY), "a string, a number, a boolean, a list or an object"),
    ],
)
def test_words(type_: Type, words: str) -> None:
    assert describe(type_) == words


def test_constants() -> None:
    assert constants(union(literal("b"), literal(True), NULL, literal(2))) == (None, True, 2, "b")
    assert constants(ANY) is None
    assert constants(literal([1])) is None


def test_numbers_are_no_booleans() -> None:
    assert not includes(literal(1), True)
    assert not includes(literal(True), 1)
    assert includes(literal(1), 1.0)


def test_a_dollar_ends_the_text() -> None:
    assert not matches(StringType(patterns=frozenset({"^a$"})), "a\n")
    assert matches(StringType(patterns=frozenset({r"^[$]\$$"})), "$$")


def test_lookup_in_what_is_no_object() -> None:
    assert lookup(union(literal("x"), literal({"a": 1})), "a") == union(literal(1), NULL)


@pytest.mark.slow
def test_many_objects_are_joined_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step looks at all members: they do not grow one object at a time."""
    looked_at = []
    join = types.join

    def counted(a: ObjectType, b: ObjectType) -> ObjectType:
        looked_at.append(len(a.properties) + len(b.properties))
        return join(a, b)

    monkeypatch.setattr(types, "join", counted)
    steps = []
    for count in (1_000, 4_000):
        looked_at.clear()
        given = [Type(objects=(ObjectType({f"a{n}": Property(ANY_STRING, True)}, ()),)) for n in range(count)]
        made = union(*given)
        assert {name for one in made.objects for name in one.properties} == {f"a{n}" for n in range(count)}
        assert all(includes(made, {f"a{n}": "x"}) for n in (0, count // 2, count - 1))
        steps.append(sum(looked_at))
    assert steps[1] < 6 * steps[0]


@pytest.mark.parametrize("made", [lambda one: StringType(excluded=one), lambda one: StringType(avoids=one)])
def test_so_many_conditions_are_known_and_shared_by_the_types_that_more_would_make(
    made: Callable[[frozenset[str]], StringType],
) -> None:
    met = [StringType()]
    for number in range(MAX_CONDITIONS + 100):
        text = meet_string(met[-1], made(frozenset({f"a{number}"})))
        assert text is not None
        met.append(text)
    assert [matches(met[-1], f"a{number}") for number in (5, 999)] == [False, False]
    assert matches(met[-1], "b")
    assert len({id(text.excluded) for text in met[1000:]}) == len({id(text.avoids) for text in met[1000:]}) == 1
