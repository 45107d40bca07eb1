"""Walks through a Rulebook in order of evaluation, with the types of all names in scope.

It records facts for the checks (`facts`) and collects the types of emissions.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..language.names import aimed_outputs
from ..language.rulebook import (
    Expr,
    Field,
    ObjectSource,
    Route,
    Rule,
    Rulebook,
)
from ..language.traversal import roots_in
from ..types.from_schema import type_of
from ..types.narrowing import meet
from ..types.types import (
    ANY,
    OBJECT,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    without_null,
)
from ..values.recall import Recall
from . import contexts
from .facts import (
    Flow,
    Reached,
    TypedEmission,
    flattened,
    groups_in,
)
from .fields import setting_type
from .parts import PartWalk, Record
from .recalled import names_in

__all__ = ["Emissions", "RuleWalk", "input_type", "walk"]


def walk(rulebook: Rulebook, recall: Recall | None = None) -> Flow:
    """Walks through the whole Rulebook; with `recall`, only through parts that changed since the last walk."""
    flow = Flow(rulebook, input_type(rulebook), recall=Recall() if recall is None else recall)
    RuleWalk(flow).rulebook(rulebook)
    return flow


def input_type(rulebook: Rulebook) -> Type:
    """The type of the input of a rulebook."""
    schema = rulebook.schemas.get(rulebook.input.schema)
    return ANY if schema is None else meet(type_of(schema), OBJECT)


class Emissions:
    """Infers emissions of rules in narrower contexts than those of the walk."""

    def __init__(self, flow: Flow) -> None:
        self._walk = PartWalk(Flow(flow.rulebook, flow.input, rejecting=flow.rejecting), observes=False)

    def emitted(self, emission: TypedEmission, context: Type) -> TypedEmission:
        """The emission of a rule in a narrower context."""
        fields = self._walk.value(emission.rule.body, context)
        self._walk.facts.clear()
        return replace(emission, fields=without_null(fields), context=context)


class RuleWalk(PartWalk):
    """The walk through a whole Rulebook."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)
        self.aimed = aimed_outputs(flow.rulebook)

    def roots(self, rulebook: Rulebook) -> Type:
        """The context of all rules without their lets: the settings and the input."""
        settings = {name: Property(setting_type(setting), True, setting) for name, setting in rulebook.settings.items()}
        given = Type(objects=(ObjectType(settings, (Other(StringType(), ANY),)),))
        roots = {
            "settings": self.recalled.root("settings", self.recalled.same("settings", given)),
            rulebook.input.as_name: self.recalled.root("", self.recalled.same("input", self.flow.input)),
        }
        # An undefined root is reported by another check; its type is ANY.
        return self.recalled.same("roots", Type(objects=(ObjectType(roots, (Other(StringType(), ANY),)),)))

    def rulebook(self, rulebook: Rulebook) -> None:
        context = top = self.shared_let(rulebook.let, self.roots(rulebook))
        batch_rules = [rule for rule in rulebook.rules if rule.route is None]
        for rule in batch_rules:
            if rule.output is None:
                context = self.ending(rule, context)
        for rule in batch_rules:
            if rule.output is not None:
                self.test(rule.when, context)
                self.changed_rule(rule, self.where(rule.when, context))
        for name, route in rulebook.routes.items():
            self.route(route, [rule for rule in rulebook.rules if rule.route == name], context)
        for assertion in rulebook.assertions.values():
            self.test(assertion.without, top)
        self.outputs(rulebook, context)
        self.flow.facts += flattened(self.facts)
        self.flow.groups += groups_in(self.facts)

    def ending(self, rule: Rule, context: Type) -> Type:
        """The context after a rule that ends the batch, if it did not apply."""
        self.test(rule.when, context)
        self.changed_rule(rule, self.where(rule.when, context))
        return self.rest(rule.when, context)

    def route(self, route: Route, rules: list[Rule], context: Type) -> None:
        inner = self.iterated(route, f"the route {route.name!r}", context)
        inner = self.shared_let(route.let, inner)
        rest, before = inner, list[Rule]()
        for rule in rules:
            self.test(rule.when, inner)
            taken = self.where(rule.when, rest)
            alone = self.where(rule.when, inner) if taken.never else taken
            if not inner.never:
                reached = not taken.never or alone.never
                taker = None if reached else contexts.taker(before, rule, inner)
                self.facts.append(Reached(rule.name_node, rule.name, reached, taker, rest))
            self.changed_rule(rule, alone)
            if not rule.goes_on:
                rest = self.passed_on(rule, rest, inner, before)

    def test(self, when: Expr | None, context: Type) -> None:
        """Records the possible results of the condition of a rule, unless the last walk did."""

        if when is not None:
            made = partial(self.grouped, lambda: self.can_fail(when, context, "rule"))
            self.replay(self.recalled.result(("test", when), tuple(roots_in(when)), context, made)[1])

    def changed_rule(self, rule: Rule, context: Type) -> None:
        """Walks through a rule, unless the last walk did with the same types of all roots that it reads."""
        line = self.flow.rulebook.outputs[rule.output or ""].request if rule.output in self.aimed else None
        parts = (rule,) if line is None else (rule, line)
        names = self.flow.recall.of(
            ("names", *parts), lambda: (*names_in(parts), *(definition.name or "" for definition in rule.let))
        )

        def made() -> tuple[TypedEmission | None, Record, Type]:
            emission, record = self.grouped(lambda: self.rule(rule, context))
            return emission, record, context if emission is None else emission.context

        emission, record, seen = self.recalled.result_and_context(("rule", *parts), names, context, made)
        self.replay(record)
        if emission is not None:
            output = self.flow.rulebook.outputs[emission.output.name]
            self.flow.emissions.append(replace(emission, output=output, context=seen))

    def rule(self, rule: Rule, context: Type) -> TypedEmission | None:
        context = self.let(rule.let, context)
        for warn in rule.warn:
            self.text(warn.message, self.condition(warn.when, context, "warning"))
        self.text(rule.skip, context)
        self.text(rule.reject, context)
        output = self.flow.rulebook.outputs.get(rule.output or "")
        if output is None:
            return None
        fields = self.value(rule.body, context)
        if output.name in self.aimed:
            self.object(ObjectSource(output.request.parts), context)
        return None if context.never else TypedEmission(rule, output, without_null(fields), context)

    def outputs(self, rulebook: Rulebook, context: Type) -> None:
        for name, output in rulebook.outputs.items():
            own = [emission.context for emission in self.flow.emissions if emission.output is output]
            seen = contexts.at_top(own, context) if own else context
            envelope = self.object(ObjectSource(output.fields), seen)
            self.flow.envelopes[name] = self.recalled.same(("envelope", name), envelope)
            if name not in self.aimed:
                self.object(ObjectSource(output.request.parts), seen)
        servers = [rulebook.server, *(output.server for output in rulebook.outputs.values())]
        for server in (server for server in servers if server is not None):
            self.flow.servers[server] = self.field(server.url, context)
            self.object(ObjectSource(server.headers), context)
        if rulebook.bulk is not None:
            self.object(ObjectSource((*rulebook.bulk.fields, *rulebook.bulk.request.parts)), context)

    def shared_let(self, definitions: tuple[Field, ...], context: Type) -> Type:
        """The same as `let`, for names that all rules see."""
        for definition in definitions:
            name = definition.name or ""
            walk = partial(self.grouped, partial(self.definition, definition, context))
            type_, record = self.recalled.result(("let", definition), (*names_in(definition), name), context, walk)
            self.replay(record)
            context = self.with_root(context, name, self.recalled.same(("let", name), type_))
        return context
