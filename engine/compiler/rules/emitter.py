"""Writes the code that all fields have in common: conditions, problems, skipped values, validation.

The modules beside this one use it to write fields, conversions, spreads and chains; a subclass implements the fields.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ...diagnostics.problem import Place
from ...expressions.paths import certain_roots
from ...expressions.tree import Expression
from ...language.rulebook import Each, Expr, Field, Spread, Text
from ..expressions.compiler import ExpressionCompiler
from ..expressions.templates import message, template
from ..python.function import PythonFunction
from ..python.kind_tests import NOTHING
from ..python.pool import place_code
from ..python.string_sources import among
from ..python.value import ANY, DICT, LIST, NULL, STRING, Value, bare
from ..validation.conditions import ALWAYS, negated
from ..validation.contracts import Contract
from .mode import Mode
from .scope import CodeScope

__all__ = ["Emitter", "Sink"]

Sink = Callable[[Value], None]


class Emitter(ABC):
    """Writes code into one function."""

    def __init__(self, writer: PythonFunction, mode: Mode) -> None:
        self.writer = writer
        self.mode = mode
        self.policies: dict[Any, Any] = {}
        """The functions of policies, by everything that their code depends on."""

    def inside(self, writer: PythonFunction) -> Emitter:
        """An emitter of the same class for another function."""
        return type(self)(writer, self.mode)

    # Implemented by a subclass

    @abstractmethod
    def value(self, field: Field, scope: CodeScope, wish: str, variable: str | None = None) -> Value:
        """The value of a field, null if there is none, as a constant or under a stable name (that of the variable)."""

    @abstractmethod
    def lets(self, definitions: tuple[Field, ...], scope: CodeScope) -> CodeScope:
        """The scope with the lets added. Their code is written where they are used."""

    # Expressions

    def counted(self, expression: Expr) -> Expression:
        """The variant of the expression that counts the elements it looks through, if there is one."""
        return self.mode.scans.get(id(expression), expression.expression)

    def reading(self, expression: Expr, scope: CodeScope) -> ExpressionCompiler:
        """The compiler for an expression that is evaluated here, after the lets that it certainly reads."""
        for name in certain_roots(expression.expression.tree):
            scope.values.get(name, NOTHING).forced()
        return ExpressionCompiler(self.writer, scope.values)

    def search(self, expression: Expr, scope: CodeScope, site: Callable[[], str], wish: str = "value") -> Value:
        """The value of an expression; if it fails, null with the problem of the site."""
        value = self.reading(expression, scope).value(self.counted(expression))
        return self.caught(value, site, wish, "failed") if value.raises else value

    def iterated(self, expression: Expr, scope: CodeScope, site: Callable[[], str], wish: str) -> Value:
        """Like `search`, for a value that is iterated over: if it fails, all elements are lost."""
        value = self.reading(expression, scope).value(self.counted(expression))
        return self.caught(value, site, wish, "undecided") if value.raises else value

    def condition(self, when: Expr | None, scope: CodeScope) -> Value:
        """The truth of a condition, as code for an `if`."""
        return self.taking(when, scope, None)

    def taking(
        self, when: Expr | None, scope: CodeScope, after: str | None, site: Callable[[], str] | None = None
    ) -> Value:
        """Like `condition`, for a rule; `after` is the statement that leaves the element if the condition fails."""
        if when is None:
            return self.writer.pool.constant(True)
        value = self.reading(when, scope).condition(self.counted(when).tree)
        if value.raises and not self.mode.of_structs:
            note = "failed" if after is None else "undecided"
            value = self.caught(value, site or self.site_of(when, scope), "holds", note, after or "")
        return self._decided(when, value)

    def facts(self, when: Expr | None, scope: CodeScope) -> dict[str, int]:
        """The kinds that values must have if a condition holds."""
        if when is None:
            return {}
        return ExpressionCompiler(self.writer, scope.values).facts(self.counted(when).tree, None)

    def caught(
        self, value: Value, site: Callable[[], str], wish: str, note: str, after: str = "", failures: str = "FAILURES"
    ) -> Value:
        """The value under a name; where evaluating it fails, `note` reports that at the site, and `after` follows."""
        writer = self.writer
        if self.mode.of_structs:
            return writer.bound(value, wish)
        name = writer.name(wish)
        with writer.inside("try:"):
            writer.line(f"{name} = {bare(value.code)}")
        with writer.inside(f"except {failures} as error:"):
            writer.line(f"{name} = notes.{note}({site()}, error)")
            if after:
                writer.line(after)
        return writer.declare(name, value.kinds | NULL)

    # Counters

    def count(self, part: Any, outcome: str, change: str = "+= 1") -> None:
        """Writes the code that counts an outcome, if the code counts them."""
        if self.mode.counters is not None:
            self.writer.line(f"hits[{self.mode.counters.number(part, outcome)}] {change}")

    def count_value(self, part: Any, outcome: str, value: Value, change: str = "+=") -> Value:
        """Writes the code that counts an outcome if there is a value; returns the value, under a name if needed."""
        if self.mode.counters is None or (value.is_constant and value.constant is None):
            return value
        if not value.kinds & NULL:
            self.count(part, outcome, f"{change} 1")
            return value
        value = self.writer.bound(value)
        self.count(part, outcome, f"{change} {value.code} is not None")
        return value

    def count_size(self, part: Any, size: str) -> None:
        """Writes the code that counts an iteration over so many elements."""
        if self.mode.counters is not None:
            self.writer.line(f"hits[{self.mode.counters.sizes(part)} + min({size}, 2)] += 1")

    def _decided(self, when: Expr, value: Value) -> Value:
        """Writes the code that counts the outcomes of a condition; returns its truth, under a name if needed."""
        if self.mode.counters is None:
            return value
        if value.is_constant:
            self.count(when, "true" if value.constant else "false")
            return value
        holds, number = self.writer.name("holds"), self.mode.counters.number
        self.writer.line(f"{holds} = {bare(value.code)}")
        self.writer.line(f"hits[{number(when, 'true')} if {holds} else {number(when, 'false')}] += 1")
        return self.writer.declare(holds, ANY)

    # Problems

    def site_of(self, expression: Expr, scope: CodeScope) -> Callable[[], str]:
        """The Site for the failure of an expression that gives no value of the output."""
        return lambda: scope.at(None).site("M504", expression.place, scope.reads(expression))

    def failure_of(self, expression: Expr, field: Field, scope: CodeScope) -> Callable[[], str]:
        """The Site for the failure of an expression that gives the value of a field."""
        rejects = field.on_problem == "reject"
        return lambda: scope.site("M504", expression.place, scope.reads(expression), rejects=rejects)

    def site(self, code: str, place: Any, field: Field, scope: CodeScope, **data: Any) -> str:
        return scope.site(code, place, scope.reads_of_field(field), rejects=field.on_problem == "reject", **data)

    def reason(self, text: Text, scope: CodeScope) -> str:
        """Code for the text of a reason; if rendering fails, it reports a problem and gives the template's text."""
        if self.mode.of_structs:
            return message(self.writer, text.template, scope.values)
        value = template(self.writer, text.template, scope.values, text=True)
        if not value.raises:
            return message(self.writer, text.template, scope.values)
        name = self.writer.name("reason")
        function, _, arguments = value.code.partition("(")
        site = scope.at(None).site("M514", text.place)
        self.writer.line(f"{name} = notes.reason({site}, {text.template.text!r}, {function}, {arguments}")
        return name

    def say(self, code: str, text: Text, scope: CodeScope) -> None:
        """Writes the code that reports the problem that a rule gives."""
        reason = self.reason(text, scope)
        site = scope.at(None).site(code, text.place, template=text.template.text)
        if self.mode.of_structs:
            self.writer.line(f"problems.append(reported({site}, {scope.where()}, {scope.rule_code}, {reason}))")
        else:
            self.writer.line(f"notes.reported({site}, {reason})")

    def skip(self, scope: CodeScope, rule: str, reason: str, template: str = "None") -> str:
        """The statement that records that the current element is skipped, unless that is in a let."""
        return "pass" if scope.quiet else self.skip_in_any_case(scope, rule, reason, template)

    def skip_in_any_case(self, scope: CodeScope, rule: str, reason: str, template: str = "None") -> str:
        """The statement that records that the current element is skipped, also in a let."""
        if scope.quiet and self.mode.of_structs:
            return "unusual()"
        parts = f"{scope.where()}, {rule}, {reason}, {template}"
        if self.mode.of_structs:
            return f"skipped.append(new(Skipped, ({parts})))"
        return f"skipped.append(Skipped({parts.removesuffix(', None')}))"

    def skip_as(self, text: Text, scope: CodeScope, rule: str) -> str:
        """Like `skip_in_any_case`, with a reason from the rules."""
        return self.skip_in_any_case(scope, rule, self.reason(text, scope), repr(text.template.text))

    @contextmanager
    def rejecting(self, rejects: bool, after: str) -> Iterator[None]:
        """A `with` block for code that may reject the element; the statement `after` is executed if it does.

        With structs, a batch of which anything is rejected is left to the code for objects.
        """
        if not rejects or self.mode.of_structs:
            yield
            return
        with self.writer.inside("try:") as inside:
            yield
        self.writer.block.names |= inside.names  # they keep their values, as what follows runs only after all of it
        with self.writer.inside("except Rejected:"):
            self.writer.line(after)

    def copied(self, part: Field | Spread, value: Value, place: Place) -> None:
        """Writes the code that counts a value, if the part of the rules copies it for each element of an iteration."""
        if id(part) in self.mode.repeated and value.kinds & (STRING | LIST | DICT):
            self.writer.line(f"notes.budget.copy({bare(value.code)}, {self._place(place)})")

    def repeats(self, source: Each, value: Value) -> None:
        """Writes the code that counts the iterations of a loop, if it is repeated."""
        if id(source) in self.mode.repeated:
            self.writer.line(f"notes.budget.repeat(len({value.text}), {self._place(source.each.place)})")

    def _place(self, place: Place) -> str:
        return self.writer.pool.name("PLACE", place_code(place))

    def gave(self, field: Field, scope: CodeScope) -> None:
        """Writes the code that records the origin of the value at the current place of the output."""
        if self.mode.is_traced and scope.output is not None:
            self.writer.line(f"notes.gave({scope.source(field.place, scope.reads_of_field(field))})")

    # Values

    def handed(self, value: Value, sink: Sink) -> None:
        """Passes a value to the sink if it is not null."""
        if value.is_constant and value.constant is None:
            return
        if not value.kinds & NULL:
            sink(value)
            return
        value = self.writer.bound(value)
        with self.writer.inside(f"if {value.text} is not None:"):
            sink(replace(value, kinds=value.kinds & ~NULL))

    def validated(self, value: Value, contract: Contract | None) -> Value:
        """Writes the code that leaves an invalid value to the code for objects; returns the value, named if needed."""
        if contract is None or value.fits:
            return value
        value = value if value.is_constant else self.writer.bound(value)
        known = self.writer.texts(value.code)
        self.writer.lines(list(contract.validated(value if known is None else replace(value, texts=among(known)))))
        return value

    def kept(self, value: Value, test: str, keep: Callable[[], None], nothing: str) -> None:
        """Writes the code that keeps a value if the test of it holds; else the statement `nothing`, if there is one."""
        if value.is_constant and value.constant is None:
            self.writer.lines([nothing] if nothing else [])
        elif not value.kinds & NULL:
            keep()
        else:
            with self.writer.inside(f"if {test}:"):
                keep()
            if nothing:
                with self.writer.inside("else:"):
                    self.writer.line(nothing)

    def require(self, code: str) -> None:
        """Writes the code that leaves the batch to the code for objects if a condition does not hold."""
        if code != ALWAYS:
            with self.writer.inside(f"if {negated(code)}:"):
                self.writer.line("unusual()")
