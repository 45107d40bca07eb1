"""The types of the bodies that rules emit, and their gaps to the schema of their output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial, reduce
from typing import Any

from ..diagnostics.problem import Place
from ..inference.facts import Flow, Sources, TypedEmission
from ..inference.recalled import RecalledTypes
from ..interpreter.outputs import lists_of
from ..language.rulebook import Each, EntryRule, Field, Listed, ObjectSource, Output
from ..schemas.keywords import is_annotation
from ..schemas.schema import Schema
from ..types.types import NEVER, ArrayType, ObjectType, Property, Type, join, lookup, matches, union, without_null
from .mismatches import Gap
from .subtyping import SubtypeChecker

__all__ = ["Bodies", "gaps", "is_memberwise", "place_of"]


def gaps(flow: Flow, output: Output, *, certain: bool = False) -> Iterator[tuple[TypedEmission, Gap]]:
    """The gaps between the bodies that rules emit and the schema of the output; with `certain`, only those that are
    always there."""
    if output.schema is None:
        return
    schema = flow.rulebook.schemas[output.schema]
    checker = SubtypeChecker(schema, flow.recall, certain=certain)
    bodies = Bodies(flow, output)
    for emission in bodies.emissions:
        body = bodies.of(emission)
        key = "gaps", id(body), id(schema), certain
        sound = "sound", emission.rule.name, output.name, certain
        found = flow.recall.of(key, partial(_recalled_gaps, checker, body, flow.recall.get(sound)))[0]
        if not found:
            flow.recall.put(sound, (body, schema))
        yield from ((emission, gap) for gap in found)


def _recalled_gaps(
    checker: SubtypeChecker, body: Type, sound: tuple[Type, Schema] | None
) -> tuple[tuple[Gap, ...], Type, Schema]:
    """The gaps of a body, with the objects that their key in the Recall identifies.

    `sound` is a body without gaps: if `body` has the same values, it has none either.
    """
    schema = checker.schema
    is_sound = sound is not None and sound[1] is schema and sound[0] == body and _have_same_sources(sound[0], body)
    found = () if is_sound else checker.gaps(body)
    return tuple(gap for gap in found if gap.always or not checker.certain), body, schema


def _have_same_sources(a: Type, b: Type) -> bool:
    """Returns whether the sources of the members of equal types have equal types, too."""
    if a is b:
        return True
    pairs = []
    if a.array is not None and b.array is not None:
        pairs += [(a.array.items, b.array.items), *zip(a.array.first, b.array.first, strict=True)]
    for one, other in zip(a.objects, b.objects, strict=True):
        pairs += [(known.type, entry.type) for known, entry in zip(one.others, other.others, strict=True)]
        for name, prop in one.properties.items():
            now = other.properties[name]
            pairs.append((prop.type, now.type))
            before, after = ([type_ for type_, _ in _sources_of(each)] for each in (prop, now))
            if len(before) != len(after) or any(x != y for x, y in zip(before, after, strict=True)):
                return False
            pairs += zip(before, after, strict=True)
    return all(_have_same_sources(x, y) for x, y in pairs)


def _sources_of(prop: Property) -> tuple[tuple[Type, object], ...]:
    return prop.origin.types if isinstance(prop.origin, Sources) else ()


def place_of(emission: TypedEmission, gap: Gap) -> Place:
    """The place at which a gap is reported.

    It is the name of a field if the field is wrong or lacks members, else the source of the value; or the rule, if no
    nearer place is known.
    """
    origin = gap.origin
    if isinstance(origin, EntryRule):
        return origin.node.place
    if not isinstance(origin, Field):
        return emission.rule.place
    is_written = isinstance(origin.source, ObjectSource | Each | Listed)
    is_name = is_written if gap.keyword == "required" else gap.name is not None and gap.name == origin.name
    return (origin.name_node if is_name and origin.name_node is not None else origin.node).place


class Bodies:
    """The types of the bodies of one output."""

    def __init__(self, flow: Flow, output: Output) -> None:
        self.recall = flow.recall
        self.envelope = flow.envelopes.get(output.name, NEVER)
        own = [emission for emission in flow.emissions if emission.output is output]
        self.emissions = [] if self.envelope.never else own
        self.limits = lists_of(output, flow.rulebook)
        document = flow.rulebook.schemas[output.schema or ""].document
        listed = document.get("properties", {})
        apart = (name for name in output.combine if is_memberwise(listed.get(name, True)))
        self.apart: set[str | None] = {*apart, None} if is_memberwise(document) else set()
        alone = [_body(self.envelope, emission) for emission in self.emissions]
        self.whole = union(*alone) if output.body == "list" else NEVER
        recalled = RecalledTypes(flow.recall, flow.rejecting)
        self.pooled = {
            name: recalled.same(
                ("pooled", output.name, name), union(*(without_null(lookup(body, name)) for body in alone))
            )
            for name in output.combine
        }

    def of(self, emission: TypedEmission) -> Type:
        """The type of a body with the fields of a rule, including members combined from other bodies."""
        made_of = emission.output, self.envelope, emission.fields, *self.pooled.values()
        output = emission.output

        def made() -> tuple[Type, tuple[object, ...]]:
            body = _body(self.envelope, emission)
            return self.joined(body, output.combine) if output.body == "object" else body, made_of

        if output.body == "list":
            return _appended(_body(self.envelope, emission) if self.apart else self.whole, self.limits.get(None))
        return self.recall.of(("body", emission.rule, *self.limits.items(), *map(id, made_of)), made)[0]

    def joined(self, body: Type, combine: Mapping[str, str]) -> Type:
        objects = []
        for one in body.objects:
            properties = dict(one.properties)
            for name, how in combine.items():
                own = one.properties.get(name)
                if self.pooled[name].never or (name in self.apart and (own is None or own.type.never)):
                    continue
                members = own.type if own is not None and name in self.apart else self.pooled[name]
                grown = _appended(members, self.limits.get(name)) if how == "append" else _merged(members)
                properties[name] = Property(grown, one.requires(name), None if own is None else own.origin)
            objects.append(replace(one, properties=properties))
        return Type(objects=tuple(objects))


_MEMBERWISE = {
    *("type", "$schema", "$id", "$defs", "items", "minItems"),
    *("properties", "required", "additionalProperties", "propertyNames"),
}


def is_memberwise(part: Any) -> bool:
    """Returns whether a schema validates the members of a list or object one by one.

    Then combining members of other bodies changes nothing, since each is checked with its own rule.
    """
    return not isinstance(part, dict) or all(key in _MEMBERWISE or is_annotation(key) for key in part)


def _body(envelope: Type, emission: TypedEmission) -> Type:
    fields = emission.fields
    element_of = emission.output.element_of
    if emission.output.body != "object":
        return Type(array=ArrayType(fields, (), 1, 1)) if emission.output.body == "list" else fields
    if element_of is not None:
        own = {element_of: Property(Type(array=ArrayType(fields, (), 1, 1)), True, emission.rule)}
        fields = Type(objects=(ObjectType(own),))
    around = envelope.objects or (ObjectType({}),)
    return Type(objects=tuple(_over(one, own) for one in around for own in fields.objects))


def _over(envelope: ObjectType, own: ObjectType) -> ObjectType:
    """The members of the envelope, replaced by those that the rule gives; an entry of a spread can have any name."""
    properties = dict(own.properties)
    for name, prop in envelope.properties.items():
        given = own.properties.get(name)
        if given is None:
            over = [other for other in own.others if matches(other.name, name)]
            sources = ((prop.type, prop.origin), *((other.type, other.origin) for other in over))
            type_ = union(prop.type, *(other.type for other in over))
            properties[name] = Property(type_, prop.required, Sources(sources)) if over else prop
        elif not given.required:
            properties[name] = Property(union(prop.type, given.type), prop.required, given.origin)
    return ObjectType(properties, (*envelope.others, *own.others))


def _appended(type_: Type, limit: int | None) -> Type:
    """The type of lists that are appended up to a limit of elements; a list that is longer by itself is sent alone."""
    array = type_.parts.array
    most = limit if limit is None or array is None else max(limit, array.least)
    return type_ if array is None else union(type_, Type(array=ArrayType(array.element(), (), array.least, most)))


def _merged(type_: Type) -> Type:
    objects = type_.parts.objects
    return type_ if not objects else union(type_, Type(objects=(reduce(join, objects),)))
