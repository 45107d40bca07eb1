"""A walk through the parts of rules (conditions, names, fields, objects, spreads) with the types of names in scope."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, TypeVar

from ..expressions.roots import RootUse
from ..expressions.tree import TreeNode
from ..language.rulebook import (
    ABSENT,
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    Route,
    Rule,
    Spread,
    Text,
)
from ..language.traversal import roots_in
from ..types.narrowing import falsy, truthy
from ..types.types import (
    ANY,
    NEVER,
    NULL,
    ArrayType,
    Other,
    Property,
    Type,
    literal,
    members,
    union,
    without_null,
)
from . import contexts
from .entries import always_passed, filled, names_of, passed, passes_all, without_empty
from .expressions import Inferred, Seen, infer
from .facts import (
    Alternatives,
    Coercion,
    Condition,
    Constant,
    Default,
    EvaluatedPart,
    Fact,
    Flow,
    Iteration,
    LookUp,
    Reached,
    RenderedTemplate,
    SharedFacts,
    SpreadOver,
)
from .fields import coerced, looked_up
from .recalled import RecalledTypes, names_in
from .refinements import COUNT
from .templates import rendered

__all__ = ["PartWalk", "Record"]


_R = TypeVar("_R", Rule, EntryRule)
_T = TypeVar("_T")
_TAKERS = 10
"""The maximum number of rules among which a taker is searched (see `Reached`)."""
_LEARNT = 40
"""The maximum number of members that conditions narrow; beyond it, narrowing is dropped since it becomes slow."""
_MOST_APART = 64
"""The maximum number of members that keep their own types when they are spread."""

Record = tuple[list[Fact | SharedFacts], set[str]]
_Policy = tuple[tuple[EntryRule, ...], list[str], list[tuple[tuple[Any, ...], Record, tuple[Other, ...]]]]


class PartWalk:
    """Records facts about the parts that it walks through, with `observes` also about the parts of expressions."""

    def __init__(self, flow: Flow, *, observes: bool = True) -> None:
        self.flow = flow
        self.facts: list[Fact | SharedFacts] = []
        self.recalled = RecalledTypes(flow.recall, flow.rejecting)
        self.observes = observes
        self.rejects = False
        """Set if anything visited since the last reset can reject the element around it."""
        self.policies: dict[int, _Policy] = {}

    # Expressions

    def expression(self, expr: Expr, context: Type) -> Inferred:
        self.read(expr.expression.roots)
        tree = expr.expression.tree
        if not self.observes:
            return infer(tree, context)

        def made() -> tuple[TreeNode, Inferred, list[Seen]]:
            parts: list[Seen] = []
            return tree, infer(tree, context, parts.append), parts

        _, found, parts = self.recalled.result(("expression", id(tree)), tuple(roots_in(expr)), context, made)
        self.facts += [EvaluatedPart(expr, seen) for seen in parts]
        return found

    def can_fail(self, when: Expr | None, context: Type, what: str) -> bool:
        """Records the possible results of a condition; returns whether it can fail to hold."""
        if when is None or context.never:
            return False
        found = self.expression(when, context)
        fails = found.fails or not falsy(found.type).never
        self.facts.append(Condition(when, what, not truthy(found.type).never, fails, context))
        return fails

    def condition(self, when: Expr | None, context: Type, what: str) -> Type:
        """The context in which the condition holds; NEVER if it never does."""
        self.can_fail(when, context, what)
        return self.where(when, context)

    def where(self, when: Expr | None, context: Type) -> Type:
        """The context in which a condition holds, as `condition` gives it, without a fact about it."""
        if when is None:
            return context
        return self.recalled.context(
            ("where", when.text), tuple(roots_in(when)), context, lambda: contexts.where(when, context)
        )

    def rest(self, when: Expr | None, context: Type) -> Type:
        """The context in which the condition does not hold."""
        if when is None:
            return NEVER
        names = tuple(roots_in(when))
        return self.recalled.context(("rest", when.text), names, context, lambda: contexts.rest(when, context))

    def read(self, roots: Iterable[RootUse]) -> None:
        """Records reads of names: reading a let that can reject can reject the reader."""
        self.rejects = self.rejects or any(use.name in self.flow.rejecting for use in roots)

    def text(self, text: Text | None, context: Type) -> None:
        if text is None:
            return
        self.read(text.template.roots)
        if not context.never:
            self.facts.append(RenderedTemplate(text, context))

    def recorded(self, walk: Callable[[], _T]) -> tuple[_T, Record]:
        """The result of a part of the walk, and the facts and rejecting lets that it records."""
        outer, self.facts = self.facts, []
        rejecting = set(self.flow.rejecting)
        result = walk()
        facts, self.facts = self.facts, outer
        return result, (facts, self.flow.rejecting - rejecting)

    def grouped(self, walk: Callable[[], _T]) -> tuple[_T, Record]:
        """Like `recorded`, with the facts as one group."""
        result, (facts, rejecting) = self.recorded(walk)
        return result, ([SharedFacts(tuple(facts))], rejecting)

    def replay(self, record: Record) -> None:
        facts, rejecting = record
        self.facts += facts
        self.flow.rejecting |= rejecting

    # Names

    def with_root(self, context: Type, name: str, type_: Type) -> Type:
        """The context with one more name; NEVER if it can have no value."""
        return self.recalled.with_root(context, name, type_)

    def let(self, definitions: tuple[Field, ...], context: Type) -> Type:
        """The context with the names added."""
        for definition in definitions:
            context = self.with_root(context, definition.name or "", self.definition(definition, context))
        return context

    def definition(self, definition: Field, context: Type) -> Type:
        """The type of a let, or ANY if it always rejects, since that concerns only the parts that read it."""
        outer, self.rejects = self.rejects, False
        type_ = self.field(definition, context)
        if self.rejects:
            self.flow.rejecting.add(definition.name or "")
        self.rejects = outer
        return ANY if type_.never and not context.never else type_

    def iterated(self, source: Each | Route, what: str, context: Type) -> Type:
        """The context for the elements of a list or the entries of an object; NEVER if there can be none."""
        each, as_name, key_name = source.each, source.as_name, source.key_name
        type_ = self.expression(each, context).type
        if not context.never:
            self.facts.append(Iteration(each, what, source.each_type, type_))
        if key_name is None:
            array = type_.parts.array
            element = NEVER if array is None else array.element()
            inner = self.with_root(context, as_name, element)
            return inner if source.index_name is None else self.with_root(inner, source.index_name, COUNT)
        found = [part for one in type_.parts.objects for part in members(one)]
        inner = self.with_root(context, as_name, union(*(value for _, value in found)))
        return self.with_root(inner, key_name, union(*(Type(string=name) for name, _ in found)))

    # Fields

    def field(self, field_: Field, context: Type) -> Type:
        """The type of a field's value; null if it is left out."""
        conditional = self.can_fail(field_.when, context, "field")
        inside = self.where(field_.when, context)
        value = self.source(field_, inside)
        if field_.table is not None and not value.never:
            found = without_null(value)
            if not found.never:
                self.facts.append(LookUp(field_, field_.table, found))
            value = union(NULL if value.parts.null else NEVER, looked_up(found, field_.table))
            self.rejects = self.rejects or field_.table.unlisted == "reject"
        if field_.type is not None:
            value = self.coercion(field_, value, inside)
        if field_.omit_empty:
            value = without_empty(value)
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
            case Listed():
                return self.listed(source, context)
        return self.each(field_, source, context)

    def listed(self, source: Listed, context: Type) -> Type:
        """The type of a list that is made element by element; null if it can have none."""
        if context.never:
            for item in source.items:
                self.field(item, context)
            return NEVER
        members = [self.member(item, context) for item in source.items]
        if any(one.required and one.type.never for one in members):
            return NEVER
        least = sum(one.required for one in members)
        if least == len(members):
            return Type(array=ArrayType(NEVER, tuple(one.type for one in members), least, least))
        items = union(*(one.type for one in members))
        made = NEVER if items.never else Type(array=ArrayType(items, (), max(least, 1), len(members)))
        return made if least else union(made, NULL)

    def member(self, field_: Field, context: Type) -> Property:
        """The type of a field's value where it has one, and whether it always has one."""
        value = self.field(field_, context)
        if field_.keep_null and value.parts.null:
            return Property(value, field_.when is None, field_)
        return Property(without_null(value), not value.parts.null, field_)

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
        found = infer(contexts.tree_of(source.each), context)
        inner = self.iterated(source, "`each`", context)
        outer, self.rejects = self.rejects, False
        inner = self.let(source.let, inner)
        element = self.value(source.value, inner)
        whole = not self.rejects and not element.parts.null
        self.rejects = outer
        parts = found.type.parts
        wanted = source.each_type
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

    def value(self, value: ObjectSource | Field, context: Type) -> Type:
        return self.object(value, context) if isinstance(value, ObjectSource) else self.field(value, context)

    def object(self, source: ObjectSource, context: Type) -> Type:
        """The type of the object; null if it can have no members."""
        if context.never:
            for field_ in source.fields:
                self.field(field_, context)
            return NEVER
        properties = {}
        for field_ in source.fields:
            properties[field_.name or ""] = self.member(field_, context)
        others: list[Other] = []
        certain: set[str] = set()
        for spread in source.spreads:
            more, names = self.spread(spread, context)
            others += more
            certain.update(names)
        if any(prop.required and prop.type.never for prop in properties.values()):
            return NEVER  # a required field never has a value
        made = filled(properties, others, certain)
        empty = NEVER if any(prop.required for prop in made.properties.values()) else NULL
        there = bool(made.others) or any(not prop.type.never for prop in made.properties.values())
        return union(Type(objects=(made,)), empty) if there else empty

    def spread(self, spread: Spread, context: Type) -> tuple[tuple[Other, ...], Collection[str]]:
        """The types of the entries that pass through, and the names of those that are always there."""
        whole = self.expression(spread.from_, context)
        type_ = whole.type
        self.facts.append(Iteration(spread.from_, "a spread", "object", type_))
        self.facts.append(SpreadOver(spread, type_))
        found = [part for one in type_.parts.objects for part in members(one)]
        names = union(*(name for one, _ in found for name in names_of(one, spread)))
        inner = self.with_root(context, spread.as_name, union(*(value for _, value in found)))
        inner = self.with_root(inner, spread.key_name, names)
        outer, self.rejects = self.rejects, False
        inner = self.let(spread.let, inner)
        made = self.entries(spread, inner)
        self.rejects = outer  # an entry is rejected alone
        if not made or len(found) > _MOST_APART or not passes_all(spread):
            return made, ()
        apart = tuple(passed(type_.parts.objects, spread))
        return apart, () if whole.fails else always_passed(type_, spread)

    def entries(self, spread: Spread, context: Type) -> tuple[Other, ...]:
        """The types of the entries that the entry rules let through.

        A policy is walked once for the same types of its reads.
        """
        if context.never:
            return ()
        key = id(spread.entries)
        if key not in self.policies:
            self.policies[key] = (spread.entries, sorted(names_in(spread.entries)), [])
        _, names, known = self.policies[key]
        cases = (tuple(one.value(name) for name in names) for one in context.objects)
        seen = (spread.key_name, spread.as_name, *cases)
        for before, record, entries in known:
            if before == seen:
                self.facts += record[0]
                return entries

        what = "policy", spread.entries, spread.key_name, spread.as_name
        made = partial(self.grouped, lambda: tuple(self.taken(spread, context)))
        entries, record = self.recalled.result(what, names, context, made)
        self.replay(record)
        known.append((seen, record, entries))
        return entries

    def taken(self, spread: Spread, context: Type) -> Iterable[Other]:
        rest, before = context, list[EntryRule]()
        for rule in spread.entries:
            self.can_fail(rule.when, context, "entry")
            taken = self.where(rule.when, rest)
            alone = self.where(rule.when, context) if taken.never else taken
            reached = not taken.never or alone.never
            taker = None if reached else contexts.taker(before, rule, context)
            self.facts.append(Reached(rule.node, None, reached, taker, rest))
            kept = self.entry(rule, spread, alone)
            if not taken.never:
                yield from kept
            rest = self.passed_on(rule, rest, context, before)

    def passed_on(self, rule: _R, rest: Type, context: Type, before: list[_R]) -> Type:
        """The part of the context `rest` that a rule leaves for the next one.

        Adds the rule to `before`, the possible takers, if it is one of the first or leaves nothing.
        """
        left = self.rest(rule.when, rest)
        if len(before) < _TAKERS or (left.never and not rest.never):
            before.append(rule)
        return left if self.recalled.learnt(left, context) <= _LEARNT else context

    def entry(self, rule: EntryRule, spread: Spread, context: Type) -> list[Other]:
        context = self.let(rule.let, context)
        for text in (rule.warn, rule.skip, rule.reject):
            self.text(text, context)
        if rule.skip is not None or rule.reject is not None:
            return []
        name = contexts.root(context, spread.key_name) if rule.name is None else self.field(rule.name, context)
        value = contexts.root(context, spread.as_name) if rule.value is None else self.field(rule.value, context)
        value = without_null(value)
        if context.never or name.parts.string is None or value.never:
            return []
        return [Other(name.parts.string, value, rule)]
