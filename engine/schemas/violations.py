"""Violations of schemas, and their wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..values.kinds import kind, shown
from ..values.pointers import pointer

__all__ = ["MAX_VIOLATIONS", "Refusal", "Violation", "Violations", "violations_of"]

MAX_VIOLATIONS = 20


class Violation(NamedTuple):
    """A violation of a schema: the place in the body, the keyword, and the reason in words."""

    pointer: str
    keyword: str
    reason: str


@dataclass(frozen=True, slots=True)
class Violations:
    """The first violations of a body in order of place, and how many more there are."""

    named: tuple[Violation, ...] = ()
    more: int = 0

    def __iter__(self) -> Iterator[Violation]:
        return iter(self.named)

    def __len__(self) -> int:
        return len(self.named)


class Refusal(NamedTuple):
    """A keyword that a value does not satisfy: the path in the body, the keyword's value, the value, and the schema.

    The keyword is None for the schema `false`. `of_name` says that the value is the name of a member; `context` has the
    refusals of all alternatives.
    """

    path: tuple[str | int, ...]
    keyword: str | None
    wanted: Any
    value: Any
    schema: Any
    of_name: bool
    context: tuple[Refusal, ...] = ()


def violations_of(refusals: Iterable[Refusal]) -> Violations:
    """The refusals in words, each once, in order of place."""
    found = sorted(set(map(_violation, refusals)))
    return Violations(tuple(found[:MAX_VIOLATIONS]), max(len(found) - MAX_VIOLATIONS, 0))


_REASONS: Mapping[str, Callable[[Any, Any], str]] = {
    "type": lambda wanted, value: f"must be {_either(wanted)}, not {kind(value)}",
    "const": lambda wanted, value: f"must be {shown(wanted)}, not {shown(value)}",
    "enum": lambda wanted, value: f"{shown(value)} is not one of {shown(wanted, 200)}",
    "minLength": lambda wanted, value: _too_few(len(value), "character", wanted),
    "maxLength": lambda wanted, value: _too_many(len(value), "character", wanted),
    "pattern": lambda wanted, value: f"{shown(value)} does not match the pattern {wanted}",
    "format": lambda wanted, value: f"{shown(value)} does not have the format {wanted}",
    "minimum": lambda wanted, value: f"{shown(value)} is less than {shown(wanted)}",
    "maximum": lambda wanted, value: f"{shown(value)} is more than {shown(wanted)}",
    "exclusiveMinimum": lambda wanted, value: f"{shown(value)} is not more than {shown(wanted)}",
    "exclusiveMaximum": lambda wanted, value: f"{shown(value)} is not less than {shown(wanted)}",
    "multipleOf": lambda wanted, value: f"{shown(value)} is not a multiple of {shown(wanted)}",
    "minItems": lambda wanted, value: _too_few(len(value), "element", wanted),
    "maxItems": lambda wanted, value: _too_many(len(value), "element", wanted),
    "items": lambda wanted, value: _too_many(len(value), "element", wanted),
    "uniqueItems": lambda _wanted, value: f"{shown(value)} has equal elements",
    "contains": lambda _wanted, value: f"{shown(value)} has no element of the kind that it must contain",
    "minContains": lambda wanted, _: _too_few(wanted[0], "matching element", wanted[1]),
    "maxContains": lambda wanted, _: _too_many(wanted[0], "matching element", wanted[1]),
    "minProperties": lambda wanted, value: _too_few(len(value), "member", wanted),
    "maxProperties": lambda wanted, value: _too_many(len(value), "member", wanted),
    "required": lambda wanted, value: _missing([name for name in wanted if name not in value]),
    "dependentRequired": lambda wanted, _: f"{_missing(wanted[1])}, which {wanted[0]!r} needs",
    "anyOf": lambda wanted, value: f"{shown(value)} fits none of {wanted} alternatives",
    "oneOf": lambda wanted, value: f"{shown(value)} fits {_of_alternatives(*wanted)}",
    "unevaluatedItems": lambda _wanted, _value: "no element is allowed here",
    "not": lambda _wanted, value: f"{shown(value)} is not allowed",
    "false": lambda _wanted, value: f"{shown(value)} is not allowed",
}


def _violation(refusal: Refusal) -> Violation:
    """The refusal as a violation in words."""
    path, keyword, wanted, value, schema, of_name, _ = refusal
    keyword = keyword or "false"
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        reason = f"{path[-1]!r} is not allowed"
    else:
        reason = _REASONS[keyword](wanted, value)
        if of_name:
            path = (*path, value)
            reason = f"the name {reason}"
    description = schema.get("description") if isinstance(schema, dict) and keyword == "not" else None
    return Violation(pointer(path), keyword, f"{reason} ({description})" if isinstance(description, str) else reason)


def _of_alternatives(fitting: int, count: int) -> str:
    return f"{fitting} of {count} alternatives, not one alone" if fitting else f"none of {count} alternatives"


def _too_few(count: int, noun: str, least: int) -> str:
    return f"has {_counted(count, noun)}, at least {least} {'is' if least == 1 else 'are'} needed"


def _too_many(count: int, noun: str, most: int) -> str:
    return f"has {_counted(count, noun)}, at most {most} {'is' if most == 1 else 'are'} allowed"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _missing(names: list[str]) -> str:
    return f"{', '.join(map(repr, names))} {'is' if len(names) == 1 else 'are'} missing"


def _either(types: Any) -> str:
    return types if isinstance(types, str) else " or ".join(types)
