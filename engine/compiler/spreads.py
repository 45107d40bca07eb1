"""Spreads to Python: the entries of an object that pass through, each taken by the first entry rule that holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from string import Formatter
from typing import Any

from ..evaluation import is_true
from ..expressions import EvaluationError, Expression, Node
from ..interpreter import NAME_TAKEN, NO_ENTRY_RULE, NOTHING
from ..rules import Each, EntryRule, Except, Expr, Field, From, Object, Spread, Text
from .calls import is_type_of_element
from .chains import chain
from .code import ANY, BOOLEAN, DICT, LIST, NULL, NUMBER, STRING, Block, Function, Pool, Value, comment
from .conditions import ALWAYS
from .contracts import Contract
from .expressions import ExpressionCompiler, is_kind
from .fields import FieldCompiler
from .rejections import can_reject, can_reject_field
from .scopes import Scope

__all__ = ["SpreadCompiler", "roots_in"]

_VARIABLE = re.compile(r"(?<!\{)\{[a-z][^{}]*\}")

# The types of the elements of lists, with such a list.
_SIMPLE_LISTS: dict[str, list[Any]] = {
    "": [],
    "{str}": [""],
    "{int}": [0],
    "{float}": [0.5],
    "{int, float}": [0, 0.5],
    "{bool}": [True],
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The function of a policy, and its variables that hold the object, the name and the value."""

    name: str
    items: str
    key: str
    element: str


