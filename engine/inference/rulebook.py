"""Walks through a Rulebook in order of evaluation, with the types of all names in scope.

It records facts for the checks (`facts`) and collects the types of emissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, Literal, TypeVar

from ..expressions.roots import RootUse
from ..expressions.tree import Node as Tree
from ..language.rulebook import (
    ABSENT,
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    ObjectSource,
    Route,
    Rule,
    Rulebook,
    Spread,
    Text,
)
from ..language.traversal import roots_in
from ..types.from_schema import type_of
from ..types.narrowing import falsy, meet, truthy
from ..types.types import (
    ANY,
    NEVER,
    NULL,
    OBJECT,
    ArrayType,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    join,
    literal,
    matches,
    members,
    union,
    without_null,
)
from .expressions import Inferred, infer, narrow, otherwise
from .facts import (
    Alternatives,
    Coercion,
    Condition,
    Constant,
    Default,
    EvaluatedPart,
    Flow,
    Iteration,
    LookUp,
    Reached,
    RenderedTemplate,
    Sources,
    SpreadOver,
    TypedEmission,
)
from .fields import coerced, looked_up, setting_type
from .templates import rendered

__all__ = ["Emissions", "walk"]


_R = TypeVar("_R", Rule, EntryRule)
_TAKERS = 10
"""The maximum number of rules among which one that takes everything is searched."""
_LEARNT = 40
"""The maximum number of members that conditions narrow; beyond it narrowing is dropped, since each slows the next."""


def walk(rulebook: Rulebook) -> Flow:
    """Walks through the whole Rulebook."""
    schema = rulebook.schemas.get(rulebook.input.schema)
    flow = Flow(rulebook, ANY if schema is None else meet(type_of(schema), OBJECT))
    _Walk(flow).rulebook(rulebook)
    return flow


class Emissions:
    """The emissions of rules in other contexts than those of the walk."""

    def __init__(self, flow: Flow) -> None:
        self._walk = _Walk(Flow(flow.rulebook, flow.input, rejecting=flow.rejecting), observes=False)

    def emitted(self, emission: TypedEmission, context: Type) -> TypedEmission:
        """The emission of a rule in a context restricted to a part of all that it could see."""
        fields = self._walk.object(emission.rule.body, context)
        self._walk.facts.clear()
        return replace(emission, fields=without_null(fields), context=context)


_Policy = tuple[tuple[EntryRule, ...], list[str], list[tuple[tuple[Any, ...], tuple[Other, ...]]]]


class _Walk:
    """The walk itself; `observes`: the parts of expressions are facts, too."""

    def __init__(self, flow: Flow, *, observes: bool = True) -> None:
        self.flow = flow
        self.facts = flow.facts
        self.observes = observes
        self.rejects = False
        """Set if anything visited since the last reset can reject the element around it."""
        self.policies: dict[int, _Policy] = {}

    # Expressions

    def expression(self, expr: Expr, context: Type) -> Inferred:
        self.read(expr.expression.roots)
        if not self.observes:
            return infer(expr.expression.tree, context)
        facts = self.facts
        return infer(expr.expression.tree, context, lambda seen: facts.append(EvaluatedPart(expr, seen)))

    def asked(self, when: Expr | None, context: Type, what: str) -> bool:
        """Records the possible results of a condition; returns whether it can fail to hold."""
        if when is None or context.never:
            return False
        found = self.expression(when, context)
        fails = found.fails or not falsy(found.type).never
        self.facts.append(Condition(when, what, not truthy(found.type).never, fails))
        return fails

    def condition(self, when: Expr | None, context: Type, what: str) -> Type:
        """The context in which the condition holds; NEVER if it never does."""
        self.asked(when, context, what)
        return _where(when, context)

    def read(self, roots: Iterable[RootUse]) -> None:
        """Records that names are read: of a let that can reject, this rejects what reads it."""
        self.rejects = self.rejects or any(use.name in self.flow.rejecting for use in roots)

    def text(self, text: Text | None, context: Type) -> None:
        if text is None:
            return
        self.read(text.template.roots)
        if not context.never:
            self.facts.append(RenderedTemplate(text, context))

    # Rulebook, rules and routes

    def rulebook(self, rulebook: Rulebook) -> None:
        settings = {name: Property(setting_type(setting), True) for name, setting in rulebook.settings.items()}
        roots = {
            "settings": Property(Type(objects=(ObjectType(settings, (Other(StringType(), ANY),)),)), True),
            rulebook.input.as_name: Property(self.flow.input, True),
        }
        # An undefined root is reported by another check: it can be anything.
        context = Type(objects=(ObjectType(roots, (Other(StringType(), ANY),)),))
        context = self.let(rulebook.let, context)
        batch_rules = [rule for rule in rulebook.rules if rule.route is None]
        for rule in batch_rules:
            if rule.output is None:
                context = self.ending(rule, context)
        for rule in batch_rules:
            if rule.output is not None:
                self.rule(rule, self.condition(rule.when, context, "rule"))
        for name, route in rulebook.routes.items():
            self.route(route, [rule for rule in rulebook.rules if rule.route == name], context)
        self.outputs(rulebook, context)

    def ending(self, rule: Rule, context: Type) -> Type:
        """The context after a rule that ends the batch did not apply."""
        self.rule(rule, self.condition(rule.when, context, "rule"))
        return _rest(rule, context)

    def route(self, route: Route, rules: list[Rule], context: Type) -> None:
        inner = self.iterated(route.each, f"the route {route.name!r}", route.as_name, route.key_name, context)
        inner = self.let(route.let, inner)
        rest, before = inner, list[Rule]()
        for rule in rules:
            self.asked(rule.when, inner, "rule")
            taken = _where(rule.when, rest)
            alone = _where(rule.when, inner) if taken.never else taken
            if not inner.never:
                reached = not taken.never or alone.never
                taker = None if reached else _taker(before, rule, inner)
                self.facts.append(Reached(rule.name_node, rule.name, reached, taker))
            self.rule(rule, alone)
            rest = _passed_on(rule, rest, inner, before)

    def rule(self, rule: Rule, context: Type) -> None:
        context = self.let(rule.let, context)
        for warn in rule.warn:
            self.text(warn.message, self.condition(warn.when, context, "warning"))
        self.text(rule.skip, context)
        self.text(rule.reject, context)
        output = self.flow.rulebook.outputs.get(rule.output or "")
        if output is not None:
            fields = self.object(rule.body, context)
            if not context.never:
                self.flow.emissions.append(TypedEmission(rule, output, without_null(fields), context))

    def outputs(self, rulebook: Rulebook, context: Type) -> None:
        for name, output in rulebook.outputs.items():
            own = [emission.context for emission in self.flow.emissions if emission.output is output]
            seen = _at_top(own, context) if own else context
            self.flow.envelopes[name] = self.object(ObjectSource(output.fields), seen)
            self.object(ObjectSource(output.request.query), seen)
        if rulebook.bulk is not None:
            for fields in (rulebook.bulk.fields, rulebook.bulk.request.query):
                self.object(ObjectSource(fields), context)

    # Names

    def let(self, definitions: tuple[Field, ...], context: Type) -> Type:
        """The context with the names added. A let that has no value in any case rejects what reads it, not what is
        beside it; of its value nothing is known then."""
        for definition in definitions:
            name = definition.name or ""
            outer, self.rejects = self.rejects, False
            type_ = self.field(definition, context)
            if self.rejects:
                self.flow.rejecting.add(name)
            self.rejects = outer
            context = with_root(context, name, ANY if type_.never and not context.never else type_)
        return context

    def iterated(self, each: Expr, what: str, as_name: str, key_name: str | None, context: Type) -> Type:
        """The context for the elements of a list or the entries of an object; NEVER if there can be none."""
        type_ = self.expression(each, context).type
        wanted: Literal["array", "object"] = "array" if key_name is None else "object"
        if not context.never:
            self.facts.append(Iteration(each, what, wanted, type_))
        if key_name is None:
            array = type_.parts.array
            element = NEVER if array is None else array.element()
            return with_root(context, as_name, element)
        found = [part for one in type_.parts.objects for part in members(one)]
        inner = with_root(context, as_name, union(*(value for _, value in found)))
        return with_root(inner, key_name, union(*(Type(string=name) for name, _ in found)))

    # Fields

    def field(self, field_: Field, context: Type) -> Type:
        """The type of a field's value; null if it is left out."""
        conditional = self.asked(field_.when, context, "field")
        inside = _where(field_.when, context)
        value = self.source(field_, inside)
        if field_.table is not None and not value.never:
            found = without_null(value)
            if not found.never:
                self.facts.append(LookUp(field_.table, found))
            value = union(NULL if value.parts.null else NEVER, looked_up(found, field_.table))
            self.rejects = self.rejects or field_.table.unlisted == "reject"
        if field_.type is not None:
            value = self.coercion(field_, value, inside)
        if inside.never:  # its default and `required` have no effect
            return NEVER if context.never else NULL
        if field_.default is not ABSENT:
            self.facts.append(Default(field_, value))
            self.facts.append(Constant(field_, "default", field_.default, context))
            if value.parts.null:
                value = union(without_null(value), literal(field_.default))
        if field_.required and value.parts.null:
            self.rejects = True
            value = without_null(value)
        return union(value, NULL) if conditional else value

    def coercion(self, field_: Field, value: Type, context: Type) -> Type:
        there = without_null(value)
        if there.never:
            return value
        made = coerced(there, field_.type or "any", field_.items, field_.form)
        if not context.never:
            self.facts.append(Coercion(field_, there, not made.type.never, made.fails))
        found = union(made.type, NULL if value.parts.null else NEVER)
        if made.fails:
            match field_.on_problem:
                case "omit":
                    found = union(found, NULL)
                case "keep":
                    found = union(found, there)
                case "reject":
                    self.rejects = True
        return found

    def failure(self, field_: Field) -> Type:
        """The type of a field's value if its source fails."""
        if field_.on_problem == "reject":
            self.rejects = True
            return NEVER
        return NULL

    def source(self, field_: Field, context: Type) -> Type:
        source = field_.source
        match source:
            case From():
                return self.alternatives(field_, source, context)
            case Const():
                if context.never:
                    return NEVER
                self.facts.append(Constant(field_, "const", source.value, context))
                return literal(source.value)
            case Text():
                self.text(source, context)
                found = rendered(source, context)
                return union(without_null(found), self.failure(field_)) if found.parts.null else found
            case ObjectSource():
                return self.object(source, context)
        return self.each(field_, source, context)

    def alternatives(self, field_: Field, source: From, context: Type) -> Type:
        types: list[tuple[Expr | Field, Type]] = []
        result = NEVER
        for part in source.alternatives:
            if isinstance(part, Expr):
                found = self.expression(part, context)
                type_ = union(found.type, self.failure(field_)) if found.fails else found.type
            else:
                type_ = self.field(part, context)
            types.append((part, type_))
        for _, type_ in types:
            result = union(without_null(result), type_)
            if not type_.parts.null:
                break
        if not context.never:
            self.facts.append(Alternatives(field_, tuple(types)))
        return result

    def each(self, field_: Field, source: Each, context: Type) -> Type:
        found = infer(_tree(source.each), context)
        inner = self.iterated(source.each, "`each`", source.as_name, source.key_name, context)
        outer, self.rejects = self.rejects, False
        inner = self.let(source.let, inner)
        value = source.value
        element = self.object(value, inner) if isinstance(value, ObjectSource) else self.field(value, inner)
        whole = not self.rejects and not element.parts.null
        self.rejects = outer
        parts = found.type.parts
        wanted: Literal["array", "object"] = "array" if source.key_name is None else "object"
        there = parts.kinds & {wanted}
        least = parts.array.least if whole and wanted == "array" and parts.array is not None else 0
        most = parts.array.most if wanted == "array" and parts.array is not None else None
        items = without_null(element)
        made = Type(array=ArrayType(items, (), least, 0 if items.never else most)) if there else NEVER
        if parts.null:
            made = union(made, NULL)
        if found.fails or parts.kinds - {wanted, "null"}:
            made = union(made, self.failure(field_))
        return made

    # Objects and spreads

    def object(self, source: ObjectSource, context: Type) -> Type:
        """The type of the object; null if it can have no members."""
        if context.never:
            for field_ in source.fields:
                self.field(field_, context)
            return NEVER
        properties = {}
        for field_ in source.fields:
            value = self.field(field_, context)
            properties[field_.name or ""] = Property(without_null(value), not value.parts.null, field_)
        others: list[Other] = []
        for spread in source.spreads:
            others += self.spread(spread, context)
        if any(prop.required and prop.type.never for prop in properties.values()):
            return NEVER  # a required field never has a value
        empty = NEVER if any(prop.required for prop in properties.values()) else NULL
        made = _filled(properties, others)
        there = bool(made.others) or any(not prop.type.never for prop in made.properties.values())
        return union(Type(objects=(made,)), empty) if there else empty

    def spread(self, spread: Spread, context: Type) -> tuple[Other, ...]:
        type_ = self.expression(spread.from_, context).type
        self.facts.append(Iteration(spread.from_, "a spread", "object", type_))
        self.facts.append(SpreadOver(spread, type_))
        found = [part for one in type_.parts.objects for part in members(one)]
        names = union(*(name for one, _ in found for name in _names(one, spread)))
        inner = with_root(context, spread.as_name, union(*(value for _, value in found)))
        inner = with_root(inner, spread.key_name, names)
        outer, self.rejects = self.rejects, False
        inner = self.let(spread.let, inner)
        made = self.entries(spread, inner)
        self.rejects = outer  # an entry is rejected alone
        return made

    def entries(self, spread: Spread, context: Type) -> tuple[Other, ...]:
        """The types of the entries that the entry rules let through.

        A policy is walked once for the same types of its reads.
        """
        if context.never:
            return ()
        key = id(spread.entries)
        if key not in self.policies:
            self.policies[key] = (spread.entries, sorted(set(roots_in(spread.entries))), [])
        _, names, known = self.policies[key]
        cases = (tuple(one.value(name) for name in names) for one in context.objects)
        seen = (spread.key_name, spread.as_name, *cases)
        for before, made in known:
            if before == seen:
                return made
        made = tuple(self.taken(spread, context))
        known.append((seen, made))
        return made

    def taken(self, spread: Spread, context: Type) -> Iterable[Other]:
        rest, before = context, list[EntryRule]()
        for rule in spread.entries:
            self.asked(rule.when, context, "entry")
            taken = _where(rule.when, rest)
            alone = _where(rule.when, context) if taken.never else taken
            reached = not taken.never or alone.never
            self.facts.append(Reached(rule.node, None, reached, None if reached else _taker(before, rule, context)))
            kept = self.entry(rule, spread, alone)
            if not taken.never:
                yield from kept
            rest = _passed_on(rule, rest, context, before)

    def entry(self, rule: EntryRule, spread: Spread, context: Type) -> list[Other]:
        context = self.let(rule.let, context)
        for text in (rule.warn, rule.skip, rule.reject):
            self.text(text, context)
        if rule.skip is not None or rule.reject is not None:
            return []
        name = _root(context, spread.key_name) if rule.name is None else self.field(rule.name, context)
        value = _root(context, spread.as_name) if rule.value is None else self.field(rule.value, context)
        value = without_null(value)
        if context.never or name.parts.string is None or value.never:
            return []
        return [Other(name.parts.string, value, rule)]


