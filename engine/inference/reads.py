"""The members of the input that the rules of a mapping read, found in the rules alone.

Places are patterns: tuples of names in which ANY stands for any index or name. A rule may read less than is found here,
never more: if it is not clear which part of a value matters, the whole value does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from ..diagnostics.problem import Place
from ..language import kinds
from ..language.keys import Key, attributes_of
from ..language.names import aimed_outputs
from ..language.rulebook import Each, Expr, Field, From, Listed, ObjectSource, Output, Rule, Rulebook, Spread, Text
from ..values.once import once_for_each
from .sources import (
    ANY,
    NOTHING,
    Condition,
    Depth,
    ElementGuard,
    InputSource,
    Pattern,
    SourcesOfExpression,
    ValueSources,
    joined,
)

__all__ = ["InputRead", "converting_reads", "names_after", "reads_of"]

_PATH = re.compile(r"""\.(?:([A-Za-z_]\w*))|\[(?:"([^"]*)"|'([^']*)'|\d+)\]""")


@dataclass(frozen=True, slots=True)
class InputRead:
    """A place that a part of the rules reads.

    `is_whole`: with everything below it; else only the value itself is looked at, as by a condition. `owner` names the
    rule, route, output or let, `part` the key in it. `is_sent`: the value goes into a request, possibly converted; else
    it only decides something.
    """

    pattern: Pattern
    is_whole: bool
    is_sent: bool
    owner: str
    part: str
    place: Place
    guards: frozenset[ElementGuard] = frozenset()
    """The conditions on the elements around the place under which it is read."""
    entries: tuple[tuple[Spread, int], ...] = field(default=(), compare=False)
    """The spreads whose entries contain the place, each with the number of steps of the entry's place."""
    cut: int | None = None
    """The number of characters that are kept of the value; None if it is not cut."""

    @property
    def title(self) -> str:
        return f"{self.owner}, {self.part}" if self.part else self.owner

    @property
    def rule(self) -> str | None:
        """The name of the rule; None for another part of the mapping."""
        return self.owner.removeprefix("rule ") if self.owner.startswith("rule ") else None


_Roots = Mapping[str, ValueSources]


def converting_reads(rulebook: Rulebook) -> list[InputRead]:
    """The places of an input that rules read to decide whether to hand it to another mapping."""
    names = {rule.name for rule in rulebook.rules if rule.convert is not None}
    return [read for read in reads_of(rulebook) if read.rule in names] if names else []


@once_for_each
def reads_of(rulebook: Rulebook) -> tuple[InputRead, ...]:
    """All places that a rulebook reads, in the order of its parts."""
    walk = _Walk()
    roots: dict[str, ValueSources] = {rulebook.input.as_name: ValueSources(frozenset({InputSource(())}))}
    walk.owner = "the mapping"
    roots = walk.lets(rulebook.let, roots)
    routes: dict[str | None, _Roots] = {None: roots}
    for route in rulebook.routes.values():
        walk.owner = f"route {route.name}"
        routes[route.name] = walk.form(route, roots)
    aimed, seen = aimed_outputs(rulebook), list[tuple[Rule, _Roots]]()
    for rule in rulebook.rules:
        walk.owner = f"rule {rule.name}"
        seen.append((rule, walk.form(rule, routes.get(rule.route, roots))))
    for output in rulebook.outputs.values():
        walk.owner = f"output {output.name}"
        walk.form(output, roots)
        for rule, own in seen if output.name in aimed else ():
            if rule.output == output.name:
                walk.request(output, rule, own)
    return tuple(dict.fromkeys(walk.found))