class SpreadCompiler:
    """Writes the code of spreads, next to the fields of the same object."""

    def __init__(self, fields: FieldCompiler) -> None:
        self.fields = fields
        self.writer = fields.writer
        self.named: str | None = None
        """The variable whose name is known to be one that the schemas allow, and do not list."""

    def spread(self, spread: Spread, target: str, scope: Scope) -> None:
        """Adds what passes through to the object in the variable `target`."""
        writer = self.writer
        value = self.fields.search(spread.from_, scope, self.fields.site_of(spread.from_, scope), "source")
        if value.is_constant and value.constant is None:
            return
        if not value.stable or value.is_constant:
            value = writer.bound(Value(value.code, value.kinds), "source")
        test = is_kind(value, value, DICT)
        if spread.policy is not None and not spread.let and scope.caller is None:
            with writer.inside(f"if {test}:"):
                inner = self._called(spread, value, target, scope)
            self._otherwise(spread, value, scope, inner)
            return
        wishes = spread.key_name, spread.as_name
        with writer.inside(f"if {test}:"), writer.loop(wishes, f"{value.code}.items()") as (key, entry):
            inner = scope.iterating(spread.from_, spread.as_name, spread.key_name, (value.code, key, entry))
            self._entry(spread, target, inner, key)
        self._otherwise(spread, value, scope, inner)

    def _otherwise(self, spread: Spread, value: Value, scope: Scope, inner: Scope) -> None:
        """What is said of a source that is no object."""
        writer = self.writer
        if value.kinds & ~(DICT | NULL):
            with writer.inside(f"elif {value.code} is not None:"):
                site = scope.site("M508", spread.from_.place, what="a spread", wanted="an object")
                writer.line(f"notes.not_a_source({site}, {inner.loop}, {value.code})")

    def _called(self, spread: Spread, value: Value, target: str, scope: Scope) -> Scope:
        """A policy is a function of its own, since many rules share it. Gives the scope of its loop."""
        writer, pool = self.writer, self.writer.pool
        used = sorted(set(roots_in(spread.entries)) & scope.values.keys() - {spread.as_name, spread.key_name})
        free = {name: scope.values[name] for name in used}
        known = tuple((name, value.kinds, repr(value.constant), scope.places.get(name)) for name, value in free.items())
        excepted = (spread.except_.names, spread.except_.prefixes, spread.except_.patterns, spread.except_.ignore_case)
        rename = tuple(spread.rename.items())
        asked = None if scope.contract is None else scope.contract.key
        key = (spread.policy, spread.as_name, spread.key_name, excepted, rename, scope.quiet, known, asked)
        policy = self.fields.policies.get(key)
        if policy is None:
            policy = self.fields.policies[key] = self._policy(spread, free, scope)
        inner = scope.iterating(
            spread.from_, spread.as_name, spread.key_name, (policy.items, policy.key, policy.element)
        )
        pointer, numbers = None, "()"
        if inner.pointer is not None:
            above = inner.pointer.rpartition("/")[0]
            variables = [code for _, code, _, _ in Formatter().parse(above) if code is not None]
            pointer = _VARIABLE.sub("{}", above)
            numbers = f"({', '.join(variables)},)" if variables else "()"
        at = pool.name("AT", f"At({scope.rule!r}, {inner.loop}, {scope.output_parts()!r}, {pointer!r})")
        arguments = [value.code, target, at, numbers, *(value.code for value in free.values() if not value.is_constant)]
        writer.line(f"{policy.name}(notes, skipped, {', '.join(arguments)})")
        # Where the source is no object, that is said in the terms of the function that calls.
        return scope.iterating(spread.from_, spread.as_name, spread.key_name, (value.code, policy.key, policy.element))

    def _policy(self, spread: Spread, free: Mapping[str, Value], scope: Scope) -> Policy:
        pool = self.writer.pool
        name = pool.fresh("policy")
        mark = f"_p{name.rpartition('_')[2]}"
        writer = Function(pool, ("notes", "skipped"), mark)
        items, target, at, numbers = (writer.name(wish) for wish in ("items", "target", "at", "numbers"))
        values, parameters = dict(free), ["notes", "skipped", items, target, at, numbers]
        for root, value in free.items():
            if not value.is_constant:
                parameter = writer.name(root)
                values[root] = writer.declare(parameter, value.kinds)
                parameters.append(parameter)
        with writer.loop((spread.key_name, spread.as_name), f"{items}.items()") as (key, element):
            here = f"Here({at!r})"
            root = pool.name("ROOT", f"Root({element!r}, {here})")
            inner = Scope(
                pool=pool,
                values={
                    **values,
                    spread.as_name: Value(element, ANY, stable=True),
                    spread.key_name: Value(key, STRING, stable=True),
                },
                places={**{name: scope.places[name] for name in free if name in scope.places}, spread.as_name: root},
                lets=scope.lets & free.keys(),
                pointers={},
                pointer=None,
                loop=here,
                output=(f"@{at}",),
                quiet=scope.quiet,
                caller=at,
                place=f"notes.entry({at}, {numbers}, {key})",
                contract=scope.contract,
            )
            fields = FieldCompiler(writer, traced=self.fields.traced, of_records=self.fields.of_records)
            spreads = SpreadCompiler(fields)
            known = spreads._entry(spread, target, inner, key)
        if (
            known is not None
            and not self.fields.traced
            and spreads._keeper(spread, len(spreads._guards(spread, inner)), inner) is not None
        ):
            # The entries at once, where nothing is to be said of any of them.
            tests = f"{known}.issuperset({items})", f"SCALARS.issuperset(map(type, {items}.values()))"
            block = Block(writer.root, f"if {' and '.join(tests)} and {items}.keys().isdisjoint({target}):")
            block.items += [*_asked_of_all(scope, items, element), f"{target}.update({items})", "return"]
            writer.root.items.insert(0, block)
        body = "\n".join(writer.root.render(1))
        pool.functions.append(f"def {name}({', '.join(parameters)}):  {comment(f'policy {spread.policy}')}\n{body}")
        return Policy(name, items, key, element)

    def _entry(self, spread: Spread, target: str, scope: Scope, key: str) -> str | None:
        """One entry. Gives the name of the set of names that no condition on a name is about, if there is one."""
        writer = self.writer
        guards = self._guards(spread, scope)
        known = None
        if guards:
            known = self._remembering(spread, target, scope, key, guards)
        else:
            self._without_excepted(spread.except_, key)
        name = Value(key, STRING, stable=True)
        if spread.rename:
            names = writer.pool.name("NAMES", repr(dict(spread.rename)))
            name = writer.bound(Value(f"{names}.get({key}, {key})", STRING), spread.key_name)
        scope = replace(scope, values={**scope.values, spread.key_name: name})
        rejects = can_reject(spread.let) or any(map(_can_reject, spread.entries))
        with self.fields.sinking(rejects, ["continue"]):
            if _is_named_by_key(spread, scope):
                self._kept(spread, spread.entries[0], target, scope, self._renamed(spread, scope))
                writer.line("continue")
                return known
            if known is None:
                self._named(name.code, scope.contract)
            scope = self.fields.lets(spread.let, scope)
            if not self._rest(spread, len(guards), target, scope):
                writer.line(self.fields.skip(scope, scope.rule_code, repr(NO_ENTRY_RULE)))
        return known

    def _without_excepted(self, except_: Except, key: str) -> None:
        """Leaves out the entry where its name is mapped elsewhere; what takes long to find out is remembered."""
        writer = self.writer
        test = _excepted(self, except_, key)
        if test and not (except_.ignore_case or except_.patterns):
            with writer.inside(f"if {test}:"):
                writer.line("continue")
        elif test:
            excepted = self._remembered("EXCEPTED", "Known()")
            with writer.inside(f"if {key} in {excepted}:"):
                writer.line("continue")
            with writer.inside(f"if {test}:"):
                writer.lines([f"{excepted}.learn({key})", "continue"])

    def _remembered(self, prefix: str, code: str) -> str:
        """The name of what remembers something for this one spread."""
        name = self.writer.pool.fresh(prefix)
        self.writer.pool.constants.append(f"{name} = {code}")
        return name

    def _renamed(self, spread: Spread, scope: Scope) -> Value:
        """The name under which an entry is kept, found once for each name that it has."""
        writer = self.writer
        key = scope.values[spread.key_name].code
        renamed = self._remembered("RENAMED", "Renamed()")
        name = writer.declare(writer.name("name"), STRING)
        writer.line(f"{name.code} = {renamed}.get({key})")
        with writer.inside(f"if {name.code} is None:"):
            noted = writer.name("noted")
            writer.line(f"{noted} = len(notes.problems)")
            found = self._name(spread, spread.entries[0], self.fields.lets(spread.let, scope))
            writer.line(f"{name.code} = {found.code}")
            self._allowed(name.code, scope.contract)
            with writer.inside(f"if len(notes.problems) == {noted}:"):
                writer.line(f"{renamed}.learn({key}, {name.code})")
        return name

    def _rest(self, spread: Spread, start: int, target: str, scope: Scope) -> bool:
        """The entry rules from the one with this number on. Says whether one always holds."""
        rules = spread.entries[start:]
        keeper = self._keeper(spread, start, scope)
        if keeper is None or keeper == start:
            return self._chain(rules, spread, target, scope)
        writer, element = self.writer, scope.values[spread.as_name]
        test = f"type({element.code}) not in SCALARS"
        lists = self._kept_lists(spread.entries[start:keeper], spread.as_name, scope)
        if lists:
            kinds = writer.pool.name("LISTS", f"frozenset({{{', '.join(lists)}}})")
            test += f" and (type({element.code}) is not list or frozenset(map(type, {element.code})) not in {kinds})"
        with writer.inside(f"if {test}:") as block:
            block.kinds[element.code] = NULL | LIST | DICT
            self._chain(spread.entries[start:keeper], spread, target, scope)
        if self._taker(spread.entries[start:keeper], spread, scope, NULL) is not None:
            scope = replace(scope, values={**scope.values, spread.as_name: replace(element, kinds=ANY & ~NULL)})
        self._taken(spread, spread.entries[keeper], target, scope)
        return True

    def _keeper(self, spread: Spread, start: int, scope: Scope) -> int | None:
        """The number of the entry rule that, among those from `start` on, keeps all texts, numbers and booleans as they
        are, and everything else that none before it takes."""
        number = self._taker(spread.entries[start:], spread, scope, BOOLEAN | NUMBER | STRING)
        if number is None:
            return None
        rule = spread.entries[start + number]
        changes = rule.when or rule.name or rule.value or rule.warn or rule.skip or rule.reject or rule.let
        return None if changes else start + number

    def _taker(self, rules: Sequence[EntryRule], spread: Spread, scope: Scope, kinds: int) -> int | None:
        """The number of the rule that takes values of these kinds whatever they are; None where that depends."""
        element = replace(scope.values[spread.as_name], kinds=kinds)
        compiler = ExpressionCompiler(Function(Pool(frozenset()), ()), {**scope.values, spread.as_name: element})
        for number, rule in enumerate(rules):
            if rule.when is None:
                return number
            condition = compiler.condition(rule.when.expression.tree)
            if not condition.is_constant:
                return None
            if condition.constant:
                return number
        return None

    def _kept_lists(self, rules: Sequence[EntryRule], as_name: str, scope: Scope) -> list[str]:
        """For the lists that none of the rules takes, as far as that is plain: the sets of their elements' types."""
        constants = {name: value.constant for name, value in scope.values.items() if value.is_constant}
        whens = [rule.when.expression for rule in rules if rule.when is not None]
        if not all(_is_of_kinds(when.tree, when, as_name, constants) for when in whens):
            return []
        found = []
        for classes, sample in _SIMPLE_LISTS.items():
            try:
                if not any(is_true(when.search({**constants, as_name: sample})) for when in whens):
                    found.append(f"frozenset({classes})")
            except EvaluationError:
                pass
        return found

    def _chain(self, rules: Sequence[EntryRule], spread: Spread, target: str, scope: Scope) -> bool:
        return chain(
            self.fields,
            scope,
            [rule.when for rule in rules],
            lambda number: self._taken(spread, rules[number], target, scope),
        )

    def _guards(self, spread: Spread, scope: Scope) -> list[list[Node]]:
        """For each of the first entry rules, the parts of its condition that the name alone decides and without which
        it does not hold. Ends before the first rule that has none."""
        found: list[list[Node]] = []
        if spread.let or spread.rename or any(map(_can_reject, spread.entries)):
            return found
        known = {name for name, value in scope.values.items() if value.is_constant} | {spread.key_name}
        compiler = ExpressionCompiler(Function(Pool(frozenset()), ()), scope.values)
        for rule in spread.entries:
            if rule.when is None:
                break
            expression = rule.when.expression
            if compiler.condition(expression.tree).raises:
                break
            parts = []
            for part in _conjuncts(expression.tree):
                uses = {use.name for use in expression.roots if part["start"] <= use.start < part["end"]}
                if uses <= known and (spread.key_name in uses or compiler.condition(part).constant is False):
                    parts.append(part)
            if not parts:
                break
            found.append(parts)
        return found

    def _remembering(
        self, spread: Spread, target: str, scope: Scope, key: str, guards: Sequence[Sequence[Node]]
    ) -> str:
        """The first entry rules, and what is excepted; passed over for names that were found to be neither's. Gives the
        name of the set of those names."""
        writer = self.writer
        known = self._remembered("NAMES", "Known()")
        with writer.inside(f"if {key} not in {known}:"):
            self._without_excepted(spread.except_, key)
            self._chain(spread.entries[: len(guards)], spread, target, scope)
            compiler = ExpressionCompiler(writer, scope.values)
            codes = []
            for parts in guards:
                conditions = [compiler.condition(part) for part in parts]
                if not any(value.is_constant and not value.constant for value in conditions):
                    codes.append(" and ".join(value.code for value in conditions))
            self._allowed(key, scope.contract)
            with writer.inside(f"if not ({' or '.join(dict.fromkeys(codes))}):" if codes else ""):
                writer.line(f"{known}.learn({key})")
        return known

    def _named(self, name: str, contract: Contract | None) -> None:
        """Code that looks at a name unless it was found good before."""
        if contract is not None and contract.named(name) != ALWAYS:
            known = self._remembered("NAMES", "Known()")
            with self.writer.inside(f"if {name} not in {known}:"):
                self._allowed(name, contract)
                self.writer.line(f"{known}.learn({name})")
        self.named = name

    def _allowed(self, name: str, contract: Contract | None) -> None:
        """Code that leaves it to another way to refuse a name, or to ask more of the values that have it."""
        if contract is not None:
            self.fields.asked(contract.named(name))
        self.named = name

    def _taken(self, spread: Spread, rule: EntryRule, target: str, scope: Scope) -> None:
        """The entry rule that holds: what it says, and what it keeps."""
        writer = self.writer
        scope = self.fields.lets(rule.let, scope)
        if rule.warn is not None:
            self.fields.say("M512", rule.warn, scope)
        if rule.skip is not None:
            writer.line(self.fields.skip(scope, scope.rule_code, self.fields.reason(rule.skip, scope)))
        elif rule.reject is not None:
            self.fields.say("M511", rule.reject, scope)
        else:
            self._kept(spread, rule, target, scope)
        writer.line("continue")

    def _name(self, spread: Spread, rule: EntryRule, scope: Scope) -> Value:
        """The name under which an entry is kept."""
        writer = self.writer
        name = scope.values[spread.key_name]
        if rule.name is not None:
            name = self.fields.value(rule.name, scope.at(None), "name")
        if name.kinds & ~STRING:
            site = scope.at(None).site("M515", (rule.name or rule).node.place)
            with writer.inside(f"if not {is_kind(name, name, STRING)}:"):
                writer.line(f"notes.unnamed({site}, {name.code})")
                writer.line("continue")
        return name

    def _kept(self, spread: Spread, rule: EntryRule, target: str, scope: Scope, name: Value | None = None) -> None:
        writer = self.writer
        if name is None:
            name = self._name(spread, rule, scope)
        with writer.inside(f"if {name.code} in {target}:"):
            writer.line(self.fields.skip(scope, scope.rule_code, repr(NAME_TAKEN)))
            writer.line("continue")
        value = writer.refined(scope.values[spread.as_name])
        constant = isinstance(name.constant, str)
        inside = scope.under(name.constant) if constant else scope.under_variable("$", name.code)
        if rule.value is None and self.fields.traced and scope.output is not None:
            writer.line(f"notes.passed({inside.source(rule.node.place)}, {scope.where()})")
        if rule.value is not None:
            value = self.fields.value(rule.value, inside, "entry_value")
        nothing = self.fields.skip(scope, scope.rule_code, repr(NOTHING))
        if value.is_constant and value.constant is None:
            writer.line(nothing)
        elif value.kinds & NULL:
            with writer.inside(f"if {value.code} is not None:"):
                self._fitting(name, value, scope.contract)
                writer.line(f"{target}[{name.code}] = {value.code}")
            with writer.inside("else:"):
                writer.line(nothing)
        else:
            self._fitting(name, value, scope.contract)
            writer.line(f"{target}[{name.code}] = {value.code}")

    def _fitting(self, name: Value, value: Value, contract: Contract | None) -> None:
        """Code that leaves it to another way to refuse an entry."""
        if contract is None:
            return
        if isinstance(name.constant, str):
            self.fields.asked(contract.allowed([name.constant]))
            self.fields.fitting(value, contract.member(name.constant))
        elif name.code == self.named:
            self.fields.fitting(value, contract.member(None))
        else:
            self.fields.asked(contract.entry(name.code, value.code))


