"""The catalogue of branches: every decision that the rules of a mapping can take, with an id and a name in words.

Coverage and suggestions of tests are about these branches. An id is made of names in the rules, not of lines, so it
stays the same when lines move: `purchase/fields/currency#default`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..diagnostics.problem import Place
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
    Rulebook,
    Spread,
    Table,
    Text,
    Warn,
)
from ..language.traversal import fields_in, roots_in
from ..source.nodes import MappingNode, Node
from ..values.kinds import shown

__all__ = ["Branch", "Catalogue", "branches_of"]

_SHOWN = 60
_DOES = {"output": "maps", "skip": "skips", "reject": "rejects", "convert": "converts"}


@dataclass(frozen=True, slots=True)
class Branch:
    """One outcome of a decision.

    `owner` is what the decision belongs to, such as "rule purchase"; `part` the path of the decision in it, such as
    "Products[].Price" (empty for the owner itself); `words` the outcome; `outcome` its short name in ids.
    """

    id: str
    owner: str
    part: str
    words: str
    outcome: str
    place: Place

    @property
    def text(self) -> str:
        """The branch in words: "rule purchase, currency: the default is used"."""
        return f"{self.owner}{f', {self.part}' if self.part else ''}: {self.words}"


def _is_constant(field: Field) -> bool:
    """Returns whether a field always has the same value where its condition holds."""
    return isinstance(field.source, Const) and field.source.value is not None and field.table is None


@dataclass(frozen=True)
class Catalogue:
    """All branches of a rulebook in the order of its rules, and each by the deciding part and the outcome.

    The keys of `by_outcome` are the identity of a part of the rulebook and the name of an outcome, as in
    `Interpreter.count`.
    """

    branches: tuple[Branch, ...]
    by_outcome: Mapping[tuple[int, str], Branch]


def branches_of(rulebook: Rulebook) -> Catalogue:
    """The catalogue of a rulebook."""
    walk = _Walk()
    walk.rulebook(rulebook)
    return Catalogue(tuple(dict.fromkeys(walk.found.values())), walk.found)


class _Walk:
    def __init__(self) -> None:
        self.found: dict[tuple[int, str], Branch] = {}
        self.ids: set[str] = set()
        self.written: dict[tuple[Place, str, str], Branch] = {}
        self.owner = ("", "")

    def add(self, subject: Any, outcome: str, words: str, node: Node, path: str, part: str) -> None:
        """Adds the branch of one outcome; a part that is written once and used in several places has one."""
        key = id(subject), outcome
        if key in self.found:
            return
        written = node.place, type(subject).__name__, outcome
        if written in self.written:
            self.found[key] = self.written[written]
            return
        base = f"{self.owner[0]}{path}#{outcome}"
        name, number = base, 2
        while name in self.ids:
            name, number = f"{base}.{number}", number + 1
        self.ids.add(name)
        self.found[key] = self.written[written] = Branch(name, self.owner[1], part, words, outcome, node.place)

    # The parts of a mapping

    def rulebook(self, rulebook: Rulebook) -> None:
        parts = (rulebook.let, rulebook.rules, *rulebook.routes.values(), *rulebook.outputs.values())
        decided = {id(field.table) for field in fields_in((*parts, *rulebook.policies.values()))}  # not by a server
        self.owner = "let", "the mapping"
        self.lets(rulebook.let, "", "")
        for route in rulebook.routes.values():
            self.route(route, [rule for rule in rulebook.rules if rule.route == route.name])
        for rule in rulebook.rules:
            self.rule(rule)
        for name, policy in rulebook.policies.items():
            if name in rulebook.used_policies:
                self.owner = f"policies/{name}", f"policy {name}"
                self.entries(policy, "", "")
        for output in rulebook.outputs.values():
            self.owner = f"outputs/{output.name}", f"output {output.name}"
            self.fields(output.fields, "/fields", "")
            if any(roots_in(output.request.path)):
                self.field(output.request.path, "/path", "path")
            self.fields(output.request.query, "/query", "query ")
            self.fields(output.request.headers, "/headers", "header ")
        for name, table in rulebook.tables.items():
            if id(table) in decided:
                self.owner = f"tables/{name}", f"table {name}"
                self.table(table, "", "")

    def route(self, route: Route, rules: list[Rule]) -> None:
        self.owner = f"routes/{route.name}", f"route {route.name}"
        self.sizes(route, route.each.node, "", "")
        self.lets(route.let, "", "")
        if all(rule.when is not None for rule in rules):
            self.add(route, "no rule", "no rule takes an element", route.node, "", "")

    def rule(self, rule: Rule) -> None:
        self.owner = f"rules/{rule.name}", f"rule {rule.name}"
        does = _DOES[rule.end]
        self.add(rule, "takes", f"it takes an element and {does} it", rule.name_node, "", "")
        self.condition(rule.when, "", "")
        self.lets(rule.let, "", "")
        for number, warn in enumerate(rule.warn, 1):
            self.warn(warn, f"/warn/{number}", f"warning {number}" if len(rule.warn) > 1 else "warning")
        if rule.output is not None:
            if isinstance(rule.body, ObjectSource):
                self.object(rule.body, "", "")
            else:
                self.field(rule.body, "/value", "value")
            self.add(rule, "nothing", "no field has a value", rule.name_node, "", "")

    def warn(self, warn: Warn, path: str, part: str) -> None:
        self.condition(warn.when, path, part)

    # Fields

    def fields(self, fields: Iterable[Field], path: str, part: str) -> None:
        for field in fields:
            name = field.name or ""
            self.field(field, f"{path}/{name}", f"{part}{name}")

    def lets(self, fields: Iterable[Field], path: str, part: str) -> None:
        for field in fields:
            self.field(field, f"{path}/let/{field.name}", f"{part}{'.' if part else ''}let {field.name}")

    def condition(self, when: Expr | None, path: str, part: str) -> None:
        if when is not None:
            text = shown(when.text, _SHOWN)[1:-1]
            self.add(when, "true", f"`when` holds: {text}", when.node, f"{path}/when", part)
            self.add(when, "false", f"`when` does not hold: {text}", when.node, f"{path}/when", part)

    def field(self, field: Field, path: str, part: str) -> None:
        self.condition(field.when, path, part)
        inner = field.inner
        self.source(inner, path, part)
        if inner.table is not None and inner.table.name is None:
            self.table(inner.table, f"{path}/table", part)
        if inner.type is not None and inner.type != "any":
            self.add(inner, "converted", f"a value becomes {inner.type}", field.node, f"{path}/type", part)
            words = {"omit": "is left out", "keep": "is kept", "reject": "rejects the element"}[field.on_problem]
            text = f"a value that cannot become {inner.type} {words}"
            self.add(inner, "unconverted", text, field.node, f"{path}/type", part)
        if field.default is not ABSENT:
            self.add(field, "default", f"the default is used: {shown(field.default, _SHOWN)}", field.node, path, part)
        if _is_constant(field):
            return
        if field.required:
            self.add(field, "required", "the element is rejected, since there is no value", field.node, path, part)
        elif field.default is ABSENT and not isinstance(field.source, ObjectSource):
            self.add(field, "absent", "there is no value", field.node, path, part)

    def source(self, field: Field, path: str, part: str) -> None:
        source = field.source
        if isinstance(source, From):
            count = len(source.alternatives)
            for number, one in enumerate(source.alternatives, 1):
                which = f"alternative {number} of {count}" if count > 1 else "the source"
                text = f": {shown(one.text, _SHOWN)[1:-1]}" if isinstance(one, Expr) else ""
                self.add(one, "value", f"{which} gives the value{text}", one.node, f"{path}/from/{number}", part)
                if isinstance(one, Field):
                    self.field(one, f"{path}/from/{number}", f"{part} ({which})")
        elif isinstance(source, Text):
            self.add(source, "value", "the template gives the value", source.node, path, part)
        elif isinstance(source, ObjectSource):
            self.object(source, path, f"{part}.")
        elif isinstance(source, Listed):
            for number, one in enumerate(source.items, 1):
                self.field(one, f"{path}/list/{number}", f"{part}[{number}]")
        elif isinstance(source, Each):
            self.sizes(source, source.each.node, path, part)
            self.lets(source.let, path, f"{part}[]")
            if isinstance(source.value, ObjectSource):
                self.object(source.value, path, f"{part}[].")
            else:
                self.field(source.value, f"{path}/value", f"{part}[]")

    def object(self, source: ObjectSource, path: str, part: str) -> None:
        self.fields(source.fields, f"{path}/fields", part)
        for number, spread in enumerate(source.spreads, 1):
            which = f"spread {number}" if len(source.spreads) > 1 else "spread"
            is_alone = number == 1 and not source.fields and not spread.rename
            is_apart = is_alone and all(rule.name is None for rule in spread.entries)
            self.spread(spread, f"{path}/spread/{number}", f"{part}{which}", is_apart=is_apart)

    def sizes(self, subject: Any, node: Node, path: str, part: str) -> None:
        for outcome, words in (("none", "no elements"), ("one", "one element"), ("many", "several elements")):
            self.add(subject, outcome, words, node, f"{path}/each", part)

    def table(self, table: Table, path: str, part: str) -> None:
        entries = table.node.get("entries") if isinstance(table.node, MappingNode) else None
        keys = entries.entries if isinstance(entries, MappingNode) else ()
        nodes: dict[str, Node] = {key.text.casefold() if table.ignore_case else key.text: key for key, _ in keys}
        for key in table.entries:
            node = nodes.get(key, table.node)
            self.add(table, f"entry {key}", f"the entry {shown(key, _SHOWN)}", node, path, part)
        self.add(table, "unlisted", "a value that is not listed", table.node, path, part)

    # Spreads

    def spread(self, spread: Spread, path: str, part: str, *, is_apart: bool) -> None:
        """The branches of a spread; `is_apart`: no two of its entries, and no field, can have the same name."""
        self.sizes(spread, spread.from_.node, path, part)
        self.lets(spread.let, path, part)
        names = spread.except_
        if names.names or names.prefixes or names.patterns:
            self.add(spread, "excepted", "an entry is left out by `except`", spread.node, path, part)
        for old in spread.rename:
            self.add(
                spread, f"rename {old}", f"an entry {shown(old, _SHOWN)} gets its new name", spread.node, path, part
            )
        if spread.policy is None:
            self.entries(spread.entries, path, part)
        if spread.policy is None and all(rule.when is not None for rule in spread.entries):
            self.add(spread, "no entry rule", "no entry rule takes an entry", spread.node, path, part)
        if not is_apart:
            self.add(spread, "name taken", "another field has the name of an entry", spread.node, path, part)

    def entries(self, rules: tuple[EntryRule, ...], path: str, part: str) -> None:
        for number, rule in enumerate(rules, 1):
            does = "skips" if rule.skip is not None else "rejects" if rule.reject is not None else "keeps"
            which = f"entry rule {number}" if len(rules) > 1 else "entry rule"
            here = f"{part}, {which}" if part else which
            below = f"{path}/entries/{number}"
            self.add(rule, "takes", f"it takes an entry and {does} it", rule.node, below, here)
            self.condition(rule.when, below, here)
            self.lets(rule.let, below, here)
            for key, field in (("name", rule.name), ("value", rule.value)):
                if field is not None:
                    self.field(field, f"{below}/{key}", f"{here}, {key}")
