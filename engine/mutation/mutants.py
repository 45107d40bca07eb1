"""Mutants of a mapping: variants of its rules, each with one mistake that someone could make.

A mutant changes the Rulebook, not the text of files. A part that is written once and used in several places, such as a
field that rules inherit, is changed in all of them. An id is made of names in the rules, as those of branches are, so
it stays the same when lines move: `rules/purchase/when#operand`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any, Literal

from ..diagnostics.problem import Place
from ..language.rulebook import (
    ABSENT,
    Bulk,
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    Output,
    RequestLine,
    Rule,
    Rulebook,
    Server,
    Setting,
    Spread,
    Table,
    Text,
)
from ..language.traversal import roots_in
from ..source.nodes import MappingNode, Node, SequenceNode
from ..source.text import one_line
from ..values.kinds import shown
from .expressions import changes_of
from .mutant import Decision, Mutant
from .rewriting import REMOVED, tables_in
from .texts import changes_of_text, other_value
from .written import has_key, node_of, place_of, scalars, text_of, texts_of

__all__ = ["mutants_of"]

_SHOWN = 60


def mutants_of(rulebook: Rulebook) -> tuple[Mutant, ...]:
    """All mutants of the mapping's own files, in their order."""
    walk = _Walk(rulebook)
    walk.rulebook()
    own = {name for name, source in rulebook.sources.items() if rulebook.is_own(source)}
    found = (one for one in walk.found.values() if one.place.file in own)
    return tuple(sorted(found, key=lambda one: (one.place.file, one.place.line, one.place.column)))