def _asked_of_all(scope: Scope, items: str, element: str) -> list[str]:
    """Lines that leave it to another way to refuse an entry, where all are texts, numbers and booleans."""
    contract = None if scope.contract is None else scope.contract.member(None)
    lines = [] if contract is None else list(contract.scalars(element))
    return [f"for {element} in {items}.values():", *(f"    {line}" for line in lines)] if lines else []


def roots_in(part: Any) -> Iterator[str]:
    """The names of the roots that a part of the rules uses."""
    if isinstance(part, Expr):
        yield from (use.name for use in part.expression.roots)
    elif isinstance(part, Text):
        yield from (use.name for use in part.template.roots)
    elif isinstance(part, tuple):
        for one in part:
            yield from roots_in(one)
    elif isinstance(part, Field | EntryRule | From | Object | Each | Spread):
        for field in fields(part):
            yield from roots_in(getattr(part, field.name))


def _conjuncts(node: Node) -> Iterator[Node]:
    """The parts all of which must hold for a condition to hold."""
    if node["type"] == "and_expression":
        for part in node["children"]:
            yield from _conjuncts(part)
    else:
        yield node


def _is_named_by_key(spread: Spread, scope: Scope) -> bool:
    """Whether the one entry rule of a spread gives each entry a name that depends on nothing but the one that it has,
    and nothing else needs the lets that the name needs."""
    if len(spread.entries) != 1:
        return False
    (rule,) = spread.entries
    if rule.name is None or rule.when or rule.let or rule.warn or rule.skip or rule.reject:
        return False
    own = {definition.name for definition in spread.let}
    known = {name for name, value in scope.values.items() if value.is_constant} | own | {spread.key_name}
    used = set(roots_in((rule.name, *spread.let)))
    return spread.key_name in used and used <= known and own.isdisjoint(roots_in((rule.value,)))


