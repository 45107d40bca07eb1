"""Types of the names in scope at places of rule files, even of files that are still being written.

A place is given by the keys that lead to it. The nodes of the file on the way count first, then inherited ones; those
that cannot be read are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from operator import is_
from typing import NamedTuple

from ..inference.contexts import at_top
from ..inference.facts import Flow, Reached
from ..inference.rulebook import RuleWalk, input_type
from ..language import kinds
from ..language.decoder import read_expression
from ..language.field_reader import FieldReader
from ..language.keys import FORMS
from ..language.kinds import Kind
from ..language.names import aimed_outputs
from ..language.rulebook import Each, EntryRule, Expr, Field, ObjectSource, Rule, Rulebook
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..types.types import ANY, ObjectType, Type
from ..values.recall import Recall
from .patterns import add_pattern, elements_of
from .samples import Pattern

__all__ = ["Context", "GivenNodes", "Left", "Scopes"]

_NAMED = (kinds.FIELDS, kinds.PARAMETERS, kinds.HEADERS, kinds.SERVER_HEADERS)
_ITERATED = ("let", "value", "fields", "spread", "entries")
_MOST_KNOWN = 512


Left = dict[str, tuple[tuple[object, ...], Type]]
"""The contexts that rules are left by those before them, by the name of the rule, each with all that it depends on."""


@dataclass(frozen=True, slots=True)
class GivenNodes:
    """The nodes at a place: those of the file, and those that it inherits."""

    own: Node | None
    base: Node | None = None

    def below(self, step: str | int) -> GivenNodes:
        """The nodes one step below: a key, or the index of an element."""
        return GivenNodes(_step(self.own, step), _step(self.base, step))

    def text(self, key: str) -> str | None:
        """The string under a key."""
        node = self.scalar(key)
        return None if node is None else node.text

    def scalar(self, key: str) -> ScalarNode | None:
        """The node of the string under a key."""
        below = self.below(key)
        node = below.own if below.own is not None else below.base
        return node if isinstance(node, ScalarNode) and isinstance(node.value, str) else None

    def entries(self) -> Iterator[tuple[ScalarNode, Node]]:
        """The entries of an object: the inherited ones, as the file changes them, then its own."""
        own = dict(self.own.entries) if isinstance(self.own, MappingNode) else {}
        changed = {key.text: (key, value) for key, value in own.items()}
        for key, value in self.base.entries if isinstance(self.base, MappingNode) else ():
            yield changed.pop(key.text, (key, value))
        yield from changed.values()


class Context(NamedTuple):
    """The names in scope: the type of an object with a member for each, and the patterns of those in the input."""

    type: Type
    patterns: Mapping[str, Pattern]


_ANY = Context(ANY, {})


def _step(node: Node | None, step: str | int) -> Node | None:
    if isinstance(step, int):
        if isinstance(node, SequenceNode):
            return node.items[step] if step < len(node.items) else None
        return node if step == 0 and isinstance(node, MappingNode) else None  # one stands for a list of one
    return node.get(step) if isinstance(node, MappingNode) else None


class Scopes:
    """The types of names at places in the files of one rulebook. Contexts are cached."""

    def __init__(self, rulebook: Rulebook, flow: Callable[[], Flow], recall: Recall, left: Left) -> None:
        self.rulebook = rulebook
        self._flow = flow
        # With facts about expressions, as checks record them, since checks recall the results.
        self._walk = RuleWalk(Flow(rulebook, input_type(rulebook), recall=recall))
        self._rules = {rule.name: rule for rule in rulebook.rules}
        self._reader = FieldReader([])
        self._reader.tables, self._reader.policies = dict(rulebook.tables), dict(rulebook.policies)
        self._known: dict[tuple[int, int, str], tuple[object, Context, Context]] = {}
        self._routes: dict[str, Context] = {}
        self._left = left
        roots, name = self._walk.roots(rulebook), rulebook.input.as_name
        self._roots = Context(roots, {name: ()})
        settings = next(one.properties["settings"] for one in roots.objects)
        self._settings = Context(Type(objects=(ObjectType({"settings": settings}),)), {})

    def at(self, tree: Node | None, path: tuple[str | int, ...]) -> Context:
        """The names in scope at a place."""
        place = GivenNodes(tree)
        match path:
            case ("let", str(name), *rest):
                context = self.top(tree, until=name)
                return self._inside("fieldMapping", place.below("let").below(name), tuple(rest), context)
            case ("routes", str(name), *rest):
                route = self.rulebook.routes.get(name)
                given = GivenNodes(place.below("routes").below(name).own, None if route is None else route.node)
                return self._inside("route", given, tuple(rest), self.top(tree))
            case ("rules", int(number), *rest):
                own = place.below("rules").below(number)
                return self._rule(own, tuple(rest), tree)
            case ("policies", str(name), int(number), *rest):
                entries = self.rulebook.policies.get(name, ())
                first = entries[min(number, len(entries) - 1)] if entries else None
                known = None if first is None else self._entry_context(first)
                context = _ANY if known is None else Context(known, {})
                given = place.below("policies").below(name).below(number)
                return self._inside("entryRule", given, tuple(rest), context)
            case ("outputs", str(name), "request", *_) if name in aimed_outputs(self.rulebook):
                emitted = (one.context for one in self._flow().emissions if one.output.name == name)
                return Context(next(emitted, ANY), self._roots.patterns)
            case ("outputs", str(name), "fields", str(field), *rest):
                given = place.below("outputs").below(name).below("fields").below(field)
                return self._inside("fieldMapping", given, tuple(rest), self._emitted(name, tree))
            case ("server", *_) | ("bulk", *_) | ("outputs", _, "server", *_):
                return self._settings
        return self.top(tree)

    def after(self, tree: Node | None, keys: tuple[str | int, ...], name: str) -> Context:
        """The names in scope after a name of the `let` at a place."""
        place = GivenNodes(tree)
        for key in keys:
            place = place.below(key)
        following = [key.text for key, _ in place.entries()]
        later = following[following.index(name) + 1 :] if name in following else []
        return self.at(tree, (*keys, later[0] if later else ""))

    def top(self, tree: Node | None, until: str | None = None) -> Context:
        """The names that all rules see; with `until`, those before this name of the `let` at the top."""
        before = tuple(takewhile(lambda field: field.name != until, self.rulebook.let))
        context = self._shared(before, self._roots)
        if len(before) < len(self.rulebook.let):
            return context
        known = {field.name for field in self.rulebook.let}
        for key, node in GivenNodes(tree).below("let").entries():
            if key.text == until:
                return context
            if key.text not in known:
                context = self._with_let(key.text, node, context)
        return context

    def route(self, name: str, tree: Node | None) -> Context:
        """The names that all rules of a route see."""
        route = self.rulebook.routes.get(name)
        if route is None:
            return self.top(tree)
        if name not in self._routes:
            top = self.top(None)
            made = self._walk.iterated(route, "", top.type)
            inner = Context(made, _iterated(route.each, route.as_name, top, is_list=route.key_name is None))
            self._routes[name] = self._shared(route.let, inner)
        return self._routes[name]

    def _shared(self, fields: tuple[Field, ...], context: Context) -> Context:
        """The context with names that all rules see."""
        patterns = dict(context.patterns)
        for field in fields:
            add_pattern(patterns, field.name or "", field)
        made = self._walk.shared_let(fields, context.type)
        self._walk.facts.clear()
        return Context(made, patterns)

    def _left_for(self, rule: Rule) -> Type | None:
        """The context that the rules before a rule of a route leave for it; None if that is not known."""
        rules = takewhile(lambda one: one is not rule, self.rulebook.rules)
        before = (*self.rulebook.let, self.rulebook.routes.get(rule.route or ""), *rules)
        known = self._left.get(rule.name)
        if known is None or len(known[0]) != len(before) or not all(map(is_, known[0], before)):
            contexts = {fact.name: fact.context for fact in self._flow().of(Reached)}
            if rule.name not in contexts:
                return None
            known = self._left[rule.name] = before, contexts[rule.name]
        return known[1]

    def _emitted(self, output: str, tree: Node | None) -> Context:
        """The names that all bodies of an output see, after the rules that emit into it."""
        top = self.top(tree)
        own = [one.context for one in self._flow().emissions if one.output.name == output]
        return Context(at_top(own, top.type), top.patterns) if own else top

    def _entry_context(self, rule: EntryRule) -> Type | None:
        """The context of an entry rule of a policy at its first use."""
        return next((fact.context for fact in self._flow().of(Reached) if fact.node is rule.node), None)

    def _rule(self, own: GivenNodes, path: tuple[str | int, ...], tree: Node | None) -> Context:
        name = own.text("rule")
        rule = self._rules.get(name or "")
        given = GivenNodes(own.own, None if rule is None else rule.node)
        route = given.text("route")
        context = self.top(tree) if route is None else self.route(route, tree)
        if path[:1] != ("when",):
            left = None if rule is None else self._left_for(rule)
            context = context if left is None or left.never else Context(left, context.patterns)
        return self._inside("rule", given, path, context)

    # Parts

    def _inside(self, form: str, place: GivenNodes, path: tuple[str | int, ...], context: Context) -> Context:
        """The context at a place below a mapping of a form."""
        if not path or not isinstance(path[0], str):
            return context
        step, rest = path[0], path[1:]
        context = self._entered(form, place, step, context)
        key, below = FORMS[form].keys.get(step), place.below(step)
        return context if key is None else self._value(key.kind, below, rest, context)

    def _value(self, kind: Kind, place: GivenNodes, path: tuple[str | int, ...], context: Context) -> Context:
        """The context at a place in the value of a key."""
        if not path:
            return context
        step, rest = path[0], path[1:]
        if kind is kinds.LET and isinstance(step, str):
            context = self._lets(place, context, until=step)
            return self._inside("fieldMapping", place.below(step), rest, context)
        if kind in _NAMED or kind in (kinds.ALTERNATIVES, kinds.LISTED):
            return self._inside("fieldMapping", place.below(step), rest, context)
        if kind is kinds.FIELD or kind is kinds.TEMPLATED or kind is kinds.PATH:
            return self._inside("fieldMapping", place, path, context)
        inner = {kinds.SPREADS: "spread", kinds.ENTRY_RULES: "entryRule", kinds.WARNINGS: "warn"}.get(kind, kind.form)
        if not inner:
            return context
        if isinstance(step, int):
            return self._inside(inner, place.below(step), rest, context)
        return self._inside(inner, place, path, context)

    def _entered(self, form: str, place: GivenNodes, step: str, context: Context) -> Context:
        """The context of the value of a key of a form: its condition holds, and the form's names are added."""
        if step == "when":
            return context
        if (when := place.scalar("when")) is not None and (expr := read_expression(when, [])) is not None:
            context = self._where(expr, context)
        source = place.scalar("from" if form == "spread" else "each")
        if source is not None and step in _ITERATED:
            context = self._iterated(form, place, source, context)
        return context if step in ("let", "each", "from") else self._lets(place.below("let"), context)

    def _where(self, when: Expr, context: Context) -> Context:
        narrowed = self._walk.where(when, context.type)
        return context if narrowed.never else Context(narrowed, context.patterns)

    def _iterated(self, form: str, place: GivenNodes, source: ScalarNode, context: Context) -> Context:
        names = {name: place.text(name) for name in ("as", "key", "index")}
        if form == "spread":
            names = {"as": names["as"] or "value", "key": names["key"] or "name", "index": None}
        expr = read_expression(source, [])
        made, patterns = context.type, context.patterns
        if expr is not None:
            each = Each(
                each=expr,
                as_name=names["as"] or "",
                key_name=names["key"],
                index_name=names["index"],
                let=(),
                value=ObjectSource((), ()),
            )
            made = self._walk.iterated(each, "", context.type)
            patterns = _iterated(expr, names["as"] or "", context, is_list=not names["key"])
        if expr is None or made.never:
            made = context.type
            for name in filter(None, names.values()):
                made = self._walk.with_root(made, name, ANY)
        return Context(made, patterns)

    def _lets(self, place: GivenNodes, context: Context, until: str | None = None) -> Context:
        for key, node in place.entries():
            if key.text == until:
                break
            context = self._with_let(key.text, node, context)
        return context

    def _with_let(self, name: str, definition: Field | Node, context: Context) -> Context:
        """The context with the name of a let."""
        key = id(definition), id(context.type), name
        if key not in self._known:
            field = definition if isinstance(definition, Field) else self._reader.field(name, definition, "a let")
            type_ = ANY if field is None else self._walk.definition(field, context.type)
            self._walk.facts.clear()
            patterns = dict(context.patterns)
            add_pattern(patterns, name, field)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            made = Context(self._walk.with_root(context.type, name, type_), patterns)
            self._known[key] = definition, context, made
        return self._known[key][2]


def _iterated(each: Expr, as_name: str, context: Context, *, is_list: bool) -> Mapping[str, Pattern]:
    """The patterns with that of the elements of a list; the entries of an object have none."""
    patterns = {name: pattern for name, pattern in context.patterns.items() if name != as_name}
    found = elements_of(each.expression.tree, context.patterns) if is_list else None
    return patterns if found is None else {**patterns, as_name: found}
