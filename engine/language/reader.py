"""Reads the joined YAML of a mapping into a Rulebook, and reports all problems at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from ..diagnostics.suggestions import did_you_mean, known_here
from ..schemas.personal import CATEGORIES
from ..source.nodes import Node, ScalarNode, SequenceNode
from ..values.kinds import shown
from . import kinds
from .decoder import Keys, each_named, found
from .delivery_reader import DeliveryReader
from .installed import is_reference
from .keys import FORMS, Key
from .kinds import Kind
from .rulebook import (
    ABSENT,
    Assertion,
    Bulk,
    Combine,
    EntryRule,
    Input,
    ObjectSource,
    Output,
    RequestPlace,
    Route,
    Rule,
    Setting,
    Warn,
)
from .settings import BOUNDS, pattern_flaw, wanted_of

__all__ = ["RuleReader"]

_PLACE = re.compile(r"(?P<output>\*|[^ /]+)(?: (?P<part>body|path|query|headers))?(?: (?P<pointer>/.*))?")


class RuleReader(DeliveryReader):
    """Reads the parts of a mapping one after the other; parts that others refer to must be read first."""

    def value(self, keys: Keys, key: Key) -> Any:
        read = _READERS.get(key.kind)
        return super().value(keys, key) if read is None else read(self, keys, key)

    def setting(self, name: ScalarNode, node: Node) -> Setting | None:
        keys = self.keys(node, f"the setting {name.text!r}", "setting")
        setting = cast("Setting", self.part(keys, Setting, name=name.text, node=node))
        setting = replace(setting, items=self.items(keys, setting))
        setting = replace(setting, **self.bounds(keys, setting))
        setting = replace(setting, enum=self.allowed(keys, setting))
        if setting.default is not ABSENT and setting.default is not None:
            default = cast("Node", keys.take("default"))
            problem = wanted_of(setting, setting.default)
            if problem is not None:
                keys.report("M116", default.place, name=name.text, wanted=problem, found=shown(setting.default))
        return setting

    def allowed(self, keys: Keys, setting: Setting) -> tuple[Any, ...] | None:
        """The allowed values of a setting, or None if there are no such; reports those that it can never have."""
        listed = keys.take("enum") if setting.enum is not None else None
        if setting.enum is None or not isinstance(listed, SequenceNode):
            return None
        if not listed.items:
            keys.empty("enum", listed)
            return None
        unlisted, is_whole = replace(setting, enum=None), True
        for value, node in zip(setting.enum, listed.items, strict=True):
            if (wanted := wanted_of(unlisted, value)) is not None:
                keys.report("M116", node.place, name=setting.name, wanted=wanted, found=shown(value))
                is_whole = False
        return setting.enum if is_whole else None

    def bounds(self, keys: Keys, setting: Setting) -> dict[str, Any]:
        """Reports the conditions that a setting of this type cannot have; returns None for each, by its key."""
        wrong: dict[str, Any] = {}
        for key, of in BOUNDS.items():
            node = keys.take(key) if getattr(setting, key) is not None else None
            if node is None:
                continue
            if setting.scalar_type not in of.types:
                both = f"{key} and a type other than {' or '.join(of.types)}"
                keys.report("M104", node.place, where=keys.where, keys=both, found=of.reason)
                wrong[key] = None
            elif key == "pattern" and (flaw := pattern_flaw(setting.pattern or "")) is not None:
                wanted = f"a regular expression: {flaw}"
                keys.report("M114", node.place, what="'pattern'", found=repr(setting.pattern), wanted=wanted)
                wrong[key] = None
        return wrong

    def combine(self, keys: Keys, key: Key) -> dict[str, Combine]:
        result: dict[str, Combine] = {}
        for name, value in keys.entries(key.name):
            if isinstance(value, ScalarNode) and value.value in ("append", "merge"):
                result[name.text] = cast("Combine", value.value)
            else:
                what = f"{key.name} of {name.text!r}"
                keys.report("M105", value.place, what=what, allowed="append, merge", found=found(value))
        return result

    def output(self, name: ScalarNode, node: Node) -> Output | None:
        keys = self.keys(node, f"the output {name.text!r}", "output")
        body = keys.choice("body", kinds.BODY.choices, "object")
        for other in ("fields", "element_of", "combine") if body != "object" else ():
            self.not_beside(keys, other, f"body: {body}")
        for other in ("schema", "limits") if body == "none" else ():
            self.not_beside(keys, other, f"body: {body}")
        if body != "none":
            keys.take("schema", required=True)
        output = cast("Output", self.part(keys, Output, name=name.text, node=node))
        if output.request.form is not None and body != "object":
            self.not_beside(keys, "body", "request.form")
        if output.element_of is None:
            return output
        return replace(
            output, combine={**output.combine, output.element_of: output.combine.get(output.element_of, "append")}
        )

    def not_beside(self, keys: Keys, key: str, other: str) -> None:
        """Reports a key if it is given."""
        if key in keys:
            place = cast("Node", keys.take(key)).place
            keys.report("M104", place, where=keys.where, keys=f"{key} and {other}", found="both are given")

    def bulk(self, node: Node) -> Bulk | None:
        return self.part(self.keys(node, "bulk", "bulk"), Bulk, node=node)

    def assertion(self, name: ScalarNode, node: Node) -> Assertion | None:
        keys = self.keys(node, f"the assertion {name.text!r}", "assertion")
        choice = keys.exactly_one(FORMS["assertion"].choices)
        for key in ("category", "unmasked") if choice == "no_output" else ():
            self.not_beside(keys, key, "no_output")
        if choice in ("never_in", "only_in"):
            keys.take("category", required=True)
        for name_of_list in (choice or "", "category"):
            listed = keys.take(name_of_list) if name_of_list in keys else None
            if isinstance(listed, SequenceNode) and not listed.items:
                keys.empty(name_of_list, listed)
        made = self.part(keys, Assertion, name=name.text, node=node, name_node=name)
        return made if made is not None and getattr(made, choice or "", None) else None

    def categories(self, keys: Keys, key: Key) -> tuple[str, ...]:
        """The categories of personal data under a key."""
        known = ("any", *CATEGORIES)
        result = []
        for node in keys.items(key.name):
            text = node.text if isinstance(node, ScalarNode) else ""
            if text in known:
                result.append(text)
            else:
                hint = did_you_mean(text, known) or known_here(known)
                keys.report("M247", node.place, hint, name=text or found(node))
        return tuple(result)

    def request_places(self, keys: Keys, key: Key) -> tuple[RequestPlace, ...]:
        """The places in requests under a key, such as `event /attributes/*`."""
        result = []
        for node in keys.items(key.name):
            match = _PLACE.fullmatch(node.text) if isinstance(node, ScalarNode) else None
            if match is None or not isinstance(node, ScalarNode):
                text = repr(node.text) if isinstance(node, ScalarNode) else found(node)
                keys.report("M248", node.place, written=text)
                continue
            output, part, pointer = match["output"], match["part"], match["pointer"] or ""
            if output == kinds.MESSAGES and output not in self.outputs:
                result.append(RequestPlace(None, "message", (), node))
                continue
            steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
            part = part or ("body" if steps else None)
            if output != "*" and output not in self.outputs and ("output", output) not in self.unreadable:
                hint = did_you_mean(output, self.outputs) or known_here(sorted(self.outputs))
                keys.report("M112", node.place, hint, kind="output", name=output)
                continue
            result.append(RequestPlace(None if output == "*" else output, cast("Any", part), steps, node))
        return tuple(result)

    def route(self, name: ScalarNode, node: Node) -> Route | None:
        keys = self.keys(node, f"the route {name.text!r}", "route")
        self.one_name(keys)
        return self.part(keys, Route, name=name.text, node=node)

    def input(self, node: Node) -> Input | None:
        return self.part(self.keys(node, "input", "input"), Input, node=node)

    def known_rule(self, node: Node, bases: tuple[Node, ...]) -> Rule | None:
        """The rule of a node, which extends `bases`; None if it is abstract, disabled or unreadable."""

        def read() -> Rule | None:
            rule = self.rule(node)
            return None if rule is None else replace(rule, bases=bases)

        return self.known(("rule", node, bases), read)

    def rule(self, node: Node) -> Rule | None:
        """The rule, or None if it is abstract, disabled or unreadable."""
        keys = self.keys(node, "a rule", "rule")
        name_node = keys.scalar("rule", required=True)
        name = keys.name("rule") if name_node is not None else None
        if name is not None:
            keys.where = f"the rule {name!r}"
        abstract, enabled = keys.flag("abstract"), keys.flag("enabled", default=True)
        end = keys.exactly_one(FORMS["rule"].choices, at_most=abstract)
        if end in ("skip", "reject", "convert"):
            for key in ("fields", "spread", "value", "then", *(("route", "let", "warn") if end == "convert" else ())):
                self.not_beside(keys, key, end)
        for key in ("fields", "spread") if "value" in keys else ():
            self.not_beside(keys, key, "value")
        given = ObjectSource(self.fields(keys.entries("fields")), spreads=self.spreads(keys))
        body = self.one_field(keys, FORMS["rule"].keys["value"]) or given
        rule = cast("Rule", self.part(keys, Rule, name=name or "?", node=node, name_node=name_node or node, body=body))
        unknown = ("route" in keys and rule.route is None) or (end == "output" and rule.output is None)
        return None if abstract or not enabled or name is None or end is None or unknown else rule

    def reference(self, keys: Keys, key: str, known: dict[str, Any]) -> str | None:
        node = keys.scalar(key)
        if node is None or self.named(key, node, known) is None:
            return None
        return node.text

    def mapping_reference(self, keys: Keys, key: str) -> ScalarNode | None:
        """The node that names a mapping; None, with a Problem, if it has not the form of such a name."""
        node = keys.scalar(key)
        if node is None or is_reference(node.text):
            return node
        keys.report("M114", node.place, what=f"{key!r}", found=repr(node.text), wanted="name@major or ./path")
        return None

    def warnings(self, keys: Keys, key: Key) -> tuple[Warn, ...]:
        read = (self.part(self.keys(item, key.name, "warn"), Warn) for item in keys.items(key.name))
        return tuple(warn for warn in read if warn is not None)

    def read_tables(self, keys: Keys) -> None:
        self.tables = self.read_named(keys, "tables", self.table, "table", self.table_names, root=True)

    def read_outputs(self, keys: Keys) -> None:
        self.outputs = self.read_named(keys, "outputs", self.output, "output")

    def read_routes(self, keys: Keys) -> None:
        self.routes = self.read_named(keys, "routes", self.route, "route")

    def read_named(
        self,
        keys: Keys,
        key: str,
        read: Callable[[ScalarNode, Node], Any],
        what: str,
        names: dict[str, Node] | None = None,
        *,
        root: bool = False,
    ) -> dict[str, Any]:
        """The definitions under a key, whose names are added to `names`. Uses of an unreadable one are not reported
        again."""

        def known(name: ScalarNode, node: Node) -> Any:
            if names is not None:
                names[name.text] = name
            return self.known((what, name, node), partial(read, name, node))

        result = each_named(keys, key, known, root=root, what=what)
        self.unreadable |= {(what, name.text) for name, _ in keys.entries(key) if name.text not in result}
        return result

    def read_policies(self, keys: Keys) -> None:
        def policy(name: ScalarNode, node: Node) -> tuple[EntryRule, ...]:
            if isinstance(node, SequenceNode):
                return tuple(map(self.entry_rule, node.items))
            keys.report("M102", node.place, what=f"the policy {name.text!r}", wanted="a list", found=found(node))
            return ()

        self.policies = self.read_named(keys, "policies", policy, "policy", self.policy_names, root=True)


_READERS: dict[Kind, Callable[[RuleReader, Keys, Key], Any]] = {
    kinds.COMBINATIONS: RuleReader.combine,
    kinds.CATEGORIES: RuleReader.categories,
    kinds.REQUEST_PLACES: RuleReader.request_places,
    kinds.REQUEST: RuleReader.request,
    kinds.SERVER: RuleReader.server,
    kinds.TEMPLATED: RuleReader.server_url,
    kinds.SERVER_HEADERS: RuleReader.server_headers,
    kinds.PATH: RuleReader.path,
    kinds.PARAMETERS: RuleReader.parameters,
    kinds.HEADERS: RuleReader.headers,
    kinds.THEN: lambda _, keys, key: keys.choice(key.name, key.kind.choices, None) is not None,
    kinds.WARNINGS: RuleReader.warnings,
    kinds.REFERENCE: lambda reader, keys, key: reader.mapping_reference(keys, key.name),
    kinds.ROUTE: lambda reader, keys, key: reader.reference(keys, key.name, reader.routes),
    kinds.OUTPUT: lambda reader, keys, key: reader.reference(keys, key.name, reader.outputs),
}
"""The functions that read the value of a key, for kinds that only this reader has."""