def _is_of_kinds(node: Node, whole: Expression, name: str, known: Collection[str]) -> bool:
    """Whether all that a condition can say of a list with this name depends on the types of its elements alone."""
    kind, below = node["type"], node["children"]
    if all(use.name in known for use in whole.roots if node["start"] <= use.start < node["end"]):
        return True
    if kind in ("and_expression", "or_expression", "not_expression"):
        return all(_is_of_kinds(part, whole, name, known) for part in below)
    if kind == "comparator":
        parts = [part for part in below if not (part["type"] == "literal" and part["value"] is None)]
        is_null_test = node["value"] in ("eq", "ne") and len(parts) == 1
        return all(
            _tells_kinds(part, name) or (is_null_test and _is_list(part, name))
            for part in parts
            if part["type"] != "literal"
        )
    return _tells_kinds(node, name) or _is_list(node, name)


def _tells_kinds(node: Node, name: str) -> bool:
    """`type(list)`, `length(distinct(map(&type(@), list)))` or `contains(map(&type(@), list), 'boolean')`."""
    if _is_call(node, "type"):
        return _is_list(node["children"][0], name)
    if _is_call(node, "length") and _is_call(node["children"][0], "distinct"):
        types = node["children"][0]["children"][0]
    elif _is_call(node, "contains") and node["children"][1]["type"] == "literal":
        types = node["children"][0]
    else:
        return False
    return _is_call(types, "map") and is_type_of_element(types["children"][0]) and _is_list(types["children"][1], name)


