"""Gaps between types and schemas, and the gaps of the keywords about scalars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..patterns.emptiness import is_empty
from ..schemas.value_keywords import is_multiple
from ..types.description import describe
from ..types.narrowing import meet
from ..types.types import NumberType, StringType, Type, constants, literal, matches, only, union, without
from ..values.equality import ValueSet
from ..values.kinds import shown, type_with_article

__all__ = [
    "Gap",
    "ProofPlace",
    "fewer",
    "of_kinds",
    "of_number",
    "of_string",
    "of_values",
    "refused_words",
    "texts_with",
]

_KINDS = {"integer": "number"}
_INTEGER = Type(number=NumberType(integral=True))
_FEW = 4


@dataclass(frozen=True, slots=True)
class Gap:
    """A place at which a schema can refuse a value: the path (`*`: any element or entry), the keyword, the reason.

    `always`: every value there is refused. `origin` is the nearest known part of the rules that gives the value; `name`
    the member that is missing or not allowed, `known` the names allowed in its place; `part` the part of the schema
    that refuses the value.
    """

    path: tuple[str, ...]
    keyword: str
    reason: str
    always: bool
    origin: Any
    name: str | None = None
    known: tuple[str, ...] = ()
    part: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ProofPlace:
    """A place in a value, the nearest known origin of the value around it, and the part of the schema for it."""

    path: tuple[str, ...]
    origin: Any
    part: Any = None

    def under(self, token: str, origin: Any = None) -> ProofPlace:
        return ProofPlace((*self.path, token), self.origin if origin is None else origin, self.part)

    def gap(self, keyword: str, reason: str, always: bool, name: str | None = None, origin: Any = None) -> Gap:
        origin = self.origin if origin is None else origin
        return Gap(self.path, keyword, reason, always, origin, name, part=self.part)


def of_kinds(type_: Type, wanted: Any, at: ProofPlace) -> tuple[Type, list[Gap]]:
    """The part of the type that has the wanted kinds, and the gap for the rest."""
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    fitting = only(type_, (_KINDS.get(name, name) for name in names))
    rest = without(type_, (_KINDS.get(name, name) for name in names))
    number = fitting.parts.number
    if "integer" in names and "number" not in names and number is not None and not number.integral:
        whole = meet(Type(number=number), _INTEGER)
        if number.values is not None:
            number = replace(number, values=number.values.difference(constants(whole) or ()))
        fitting, rest = union(without(fitting, ("number",)), whole), union(rest, Type(number=number))
    if rest.never:
        return fitting, []
    words = " or ".join(type_with_article(name) for name in names)
    return fitting, [at.gap("type", f"it can be {describe(rest)}, not {words}", fitting.never)]


def of_values(type_: Type, part: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
    """The gaps of `enum` and `const`."""
    for keyword in ("enum", "const"):
        if keyword not in part:
            continue
        allowed = part[keyword] if keyword == "enum" else [part[keyword]]
        values = constants(type_)
        if values is not None:
            allowed_set = ValueSet(allowed)
            wrong = [value for value in values if value not in allowed_set]
            if wrong:
                words = _either(wrong)
                gap = at.gap(keyword, f"it can be {words}, not one of {_shown(allowed)}", len(wrong) == len(values))
                yield replace(gap, known=tuple(value for value in allowed if isinstance(value, str)))
        else:
            possible = not meet(type_, union(*map(literal, allowed))).never
            yield at.gap(keyword, f"it can be other than {_shown(allowed)}", not possible)


def _shown(values: Iterable[Any]) -> str:
    return shown(list(values), 120)


def _either(values: Iterable[Any]) -> str:
    """The first of some values, joined by "or"."""
    first, *more = map(shown, values)
    more[_FEW - 1 :] = ["others"] if len(more) >= _FEW else []
    *before, last = first, *more
    return f"{', '.join(before)} or {last}" if before else last


def of_number(type_: Type, part: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
    """The gaps of the keywords about numbers."""
    number = type_.number
    if number is None:
        return
    limits: tuple[tuple[str, Callable[[float, float], bool], float | None, float | None, str], ...] = (
        ("minimum", lambda value, limit: value >= limit, number.minimum, number.maximum, "less than"),
        ("exclusiveMinimum", lambda value, limit: value > limit, number.minimum, number.maximum, "no more than"),
        ("maximum", lambda value, limit: value <= limit, number.maximum, number.minimum, "more than"),
        ("exclusiveMaximum", lambda value, limit: value < limit, number.maximum, number.minimum, "no less than"),
    )
    for keyword, fits, near, far, words in limits:
        if keyword in part and (near is None or not fits(near, part[keyword])):
            always = far is not None and not fits(far, part[keyword])
            yield at.gap(keyword, f"it can be {words} {part[keyword]}", always)
    if "multipleOf" in part and not (part["multipleOf"] == 1 and number.integral):
        wrong = [value for value in number.values or () if not is_multiple(value, part["multipleOf"])]
        if number.values is None or wrong:
            words = f"{_either(sorted(wrong))}, " if wrong else ""
            always = bool(wrong) and wrong == [*(number.values or ())]
            yield at.gap("multipleOf", f"it can be {words}no multiple of {part['multipleOf']}", always)


def fewer(least: int, what: str) -> str:
    """The reason why a string, a list or an object that may be too short is refused, in words."""
    return "it can be empty" if least == 1 else f"it can have fewer than {least} {what}"


def of_string(text: StringType, part: Mapping[str, Any], at: ProofPlace, certain: bool) -> Iterator[Gap]:
    """The gaps of the keywords about strings; with `certain`, patterns are not examined."""
    least, most = part.get("minLength", 0), part.get("maxLength")
    if text.least < least and (certain or not _is_longer(text, least)):
        always = text.most is not None and text.most < least
        yield at.gap("minLength", fewer(least, "characters"), always)
    if most is not None and (text.most is None or text.most > most):
        yield at.gap("maxLength", f"it can have more than {most} characters", text.least > most)
    if "format" in part:
        yield at.gap("format", "format is not understood", False)
    pattern = part.get("pattern")
    if pattern is None:
        return
    if text.values is not None:
        wrong = [value for value in text.values if not matches(texts_with(pattern), value)]
        if wrong:
            yield at.gap(
                "pattern", f"{_either(sorted(wrong))} does not match {_short(pattern)}", len(wrong) == len(text.values)
            )
    elif certain or not _always_matches(text, pattern):
        yield at.gap("pattern", f"it may not match {_short(pattern)}", _never_matches(text, pattern))


def _is_longer(text: StringType, least: int) -> bool:
    """Returns whether the patterns leave no string of fewer than `least` characters."""
    return (
        bool(text.patterns)
        and all(len(value) >= least for value in text.also)
        and is_empty(text.patterns, text.avoids, text.least, least - 1)
    )


def _always_matches(text: StringType, pattern: str) -> bool:
    """Returns whether the pattern is certainly found in every one of the texts."""
    return all(matches(texts_with(pattern), value) for value in text.also) and (
        pattern in text.patterns or is_empty(text.patterns, text.avoids | {pattern}, text.least, text.most)
    )


def _never_matches(text: StringType, pattern: str) -> bool:
    """Returns whether the pattern is certainly found in none of the texts."""
    return not any(matches(texts_with(pattern), value) for value in text.also) and (
        pattern in text.avoids or is_empty(text.patterns | {pattern}, text.avoids, text.least, text.most)
    )


def texts_with(pattern: str) -> StringType:
    """The strings in which the pattern is found."""
    return StringType(patterns=frozenset({pattern}))


def _short(pattern: str) -> str:
    return pattern if len(pattern) <= 60 else f"{pattern[:57]}..."


def refused_words(part: Any) -> str:
    """The values that `not` refuses, in words."""
    if isinstance(part, dict) and "pattern" in part:
        return f"it may match {_short(part['pattern'])}, which is not allowed"
    if isinstance(part, dict) and "enum" in part:
        return f"it may be one of {_shown(part['enum'])}, which is not allowed"
    return "it may be what is not allowed"
