"""Values of a type, and instances of a schema, from a seed: the same seed gives the same values."""

from __future__ import annotations

from random import Random
from typing import Any

from ..schemas.schema import Schema, Validator
from ..types.from_schema import type_of
from ..types.types import ANY, ArrayType, NumberType, ObjectType, StringType, Type, matches, without

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
    """No value of a type, or instance of a schema, was found."""


def sample(type_: Type, random: Random, words: tuple[str, ...] = ()) -> Any:
    """A value of the type; some of its strings and names are taken from `words`. Raises NoSampleError."""
    return _Sampler(random, words).of(type_, 0)


def instance(schema: Schema, random: Random, validator: Validator | None = None) -> Any:
    """A valid instance of the schema. Raises NoSampleError if none is found."""
    used = validator or schema.validator
    for _ in range(_TRIES):
        value = sample(type_of(schema), random)
        if used.is_valid(value):
            return value
    raise NoSampleError


class _Sampler:
    def __init__(self, random: Random, words: tuple[str, ...]) -> None:
        self.random = random
        self.words = words

    def of(self, type_: Type, depth: int) -> Any:
        parts = type_.parts
        deep = depth >= MAX_DEPTH
        choices: list[Any] = [None] if parts.null else []
        choices += [True, False] if len(parts.booleans) == 2 else list(parts.booleans)
        choices += [part for part in (parts.number, parts.string, None if deep else parts.array) if part is not None]
        choices += [] if deep and choices else parts.objects
        if parts.array is not None and not choices:
            choices.append(parts.array)
        while choices:
            choice = choices.pop(self.random.randrange(len(choices)))
            try:
                return self.part(choice, depth)
            except NoSampleError:
                continue
        raise NoSampleError

    def part(self, part: Any, depth: int) -> Any:
        match part:
            case NumberType():
                return self.number(part)
            case StringType():
                return self.string(part)
            case ArrayType():
                return self.array(part, depth)
            case ObjectType():
                return self.object(part, depth)
        return part

    def number(self, number: NumberType) -> int | float:
        if number.values is not None:
            return self.random.choice(sorted(number.values))
        near = [bound for bound in (number.minimum, number.maximum) if bound is not None]
        pool = [*_NUMBERS, self.random.randrange(-100, 100), *near, *near]
        for _ in range(_TRIES):
            value = self.random.choice(pool)
            if (
                (number.minimum is None or value >= number.minimum)
                and (number.maximum is None or value <= number.maximum)
                and (not number.integral or float(value).is_integer())
            ):
                return value
        raise NoSampleError

    def string(self, text: StringType) -> str:
        if text.values is not None:
            return self.random.choice(sorted(text.values))
        for _ in range(_TRIES):
            pool = self.words if self.words and self.random.random() < 0.3 else _WORDS
            value = self.random.choice((*pool, self.random.choice(_TIMES), str(self.random.randrange(1000))))
            if len(value) < text.least:
                value = value.ljust(text.least, "x")
            if matches(text, value):
                return value
        raise NoSampleError

    def array(self, array: ArrayType, depth: int) -> list[Any]:
        most = array.least + 3 if array.most is None else min(array.most, array.least + 3)
        length = self.random.randint(array.least, most)
        result = []
        for number in range(length):
            try:
                result.append(self.of(array.first[number] if number < len(array.first) else array.items, depth + 1))
            except NoSampleError:
                if number < array.least:
                    raise
                break
        return result

    def object(self, one: ObjectType, depth: int) -> dict[str, Any]:
        result = {}
        deep = depth >= MAX_DEPTH
        # Few members or many; at the top rather many, as most rules need some of them.
        share = self.random.choice((0.15, 0.5, 0.9) if depth > 2 else (0.5, 0.9, 0.95))
        for name, prop in one.properties.items():
            if prop.required or (not prop.type.never and not deep and self.random.random() < share):
                try:
                    result[name] = self.of(prop.type, depth + 1)
                except NoSampleError:
                    if prop.required:
                        raise
        for other in one.others if not deep else ():
            for _ in range(self.random.randrange(3)):
                if self.random.random() < (0.1 if one.complete else 0.6):
                    try:
                        name = self.string(other.name)
                        if name not in one.properties:
                            kept = (
                                other.type if other.type is not ANY else without(ANY, ("object",) if depth > 2 else ())
                            )
                            result[name] = self.of(kept, depth + 1)
                    except NoSampleError:
                        continue
        return result