def _tree(expr: Expr) -> Tree:
    return expr.expression.tree


def _where(when: Expr | None, context: Type) -> Type:
    return context if when is None else narrow(context, _tree(when), True)


def _rest(rule: Rule | EntryRule, context: Type) -> Type:
    """The context that a rule of a chain leaves for the next."""
    return NEVER if rule.when is None else otherwise(context, _tree(rule.when))


def _passed_on(rule: _R, rest: Type, context: Type, before: list[_R]) -> Type:
    """The context that a rule leaves of `rest`, for the next rule.

    Adds the rule to `before`, the rules that may take everything, if it is one of the first or leaves nothing.
    """
    left = _rest(rule, rest)
    if len(before) < _TAKERS or (left.never and not rest.never):
        before.append(rule)
    return left if _learnt(left, context) <= _LEARNT else context


def _learnt(type_: Type, known: Type) -> int:
    """The approximate number of members that differ from those of a wider type."""
    count = 0
    for one in type_.objects:
        for name, prop in one.properties.items():
            before = [other.properties.get(name) for other in known.objects]
            if not any(prop is other for other in before):
                wider = next((other.type for other in before if other is not None), NEVER)
                count += 1 + _learnt(prop.type, wider)
    return count


def _taker(before: Sequence[_R], rule: _R, context: Type) -> _R | None:
    """The rule before this one that alone takes all of its elements."""
    return next((one for one in before if _where(rule.when, _rest(one, context)).never), None)