class _Walk:
    def __init__(self, rulebook: Rulebook) -> None:
        self.of = rulebook
        self.found: dict[tuple[Place, str, str, str], Mutant] = {}
        self.ids: set[str] = set()
        self.owner = ("", "")
        self.decisions: frozenset[Decision] | None = frozenset()
        self.is_fixed = False
        """Set for parts that are evaluated apart from batches, so that no test takes a decision of them."""

    def add(
        self,
        operator: str,
        words: str,
        at: tuple[str, str],
        place: Place,
        texts: tuple[str, str],
        changes: Mapping[Any, Any],
        *decisions: tuple[Any, str],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds a mutant, once for a part that is written once and used in several places.

        `at` is the path in the id and the part in words. The default for `decisions` are those of the field around.
        """
        path, part = at
        before, after = texts
        own = frozenset((id(one), outcome) for one, outcome in decisions) if decisions else self.decisions
        taken = None if self.is_fixed else own
        key = place, operator, words, after
        same = self.found.get(key)
        if same is not None:
            both = None if taken is None or same.decisions is None else same.decisions | taken
            self.found[key] = replace(same, changes={**same.changes, **changes}, decisions=both)
            return
        base = f"{self.owner[0]}{path}#{operator.replace(' ', '-')}"
        name, number = base, 2
        while name in self.ids:
            name, number = f"{base}.{number}", number + 1
        self.ids.add(name)
        written = operator, words, place, before, after
        self.found[key] = Mutant(name, self.owner[1], part, *written, changes, taken, settings or {})

    # The parts of a mapping

    def rulebook(self) -> None:
        book = self.of
        self.decisions = None
        for setting in book.settings.values():
            self.setting(setting)
        self.owner = "server", "the server"
        self.server(book.server, "")
        if book.bulk is not None:
            self.bulk(book.bulk)
        self.owner = "let", "the mapping"
        self.lets(book.let, "", "")
        for route in book.routes.values():
            self.owner = f"routes/{route.name}", f"route {route.name}"
            self.decisions = frozenset([(id(route), "")])
            self.expression(route.each, "/each", "each")
            self.lets(route.let, "", "")
        for rule in book.rules:
            self.rule(rule)
        for _, ordered in groupby(sorted(book.rules, key=lambda rule: rule.route or ""), key=lambda rule: rule.route):
            for first, second in pairwise(ordered):
                self.owner = f"rules/{first.name}", f"rule {first.name}"
                self.swapped("rule", first, second, first.name_node, f"it comes after the rule {second.name}")
        for name, policy in book.policies.items():
            if name in book.used_policies:
                self.owner = f"policies/{name}", f"policy {name}"
                self.entries(policy, "", "")
        for output in book.outputs.values():
            self.output(output)
        outputs = tuple(replace(output, server=None) for output in book.outputs.values())
        servers = (book.server, *(output.server for output in book.outputs.values()))
        shared = tuple(tables_in((book.let, book.routes, book.rules, book.policies, outputs)))
        for table in tables_in((*shared, *filter(None, servers))):
            if table.name is not None:
                self.owner = f"tables/{table.name}", f"table {table.name}"
                self.is_fixed = table not in shared
                self.table(table, "", "")

    def setting(self, setting: Setting) -> None:
        """The mutant in which a setting has another default, unless the mapping gives the setting a value."""
        new = None if setting.default is ABSENT else other_value(setting.default, setting.enum or ())
        if new is None:
            return
        self.owner = f"settings/{setting.name}", f"setting {setting.name}"
        texts = shown(setting.default, _SHOWN), shown(new, _SHOWN)
        words, place = f"the default {texts[0]} becomes {texts[1]}", place_of(setting.node, "default")
        self.add("default", words, ("", ""), place, texts, {}, settings={setting.name: new})

    def text(self, text: Text, at: tuple[str, str], *decisions: tuple[Any, str]) -> None:
        for words, changed in changes_of_text(text):
            texts = one_line(text.template.text), one_line(changed.template.text)
            self.add("text", words, at, text.place, texts, {text: changed}, *decisions)

    def rule(self, rule: Rule) -> None:
        self.owner = f"rules/{rule.name}", f"rule {rule.name}"
        self.decisions = frozenset([(id(rule), "takes")])
        name = f"rule: {rule.name}"
        self.add("rule", "it is dropped", ("", ""), rule.name_node.place, (name, ""), {rule: REMOVED})
        self.condition(rule, rule.when, "", "")
        self.lets(rule.let, "", "")
        if rule.goes_on:
            place = place_of(rule.node, "then")
            texts = "then: continue", ""
            self.add("then", "the element does not go on", ("", ""), place, texts, {rule: replace(rule, goes_on=False)})
        for number, warn in enumerate(rule.warn, 1):
            part = f"warning {number}" if len(rule.warn) > 1 else "warning"
            path = f"/warn/{number}"
            taken = (warn.when, "true") if warn.when is not None else (rule, "takes")
            texts = f"message: {warn.message.template.text}", ""
            self.add("warning", "it is dropped", (path, part), warn.message.place, texts, {warn: REMOVED}, taken)
            self.text(warn.message, (path, part), taken)
            self.condition(warn, warn.when, path, part)
        for reason in (rule.skip, rule.reject):
            if reason is not None:
                self.text(reason, ("/reason", "reason"))
        if rule.output is None:
            return
        if isinstance(rule.body, ObjectSource):
            self.object(rule.body, "", "")
        else:
            self.field(rule.body, "/value", "value")

    def output(self, output: Output) -> None:
        self.owner = f"outputs/{output.name}", f"output {output.name}"
        self.members(output.fields, "/fields", "")
        self.request(output.request)
        self.server(output.server, "/server")
        self.decisions = None
        sizes = {"max_bytes": replace(output, max_bytes=None), "max_items": replace(output, max_items=None)}
        for key, changed in sizes.items():
            if (size := getattr(output, key)) is not None:
                place, texts = place_of(output.node, key), (f"{key}: {size}", "")
                self.add(key, f"{key} is dropped", ("", ""), place, texts, {output: changed})
        for name, how in output.combine.items():
            if name != output.element_of:
                rest = {key: value for key, value in output.combine.items() if key != name}
                place = place_of(output.node, "combine")
                texts = f"{name}: {how}", ""
                changes = {output: replace(output, combine=rest)}
                self.add("combine", f"{name} is not combined", (f"/combine/{name}", ""), place, texts, changes)

    def request(self, line: RequestLine) -> None:
        """The mutants of method, path, query and headers."""
        other = "PUT" if line.method != "PUT" else "POST"
        words, texts, place = f"{line.method} becomes {other}", (line.method, other), line.path.node.place
        before, self.is_fixed = self.is_fixed, True
        self.add("method", words, ("", ""), place, texts, {line: replace(line, method=other)})
        if isinstance(line.path.source, Text) and not line.path.source.template.roots:
            self.text(line.path.source, ("/path", "path"))
        self.is_fixed = before
        if any(roots_in(line.path)):
            self.field(line.path, "/path", "path")
        self.members(line.query, "/query", "query ")
        self.members(line.headers, "/headers", "header ")

    def server(self, server: Server | None, path: str) -> None:
        if server is not None:
            self.is_fixed = True
            self.field(server.url, f"{path}/url", "url")
            self.members(server.headers, f"{path}/headers", "header ")
            self.is_fixed = False

    def bulk(self, bulk: Bulk) -> None:
        self.owner = "bulk", "the bulk requests"
        self.is_fixed = True
        self.members(bulk.fields, "/fields", "")
        self.request(bulk.request)
        name, most = f"{bulk.elements}_", bulk.max_bytes * 10
        place, texts = place_of(bulk.node, "elements"), (bulk.elements, name)
        words = f"{bulk.elements} is called {name}"
        self.add("elements", words, ("", ""), place, texts, {bulk: replace(bulk, elements=name)})
        place, texts = place_of(bulk.node, "max_bytes"), (f"max_bytes: {bulk.max_bytes}", f"max_bytes: {most}")
        changes = {bulk: replace(bulk, max_bytes=most)}
        self.add("max_bytes", f"max_bytes becomes {most}", ("", ""), place, texts, changes)
        self.is_fixed = False

    # Fields

    def lets(self, fields: Iterable[Field], path: str, part: str) -> None:
        for field in fields:
            here, there = f"{path}/let/{field.name}", f"{part}{'.' if part else ''}let {field.name}"
            place = (field.name_node or field.node).place
            nothing = replace(field, source=Const(None), when=None, table=None, type=None, default=ABSENT)
            texts = f"{field.name}: {text_of(field.node)}", ""
            self.add("let", "it is dropped", (here, there), place, texts, {field: nothing}, (field, ""))
            self.field(field, here, there)

    def members(self, fields: Iterable[Field], path: str, part: str) -> None:
        for field in fields:
            here, there = f"{path}/{field.name}", f"{part}{field.name}"
            place = (field.name_node or field.node).place
            name = f"{field.name}_"
            texts = f"{field.name}: {text_of(field.node)}", ""
            self.add("field", "it is dropped", (here, there), place, texts, {field: REMOVED}, (field, ""))
            texts = f"{field.name}:", f"{name}:"
            renamed = {field: replace(field, name=name)}
            self.add("name", f"it is called {name}", (here, there), place, texts, renamed, (field, ""))
            self.field(field, here, there)

    def condition(self, owner: Any, when: Expr | None, path: str, part: str) -> None:
        """The mutants of the condition of a part."""
        if when is None:
            return
        texts = f"when: {when.text}", ""
        changes = {owner: replace(owner, when=None)}
        self.add("when", "the condition is dropped", (path, part), when.place, texts, changes, (when, "false"))
        self.decisions, before = frozenset([(id(when), "")]), self.decisions
        self.expression(when, f"{path}/when", f"{part}{', ' if part else ''}when")
        self.decisions = before

    def expression(self, expr: Expr, path: str, part: str) -> None:
        for change in changes_of(expr.expression):
            place = expr.span(change.start, change.end)
            changes = {expr: replace(expr, expression=change.expression)}
            texts = expr.text, change.expression.text
            self.add(change.operator, change.words, (path, part), place, texts, changes)

    def field(self, field: Field, path: str, part: str) -> None:
        before = self.decisions
        self.decisions = frozenset([(id(field), ""), (id(field.inner), "")])
        self.condition(field, field.when, path, part)
        inner, at = field.inner, (path, part)
        self.source(inner, path, part)
        if inner.table is not None:
            self.without("table", inner, at)
            if inner.table.name is None:
                self.table(inner.table, f"{path}/table", part)
        if inner.type is not None and inner.type != "any":
            tried = (inner, "converted"), (inner, "unconverted")
            self.without("type", inner, at, *tried)
            for key in ("items", "decimals", "time"):
                if getattr(inner, key) is not None:
                    self.without(key, inner, at, *tried)
        if inner.on_problem != "omit":
            self.without("on_problem", inner, at, value="omit")
        if field.omit_empty is not None and has_key(field.node, "omit_empty"):
            self.without("omit_empty", field, at, value=not field.omit_empty)
        if field.default is not ABSENT:
            self.without("default", field, at, (field, "default"), value=ABSENT)
        if field.required:
            self.without("required", field, at, (field, "required"), value=False)
        if field.keep_null:
            self.without("keep_null", field, at, value=False)
        self.decisions = before

    def without(
        self, key: str, field: Field, at: tuple[str, str], *decisions: tuple[Any, str], value: Any = None
    ) -> None:
        """The mutant of a field in which a key has another value, by default None."""
        changes = {"items": None, "decimals": None, "time": None} if key == "type" else {}
        changed = replace(field, **{**changes, key: value})
        texts = f"{key}: {text_of(node_of(field.node, key))}", ""
        words = "it is the other way round" if key == "omit_empty" else "it is dropped"
        self.add(key, words, at, place_of(field.node, key), texts, {field: changed}, *decisions)

    def source(self, field: Field, path: str, part: str) -> None:
        source = field.source
        if isinstance(source, From):
            self.alternatives(source, path, part)
        elif isinstance(source, Const):
            self.constant(field, source, path, part)
        elif isinstance(source, Text):
            self.text(source, (f"{path}/template", part))
        elif isinstance(source, ObjectSource):
            self.object(source, path, f"{part}.")
        elif isinstance(source, Listed):
            for number, one in enumerate(source.items, 1):
                here, there = f"{path}/list/{number}", f"{part}[{number}]"
                texts = text_of(one.node), ""
                self.add("list item", "it is dropped", (here, there), one.node.place, texts, {one: REMOVED}, (one, ""))
                self.field(one, here, there)
        elif isinstance(source, Each):
            self.expression(source.each, f"{path}/each", part)
            self.lets(source.let, path, f"{part}[]")
            if isinstance(source.value, ObjectSource):
                self.object(source.value, path, f"{part}[].")
            else:
                self.field(source.value, f"{path}/value", f"{part}[]")

    def alternatives(self, source: From, path: str, part: str) -> None:
        count = len(source.alternatives)
        for number, one in enumerate(source.alternatives, 1):
            here = f"{path}/from/{number}" if count > 1 else f"{path}/from"
            which = f"{part} (alternative {number} of {count})" if count > 1 else part
            gives = (one, "value"), (one, "")
            if count > 1:
                texts = text_of(one.node), ""
                self.add("alternative", "it is dropped", (here, which), one.node.place, texts, {one: REMOVED}, *gives)
            if isinstance(one, Field):
                self.field(one, here, which)
            else:
                self.expression(one, here, which)
        for number, (first, second) in enumerate(pairwise(source.alternatives), 1):
            self.swapped(
                "alternative",
                first,
                second,
                first.node,
                f"alternative {number} comes after the next",
                (f"{path}/from/{number}", part),
            )

    def swapped(
        self, what: str, first: Any, second: Any, node: Node, words: str, at: tuple[str, str] = ("", "")
    ) -> None:
        """The mutant in which two neighbours change places."""
        outcome = "value" if what == "alternative" else "takes"
        texts = text_of(node), f"{words}"
        self.add(f"{what} order", words, at, node.place, texts, {first: second, second: first}, (first, outcome))

    def constant(self, field: Field, source: Const, path: str, part: str) -> None:
        node = node_of(field.node, "const")
        if isinstance(source.value, list) and len(source.value) > 1:
            items = node.items if isinstance(node, SequenceNode) else ()
            for number, one in enumerate(source.value):
                rest = source.value[:number] + source.value[number + 1 :]
                place = items[number].place if number < len(items) else node.place
                changes = {field: replace(field, source=Const(rest))}
                words = f"the element {shown(one, _SHOWN)} is dropped"
                self.add("constant", words, (path, part), place, (shown(one, _SHOWN), ""), changes)
            return
        new = other_value(source.value)
        if new is None:
            return
        texts = shown(source.value, _SHOWN), shown(new, _SHOWN)
        changes = {field: replace(field, source=Const(new))}
        self.add("constant", f"{texts[0]} becomes {texts[1]}", (path, part), node.place, texts, changes)

    def object(self, source: ObjectSource, path: str, part: str) -> None:
        self.members(source.fields, f"{path}/fields", part)
        for number, spread in enumerate(source.spreads, 1):
            which = f"spread {number}" if len(source.spreads) > 1 else "spread"
            self.spread(spread, f"{path}/spread/{number}", f"{part}{which}")

    def table(self, table: Table, path: str, part: str) -> None:
        at = path, part
        entries = table.node.get("entries") if isinstance(table.node, MappingNode) else None
        keys = [key for key, _ in entries.entries] if isinstance(entries, MappingNode) else []
        nodes = {key.text.casefold() if table.ignore_case else key.text: key for key in keys}
        for key, value in table.entries.items():
            rest = {name: one for name, one in table.entries.items() if name != key}
            place = nodes[key].place if key in nodes else table.node.place
            texts = f"{key}: {shown(value, _SHOWN)}", ""
            changes = {table: replace(table, entries=rest)}
            words = f"the entry {shown(key, _SHOWN)} is dropped"
            self.add("table entry", words, at, place, texts, changes, (table, f"entry {key}"))
        old = table.unlisted if isinstance(table.unlisted, str) else f"{{const: {shown(table.unlisted[1], _SHOWN)}}}"
        new: Literal["omit", "keep"] = "omit" if table.unlisted == "keep" else "keep"
        changes = {table: replace(table, unlisted=new)}
        place = place_of(table.node, "unlisted")
        texts = f"unlisted: {old}", f"unlisted: {new}"
        self.add("unlisted", f"{old} becomes {new}", at, place, texts, changes, (table, "unlisted"))
        if table.ignore_case:
            as_written = {key.text: table.entries[key.text.casefold()] for key in keys}
            changes = {table: replace(table, ignore_case=False, entries=as_written)}
            texts = "ignore_case: true", ""
            place = place_of(table.node, "ignore_case")
            listed = ((table, f"entry {key}") for key in table.entries)
            self.add("letter case", "letter case counts", at, place, texts, changes, *listed)

    # Spreads

    def spread(self, spread: Spread, path: str, part: str) -> None:
        at, before = (path, part), self.decisions
        self.decisions = frozenset([(id(spread), "")])
        texts = text_of(spread.node), ""
        self.add("spread", "it is dropped", at, spread.node.place, texts, {spread: REMOVED})
        self.expression(spread.from_, f"{path}/from", part)
        self.lets(spread.let, path, part)
        self.exceptions(spread, at)
        for old, new in spread.rename.items():
            rest = {key: value for key, value in spread.rename.items() if key != old}
            changes = {spread: replace(spread, rename=rest)}
            words, place = f"{old} keeps its name", place_of(spread.node, "rename")
            self.add("rename", words, at, place, (f"{old}: {new}", ""), changes, (spread, f"rename {old}"))
        if spread.policy is None:
            self.entries(spread.entries, path, part)
        self.decisions = before

    def exceptions(self, spread: Spread, at: tuple[str, str]) -> None:
        names, node = spread.except_, node_of(spread.node, "except")
        for key in ("names", "prefixes", "patterns"):
            listed = node_of(node, key)
            places = {one.text: one.place for one in scalars(listed)}
            if names.ignore_case:
                places = {text.casefold(): place for text, place in places.items()}
            for one in sorted(getattr(names, key)):
                rest = type(getattr(names, key))(name for name in getattr(names, key) if name != one)
                changes = {spread: replace(spread, except_=replace(names, **{key: rest}))}
                words, place = f"{one} is not left out", places.get(one, listed.place)
                self.add("exception", words, at, place, (one, ""), changes, (spread, "excepted"))
        if names.ignore_case:
            changes = {
                spread: replace(
                    spread,
                    except_=replace(
                        names,
                        ignore_case=False,
                        names=frozenset(texts_of(node, "names")),
                        prefixes=texts_of(node, "prefixes"),
                        patterns=texts_of(node, "patterns"),
                    ),
                )
            }
            words, place = "letter case counts", place_of(node, "ignore_case")
            self.add("letter case", words, at, place, ("ignore_case: true", ""), changes, (spread, "excepted"))

    def entries(self, rules: tuple[EntryRule, ...], path: str, part: str) -> None:
        for number, rule in enumerate(rules, 1):
            which = f"entry rule {number}" if len(rules) > 1 else "entry rule"
            here, below = f"{part}, {which}" if part else which, f"{path}/entries/{number}"
            at = below, here
            self.decisions, before = frozenset([(id(rule), "takes")]), self.decisions
            if rule.node.source is not None and (len(rules) > 1 or rule.when or rule.value or rule.name):
                texts = text_of(rule.node), ""
                self.add("entry rule", "it is dropped", at, rule.node.place, texts, {rule: REMOVED})
            self.condition(rule, rule.when, below, here)
            self.lets(rule.let, below, here)
            for key, field in (("name", rule.name), ("value", rule.value)):
                if field is not None:
                    changes = {rule: replace(rule, name=None) if key == "name" else replace(rule, value=None)}
                    texts = f"{key}: {text_of(field.node)}", ""
                    self.add(f"entry {key}", "it is dropped", at, place_of(rule.node, key), texts, changes)
                    self.field(field, f"{below}/{key}", f"{here}, {key}")
            if rule.warn is not None:
                texts = f"warn: {rule.warn.template.text}", ""
                self.add("warning", "it is dropped", at, rule.warn.place, texts, {rule: replace(rule, warn=None)})
            for reason in (rule.skip, rule.reject, rule.warn):
                if reason is not None:
                    self.text(reason, at)
            self.decisions = before
        for number, (first, second) in enumerate(pairwise(rules), 1):
            words = f"it comes after entry rule {number + 1}"
            at = f"{path}/entries/{number}", f"{part}, entry rule {number}" if part else f"entry rule {number}"
            self.swapped("entry rule", first, second, first.node, words, at)
