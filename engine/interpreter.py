"""Evaluates a Rulebook on a batch by walking its rules with jmespath: the meaning of the language, and its oracle.

Nothing raises for what stands in the batch: each thing that cannot be mapped becomes a Problem at its place, and the
elements around it go on. `_Rejected` only leads from a field to the element that it sinks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from .expressions import EvaluationError
from .functions import matches_glob
from .pointers import join
from .problem import Place, Problem, Severity
from .requests import Assembler, Emission, Envelope, shift
from .result import Element, Result, Skipped
from .rules import (
    ABSENT,
    Bulk,
    Const,
    Each,
    EntryRule,
    Except,
    Expr,
    Field,
    From,
    Object,
    Output,
    Route,
    Rule,
    Rulebook,
    Spread,
    Table,
    Text,
)
from .scope import Origin, Places, Scope
from .templates import TemplateFailure
from .values import CoercionError, check_payload, coerce, kind, shown

__all__ = ["NAME_TAKEN", "NOTHING", "NO_ENTRY_RULE", "NO_RULE", "Interpreter", "Step"]

NO_RULE = "no rule takes it"
NO_ENTRY_RULE = "no entry rule takes it"
NOTHING = "nothing to map"
NAME_TAKEN = "another field has this name"

Outcome = Literal["mapped", "skipped", "rejected"]


@dataclass(frozen=True, slots=True)
class Step:
    """One value that was asked for: the output place, the rule and its line, what it read, and what came of it."""

    output: str
    rule: str | None
    place: Place
    inputs: tuple[str, ...]
    value: Any
    note: str


class _Rejected(Exception):  # noqa: N818  control flow, not an error
    """Leaves what was being built for the element that it sinks; the Problem is recorded already."""


class _Ended(Exception):  # noqa: N818
    """A rule without a route skipped or rejected the whole batch."""


@dataclass(frozen=True, slots=True)
class _At:
    """Where evaluation stands: the rule, the input element, the output place being built (None outside of bodies)."""

    rule: str | None
    element: str
    output: str | None

    def under(self, token: str | int) -> _At:
        return _At(self.rule, self.element, None if self.output is None else join(self.output, token))

    def on(self, element: str) -> _At:
        return _At(self.rule, element, self.output)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Which problems and accounts were noted while an emission was built."""

    first_problem: int
    last_problem: int
    first_account: int
    last_account: int


def is_true(value: Any) -> bool:
    """JMESPath's truth: everything but null, false and what is empty; 0 is true."""
    return not (value is None or value is False or (isinstance(value, str | list | dict) and not value))