class _Walk:
    def __init__(self) -> None:
        self.found: list[InputRead] = []
        self.owner = ""
        self.conditions: tuple[Condition, ...] = ()
        """The conditions under which the present part is evaluated."""
        self.entries: dict[tuple[int, Pattern], tuple[tuple[Spread, int], ...]] = {}
        """The spreads whose entries contain the elements of iterations, see `InputRead`."""

    def read(
        self, value: ValueSources, part: str, place: Place, depth: Depth = "whole", *, is_sent: bool = False
    ) -> None:
        for below, source, is_whole in value.guarded(self.conditions).read(depth):
            entries = self.entries.get((source.iteration, source.element), ())
            where = source.place, is_whole, is_sent, self.owner, f"{part}{below}", place
            self.found.append(InputRead(*where, source.guards, entries, source.cut))

    # Parts of rules

    def form(self, part: Any, roots: _Roots, path: str = "") -> _Roots:
        """Records the reads of a form key by key; returns the roots with the names that it defines."""
        iterated, outer = NOTHING, self.conditions
        for name, key in attributes_of(type(part)):
            value = getattr(part, name)
            if key is not None and key.kind.defines:
                if value is not None:
                    roots = {**roots, value: iterated if key.kind.defines == "an element" else NOTHING}
            elif key is not None and key.kind is kinds.LET:
                roots = self.lets(value, roots, path)
            elif isinstance(value, Expr):
                found = self.expression(value, roots, path or name)
                self.read(found, path or name, value.place, "itself" if name == "when" else "elements")
                if name == "when":
                    self.conditions += SourcesOfExpression(roots).holding(value.expression.tree)
                else:
                    iterated = found.iterated
                    if isinstance(part, Spread):
                        self.spread(part, found, iterated)
            else:
                self.part(value, roots, _below(path, name, key))
        if isinstance(part, Spread):
            self.read(iterated, path, part.node.place, is_sent=True)
        self.conditions = outer
        return roots

    def request(self, output: Output, rule: Rule, roots: _Roots) -> None:
        """Records the reads of a request that sees what a rule sees."""
        outer = self.conditions
        if rule.when is not None:
            self.conditions += SourcesOfExpression(roots).holding(rule.when.expression.tree)
        self.form(output.request, roots, "request")
        self.conditions = outer

    def spread(self, spread: Spread, found: ValueSources, entries: ValueSources) -> None:
        """Records that the entries of `found` are those of a spread."""
        around = [self.entries.get((source.iteration, source.element), ()) for source in found.places]
        own = {(*source.place, ANY) for source in found.places}
        if {source.place for source in entries.places} <= own:  # else the names are not those of the input
            for source in entries.places:
                one = spread, len(source.element)
                self.entries[source.iteration, source.element] = (*(around[0] if len(around) == 1 else ()), one)

    def part(self, value: Any, roots: _Roots, path: str) -> None:
        """Records the reads of the value of any key."""
        if isinstance(value, Field):
            self.read(self.field(value, roots, path), path, value.place, is_sent=True)
        elif isinstance(value, Text):
            self.template(value, roots, path)
        elif isinstance(value, tuple | list):
            for one in value:
                self.part(one, roots, path if not isinstance(one, Field) else _below(path, one.name or "", None))
        elif is_dataclass(value) and attributes_of(type(value)):
            self.form(value, roots, path)

    def lets(self, fields: Iterable[Field], roots: _Roots, path: str = "") -> dict[str, ValueSources]:
        named = dict(roots)
        for one in fields:
            named[one.name or ""] = self.field(one, named, _below(path, f"let {one.name}", None)).derived
        return named

    def field(self, part: Field, roots: _Roots, path: str) -> ValueSources:
        """The sources of a field's value; these are not recorded as reads yet."""
        outer = self.conditions
        if part.when is not None:
            self.read(self.expression(part.when, roots, path), path, part.when.place, "itself")
            self.conditions += SourcesOfExpression(roots).holding(part.when.expression.tree)
        found = self.source(part.source, roots, path).guarded(self.conditions)
        if part.type is not None or part.table is not None:
            self.read(found, path, part.place, "elements")
        self.conditions = outer
        return found

    def source(self, source: Any, roots: _Roots, path: str) -> ValueSources:
        """The sources of the value of a field's source."""
        if isinstance(source, From):
            found = [
                self.field(one, roots, path) if isinstance(one, Field) else self.expression(one, roots, path)
                for one in source.alternatives
            ]
            for one, value in zip(source.alternatives[:-1], found, strict=False):  # those that follow are for null
                self.read(value, path, one.place, "itself")
            return joined(found)
        if isinstance(source, Text):
            return self.template(source, roots, path)
        if isinstance(source, ObjectSource):
            return self.object(source, roots, path)
        if isinstance(source, Each):
            return self.each(source, roots, path)
        if isinstance(source, Listed):
            return joined(self.field(one, roots, f"{path}[]") for one in source.items).listed
        if is_dataclass(source):
            self.form(source, roots, path)
        return NOTHING

    def object(self, source: ObjectSource, roots: _Roots, path: str) -> ValueSources:
        members = {one.name or "": self.field(one, roots, _below(path, one.name or "", None)) for one in source.fields}
        for spread in source.spreads:
            self.form(spread, roots, path)
        return ValueSources(members=members)

    def each(self, source: Each, roots: _Roots, path: str) -> ValueSources:
        found = self.expression(source.each, roots, path)
        self.read(found, path, source.each.place, "elements")
        inner = {**roots, source.as_name: found.iterated}
        for name in (source.key_name, source.index_name):
            if name is not None:
                inner[name] = NOTHING
        inner = self.lets(source.let, inner, path)
        if isinstance(source.value, ObjectSource):
            return self.object(source.value, inner, f"{path}[]").listed
        return self.field(source.value, inner, f"{path}[]").listed

    def template(self, text: Text, roots: _Roots, path: str) -> ValueSources:
        """Records the reads of a template; returns the sources of its values."""
        values = []
        written = text.template.text
        for use in text.template.roots:
            value = roots.get(use.name, NOTHING)
            for name in names_after(written, use.end):
                value = value.elements if name is None else value.member(name)
            self.read(value, path, text.place)
            values.append(value)
        return joined(values)

    # Expressions

    def expression(self, expr: Expr, roots: _Roots, path: str) -> ValueSources:
        """The sources of the value of an expression; records the reads of values that it only looks at."""
        return SourcesOfExpression(roots, lambda value, depth: self.read(value, path, expr.place, depth)).of(
            expr.expression.tree
        )


def names_after(template: str, at: int) -> Iterator[str | None]:
    """The names on the path that begins at a place in a template; None for an index."""
    while (step := _PATH.match(template, at)) is not None:
        yield next((one for one in step.groups() if one is not None), None)
        at = step.end()


def _below(path: str, name: str, key: Key | None) -> str:
    """The path of a part: the path of the part around it, and its name; containers of fields add nothing."""
    name = name if key is None else key.name
    if name in ("body", "fields", "spread"):
        return path
    return f"{path}.{name}" if path and name else path or name
