"""What a schema refuses, and how that is worded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .pointers import pointer
from .values import kind, shown

__all__ = ["MAX_VIOLATIONS", "Refusal", "Violation", "violation", "violations_in_order"]

MAX_VIOLATIONS = 20


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """What a schema refuses: where in the body, which keyword, and why in words."""

    pointer: str
    keyword: str
    reason: str


class Refusal(NamedTuple):
    """A keyword that does not hold: at which path of the body, what it wants, the value and the schema around it.

    No keyword: the schema `false`. `of_name` says that the value is the name of a member; `context` has the refusals of
    all alternatives.
    """

    path: tuple[str | int, ...]
    keyword: str | None
    wanted: Any
    value: Any
    schema: Any
    of_name: bool
    context: tuple[Refusal, ...] = ()


def violations_in_order(found: set[Violation]) -> tuple[Violation, ...]:
    """The first ones in order of place. A body that is refused without a reason has one all the same."""
    return tuple(sorted(found or {Violation("", "", "the schema refuses it")})[:MAX_VIOLATIONS])


_REASONS: Mapping[str, Callable[[Any, Any], str]] = {
    "type": lambda wanted, value: f"must be {_either(wanted)}, not {kind(value)}",
    "const": lambda wanted, value: f"must be {shown(wanted)}, not {shown(value)}",
    "enum": lambda wanted, value: f"{shown(value)} is not one of {shown(wanted, 200)}",
    "minLength": lambda wanted, value: f"has {len(value)} characters, at least {wanted} are needed",
    "maxLength": lambda wanted, value: f"has {len(value)} characters, at most {wanted} are allowed",
    "pattern": lambda wanted, value: f"{shown(value)} does not match the pattern {wanted}",
    "minimum": lambda wanted, value: f"{shown(value)} is less than {wanted}",
    "maximum": lambda wanted, value: f"{shown(value)} is more than {wanted}",
    "minItems": lambda wanted, value: f"has {len(value)} elements, at least {wanted} are needed",
    "maxItems": lambda wanted, value: f"has {len(value)} elements, at most {wanted} are allowed",
    "minProperties": lambda wanted, value: f"has {len(value)} members, at least {wanted} are needed",
    "maxProperties": lambda wanted, value: f"has {len(value)} members, at most {wanted} are allowed",
    "not": lambda _wanted, value: f"{shown(value)} is not allowed",
    "false": lambda _wanted, value: f"{shown(value)} is not allowed",
}


def violation(refusal: Refusal) -> Violation:
    """The refusal in words."""
    path, keyword, wanted, value, schema, of_name, _ = refusal
    keyword = keyword or "false"
    if keyword == "required":
        missing = [repr(name) for name in wanted if name not in value]
        reason = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    elif keyword == "additionalProperties":
        reason = f"{path[-1]!r} is not allowed"
    elif keyword == "unevaluatedProperties":
        reason = "it has a member that is not allowed"
    elif of_name:
        path = (*path, value)
        reason = f"the name {_REASONS.get(keyword, _other)(wanted, value)}"
    else:
        reason = _REASONS.get(keyword, _other)(wanted, value)
    description = schema.get("description") if isinstance(schema, dict) and keyword == "not" else None
    return Violation(pointer(path), keyword, f"{reason} ({description})" if description else reason)


def _either(types: Any) -> str:
    return types if isinstance(types, str) else " or ".join(types)


def _other(_wanted: Any, value: Any) -> str:
    return f"{shown(value)} is refused"
