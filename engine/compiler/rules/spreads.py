"""Compiles spreads: each entry of an object passes through the first entry rule that takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import Any

from ...expressions.tree import EvaluationError, TreeNode
from ...interpreter.interpreter import NAME_TAKEN, NO_ENTRY_RULE, NOTHING
from ...language.rulebook import EntryRule, Spread
from ...language.traversal import can_reject, roots_in
from ...values.equality import is_true
from ..expressions.compiler import ExpressionCompiler
from ..python.function import Block, PythonFunction
from ..python.kind_tests import is_kind
from ..python.pool import Pool
from ..python.value import ANY, BOOLEAN, DICT, LIST, NULL, NUMBER, STRING, Value, comment
from ..validation.conditions import ALWAYS, any_of
from .chains import chain
from .emitter import Emitter
from .entry_conditions import can_reject_entry, conjuncts, exception_test, is_kept, is_named_by_key, is_of_kinds
from .scope import CodeScope

__all__ = ["SpreadCompiler"]

_VARIABLE = re.compile(r"(?<!\{)\{[a-z][^{}]*\}")

_SIMPLE_LISTS: tuple[tuple[str, str | None, list[Any]], ...] = (
    ("", None, []),
    ("{str}", "string", [""]),
    ("{int}", "integer", [0]),
    ("{float}", "double", [0.5]),
    ("{int, float}", "number", [0, 0.5]),
    ("{bool}", "boolean", [True]),
)
"""The types of the elements of a list, as code, the kind of these elements, and an example of such a list."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The function of a policy, and its variables for the object, the name and the value."""

    name: str
    items: str
    key: str
    element: str


