"""Reads fields, and the tables and spreads in them, from the nodes of a mapping."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar, cast

from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean, known_here
from ..functions.globs import flaw_of, is_long
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, duplicate, plain
from ..values.numbers import MAX_DECIMALS
from ..values.recall import Recall
from ..values.times import UNITS, format_flaw, zone_flaw
from . import kinds
from .decoder import Keys, found, good_variable, read_expression
from .keys import FORMS, Key, keys_of
from .kinds import Kind
from .rulebook import (
    Const,
    Each,
    EntryRule,
    Except,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    Output,
    Route,
    Setting,
    Spread,
    Table,
    Text,
    Time,
)

__all__ = ["MAX_ENTRY_RULES", "FieldReader"]

MAX_ENTRY_RULES = 20_000

_T = TypeVar("_T")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Read:
    """The result of reading nodes, the definitions that it used, and its number of entry rules from policies."""

    made: Any
    uses: dict[tuple[str, str], object]
    written_out: int

    def holds(self, reader: FieldReader) -> bool:
        """Returns whether reading the nodes again would give the same."""
        return reader.written_out + self.written_out <= MAX_ENTRY_RULES and all(
            reader.used(kind, name) is definition for (kind, name), definition in self.uses.items()
        )


class FieldReader:
    """Reads fields and what belongs to them; tables and policies must be read before their uses."""

    def __init__(self, problems: list[Problem], recall: Recall | None = None) -> None:
        self.problems = problems
        self.recall = Recall() if recall is None else recall
        self.uses: dict[tuple[str, str], object] = {}
        """The definitions that the part being read depends on: tables and policies; for routes and outputs, that they
        exist."""
        self.tables: dict[str, Table] = {}
        self.policies: dict[str, tuple[EntryRule, ...]] = {}
        self.outputs: dict[str, Output] = {}
        self.routes: dict[str, Route] = {}
        self.table_names: dict[str, Node] = {}
        self.policy_names: dict[str, Node] = {}
        self.unreadable: set[tuple[str, str]] = set()
        self.used_tables: set[str] = set()
        self.used_policies: set[str] = set()
        self.written_out = 0
        """The number of entry rules of policies, counted at each use."""

    def keys(self, node: Node, where: str, form: str) -> Keys:
        given = node.keys() if isinstance(node, MappingNode) else ()
        known = [key.name for key in FORMS[form].keys.values() if not key.only_with or key.only_with in given]
        return Keys(node, where, self.problems, known)

    def value(self, keys: Keys, key: Key) -> Any:
        """The value of a key; None if it is missing or unreadable."""
        return keys.choice(key.name, key.kind.choices, None) if key.kind.choices else READERS[key.kind](self, keys, key)

    def values(self, keys: Keys, made: type) -> dict[str, Any]:
        """The values of the keys that a form keeps, or their declared defaults, by attribute."""
        result = {}
        for key in keys_of(made):
            value = self.value(keys, key)
            result[key.attribute] = value if value is not None or key.kind is kinds.ANY else key.default
        return result

    def part(self, keys: Keys, made: Callable[..., _T], **more: Any) -> _T | None:
        """The part that is made from these keys; None if a required one is missing."""
        values = self.values(keys, cast("type", made))
        keys.finish()
        lacks = any(key.required and values[key.attribute] is None for key in keys_of(cast("type", made)))
        return None if lacks else made(**values, **more)

    # Values

    def fields(self, entries: Iterable[tuple[ScalarNode, Node]], *, roots: bool = False) -> tuple[Field, ...]:
        """The fields of an object, or with `roots` the names of a `let`."""
        result = []
        for name, node in entries:
            if roots and not good_variable(name, "the name of a let", self.problems):
                continue
            read = partial(self.named_field, name, node, "a let" if roots else "")
            field = self.known(("let", name, node), read) if roots else read()
            if field is None and roots:  # defined, so that uses of its name are not reported
                field = Field(name=name.text, source=Const(None), node=node, name_node=name)
            if field is not None:
                result.append(field)
        return tuple(result)

    def named_field(self, name: ScalarNode, node: Node, place: str) -> Field | None:
        field = self.field(name.text, node, place)
        return None if field is None else replace(field, name_node=name)

    def field(self, name: str | None, node: Node, place: str = "no member of an object or a list") -> Field | None:
        """The field; `place` describes one that is not a member of an object or of a list written by hand."""
        if isinstance(node, ScalarNode | SequenceNode):
            short = self.alternatives(node)
            return None if short is None else Field(name=name, source=short, node=node)
        keys = self.keys(node, "a field" if name is None else f"the field {name!r}", "fieldMapping")
        choices = FORMS["fieldMapping"].choices
        sources = tuple(key for key in choices if key != "fields") if "each" in keys else choices
        source = self.source(keys, keys.exactly_one(sources, at_most="spread" in keys))
        field = self.part(keys, Field, name=name, source=source or Const(None), node=node)
        if source is None or field is None:
            return None
        place = "required" if field.required else place
        if field.keep_null and place:
            keys.report("M147", cast("Node", keys.take("keep_null")).place, where=keys.where, reason=f"it is {place}")
        return replace(
            field,
            items=self.items(keys, field),
            decimals=self.only_for(keys, "decimals", field.decimals, field, "string", "they are those of a string"),
            time=self.only_for(keys, "time", field.time, field, "datetime", "it says how a datetime is written"),
        )

    def one_field(self, keys: Keys, key: Key) -> Field | None:
        node = keys.take(key.name)
        name = None if key.name == "value" else key.name
        return None if node is None else self.field(name, node)

    def listed(self, keys: Keys) -> Listed | None:
        items = [self.field(None, node, "") for node in keys.items("list")]
        given = keys.take("list")
        if isinstance(given, SequenceNode) and not items:
            keys.empty("list", given)
        found = tuple(item for item in items if item is not None)
        return Listed(found) if found and len(found) == len(items) else None

    def source(self, keys: Keys, key: str | None) -> From | Const | Text | ObjectSource | Each | Listed | None:
        if key == "each":
            return self.each(keys)
        if "spread" in keys and key not in (None, "fields"):
            place = cast("Node", keys.take("spread")).place
            keys.report("M104", place, where=keys.where, keys=f"spread and {key}", found="both are given")
        spreads = self.spreads(keys)
        if key == "from":
            return self.alternatives(cast("Node", keys.take("from")))
        if key == "list":
            return self.listed(keys)
        if key == "const":
            return Const(keys.value("const", None))
        if key == "template":
            return keys.template("template")
        if key == "fields" or "spread" in keys:
            return ObjectSource(self.fields(keys.entries("fields")), spreads=spreads)
        return None

    def alternatives(self, node: Node) -> From | None:
        """Reads `from`: an expression, or a list of expressions and fields."""
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            expression = read_expression(node, self.problems)
            return None if expression is None else From((expression,))
        if isinstance(node, SequenceNode) and node.items:
            parts: list[Expr | Field | None] = []
            for item in node.items:
                if isinstance(item, ScalarNode) and isinstance(item.value, str):
                    parts.append(read_expression(item, self.problems))
                else:
                    parts.append(self.field(None, item))
            return From(tuple(part for part in parts if part is not None)) if all(parts) else None
        wanted = "an expression, a list of them or a mapping"
        shown = "an empty list" if isinstance(node, SequenceNode) and not node.items else found(node)
        self.problems.append(Problem.of("M102", node.place, what="a field", wanted=wanted, found=shown))
        return None

    def each(self, keys: Keys) -> Each | None:
        spreads, fields = self.spreads(keys), self.fields(keys.entries("fields"))
        value = keys.take("value")
        if value is not None and (fields or spreads):
            keys.report("M104", value.place, where=keys.where, keys="value and fields", found="both are given")
        elif value is None and not fields and not spreads:
            keys.report("M103", keys.node.place, where=keys.where, key="fields")
        values = self.values(keys, Each)
        self.one_name(keys)
        if value is None:
            values["value"] = ObjectSource(fields=fields, spreads=spreads)
        lacks = any(values[name] is None for name in ("each", "as_name", "value"))
        return None if lacks else Each(**values)

    def one_name(self, keys: Keys) -> None:
        """Reports `key` and `index` beside each other."""
        if "key" in keys and "index" in keys:
            place = cast("Node", keys.take("index")).place
            keys.report("M104", place, where=keys.where, keys="key and index", found="both are given")

    def items(self, keys: Keys, of: Field | Setting) -> str | None:
        return self.only_for(keys, "items", of.items, of, "array", "items describe the elements of an array")

    def only_for(self, keys: Keys, key: str, value: _V, of: Field | Setting, type_: str, reason: str) -> _V | None:
        """The value of a key that only one type can have; None, with a Problem, for other types."""
        if value is not None and of.type != type_:
            place, both = cast("Node", keys.take(key)).place, f"{key} and a type other than {type_}"
            keys.report("M104", place, where=keys.where, keys=both, found=reason)
            return None
        return value

    def time(self, keys: Keys, key: Key) -> Time | None:
        node = keys.take(key.name)
        if node is None:
            return None
        inner = self.keys(node, key.name, "time")
        time = self.part(inner, Time)
        if time is None:
            return None
        reads, writes, zones = inner.nodes("reads"), inner.nodes("writes"), inner.nodes("zone", "writes_zone")
        for part, flaw in (
            *((one, _reading_flaw(one.text, time)) for one in reads),
            *((one, _writing_flaw(one.text)) for one in writes),
            *((one, None if one.text == "keep" else zone_flaw(one.text)) for one in zones),
        ):
            if flaw is not None:
                self.problems.append(Problem.of("M146", part.place, what=repr(part.text), reason=flaw))
        if {"seconds", "milliseconds"} <= {*time.reads}:
            reason = "seconds and milliseconds are both numbers"
            self.problems.append(Problem.of("M146", node.place, what="'reads'", reason=reason))
        return time

    def table_use(self, keys: Keys) -> Table | None:
        node = keys.take("table")
        if node is None:
            return None
        if not isinstance(node, ScalarNode):
            return self.table(None, node)
        self.used_tables.add(node.text)
        return cast("Table | None", self.named("table", node, self.tables))

    def named(self, kind: str, node: ScalarNode, known: dict[str, Any]) -> Any:
        """The definition that a name refers to; None, with a Problem, if there is none."""
        if node.text not in known and (kind, node.text) not in self.unreadable:
            hint = did_you_mean(node.text, known) or (known_here(sorted(known)) if known else None)
            self.problems.append(Problem.of("M112", node.place, hint=hint, kind=kind, name=node.text))
        self.uses[kind, node.text] = self.used(kind, node.text)
        return known.get(node.text)

    def used(self, kind: str, name: str) -> object:
        """The definition that the use of a name depends on; for an undefined name, an object that equals no other."""
        match kind:
            case "table":
                return self.tables.get(name, object())
            case "policy":
                return self.policies.get(name, object())
            case "route":
                return True if name in self.routes else object()
        return True if name in self.outputs else object()

    def known(self, key: tuple[Hashable, ...], read: Callable[[], _T]) -> _T:
        """The result of reading nodes: the last one, if these and the definitions that they depend on are unchanged."""
        before: _Read | None = self.recall.fitting(key, lambda one: one.holds(self))
        if before is not None:
            self.uses |= before.uses
            self.written_out += before.written_out
            self.used_tables |= {name for kind, name in before.uses if kind == "table"}
            self.used_policies |= {name for kind, name in before.uses if kind == "policy"}
            return cast("_T", before.made)
        outer, self.uses = self.uses, {}
        problems, written_out = len(self.problems), self.written_out
        made = read()
        if len(self.problems) == problems:
            self.recall.put(key, _Read(made, self.uses, self.written_out - written_out))
        self.uses = {**outer, **self.uses}
        return made

    def table(self, name: ScalarNode | None, node: Node) -> Table | None:
        keys = self.keys(node, "a table" if name is None else f"the table {name.text!r}", "table")
        ignore_case = keys.flag("ignore_case")
        entries: dict[str, Any] = {}
        firsts: dict[str, ScalarNode] = {}
        for key, value in keys.entries("entries", required=True):
            text = key.text.casefold() if ignore_case else key.text
            first = firsts.setdefault(text, key)
            if first is not key:
                hint = "the table ignores letter case"
                self.problems.append(duplicate(key.place, first.place, key.text, hint))
            entries[text] = plain(value)
        unlisted: Any = "omit"
        hint = "omit, keep, reject or {const: ...} for a value that has no entry"
        answer = keys.take("unlisted", required=True, hint=hint)
        if isinstance(answer, MappingNode):
            inner = Keys(answer, "unlisted", self.problems)
            unlisted = ("const", inner.value("const", None))
            if "const" not in inner:
                inner.take("const", required=True)
            inner.finish()
        elif answer is not None:
            unlisted = keys.choice("unlisted", ("omit", "keep", "reject"), "omit", hint)
        keys.finish()
        return Table(
            name=name.text if name else None, entries=entries, ignore_case=ignore_case, unlisted=unlisted, node=node
        )

    # Spreads

    def spreads(self, keys: Keys) -> tuple[Spread, ...]:
        read = (self.spread(node) for node in keys.items("spread", single=True))
        return tuple(spread for spread in read if spread is not None)

    def spread(self, node: Node) -> Spread | None:
        keys = self.keys(node, "a spread", "spread")
        policy = keys.take("entries")
        if not isinstance(policy, ScalarNode):
            policy = None
        return self.part(keys, Spread, node=node, policy=policy and policy.text)

    def except_(self, keys: Keys, key: Key) -> Except | None:
        node = keys.take(key.name)
        if node is None:
            return None
        inner = self.keys(node, key.name, "except")
        values = self.values(inner, Except)
        for item in inner.items("patterns") if any(map(is_long, values["patterns"])) else ():
            self.pattern(item)
        ignore_case = values.pop("ignore_case")
        names, prefixes, patterns = (
            tuple(text.casefold() for text in group) if ignore_case else group for group in values.values()
        )
        inner.finish()
        return Except(names=frozenset(names), prefixes=prefixes, patterns=patterns, ignore_case=ignore_case)

    def pattern(self, node: Node) -> None:
        text = node.text if isinstance(node, ScalarNode) else ""
        if (flaw := flaw_of(text) or flaw_of(text.casefold())) is not None:
            self.problems.append(Problem.of("M128", node.place, reason=flaw))

    def entries(self, keys: Keys, key: Key) -> tuple[EntryRule, ...]:
        node = keys.take(key.name)
        if node is None:
            return (EntryRule(node=keys.node),)
        if isinstance(node, ScalarNode):
            self.used_policies.add(node.text)
            return self.policy(node)
        return tuple(map(self.entry_rule, keys.items(key.name)))

    def policy(self, node: ScalarNode) -> tuple[EntryRule, ...]:
        """The entry rules of the policy with this name; they count again at each use."""
        rules: tuple[EntryRule, ...] = self.named("policy", node, self.policies) or ()
        before, self.written_out = self.written_out, self.written_out + len(rules)
        if self.written_out > MAX_ENTRY_RULES:
            if before <= MAX_ENTRY_RULES:
                what = "the policies of spreads"
                self.problems.append(Problem.of("M127", node.place, what=what, limit=MAX_ENTRY_RULES, of="entry rules"))
            return ()
        return rules

    def entry_rule(self, node: Node) -> EntryRule:
        keys = self.keys(node, "an entry rule", "entryRule")
        keys.exactly_one(("skip", "reject"), at_most=True)
        for key in ("name", "value"):
            if key in keys and ("skip" in keys or "reject" in keys):
                place = cast("Node", keys.take(key)).place
                keys.report("M104", place, where=keys.where, keys=f"{key}, skip and reject", found="several are given")
        return cast("EntryRule", self.part(keys, EntryRule, node=node))


def _writing_flaw(form: str) -> str | None:
    """The reason why times cannot be written in a format; None if they can."""
    if form in UNITS:
        return None
    flaw = format_flaw(form)
    if flaw is None and "%" not in form.replace("%%", ""):
        return "it has no part such as %Y, and would write the same for every time"
    return flaw


def _reading_flaw(form: str, time: Time) -> str | None:
    """The reason why times cannot be read in a format; None if they can."""
    if form in UNITS:
        return None
    flaw = format_flaw(form, reads=True)
    if flaw is None and time.zone is None and "%z" not in form and "%:z" not in form:
        return "it has no %z, so the key 'zone' is needed"
    return flaw


READERS: dict[Kind, Callable[[FieldReader, Keys, Key], Any]] = {
    kinds.EXPRESSION: lambda _, keys, key: keys.expression(key.name, required=key.required),
    kinds.TEMPLATE: lambda _, keys, key: keys.template(key.name, required=key.required),
    kinds.TEXT: lambda _, keys, key: keys.text(key.name, required=key.required),
    kinds.FILLED: lambda _, keys, key: keys.text(key.name, required=key.required),
    kinds.TEXTS: lambda _, keys, key: keys.texts(key.name),
    kinds.ELEMENT: lambda _, keys, key: keys.variable(key.name, required=key.required),
    kinds.INDEX: lambda _, keys, key: keys.variable(key.name, required=key.required),
    kinds.ENTRY_KEY: lambda _, keys, key: keys.variable(key.name, required=key.required),
    kinds.FLAG: lambda _, keys, key: keys.flag(key.name, key.default),
    kinds.SIZE: lambda _, keys, key: keys.whole(key.name, required=key.required, most=kinds.MAX_AMOUNT),
    kinds.BYTES: lambda _, keys, key: keys.whole(key.name, required=key.required, most=kinds.MAX_BODY_BYTES),
    kinds.NUMBER: lambda _, keys, key: keys.number(key.name),
    kinds.DECIMALS: lambda _, keys, key: keys.whole(key.name, least=0, most=MAX_DECIMALS),
    kinds.FORMATS: lambda _, keys, key: tuple(one.text for one in keys.nodes(key.name)) or None,
    kinds.TIME: FieldReader.time,
    kinds.ANY: lambda _, keys, key: keys.value(key.name, key.default),
    kinds.ANYTHINGS: lambda _, keys, key: tuple(map(plain, keys.items(key.name))),
    kinds.NAMES: lambda _, keys, key: keys.named_texts(key.name, "names"),
    kinds.FIELD: lambda reader, keys, key: reader.one_field(keys, key),
    kinds.FIELDS: lambda reader, keys, key: reader.fields(keys.entries(key.name)),
    kinds.LET: lambda reader, keys, key: reader.fields(keys.entries(key.name), roots=True),
    kinds.EXCEPT: FieldReader.except_,
    kinds.SPREADS: lambda reader, keys, _: reader.spreads(keys),
    kinds.TABLE: lambda reader, keys, _: reader.table_use(keys),
    kinds.ENTRY_RULES: FieldReader.entries,
}
"""The functions that read the value of a key, by its kind."""
