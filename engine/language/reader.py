"""Reads the joined YAML of a mapping into a Rulebook, and reports all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..functions.globs import flaw_of, is_long
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, duplicate, plain
from ..values.coercion import TYPES
from .decoder import Keys, each_named, found, good_name, read_expression
from .rulebook import (
    ABSENT,
    Bulk,
    Combine,
    Const,
    Each,
    EntryRule,
    Except,
    Expr,
    Field,
    From,
    Input,
    ObjectSource,
    OnProblem,
    Output,
    RequestLine,
    Route,
    Rule,
    Setting,
    Spread,
    Table,
    Text,
    Warn,
)
from .settings import wanted_of

__all__ = ["FIELD_SOURCES", "RULE_ENDS", "RuleReader"]

FIELD_SOURCES = ("from", "const", "template", "each", "fields")
"""The keys that give the source of a field; a `spread` alone counts as `fields`."""
RULE_ENDS = ("output", "skip", "reject")
"""The keys that decide what a rule does with an element."""

MAX_ENTRY_RULES = 20_000
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


class RuleReader:
    """Reads nodes one after the other; tables and policies must be read before their uses."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
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

    def keys(self, node: Node, where: str) -> Keys:
        return Keys(node, where, self.problems)

    # Values

    def fields(self, entries: Iterable[tuple[ScalarNode, Node]], *, roots: bool = False) -> tuple[Field, ...]:
        """The fields of an object, or with `roots` the names of a `let`."""
        result = []
        for name, node in entries:
            if roots and not good_name(name, "the name of a let", self.problems, root=True):
                continue
            field = self.field(name.text, node)
            if field is None and roots:
                field = Field(name.text, Const(None), node)  # defined, so that uses of its name are not reported
            if field is not None:
                result.append(replace(field, name_node=name))
        return tuple(result)

    def let(self, keys: Keys) -> tuple[Field, ...]:
        return self.fields(keys.entries("let"), roots=True)

    def field(self, name: str | None, node: Node) -> Field | None:
        if isinstance(node, ScalarNode | SequenceNode):
            short = self.alternatives(node)
            return None if short is None else Field(name, short, node)
        where = "a field" if name is None else f"the field {name!r}"
        keys = self.keys(node, where)
        sources = tuple(key for key in FIELD_SOURCES if key != "fields") if "each" in keys else FIELD_SOURCES
        source_key = keys.exactly_one(sources, at_most="spread" in keys)
        source = self.source(keys, source_key)
        type_, items = self.type_and_items(keys)
        table = self.table_use(keys)
        field = Field(
            name,
            source or Const(None),
            node,
            when=keys.expression("when"),
            table=table,
            type=type_,
            items=items,
            default=keys.value("default", ABSENT),
            required=keys.flag("required"),
            on_problem=cast("OnProblem", keys.choice("on_problem", ("omit", "reject", "keep"), "omit")),
            description=keys.text("description"),
            reference=keys.texts("reference"),
            deprecated=keys.text("deprecated"),
        )
        keys.finish()
        return None if source is None else field

    def source(self, keys: Keys, key: str | None) -> From | Const | Text | ObjectSource | Each | None:
        """The source of a field. All source keys are read, so that none of them counts as unknown."""
        given = {name: keys.take(name) for name in FIELD_SOURCES if name != "const"}
        constant = keys.value("const", ABSENT)
        if key == "each":
            return self.each(keys)
        if "spread" in keys and key not in (None, "fields"):
            place = cast("Node", keys.take("spread")).place
            keys.report("M104", place, where=keys.where, keys=f"spread and {key}", found="both are given")
        spreads = self.spreads(keys)
        if key == "from":
            return self.alternatives(cast("Node", given["from"]))
        if key == "const":
            return Const(constant)
        if key == "template":
            return keys.template("template")
        if key == "fields" or "spread" in keys:
            return ObjectSource(self.fields(keys.entries("fields")), spreads)
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
        each = keys.expression("each", required=True)
        as_name = keys.name("as", required=True, root=True)
        key_name = keys.name("key", root=True)
        let = self.let(keys)
        spreads = self.spreads(keys)
        fields = self.fields(keys.entries("fields"))
        value = keys.take("value")
        body: ObjectSource | Field | None = ObjectSource(fields, spreads)
        if value is not None:
            if fields or spreads:
                keys.report("M104", value.place, where=keys.where, keys="value and fields", found="both are given")
            body = self.field(None, value)
        elif not fields and not spreads:
            keys.report("M103", keys.node.place, where=keys.where, key="fields")
        if each is None or as_name is None or body is None:
            return None
        return Each(each, as_name, key_name, let, body)

    def type_and_items(self, keys: Keys) -> tuple[str | None, str | None]:
        type_ = keys.choice("type", TYPES, "") or None
        items = keys.choice("items", TYPES, "") or None
        if items is not None and type_ != "array":
            place = cast("Node", keys.take("items")).place
            both, reason = "items and a type other than array", "items describe the elements of an array"
            keys.report("M104", place, where=keys.where, keys=both, found=reason)
            items = None
        return type_, items

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
            hint = did_you_mean(node.text, known)
            self.problems.append(Problem.of("M112", node.place, hint=hint, kind=kind, name=node.text))
        return known.get(node.text)

    def table(self, name: ScalarNode | None, node: Node) -> Table | None:
        if name is not None:
            self.table_names[name.text] = name
        keys = self.keys(node, "a table" if name is None else f"the table {name.text!r}")
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
        answer = keys.take("unlisted", required=True)
        if isinstance(answer, MappingNode):
            inner = self.keys(answer, "unlisted")
            unlisted = ("const", inner.value("const", None))
            if "const" not in inner:
                inner.take("const", required=True)
            inner.finish()
        elif answer is not None:
            unlisted = keys.choice("unlisted", ("omit", "keep", "reject"), "omit")
        keys.finish()
        return Table(name.text if name else None, entries, ignore_case, unlisted, node)

    # Spreads

    def spreads(self, keys: Keys) -> tuple[Spread, ...]:
        read = (self.spread(node) for node in keys.items("spread", single=True))
        return tuple(spread for spread in read if spread is not None)

    def spread(self, node: Node) -> Spread | None:
        keys = self.keys(node, "a spread")
        from_ = keys.expression("from", required=True)
        key_name = keys.name("key", root=True) or "name"
        as_name = keys.name("as", root=True) or "value"
        except_ = keys.take("except")
        rename = keys.named_texts("rename", "names")
        let = self.let(keys)
        entries, policy = self.entries(keys)
        spread = None
        if from_ is not None:
            taken = self.except_(except_) if except_ is not None else Except(frozenset(), (), (), False)
            spread = Spread(from_, key_name, as_name, taken, rename, let, entries, node, policy)
        keys.finish()
        return spread

    def except_(self, node: Node) -> Except:
        keys = self.keys(node, "except")
        ignore_case = keys.flag("ignore_case")
        texts = [keys.texts(key) for key in ("names", "prefixes", "patterns")]
        for item in keys.items("patterns") if any(map(is_long, texts[2])) else ():
            self.pattern(item)
        names, prefixes, patterns = (
            tuple(text.casefold() for text in group) if ignore_case else group for group in texts
        )
        keys.finish()
        return Except(frozenset(names), prefixes, patterns, ignore_case)

    def pattern(self, node: Node) -> None:
        text = node.text if isinstance(node, ScalarNode) else ""
        if (flaw := flaw_of(text) or flaw_of(text.casefold())) is not None:
            self.problems.append(Problem.of("M128", node.place, reason=flaw))

    def entries(self, keys: Keys) -> tuple[tuple[EntryRule, ...], str | None]:
        node = keys.take("entries")
        if node is None:
            return (EntryRule(keys.node, None, (), None, None, None, None, None),), None
        if isinstance(node, ScalarNode):
            self.used_policies.add(node.text)
            return self.policy(node), node.text
        return self.entry_rules(keys, "entries"), None

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

    def entry_rules(self, keys: Keys, key: str) -> tuple[EntryRule, ...]:
        return tuple(self.entry_rule(item) for item in keys.items(key))

    def entry_rule(self, node: Node) -> EntryRule:
        keys = self.keys(node, "an entry rule")
        keys.exactly_one(("skip", "reject"), at_most=True)
        for key in ("name", "value"):
            if key in keys and ("skip" in keys or "reject" in keys):
                place = cast("Node", keys.take(key)).place
                keys.report("M104", place, where=keys.where, keys=f"{key}, skip and reject", found="several are given")
        name, value = keys.take("name"), keys.take("value")
        rule = EntryRule(
            node,
            keys.expression("when"),
            self.let(keys),
            self.field("name", name) if name is not None else None,
            self.field(None, value) if value is not None else None,
            keys.template("skip"),
            keys.template("reject"),
            keys.template("warn"),
            keys.texts("reference"),
        )
        keys.text("description")
        keys.finish()
        return rule

    # Parts of the mapping

    def setting(self, name: ScalarNode, node: Node) -> Setting | None:
        keys = self.keys(node, f"the setting {name.text!r}")
        type_, items = self.type_and_items(keys)
        enum = tuple(plain(item) for item in keys.items("enum")) or None
        default_value, description = keys.value("default", ABSENT), keys.text("description")
        setting = Setting(name.text, type_ or "string", items, enum, default_value, description, node)
        keys.finish()
        if setting.default is not ABSENT and setting.default is not None:
            default = cast("Node", keys.take("default"))
            problem = wanted_of(setting, setting.default)
            if problem is not None:
                keys.report("M116", default.place, name=name.text, wanted=problem, found=found(default))
        return setting

    def request(self, keys: Keys) -> RequestLine:
        node = keys.take("request", required=True)
        if node is None:
            return RequestLine("POST", "/", ())
        inner = self.keys(node, "request")
        line = RequestLine(
            inner.choice("method", METHODS, "POST"),
            inner.text("path", required=True) or "/",
            self.fields(inner.entries("query")),
        )
        inner.finish()
        return line

    def output(self, name: ScalarNode, node: Node) -> Output | None:
        keys = self.keys(node, f"the output {name.text!r}")
        combine: dict[str, Combine] = {}
        for key, value in keys.entries("combine"):
            if isinstance(value, ScalarNode) and value.value in ("append", "merge"):
                combine[key.text] = cast("Combine", value.value)
            else:
                keys.report(
                    "M105", value.place, what=f"combine of {key.text!r}", allowed="append, merge", found=found(value)
                )
        element_of = keys.text("element_of")
        if element_of is not None:
            combine.setdefault(element_of, "append")
        output = Output(
            name.text,
            keys.text("schema", required=True) or "",
            keys.text("limits"),
            self.request(keys),
            self.fields(keys.entries("fields")),
            element_of,
            combine,
            keys.whole("max_bytes"),
            node,
            keys.text("description"),
        )
        keys.finish()
        return output

    def bulk(self, node: Node) -> Bulk:
        keys = self.keys(node, "bulk")
        bulk = Bulk(
            keys.text("schema", required=True) or "",
            self.request(keys),
            self.fields(keys.entries("fields")),
            keys.text("elements", required=True) or "",
            keys.whole("max_bytes", required=True) or 1,
            node,
        )
        keys.finish()
        return bulk

    def route(self, name: ScalarNode, node: Node) -> Route | None:
        keys = self.keys(node, f"the route {name.text!r}")
        each = keys.expression("each", required=True)
        as_name = keys.name("as", required=True, root=True)
        key_name = keys.name("key", root=True)
        let = self.let(keys)
        description = keys.text("description")
        keys.finish()
        if each is None or as_name is None:
            return None
        return Route(name.text, each, as_name, key_name, let, node, description)

    def input(self, node: Node) -> Input | None:
        keys = self.keys(node, "input")
        as_name = keys.name("as", required=True, root=True)
        schema = keys.text("schema", required=True)
        keys.text("description")
        keys.finish()
        return None if as_name is None or schema is None else Input(as_name, schema, node)

    def rule(self, node: Node) -> Rule | None:
        """The rule, or None if it is abstract, disabled or unreadable."""
        keys = self.keys(node, "a rule")
        name_node = keys.scalar("rule", required=True)
        name = keys.name("rule") if name_node is not None else None
        if name is not None:
            keys.where = f"the rule {name!r}"
        abstract, enabled = keys.flag("abstract"), keys.flag("enabled", default=True)
        keys.take("extends")
        route, output = self.reference(keys, "route", self.routes), self.reference(keys, "output", self.outputs)
        end = keys.exactly_one(RULE_ENDS, at_most=abstract)
        if end in ("skip", "reject"):
            for key in ("fields", "spread"):
                if key in keys:
                    place = cast("Node", keys.take(key)).place
                    keys.report("M104", place, where=keys.where, keys=f"{key} and {end}", found="both are given")
        rule = Rule(
            name or "?",
            route,
            keys.expression("when"),
            self.let(keys),
            output,
            keys.template("skip"),
            keys.template("reject"),
            ObjectSource(self.fields(keys.entries("fields")), self.spreads(keys)),
            tuple(warn for item in keys.items("warn") if (warn := self.warn(item)) is not None),
            node,
            name_node or node,
            keys.text("description"),
            keys.texts("reference"),
            keys.text("deprecated"),
        )
        keys.finish()
        unknown = ("route" in keys and route is None) or (end == "output" and output is None)
        return None if abstract or not enabled or name is None or end is None or unknown else rule

    def reference(self, keys: Keys, key: str, known: dict[str, Any]) -> str | None:
        node = keys.scalar(key)
        if node is None or self.named(key, node, known) is None:
            return None
        return node.text

    def warn(self, node: Node) -> Warn | None:
        keys = self.keys(node, "warn")
        when, message = keys.expression("when"), keys.template("message")
        if "message" not in keys:
            keys.take("message", required=True)
        keys.finish()
        return None if message is None else Warn(when, message)

    def read_tables(self, keys: Keys) -> None:
        self.tables = self.read_named(keys, "tables", self.table, "table", root=True)

    def read_outputs(self, keys: Keys) -> None:
        self.outputs = self.read_named(keys, "outputs", self.output, "output")

    def read_routes(self, keys: Keys) -> None:
        self.routes = self.read_named(keys, "routes", self.route, "route")

    def read_named(
        self, keys: Keys, key: str, read: Callable[[ScalarNode, Node], Any], what: str, *, root: bool = False
    ) -> dict[str, Any]:
        """The definitions under a key. Uses of an unreadable one are not reported again."""
        result = each_named(keys, key, read, root=root, what=what)
        self.unreadable |= {(what, name.text) for name, _ in keys.entries(key) if name.text not in result}
        return result

    def read_policies(self, keys: Keys) -> None:
        def policy(name: ScalarNode, node: Node) -> tuple[EntryRule, ...]:
            self.policy_names[name.text] = name
            if isinstance(node, SequenceNode):
                return tuple(self.entry_rule(item) for item in node.items)
            keys.report("M102", node.place, what=f"the policy {name.text!r}", wanted="a list", found=found(node))
            return ()

        self.policies = self.read_named(keys, "policies", policy, "policy", root=True)
