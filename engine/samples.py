"""Values of a type, and instances of a schema, from a seed: the same seed gives the same values."""

from __future__ import annotations

from random import Random
from typing import Any

from .schema_types import type_of
from .schemas import Schema, Validator
from .types import ANY, Array, Number, Object, String, Type, matches, without

__all__ = ["NoSampleError", "instance", "sample"]

MAX_DEPTH = 5
_TRIES = 40
_WORDS = (
    "",
    "a",
    "id",
    "Ä",
    "true",
    "0",
    "1",
    "42",
    "-1.5",
    " ",
    " b ",
    "x y",
    "email",
    "moe_x",
    "$Age",
    "TV",
    "ab" * 30,
)
_TIMES = ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59.123Z", "2026-01-31")
_NUMBERS = (0, 1, -1, 2, 1.5, -0.5, 1.0, 3600, 10**12, 1_700_000_000_000, 2**53 + 1, 1e300)


class NoSampleError(ValueError):
    """No value of the type was found."""


def sample(type_: Type, random: Random, depth: int = 0) -> Any:
    """A value of the type. Raises NoSampleError where none was found."""
    parts = type_.parts
    deep = depth >= MAX_DEPTH
    choices: list[Any] = [None] if parts.null else []
    choices += [True, False] if len(parts.booleans) == 2 else list(parts.booleans)
    choices += [part for part in (parts.number, parts.string, None if deep else parts.array) if part is not None]
    choices += [] if deep and choices else parts.objects
    if parts.array is not None and not choices:
        choices.append(parts.array)
    while choices:
        choice = choices.pop(random.randrange(len(choices)))
        try:
            return _of_part(choice, random, depth)
        except NoSampleError:
            continue
    raise NoSampleError


def instance(schema: Schema, random: Random, validator: Validator | None = None) -> Any:
    """A valid instance of the schema. Raises NoSampleError where none was found."""
    judge = validator or Validator(schema)
    for _ in range(_TRIES):
        value = sample(type_of(schema), random)
        if judge.is_valid(value):
            return value
    raise NoSampleError


def _of_part(part: Any, random: Random, depth: int) -> Any:
    match part:
        case Number():
            return _number(part, random)
        case String():
            return _string(part, random)
        case Array():
            return _array(part, random, depth)
        case Object():
            return _object(part, random, depth)
    return part


def _number(number: Number, random: Random) -> int | float:
    if number.values is not None:
        return random.choice(sorted(number.values))
    near = [bound for bound in (number.minimum, number.maximum) if bound is not None]
    pool = [*_NUMBERS, random.randrange(-100, 100), *near, *near]
    for _ in range(_TRIES):
        value = random.choice(pool)
        if (
            (number.minimum is None or value >= number.minimum)
            and (number.maximum is None or value <= number.maximum)
            and (not number.integral or float(value).is_integer())
        ):
            return value
    raise NoSampleError


def _string(text: String, random: Random) -> str:
    if text.values is not None:
        return random.choice(sorted(text.values))
    for _ in range(_TRIES):
        value = random.choice((*_WORDS, *_TIMES, str(random.randrange(1000))))
        if len(value) < text.least:
            value = value.ljust(text.least, "x")
        if matches(text, value):
            return value
    raise NoSampleError


def _array(array: Array, random: Random, depth: int) -> list[Any]:
    most = array.least + 3 if array.most is None else min(array.most, array.least + 3)
    length = random.randint(array.least, most)
    result = []
    for number in range(length):
        try:
            result.append(sample(array.first[number] if number < len(array.first) else array.items, random, depth + 1))
        except NoSampleError:
            if number < array.least:
                raise
            break
    return result


def _object(one: Object, random: Random, depth: int) -> dict[str, Any]:
    result = {}
    deep = depth >= MAX_DEPTH
    # Few members or many; at the top rather many, as most rules need some of them.
    share = random.choice((0.15, 0.5, 0.9) if depth > 2 else (0.5, 0.9, 0.95))
    for name, prop in one.properties.items():
        if prop.required or (not prop.type.never and not deep and random.random() < share):
            try:
                result[name] = sample(prop.type, random, depth + 1)
            except NoSampleError:
                if prop.required:
                    raise
    for other in one.others if not deep else ():
        for _ in range(random.randrange(3)):
            if random.random() < (0.1 if one.complete else 0.6):
                try:
                    name = _string(other.name, random)
                    if name not in one.properties:
                        kept = other.type if other.type is not ANY else without(ANY, ("object",) if depth > 2 else ())
                        result[name] = sample(kept, random, depth + 1)
                except NoSampleError:
                    continue
    return result