class SpreadCompiler:
    """Writes the code of spreads, next to the fields of the same object."""

    def __init__(self, fields: Emitter) -> None:
        self.fields = fields
        self.writer = fields.writer
        self.given = ("notes", "skipped", *(["problems"] if fields.mode.of_structs else []))
        """The variables that are passed to every function of a policy."""
        self.problems = "problems" if fields.mode.of_structs else "notes.problems"
        self.named: str | None = None
        """The variable with a name that is already validated, together with its value if the schemas list the name."""
        self.entry = ""
        """The root with the value of the current entry; empty if no name is listed."""

    def spread(self, spread: Spread, target: str, scope: CodeScope) -> None:
        """Writes the code that adds the entries that pass through to the object in the variable `target`."""
        writer = self.writer
        value = self.fields.iterated(spread.from_, scope, self.fields.site_of(spread.from_, scope), "source")
        if value.is_constant and value.constant is None:
            return
        if not value.stable or value.is_constant:
            value = writer.bound(Value(value.code, value.kinds, texts=value.texts), "source")
        test = is_kind(value, value, DICT)
        is_shared = spread.policy is not None and self.fields.mode.counters is None
        if is_shared and not spread.let and scope.caller is None and not _is_lazy(spread, scope):
            with writer.inside(f"if {test}:"):
                self.fields.copied(spread, value, spread.from_.place)
                inner = self._called(spread, value, target, scope)
            self._otherwise(spread, value, scope, inner)
            return
        wishes = spread.key_name, spread.as_name
        with writer.inside(f"if {test}:"):
            self.fields.copied(spread, value, spread.from_.place)
            self.fields.count_size(spread, f"len({value.code})")
            with writer.loop(wishes, f"{value.code}.items()") as (key, entry):
                inner = scope.iterating(spread.from_, spread.as_name, spread.key_name, (value.code, key, entry), value)
                self._entry(spread, target, inner, key)
        self._otherwise(spread, value, scope, inner)

    def _otherwise(self, spread: Spread, value: Value, scope: CodeScope, inner: CodeScope) -> None:
        """Writes the code that reports a source that is not an object."""
        writer = self.writer
        if value.kinds & ~(DICT | NULL):
            with writer.inside(f"elif {value.code} is not None:"):
                site = scope.site("M508", spread.from_.place, what="a spread", wanted="an object")
                writer.line(f"notes.not_a_source({site}, {inner.loop}, {value.code})")

    def _called(self, spread: Spread, value: Value, target: str, scope: CodeScope) -> CodeScope:
        """Calls the function of a policy, which all its spreads share; returns the scope of its loop."""
        writer, pool = self.writer, self.writer.pool
        used = sorted(set(roots_in(spread.entries)) & scope.values.keys() - {spread.as_name, spread.key_name})
        free = {name: scope.values[name] for name in used}
        known = tuple((name, value.kinds, repr(value.constant), scope.places.get(name)) for name, value in free.items())
        excepted = (spread.except_.names, spread.except_.prefixes, spread.except_.patterns, spread.except_.ignore_case)
        rename = tuple(spread.rename.items())
        contract = None if scope.contract is None else scope.contract.key
        names = spread.policy, spread.as_name, spread.key_name
        key = (*names, excepted, rename, scope.quiet, known, value.texts, contract)
        policy = self.fields.policies.get(key)
        if policy is None:
            policy = self.fields.policies[key] = self._policy(spread, value, free, scope)
        inner = scope.iterating(
            spread.from_, spread.as_name, spread.key_name, (policy.items, policy.key, policy.element), value
        )
        pointer, numbers = None, "()"
        if inner.pointer is not None:
            above = inner.pointer.rpartition("/")[0]
            variables = [code for _, code, _, _ in Formatter().parse(above) if code is not None]
            pointer = _VARIABLE.sub("{}", above)
            numbers = f"({', '.join(variables)},)" if variables else "()"
        at = pool.name("CALLER", f"Caller({scope.rule!r}, {inner.loop}, {scope.output_parts()!r}, {pointer!r})")
        arguments = [value.code, target, at, numbers, *(value.code for value in free.values() if not value.is_constant)]
        writer.line(f"{policy.name}({', '.join((*self.given, *arguments))})")
        # A source that is not an object is reported with the variables of the calling function.
        return scope.iterating(
            spread.from_, spread.as_name, spread.key_name, (value.code, policy.key, policy.element), value
        )

    def _policy(self, spread: Spread, value: Value, free: Mapping[str, Value], scope: CodeScope) -> Policy:
        pool = self.writer.pool
        name = pool.fresh("policy")
        mark = f"_p{name.rpartition('_')[2]}"
        writer = PythonFunction(pool, self.given, mark)
        items, target, at, numbers = (writer.name(wish) for wish in ("items", "target", "at", "numbers"))
        values, parameters = dict(free), [*self.given, items, target, at, numbers]
        for root, used in free.items():
            if not used.is_constant:
                parameter = writer.name(root)
                values[root] = writer.declare(parameter, used.kinds)
                parameters.append(parameter)
        with writer.loop((spread.key_name, spread.as_name), f"{items}.items()") as (key, element):
            here = f"Here({at!r})"
            root = pool.name("ROOT", f"Root({element!r}, {here})")
            inner = CodeScope(
                pool=pool,
                values={
                    **values,
                    spread.as_name: Value(element, ANY, stable=True, texts=value.texts),
                    spread.key_name: Value(key, STRING, stable=True, is_name=True),
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
            fields = self.fields.inside(writer)
            spreads = SpreadCompiler(fields)
            known = spreads._entry(spread, target, inner, key)
        if (
            known is not None
            and not self.fields.mode.is_traced
            and spreads._keeper(spread, len(spreads._guards(spread, inner)), inner) is not None
        ):
            # All entries at once, if no rule does anything special with any of them.
            tests = f"{known}.issuperset({items})", f"SCALARS.issuperset(map(type, {items}.values()))"
            block = Block(writer.root, f"if {' and '.join(tests)} and {items}.keys().isdisjoint({target}):")
            block.items += [*_all_validated(inner, items, spread.as_name), f"{target}.update({items})", "return"]
            writer.root.items.insert(0, block)
        body = "\n".join(writer.render())
        pool.functions.append(f"def {name}({', '.join(parameters)}):  {comment(f'policy {spread.policy}')}\n{body}")
        return Policy(name, items, key, element)

    def _entry(self, spread: Spread, target: str, scope: CodeScope, key: str) -> str | None:
        """Writes the code of one entry; returns the name of the set of names without special rules, if there is one."""
        writer, self.entry = self.writer, spread.as_name
        guards = self._guards(spread, scope) if self.fields.mode.counters is None else []
        known = None
        if guards:
            known = self._remembering(spread, target, scope, key, guards)
        else:
            self._without_excepted(spread, key)
        name = Value(key, STRING, stable=True, is_name=True)
        if spread.rename:
            for old in spread.rename:
                self.fields.count(spread, f"rename {old}", f"+= {key} == {old!r}")
            names = writer.pool.name("NAMES", repr(dict(spread.rename)))
            name = writer.bound(Value(f"{names}.get({key}, {key})", STRING), spread.key_name)
        scope = replace(scope, values={**scope.values, spread.key_name: name})
        with self.fields.rejecting(_can_reject(spread, scope), "continue"):
            if known is None and any(rule.name is None for rule in spread.entries if is_kept(rule)):
                self._named(name.code, scope)
            scope = self.fields.lets(spread.let, scope)
            if not self._rest(spread, len(guards), target, scope):
                self.fields.count(spread, "no entry rule")
                writer.line(self.fields.skip(scope, scope.rule_code, repr(NO_ENTRY_RULE)))
        return known

    def _without_excepted(self, spread: Spread, key: str) -> None:
        """Writes the code that skips entries that are mapped elsewhere; slow tests are cached."""
        writer, except_ = self.writer, spread.except_
        test = exception_test(self.writer.pool, except_, key)
        if test and (self.fields.mode.counters is not None or not (except_.ignore_case or except_.patterns)):
            with writer.inside(f"if {test}:"):
                self.fields.count(spread, "excepted")
                writer.line("continue")
        elif test:
            excepted = self._remembered("EXCEPTED", "Known()")
            with writer.inside(f"if {key} in {excepted}:"):
                writer.line("continue")
            with writer.inside(f"if {test}:"):
                writer.lines([f"{excepted}.learn({key})", "continue"])

    def _remembered(self, prefix: str, code: str) -> str:
        """The name of a new cache for this one spread."""
        name = self.writer.pool.fresh(prefix)
        self.writer.pool.constants.append(f"{name} = {code}")
        return name

    def _renamed(self, spread: Spread, rule: EntryRule, scope: CodeScope) -> Value:
        """The name under which an entry is kept, computed once for each original name."""
        writer = self.writer
        key = scope.values[spread.key_name].code
        renamed = self._remembered("RENAMED", "Renamed()")
        name = writer.declare(writer.name("name"), STRING)
        writer.line(f"{name.code} = {renamed}.get({key})")
        with writer.inside(f"if {name.code} is None:"):
            noted = writer.name("noted")
            writer.line(f"{noted} = len({self.problems})")
            found = self._name(spread, rule, scope)
            writer.line(f"{name.code} = {found.code}")
            if scope.contract is not None:  # a computed name is rarely a listed one
                self.fields.require(scope.contract.named(name.code))
            with writer.inside(f"if len({self.problems}) == {noted}:"):
                writer.line(f"{renamed}.learn({key}, {name.code})")
        return name

    def _rest(self, spread: Spread, start: int, target: str, scope: CodeScope) -> bool:
        """Writes the code of the entry rules from index `start` on; returns whether one always takes the entry."""
        rules = spread.entries[start:]
        keeper = self._keeper(spread, start, scope) if self.fields.mode.counters is None else None
        if keeper is None or keeper == start:
            return self._chain(rules, spread, target, scope)
        writer, element = self.writer, scope.values[spread.as_name]
        contract = None if scope.contract is None else scope.contract.member(None)
        lists = self._kept_lists(spread.entries[start:keeper], spread.as_name, scope)
        no_null = self._taker(spread.entries[start:keeper], spread, scope, NULL) is not None
        test = fits = ""
        if lists:
            fits = writer.name("fits")
            found = f"frozenset(map(type, {element.code}))"
            functions = [
                f"{kinds}: {contract.of_list(kind, element) if contract else True}" for kinds, kind in lists.items()
            ]
            known = writer.pool.name("LISTS", f"{{{', '.join(functions)}}}")
            is_other = f"({fits} := {known}.get({found})) is None" if contract else f"{found} not in {known}"
            test = f"if type({element.code}) is not list or {is_other}:"
        with writer.inside(f"if type({element.code}) not in SCALARS:"):
            with writer.inside(test) as block:
                block.kinds[element.code] = NULL | LIST | DICT
                self._chain(spread.entries[start:keeper], spread, target, scope)
                if contract is not None:
                    with writer.inside("" if no_null else f"if {element.code} is not None:"):
                        writer.lines(list(contract.validated(replace(element, kinds=LIST | DICT))))
            if lists and contract is not None:
                writer.lines([f"elif not {fits}({element.code}):", "    unusual()"])
        if contract is not None:
            writer.lines(list(contract.scalars(element)))
        element = replace(element, kinds=element.kinds & ~NULL if no_null else element.kinds, fits=contract is not None)
        scope = replace(scope, values={**scope.values, spread.as_name: element})
        self._taken(spread, spread.entries[keeper], target, scope)
        return True

    def _keeper(self, spread: Spread, start: int, scope: CodeScope) -> int | None:
        """The index of the entry rule from `start` on that takes all scalars, if it keeps them unchanged; else None."""
        number = self._taker(spread.entries[start:], spread, scope, BOOLEAN | NUMBER | STRING)
        if number is None:
            return None
        rule = spread.entries[start + number]
        changes = rule.when or rule.name or rule.value or rule.warn or rule.skip or rule.reject or rule.let
        return None if changes else start + number

    def _taker(self, rules: Sequence[EntryRule], spread: Spread, scope: CodeScope, kinds: int) -> int | None:
        """The index of the first rule that takes all values of these kinds; None if the value decides."""
        element = replace(scope.values[spread.as_name], kinds=kinds)
        compiler = ExpressionCompiler(PythonFunction(Pool(frozenset()), ()), {**scope.values, spread.as_name: element})
        for number, rule in enumerate(rules):
            if rule.when is None:
                return number
            condition = compiler.condition(self.fields.counted(rule.when).tree)
            if not condition.is_constant:
                return None
            if condition.constant:
                return number
        return None

    def _kept_lists(self, rules: Sequence[EntryRule], as_name: str, scope: CodeScope) -> dict[str, str | None]:
        """The lists that no rule takes: code for the set of their elements' types, and the kind of the elements.

        There are none if a condition depends on more than these types.
        """
        constants = {name: value.constant for name, value in scope.values.items() if value.is_constant}
        whens = [rule.when.expression for rule in rules if rule.when is not None]
        if not all(is_of_kinds(when.tree, when, as_name, constants) for when in whens):
            return {}
        found = {}
        for classes, kind, sample in _SIMPLE_LISTS:
            try:
                if not any(is_true(when.search({**constants, as_name: sample})) for when in whens):
                    found[f"frozenset({classes})"] = kind
            except EvaluationError:
                pass
        return found

    def _chain(self, rules: Sequence[EntryRule], spread: Spread, target: str, scope: CodeScope) -> bool:
        return chain(
            self.fields,
            scope,
            [rule.when for rule in rules],
            lambda number: self._taken(spread, rules[number], target, scope),
        )

    def _guards(self, spread: Spread, scope: CodeScope) -> list[list[TreeNode]]:
        """For each of the first entry rules, the necessary parts of its condition that depend on the name alone.

        Ends before the first rule without such a part.
        """
        found: list[list[TreeNode]] = []
        if spread.let or spread.rename or _can_reject(spread, scope):
            return found
        known = {name for name, value in scope.values.items() if value.is_constant} | {spread.key_name}
        compiler = ExpressionCompiler(PythonFunction(Pool(frozenset()), ()), scope.values)
        for rule in spread.entries:
            if rule.when is None:
                break
            expression = self.fields.counted(rule.when)
            if compiler.condition(expression.tree).raises:
                break
            parts = []
            for part in conjuncts(expression.tree):
                uses = {use.name for use in expression.roots if part["start"] <= use.start < part["end"]}
                if uses <= known and (spread.key_name in uses or compiler.condition(part).constant is False):
                    parts.append(part)
            if not parts:
                break
            found.append(parts)
        return found

    def _remembering(
        self, spread: Spread, target: str, scope: CodeScope, key: str, guards: Sequence[Sequence[TreeNode]]
    ) -> str:
        """Writes the code of the exceptions and first entry rules, skipped for names known to match none of them.

        Returns the name of the set of these names.
        """
        writer = self.writer
        known = self._remembered("NAMES", "Known()")
        with writer.inside(f"if {key} not in {known}:"):
            self._without_excepted(spread, key)
            self._chain(spread.entries[: len(guards)], spread, target, scope)
            compiler = ExpressionCompiler(writer, scope.values)
            codes = []
            for parts in guards:
                conditions = [compiler.condition(part) for part in parts]
                if not any(value.is_constant and not value.constant for value in conditions):
                    codes.append(" and ".join(value.code for value in conditions))
            fits = self._allowed(key, scope)
            tests = [f"not ({' or '.join(dict.fromkeys(codes))})"] if codes else []
            tests += [fits] if fits != ALWAYS else []
            with writer.inside(f"if {' and '.join(tests)}:" if tests else ""):
                writer.line(f"{known}.learn({key})")
        return known

    def _named(self, name: str, scope: CodeScope) -> None:
        """Writes the code that validates a name, once for each name."""
        self.named = name
        if scope.contract is not None and scope.contract.named(name) != ALWAYS:
            known = self._remembered("NAMES", "Known()")
            with self.writer.inside(f"if {name} not in {known}:"):
                fits = self._allowed(name, scope)
                with self.writer.inside(f"if {fits}:" if fits != ALWAYS else ""):
                    self.writer.line(f"{known}.learn({name})")

    def _allowed(self, name: str, scope: CodeScope) -> str:
        """Writes the code that leaves invalid names, and invalid values of listed names, to the code for objects.

        Returns code for "the name is allowed and not listed".
        """
        self.named = name
        contract = scope.contract
        if contract is None:
            return ALWAYS
        fits, value = contract.named(name), scope.values[self.entry]
        self.fields.require(any_of([fits, contract.entry(name, value.code)]) if contract.listed else fits)
        return fits

    def _taken(self, spread: Spread, rule: EntryRule, target: str, scope: CodeScope) -> None:
        """Writes the code of an entry rule for an entry that it takes."""
        writer = self.writer
        self.fields.count(rule, "takes")
        scope = self.fields.lets(rule.let, scope)
        if rule.warn is not None:
            self.fields.say("M512", rule.warn, scope)
        if rule.skip is not None:
            writer.line(self.fields.skip_as(rule.skip, scope, scope.rule_code))
        elif rule.reject is not None:
            self.fields.say("M511", rule.reject, scope)
        else:
            self._kept(spread, rule, target, scope)
        writer.line("continue")

    def _name(self, spread: Spread, rule: EntryRule, scope: CodeScope) -> Value:
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

    def _kept(self, spread: Spread, rule: EntryRule, target: str, scope: CodeScope) -> None:
        writer, before = self.writer, (self.named, self.entry)
        if self.fields.mode.counters is None and is_named_by_key(spread, rule, scope):
            name = self._renamed(spread, rule, scope)
            self.named, self.entry = name.code, ""
        else:
            name = self._name(spread, rule, scope)
        with writer.inside(f"if {name.code} in {target}:"):
            self.fields.count(spread, "name taken")
            writer.line(self.fields.skip_in_any_case(scope, scope.rule_code, repr(NAME_TAKEN)))
            writer.line("continue")
        value = writer.refined(scope.values[spread.as_name])
        constant = isinstance(name.constant, str)
        inside = scope.under(name.constant) if constant else scope.under_variable("$", name.code)
        if rule.value is None and self.fields.mode.is_traced and scope.output is not None:
            writer.line(f"notes.passed({inside.source(rule.node.place)}, {scope.where()})")
        if rule.value is not None:
            value = self.fields.value(rule.value, inside, "entry_value")
            self.fields.copied(rule.value, value, rule.value.place)
        nothing = self.fields.skip(scope, scope.rule_code, repr(NOTHING))

        def keep() -> None:
            self._fitting(name, value, scope)
            writer.line(f"{target}[{name.code}] = {value.code}")

        self.fields.kept(value, f"{value.code} is not None", keep, nothing)
        self.named, self.entry = before

    def _fitting(self, name: Value, value: Value, scope: CodeScope) -> None:
        """Writes the code that leaves an invalid entry to the code for objects."""
        contract = scope.contract
        if contract is None:
            return
        if isinstance(name.constant, str):
            self.fields.require(contract.allowed([name.constant]))
            self.fields.validated(value, contract.member(name.constant))
        elif name.code == self.named and not (contract.listed and self._is_changed(value, scope)):
            self.fields.validated(value, contract.member(None))
        else:
            self.fields.require(contract.entry(name.code, value.code))

    def _is_changed(self, value: Value, scope: CodeScope) -> bool:
        """Returns whether a value differs from the one that was validated together with its name."""
        return self.entry in scope.values and value.code != scope.values[self.entry].code


def _can_reject(spread: Spread, scope: CodeScope) -> bool:
    """Returns whether an entry can be rejected, other than by `reject`."""
    by_let = scope.rejects and _is_lazy(spread, scope)
    return by_let or can_reject(spread.let) or any(map(can_reject_entry, spread.entries))


def _is_lazy(spread: Spread, scope: CodeScope) -> bool:
    """Returns whether entry rules read a let that is not certainly computed: they may do so for no entry."""
    return any(scope.values[name].lazy is not None for name in roots_in(spread.entries) if name in scope.values)


def _all_validated(scope: CodeScope, items: str, as_name: str) -> list[str]:
    """Lines that validate all entries of an object whose values are all scalars."""
    contract, value = None if scope.contract is None else scope.contract.member(None), scope.values[as_name]
    lines = [] if contract is None else list(contract.scalars(value))
    return [f"for {value.text} in {items}.values():", *(f"    {line}" for line in lines)] if lines else []