class Interpreter:
    """Evaluates one Rulebook. Safe to share between threads."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.assembler = Assembler(rulebook)
        self.batch_rules = tuple(rule for rule in rulebook.rules if rule.route is None)
        self.route_rules = {
            name: tuple(rule for rule in rulebook.rules if rule.route == name) for name in rulebook.routes
        }

    def run(self, batch: Any) -> Result:
        """The Result of a batch (any JSON value). Never raises for what the batch holds."""
        return _Run(self, batch, None).result()

    def bulk_envelope(self, bulk: Bulk) -> Envelope | None:
        """What every bulk body has; its fields see the settings alone, since a bulk body spans batches."""
        run = _Run(self, {}, None)
        return run.envelope(bulk, Scope({"settings": self.rulebook.values}, {"settings": None}))

    def explain(self, batch: Any) -> tuple[Result, tuple[Step, ...]]:
        """The Result, and every value that was asked for on the way, in order."""
        steps: list[Step] = []
        return _Run(self, batch, steps).result(), tuple(steps)


class _Run:
    """The evaluation of one batch."""

    def __init__(self, interpreter: Interpreter, batch: Any, steps: list[Step] | None) -> None:
        self.interpreter = interpreter
        self.rulebook = interpreter.rulebook
        self.batch = batch
        self.steps = steps
        self.places = Places(batch)
        self.problems: list[Problem] = []
        self.skipped: list[Skipped] = []
        self.elements: list[Element] = []
        self.emissions: list[Emission] = []
        self.marks: dict[Emission, _Mark] = {}
        self.origins: dict[str, Origin] = {}

    def result(self) -> Result:
        reason = check_payload(self.batch)
        if reason is not None:
            self.problem("M503", None, _At(None, "", ""), input="", reason=reason)
            return Result((), (), tuple(self.problems))
        if not isinstance(self.batch, dict):
            self.problem("M502", None, _At(None, "", ""), input="", found=kind(self.batch))
            return Result((), (), tuple(self.problems))
        as_name = self.rulebook.input.as_name
        scope = Scope({as_name: self.batch, "settings": self.rulebook.values}, {as_name: "", "settings": None})
        at = _At(None, "", "")
        try:
            scope = self.let(self.rulebook.let, scope, at)
            for rule in self.interpreter.batch_rules:
                self.batch_rule(rule, scope)
            for name, route in self.rulebook.routes.items():
                self.route(route, self.interpreter.route_rules[name], scope, at)
        except (_Ended, _Rejected):
            return Result((), tuple(self.skipped), tuple(self.problems))
        return self.assemble(scope)

    # Reporting

    def problem(
        self,
        code: str,
        place: Place | None,
        at: _At,
        *,
        input: str | None = None,
        severity: Severity | None = None,
        output: str | None = None,
        **data: Any,
    ) -> None:
        self.problems.append(
            Problem.of(
                code,
                place,
                rule=at.rule,
                input=at.element if input is None else input,
                output=output,
                severity=severity,
                **data,
            )
        )

    def value_problem(
        self, code: str, place: Place, field_: Field, scope: Scope, at: _At, *, input: str | None = None, **data: Any
    ) -> None:
        """A Problem with a field's value; `on_problem: reject` makes it an error and sinks the element."""
        rejects = field_.on_problem == "reject"
        self.problem(
            code,
            place,
            at,
            input=self.places.nearest_field(field_, scope, at.element) if input is None else input,
            output=at.output or None,
            severity="error" if rejects else None,
            **data,
        )
        if rejects:
            raise _Rejected

    def account(self, place: str, outcome: Outcome, rule: str | None) -> int:
        self.elements.append(Element(place, outcome, rule))
        return len(self.elements) - 1

    def skip(self, place: str, rule: str | None, reason: str) -> None:
        self.skipped.append(Skipped(place, rule, reason))
        self.account(place, "skipped", rule)

    # Expressions

    def search(self, expression: Expr, scope: Scope, at: _At, field_: Field | None = None) -> Any:
        try:
            return expression.expression.search(scope.values)
        except EvaluationError as error:
            place = self.places.nearest(expression, scope, at.element)
            if field_ is not None:
                self.value_problem("M504", expression.place, field_, scope, at, input=place, reason=error.reason)
            else:
                self.problem("M504", expression.place, at, input=place, reason=error.reason)
            return None

    def holds(self, when: Expr | None, scope: Scope, at: _At) -> bool:
        return when is None or is_true(self.search(when, scope, at))

    def reason(self, text: Text, scope: Scope, at: _At) -> str:
        """The text for these roots; as it is written where that fails."""
        try:
            return text.template.render_text(scope.values)
        except TemplateFailure as error:
            self.problem("M514", text.place, at, reason=error.reason)
            return text.template.text

    def let(self, definitions: tuple[Field, ...], scope: Scope, at: _At) -> Scope:
        """The scope with the names. What they iterate over is not accounted for: only what rules take of it counts."""
        skipped, elements = len(self.skipped), len(self.elements)
        inside = replace(at, output=None)
        try:
            for definition in definitions:
                scope = scope.with_let(definition, self.value(definition, scope, inside))
        finally:
            del self.skipped[skipped:], self.elements[elements:]
        return scope

    # Rules and routes

    def route(self, route: Route, rules: tuple[Rule, ...], scope: Scope, at: _At) -> None:
        for place, inner in self.iterate(route.each, route.as_name, route.key_name, scope, at, f"route {route.name}"):
            try:
                inner = self.let(route.let, inner, at.on(place))  # noqa: PLW2901
                if not any(self.rule(rule, inner, place, route) for rule in rules):
                    self.skip(place, None, NO_RULE)
            except _Rejected:
                self.account(place, "rejected", self.problems[-1].rule)

    def batch_rule(self, rule: Rule, scope: Scope) -> None:
        try:
            self.rule(rule, scope, "", None)
        except _Rejected:  # by a let: the rule emits nothing, the others go on
            return

    def rule(self, rule: Rule, scope: Scope, element: str, route: Route | None) -> bool:
        """Whether the rule takes the element."""
        at = _At(rule.name, element, "")
        if not self.holds(rule.when, scope, at):
            return False
        scope = self.let(rule.let, scope, at)
        for warn in rule.warn:
            if self.holds(warn.when, scope, at):
                self.problem("M512", warn.message.place, at, reason=self.reason(warn.message, scope, at))
        if rule.skip is not None:
            self.skipped.append(Skipped(element, rule.name, self.reason(rule.skip, scope, at)))
        elif rule.reject is not None:
            self.problem("M511", rule.reject.place, at, reason=self.reason(rule.reject, scope, at))
        else:
            self.emit(rule, scope, at, route)
            return True
        if route is None:
            raise _Ended
        self.account(element, "skipped" if rule.skip is not None else "rejected", rule.name)
        return True

    def emit(self, rule: Rule, scope: Scope, at: _At, route: Route | None) -> None:
        output = self.rulebook.outputs[rule.output or ""]
        base = f"{join('', output.element_of)}/0" if output.element_of is not None else ""
        problems, accounts = len(self.problems), len(self.elements)
        self.origins = {}
        try:
            fields = self.object(rule.body, scope, replace(at, output=base))
        except _Rejected:
            self.unmap(accounts)
            if route is not None:
                self.account(at.element, "rejected", rule.name)
            return
        if fields is None:
            if route is not None:
                self.skip(at.element, rule.name, NOTHING)
            return
        if route is not None:
            self.account(at.element, "mapped", rule.name)
        emission = Emission(output, rule, at.element, fields, self.origins)
        self.emissions.append(emission)
        self.marks[emission] = _Mark(problems, len(self.problems), accounts, len(self.elements))

    def unmap(self, start: int, end: int | None = None) -> None:
        """What was mapped for something that came to nothing is rejected with it."""
        for number in range(start, len(self.elements) if end is None else end):
            if self.elements[number].outcome == "mapped":
                self.elements[number] = replace(self.elements[number], outcome="rejected")

    def assemble(self, scope: Scope) -> Result:
        """Makes requests of the emissions, and corrects what was noted about them on the way."""
        wanted = {emission.output.name: emission.output for emission in self.emissions}
        envelopes = {name: self.envelope(output, scope) for name, output in wanted.items()}
        assembled = self.interpreter.assembler.assemble(self.emissions, envelopes, self.places)
        for emission in assembled.rejected:
            self.unmap(self.marks[emission].first_account, self.marks[emission].last_account)
        for emission, offsets in assembled.offsets.items():
            mark = self.marks[emission]
            for number in range(mark.first_problem, mark.last_problem):
                problem = self.problems[number]
                if problem.output is not None:
                    self.problems[number] = replace(problem, output=shift(problem.output, offsets))
        self.problems += assembled.problems
        return Result(assembled.requests, tuple(self.skipped), tuple(self.problems), tuple(self.elements))

    def envelope(self, output: Output | Bulk, scope: Scope) -> Envelope | None:
        """What every body of an output has, or None where a required part of it is absent."""
        self.origins = {}
        accounts = len(self.elements)
        try:
            fields = self.object(Object(output.fields, ()), scope, _At(None, "", "")) or {}
            query = self.object(Object(output.request.query, ()), scope, _At(None, "", None)) or {}
        except _Rejected:
            self.unmap(accounts)
            return None
        return Envelope(fields, query, self.origins)

    def iterate(
        self, each: Expr, as_name: str, key_name: str | None, scope: Scope, at: _At, what: str
    ) -> Iterator[tuple[str, Scope]]:
        """The elements of a list, or with a key name the entries of an object, each with its place and scope."""
        value: Any = self.search(each, scope, at)
        if value is None:
            return
        wanted: type = list if key_name is None else dict
        base = self.places.of(each, value, scope)
        fits = isinstance(value, wanted)
        if not fits:
            words = "a list" if key_name is None else "an object"
            self.problem("M508", each.place, at, input=base, what=what, wanted=words, found=kind(value))
            return
        nearest = self.places.nearest(each, scope, at.element) if base is None else base
        entries: Iterable[tuple[Any, Any]] = enumerate(value) if key_name is None else value.items()
        for key, element in entries:
            place = join(base, key) if base is not None else self.places.index.find(element)
            inner = scope.with_root(as_name, element, place)
            if key_name is not None:
                inner = inner.with_root(key_name, key, None)
            yield nearest if place is None else place, inner

    # Fields

    def object(self, source: Object, scope: Scope, at: _At) -> dict[str, Any] | None:
        """The object, or None where it has no members."""
        result: dict[str, Any] = {}
        for field_ in source.fields:
            name = field_.name or ""
            value = self.value(field_, scope, at.under(name))
            if value is not None:
                result[name] = value
        for spread in source.spreads:
            self.spread(spread, result, scope, at)
        return result or None

    def value(self, field_: Field, scope: Scope, at: _At) -> Any:
        """The value of a field; None: it is left out."""
        note = ""
        value = None
        accounts = len(self.elements)
        if not self.holds(field_.when, scope, at):
            note = "its condition does not hold"
        else:
            value = self.source(field_, scope, at)
            if value is not None and field_.table is not None:
                value = self.look_up(field_.table, value, field_, scope, at)
            if value is not None and field_.type is not None:
                value = self.coerce(value, field_, scope, at)
            if value is None:
                self.unmap(accounts)
            if value is None and field_.default is not ABSENT:
                value, note = field_.default, "its default"
            if value is None and field_.required:
                name = field_.name if field_.name is not None else (at.output or "").rpartition("/")[2]
                place = self.places.nearest_field(field_, scope, at.element)
                self.problem("M506", field_.place, at, input=place, output=at.output or None, name=name)
                raise _Rejected
        if self.steps is not None:
            inputs = self.places.read_by_field(field_, scope)
            self.steps.append(Step(at.output or "", at.rule, field_.place, inputs, value, note))
        if value is not None and at.output:
            self.origins[at.output] = Origin(field_.node, (field_, scope))
        return value

    def source(self, field_: Field, scope: Scope, at: _At) -> Any:
        source = field_.source
        if isinstance(source, From):
            for part in source.alternatives:
                if isinstance(part, Expr):
                    value = self.search(part, scope, at, field_)
                else:
                    value = self.value(part, scope, at)
                if value is not None:
                    return value
            return None
        if isinstance(source, Const):
            return source.value
        if isinstance(source, Text):
            try:
                return source.template.render(scope.values)
            except TemplateFailure as error:
                self.value_problem("M514", source.place, field_, scope, at, reason=error.reason)
                return None
        if isinstance(source, Object):
            return self.object(source, scope, at)
        return self.each(source, field_, scope, at)

    def each(self, source: Each, field_: Field, scope: Scope, at: _At) -> list[Any] | None:
        result: list[Any] = []
        value = self.search(source.each, scope, at, field_)
        if value is None:
            return None
        if not isinstance(value, list if source.key_name is None else dict):
            words = "a list" if source.key_name is None else "an object"
            self.value_problem(
                "M508", source.each.place, field_, scope, at, what="each", wanted=words, found=kind(value)
            )
            return None
        for place, inner in self.iterate(source.each, source.as_name, source.key_name, scope, at, "each"):
            inside = at.under(len(result)).on(place)
            accounts = len(self.elements)
            try:
                inner = self.let(source.let, inner, inside)  # noqa: PLW2901
                if isinstance(source.value, Object):
                    element = self.object(source.value, inner, inside)
                else:
                    element = self.value(source.value, inner, inside)
            except _Rejected:
                self.unmap(accounts)
                self.account(place, "rejected", at.rule)
                continue
            if element is None:
                self.skip(place, at.rule, NOTHING)
            else:
                result.append(element)
                self.account(place, "mapped", at.rule)
        return result

    def look_up(self, table: Table, value: Any, field_: Field, scope: Scope, at: _At) -> Any:
        key = value if isinstance(value, str) else shown(value) if isinstance(value, bool | int | float) else None
        if key is not None:
            key = key.casefold() if table.ignore_case else key
            if key in table.entries:
                return table.entries[key]
        if isinstance(table.unlisted, tuple):
            return table.unlisted[1]
        if table.unlisted == "reject":
            place = self.places.nearest_field(field_, scope, at.element)
            self.problem(
                "M507", field_.place, at, input=place, output=at.output or None, severity="error", value=shown(value)
            )
            raise _Rejected
        return value if table.unlisted == "keep" else None

    def coerce(self, value: Any, field_: Field, scope: Scope, at: _At) -> Any:
        try:
            return coerce(value, field_.type or "any", field_.items)
        except CoercionError as error:
            self.value_problem(
                "M505", field_.place, field_, scope, at, value=shown(value), type=field_.type, reason=str(error)
            )
            return value if field_.on_problem == "keep" else None

    # Spreads

    def spread(self, spread: Spread, result: dict[str, Any], scope: Scope, at: _At) -> None:
        """Adds the entries that pass through to `result`."""
        value = self.search(spread.from_, scope, at)
        if value is None:
            return
        place = self.places.of(spread.from_, value, scope)
        if not isinstance(value, dict):
            self.problem(
                "M508",
                spread.from_.place,
                at,
                input=place,
                output=at.output or None,
                what="a spread",
                wanted="an object",
                found=kind(value),
            )
            return
        nearest = self.places.nearest(spread.from_, scope, at.element) if place is None else place
        for key, entry in value.items():
            if is_excepted(spread.except_, key):
                continue
            entry_place = join(place, key) if place is not None else self.places.index.find(entry)
            inner = scope.with_root(spread.as_name, entry, entry_place).with_root(
                spread.key_name, spread.rename.get(key, key), None
            )
            where = nearest if entry_place is None else entry_place
            accounts = len(self.elements)
            try:
                self.entry(spread, result, inner, at.on(where))
            except _Rejected:
                self.unmap(accounts)
                self.account(where, "rejected", at.rule)

    def entry(self, spread: Spread, result: dict[str, Any], scope: Scope, at: _At) -> None:
        scope = self.let(spread.let, scope, at)
        for entry_rule in spread.entries:
            if self.holds(entry_rule.when, scope, at):
                break
        else:
            self.skip(at.element, at.rule, NO_ENTRY_RULE)
            return
        scope = self.let(entry_rule.let, scope, at)
        if entry_rule.warn is not None:
            self.problem("M512", entry_rule.warn.place, at, reason=self.reason(entry_rule.warn, scope, at))
        if entry_rule.skip is not None:
            self.skip(at.element, at.rule, self.reason(entry_rule.skip, scope, at))
        elif entry_rule.reject is not None:
            self.problem("M511", entry_rule.reject.place, at, reason=self.reason(entry_rule.reject, scope, at))
            self.account(at.element, "rejected", at.rule)
        else:
            self.keep(spread, entry_rule, result, scope, at)

    def keep(self, spread: Spread, entry_rule: EntryRule, result: dict[str, Any], scope: Scope, at: _At) -> None:
        key = scope.values[spread.key_name]
        name = key if entry_rule.name is None else self.value(entry_rule.name, scope, replace(at, output=None))
        if not isinstance(name, str):
            place = (entry_rule.name or entry_rule).node.place
            self.problem("M515", place, at, value=shown(name))
            self.account(at.element, "rejected", at.rule)
            return
        if name in result:
            self.skip(at.element, at.rule, NAME_TAKEN)
            return
        inside = at.under(name)
        if entry_rule.value is None:
            value = scope.values[spread.as_name]
            if inside.output is not None:
                self.origins[inside.output] = Origin(entry_rule.node, at.element)
        else:
            value = self.value(entry_rule.value, scope, inside)
        if value is None:
            self.skip(at.element, at.rule, NOTHING)
        else:
            result[name] = value
            self.account(at.element, "mapped", at.rule)


def is_excepted(except_: Except, key: str) -> bool:
    """Whether a spread passes over the entry of this name."""
    name = key.casefold() if except_.ignore_case else key
    return (
        name in except_.names
        or name.startswith(except_.prefixes)
        or any(matches_glob(name, pattern) for pattern in except_.patterns)
    )