def with_root(context: Type, name: str, type_: Type) -> Type:
    """The context with one more name; NEVER if it can have no value."""
    if context.never or type_.never:
        return NEVER
    added = Property(type_, True)
    return Type(objects=tuple(ObjectType({**one.properties, name: added}, one.others) for one in context.objects))


def _root(context: Type, name: str) -> Type:
    return union(*(one.value(name) for one in context.objects))


def _at_top(contexts: list[Type], top: Type) -> Type:
    """The union of the contexts, restricted to the names in scope at the top."""
    if top.never:
        return NEVER
    names, others = top.objects[0].properties, top.objects[0].others
    own = (one for context in contexts for one in context.objects)
    # Without the names of routes and rules, which ever more conditions distinguish.
    return Type(
        objects=(reduce(join, (ObjectType({name: one.properties[name] for name in names}, others) for one in own)),)
    )


def _names(name: StringType, spread: Spread) -> Iterable[Type]:
    """The names that entries of such names may get; none if the spread leaves them out."""
    except_ = spread.except_
    gone = frozenset(name_ for name_ in except_.names if not except_.ignore_case)
    left = Type(string=StringType(excluded=gone - {""}, least=1 if "" in gone else 0))
    kept = meet(Type(string=name), left)
    if kept.string is None:
        return
    yield kept
    yield from (literal(new) for new in spread.rename.values())


def _filled(properties: dict[str, Property], others: list[Other]) -> ObjectType:
    """The object with the entries that may take the names of absent fields."""
    result = {}
    for name, prop in properties.items():
        extra = [] if prop.required else [other for other in others if matches(other.name, name)]
        sources = ((prop.type, prop.origin), *((other.type, other.origin) for other in extra))
        type_ = union(prop.type, *(other.type for other in extra))
        result[name] = Property(type_, prop.required, Sources(sources)) if extra else prop
    return ObjectType(result, tuple(others))
