"""Enumerations that a schema in normal form writes as an `anyOf` or `oneOf` of constants.

As one `enum`, their values are looked up instead of compared one by one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from .keywords import is_annotation
from .value_keywords import HOLDS, key_of

__all__ = ["join_constants"]


def join_constants(part: Any) -> None:
    """Replaces the `anyOf` or `oneOf` of a part by an `enum` if each of its alternatives allows single values only."""
    if not isinstance(part, dict) or "enum" in part:
        return
    for keyword in ("anyOf", "oneOf"):
        if keyword in part and all(map(_is_constant, part[keyword])):
            allowed = [_values(one) for one in part[keyword]]
            times = Counter(key for values in allowed for key in values)
            most = 1 if keyword == "oneOf" else len(allowed)
            found = [value for key, value in _joined(allowed).items() if times[key] <= most]
            if found:
                del part[keyword]
                part["enum"] = found
                return


def _joined(allowed: list[dict[Any, Any]]) -> dict[Any, Any]:
    return {key: value for values in allowed for key, value in values.items()}


def _is_constant(part: Any) -> bool:
    """Returns whether a part allows single values, and says nothing to other programs."""
    return (
        isinstance(part, dict)
        and ("const" in part or "enum" in part or part.get("type") == "null")
        and all(one in HOLDS or (is_annotation(one) and not one.startswith("x-")) for one in part)
    )


def _values(part: dict[str, Any]) -> dict[Any, Any]:
    """The values that a part allows, by their keys."""
    listed = part["enum"] if "enum" in part else [part.get("const")]
    conditions = [(HOLDS[name], wanted) for name, wanted in part.items() if name in HOLDS and name != "enum"]
    return {key_of(value): value for value in listed if all(holds(wanted, value) for holds, wanted in conditions)}
