"""Compares a type with a JSON Schema: finds the places at which a value of the type can be refused.

The answer errs on one side only: if there is no gap, every value of the type is valid. A gap says whether all values
are refused there, or only some may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from ..inference.facts import Sources
from ..schemas.keywords import is_annotation
from ..schemas.schema import Schema
from ..types.from_schema import TypeReader
from ..types.narrowing import meet, meet_string
from ..types.types import (
    NEVER,
    ArrayType,
    ObjectType,
    Other,
    Property,
    Type,
    constants,
    literal,
    matches,
    only,
    union,
    without,
)
from ..values.recall import Recall
from .mismatches import Gap, ProofPlace, fewer, of_kinds, of_number, of_string, of_values, refused_words, texts_with

__all__ = ["MAX_GAPS", "SubtypeChecker"]

MAX_GAPS = 10_000
"""A few definitions that refer on twice each have thousands of millions of places; whoever reads needs no more."""
MAX_PIECES = 64
_FEW_NAMES = 3


class SubtypeChecker:
    """Finds the gaps between types and a schema; with `certain`, only those at which every value is refused."""

    def __init__(self, schema: Schema, recall: Recall | None = None, *, certain: bool = False) -> None:
        self.schema = schema
        self.certain = certain
        self.reader = TypeReader(schema)
        self.recall = Recall() if recall is None else recall
        self.all_gaps = SubtypeChecker(schema, self.recall) if certain else self
        self._split: dict[int, tuple[Type, list[Type]]] = {}
        self._with_member: dict[tuple[int, str], tuple[ObjectType, Type | None]] = {}

    def gaps(self, type_: Type, origin: Any = None) -> tuple[Gap, ...]:
        """The gaps between a type and the schema, each once; one gap for a schema that recurses too deeply."""
        at = ProofPlace((), origin, self.schema.document)
        try:
            return tuple(dict.fromkeys(self.check(type_, self.schema.document, at)))
        except RecursionError:
            return () if self.certain else (at.gap("$ref", "the schema refers to itself without end", False),)

    # Whole schemas

    def check(self, type_: Type, part: Any, at: ProofPlace) -> Iterator[Gap]:
        """The gaps between a type and a part of the schema. Results are cached, since rules share many fields."""
        key = self.schema, self.certain, id(type_), id(part)
        known: tuple[Type, Any, tuple[Gap, ...]] | None = self.recall.get(key)
        if known is None:
            inside = ProofPlace((), None, part if isinstance(part, dict) else None)
            known = self.recall.put(key, (type_, part, tuple(islice(self.compare(type_, part, inside), MAX_GAPS))))
        for gap in known[2]:
            if not at.path and gap.origin is not None and gap.part is not None:
                yield gap
            else:
                origin = at.origin if gap.origin is None else gap.origin
                schema_part = at.part if gap.part is None else gap.part
                yield replace(gap, path=at.path + gap.path, origin=origin, part=schema_part)

    def compare(self, type_: Type, part: Any, at: ProofPlace) -> Iterator[Gap]:
        if type_.never or part is True:
            return
        if not isinstance(part, dict):
            yield at.gap("false", "nothing is allowed there", True)
            return
        if type_.any:  # a schema can refer to itself, so what is not known is not looked into
            if not all(map(is_annotation, part)):
                yield at.gap(_first_keyword(part), "it can be any value", False)
            return
        if "type" in part:
            type_, found = of_kinds(type_, part["type"], at)
            yield from found
        if "$ref" in part:
            yield from self.check(type_, self.schema.definitions[part["$ref"]], at)
        yield from of_values(type_, part, at)
        pieces = _by_kind(type_.array)
        if pieces:
            for piece in pieces:
                yield from _unsure(self.compare(Type(array=piece), part, at), False)
            type_ = without(type_, ("array",))
        parts = type_.parts
        alone = len(parts.kinds) + len(parts.objects[1:]) == 1  # else what is refused is a part of the type only
        if parts.number is not None:
            yield from _unsure(of_number(Type(number=parts.number), part, at), alone)
        if parts.string is not None:
            yield from _unsure(of_string(parts.string, part, at, self.certain), alone)
        if parts.array is not None:
            yield from _unsure(self.array(parts.array, part, at), alone)
        for one in parts.objects:
            yield from _unsure(self.object(one, part, at), alone)
        for inner in part.get("allOf", ()):
            yield from self.check(type_, inner, at)
        yield from self.alternatives(type_, part, at)

    def alternatives(self, type_: Type, part: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
        if "not" in part:
            yield from self.negation(type_, part["not"], at)
        for key in ("anyOf", "oneOf"):
            if key in part:
                yield from self.one_of(type_, key, part[key], at)
        if "if" in part:
            pieces = self._pieces(type_)
            for piece in pieces:
                condition = part["if"]
                outcome = self.conforms(piece, condition)
                if outcome is None and self.certain:
                    continue
                if outcome is not False and "then" in part:
                    where = piece if outcome else meet(piece, self.reader.read(condition))
                    yield from _unsure(self.check(where, part["then"], at), outcome is True and len(pieces) == 1)
                if outcome is not True and "else" in part:
                    yield from _unsure(self.check(piece, part["else"], at), outcome is False and len(pieces) == 1)

    def conforms(self, type_: Type, part: Any) -> bool | None:
        """True if all values are valid, False if none is, None if that is not known."""
        if type_.never:
            return True
        at = ProofPlace((), None)
        found = list(self.check(type_, part, at))
        if not found:  # if only certain gaps were looked for, there may be others
            return None if self.all_gaps is not self and any(self.all_gaps.check(type_, part, at)) else True
        return False if any(gap.always and _is_reached(type_, gap.path) for gap in found) else None

    def negation(self, type_: Type, part: Any, at: ProofPlace) -> Iterator[Gap]:
        outcomes = {self.conforms(piece, part) for piece in self._pieces(type_)}
        if outcomes - {False}:
            note = part.get("description") if isinstance(part, dict) else None
            yield at.gap("not", note or refused_words(part), outcomes == {True})

    def one_of(self, type_: Type, keyword: str, parts: Iterable[Any], at: ProofPlace) -> Iterator[Gap]:
        sure, never = True, True
        for piece in self._pieces(type_):
            outcomes = [self.conforms(piece, one) for one in parts]
            fits = True in outcomes if keyword == "anyOf" else sorted(map(str, outcomes)) == _exactly_one(len(outcomes))
            sure = sure and fits
            never = never and set(outcomes) == {False}
        if not sure:
            yield at.gap(keyword, "it may fit none of the alternatives", never)

    # Lists and objects

    def array(self, array: ArrayType, part: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
        least, most = part.get("minItems", 0), part.get("maxItems")
        if array.least < least:
            always = array.most is not None and array.most < least
            yield at.gap("minItems", fewer(least, "elements"), always)
        if most is not None and (array.most is None or array.most > most):
            yield at.gap("maxItems", f"it can have more than {most} elements", array.least > most)
        if part.get("uniqueItems") and (array.most is None or array.most > 1):
            yield at.gap("uniqueItems", "elements can be equal", False)
        for keyword in ("contains", "unevaluatedItems"):
            if keyword in part:
                yield at.gap(keyword, f"{keyword} is not understood", False)
        first = part.get("prefixItems", ())
        there = array.most is None or array.most > 0
        for number, inner in enumerate(first):
            element = array.first[number] if number < len(array.first) else array.items
            if array.most is None or array.most > number:
                yield from self.check(element, inner, at.under(str(number)))
        if "items" in part and there:
            rest = union(*array.first[len(first) :], NEVER if array.exact else array.items)
            yield from self.check(rest, part["items"], at.under("*"))

    def object(self, one: ObjectType, part: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
        yield from _required(one, part.get("required", ()), at)
        listed, patterns = part.get("properties", {}), part.get("patternProperties", {})
        rest = part.get("additionalProperties", True)
        for name, prop in one.properties.items():
            if prop.type.never:
                continue
            inside = at.under(name, _first_origin(prop))
            yield from self.name(literal(name), part, inside, name)
            fitting = [listed[name]] if name in listed else []
            fitting += [inner for pattern, inner in patterns.items() if matches(texts_with(pattern), name)]
            if not fitting and rest is False:
                gap = inside.gap("additionalProperties", "no such member is allowed", True, name)
                yield replace(gap, known=tuple(listed))
            for type_, place in _sources(prop, inside):
                for inner in fitting or ([] if rest is False else [rest]):
                    yield from self.check(type_, inner, place)
        for other in one.others:
            inside = at.under("*", other.origin)
            if self.certain:  # what depends on a name is never certain
                if not listed and not patterns and rest is not False:
                    yield from self.check(other.type, rest, inside)
                continue
            names = replace(other.name, excluded=other.name.excluded | one.properties.keys())
            yield from self.name(Type(string=names), part, inside, None)
            yield from self.listed(
                other, {name: inner for name, inner in listed.items() if name not in one.properties}, at
            )
            for pattern, inner in patterns.items():
                if meet_string(names, texts_with(pattern)) is not None:
                    yield from _unsure(self.check(other.type, inner, inside), False)
            if names.values is None or names.values - listed.keys():
                if rest is False:
                    yield inside.gap("additionalProperties", "it can have a name that is not allowed", False)
                elif rest is not True:
                    yield from self.check(other.type, rest, inside)
        yield from self.whole(one, part, at)

    def listed(self, other: Other, listed: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
        """The gaps at entries whose names have a subschema of their own."""
        found: dict[str, Gap] = {}
        for name, inner in listed.items():
            if matches(other.name, name):
                for gap in self.check(other.type, inner, at.under(name, other.origin)):
                    found.setdefault(name, replace(gap, always=False))
        if len(found) <= _FEW_NAMES:
            yield from found.values()
            return
        first, *more = found
        gap = found[first]
        names = f"{', '.join(map(repr, [first, *more[:2]]))} or {len(more) - 2} others"
        yield replace(gap, path=(*at.path, "*"), reason=f"its name can be {names}: there {gap.reason}")

    def name(self, names: Type, part: Mapping[str, Any], at: ProofPlace, name: str | None) -> Iterator[Gap]:
        if "propertyNames" in part:
            for gap in self.check(names, part["propertyNames"], at):
                yield replace(gap, reason=f"its name: {gap.reason}", name=name, always=gap.always and name is not None)

    def whole(self, one: ObjectType, part: Mapping[str, Any], at: ProofPlace) -> Iterator[Gap]:
        """The gaps of keywords about the object as a whole."""
        required = sum(prop.required for prop in one.properties.values())
        there = sum(not prop.type.never for prop in one.properties.values())
        if required < part.get("minProperties", 0):
            always = not one.others and there < part["minProperties"]
            yield at.gap("minProperties", fewer(part["minProperties"], "members"), always)
        if "maxProperties" in part and (one.others or there > part["maxProperties"]):
            yield at.gap("maxProperties", f"it can have more than {part['maxProperties']} members", False)
        for name, inner in part.get("dependentSchemas", {}).items():
            having = self._having(one, name)
            if having is not None:
                yield from _unsure(self.check(having, inner, at), one.requires(name))
        for name, needed in part.get("dependentRequired", {}).items():
            with_it = _having(one, name)
            if with_it is not None:
                yield from _unsure(_required(with_it, needed, at), one.requires(name))
        if "unevaluatedProperties" in part:
            yield at.gap("unevaluatedProperties", "unevaluatedProperties is not understood", False)

    # Parts of types: the same objects each time, so that what is found for them is found again

    def _pieces(self, type_: Type) -> list[Type]:
        """The type split into parts that a condition may distinguish."""
        known = self._split.get(id(type_))
        if known is None:
            found = _pieces(type_)
            known = self._split[id(type_)] = type_, [type_] if found == [type_] else found
        return known[1]

    def _having(self, one: ObjectType, name: str) -> Type | None:
        """The objects that have a member of this name; None if none can."""
        known = self._with_member.get((id(one), name))
        if known is None:
            found = _having(one, name)
            found = one if found == one else found
            known = self._with_member[id(one), name] = one, None if found is None else Type(objects=(found,))
        return known[1]


def _first_keyword(part: Mapping[str, Any]) -> str:
    return "type" if "type" in part else next(key for key in part if not is_annotation(key))


def _exactly_one(count: int) -> list[str]:
    return sorted(["True", *["False"] * (count - 1)])


def _unsure(gaps: Iterable[Gap], sure: bool) -> Iterator[Gap]:
    """The gaps; unless the condition around them surely holds, none of them is `always` there."""
    return (replace(gap, always=False) if gap.always and not sure else gap for gap in gaps)


def _is_reached(type_: Type, path: tuple[str, ...]) -> bool:
    """Returns whether every value of the type has a value at the path."""
    if not path:
        return True
    parts = type_.parts
    if parts != Type(objects=parts.objects) or not parts.objects:
        return False
    for one in parts.objects:
        own = one.properties.get(path[0]) if path[0] != "*" else None  # which stands for any member, also of this name
        if own is None or not own.required or isinstance(own.origin, Sources) or not _is_reached(own.type, path[1:]):
            return False
    return True


def _pieces(type_: Type) -> list[Type]:
    """The type split into parts that a condition may distinguish."""
    parts = type_.parts
    found = [only(parts, (kind,)) for kind in sorted(parts.kinds - {"object"})]
    found += [Type(objects=(one,)) for one in parts.objects]
    values = constants(without(parts, ("array", "object")))
    if values is not None and len(values) <= MAX_PIECES:
        found = [literal(value) for value in values]
        found += [only(parts, ("array",))] if parts.array is not None else []
        found += [Type(objects=(one,)) for one in parts.objects]
    return found


def _by_kind(array: ArrayType | None) -> list[ArrayType]:
    """Lists of alike elements split by the kind of element; none if there is only one kind."""
    if array is None or not array.alike or array.first:
        return []
    kinds = sorted(array.items.kinds - {"null"})
    return [replace(array, items=only(array.items, (kind, "null"))) for kind in kinds] if len(kinds) > 1 else []


def _sources(prop: Property, at: ProofPlace) -> Iterable[tuple[Type, ProofPlace]]:
    """The possible sources of a member, each with the place for its gaps: an entry has no place of its own."""
    if not isinstance(prop.origin, Sources):
        return ((prop.type, at),)
    (own, _), *entries = prop.origin.types
    return ((own, at), *((type_, ProofPlace((*at.path[:-1], "*"), origin)) for type_, origin in entries))


def _first_origin(prop: Property) -> Any:
    return prop.origin.types[0][1] if isinstance(prop.origin, Sources) else prop.origin


def _having(one: ObjectType, name: str) -> ObjectType | None:
    """The objects that have a member of this name; None if none can."""
    value = one.value(name)
    if value.never:
        return None
    own = one.properties.get(name)
    made = replace(own, required=True) if own is not None else None
    return replace(one, properties={**one.properties, name: made or Property(value, True)})


def _required(one: ObjectType, names: Iterable[str], at: ProofPlace) -> Iterator[Gap]:
    for name in names:
        own = one.properties.get(name)
        if own is not None and own.required:
            continue
        always = one.value(name).never
        reason = "no rule gives" if always else "can be absent"
        yield at.gap("required", reason, always, name, None if own is None else _first_origin(own))