def _is_call(node: Node, function: str) -> bool:
    return bool(node["type"] == "function_expression" and node["value"] == function)


def _is_list(node: Node, name: str) -> bool:
    """The list itself, or `list[*]`, which has no nulls."""
    if node["type"] == "projection" and node["children"][1]["type"] == "identity":
        node = node["children"][0]
    return bool(node["type"] == "field" and node["value"] == name)


def _can_reject(rule: EntryRule) -> bool:
    fields = [field for field in (rule.name, rule.value) if field is not None]
    return can_reject(rule.let) or any(map(can_reject_field, fields))


def _excepted(compiler: SpreadCompiler, except_: Except, key: str) -> str:
    """Code for "the entry of this name is mapped elsewhere"; empty where none is."""
    pool = compiler.writer.pool
    name, tests = key, []
    if except_.ignore_case:
        name = f"{key}.casefold()"
    if except_.names:
        first = {excepted[:1] for excepted in except_.names}
        quick = ""
        if except_.ignore_case and len(first) == 1 and not min(first).isalpha() and min(first).isascii() and min(first):
            quick = f"{key}[:1] == {min(first)!r} and "  # no other character folds to it
        tests.append(f"{quick}{name} in {pool.texts(except_.names)}")
    if except_.prefixes:
        tests.append(f"{name}.startswith({except_.prefixes!r})")
    tests += [f"matches_glob({name}, {pattern!r})" for pattern in except_.patterns]
    return " or ".join(f"({test})" if " and " in test else test for test in tests)
