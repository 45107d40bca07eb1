"""Records of an evaluation of one batch: problems, skipped values, the outcome of elements, all steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place, Problem
from ..language.rulebook import Expr, Field, Text
from ..runtime.notes import Rejected
from ..runtime.result import Element, Skipped
from ..values.budget import Budget
from .scope import Places, Scope, Stand, ValueOrigin

__all__ = ["ElementOutcome", "Recorder", "Step"]

ElementOutcome = Literal["mapped", "skipped", "rejected"]


@dataclass(frozen=True, slots=True)
class Step:
    """A computed value: the output place, the rule and its line, the places read, and the outcome."""

    output: str
    rule: str | None
    place: Place
    inputs: tuple[str, ...]
    value: Any
    note: str


class Taken(NamedTuple):
    """A decision that was taken: the part of the rulebook that decides, and its outcome.

    `value` is that of the deciding condition, source or field, or the value that was iterated over.
    """

    part: Any
    outcome: str
    scope: Scope
    at: Stand
    value: Any


Observer = Callable[[Taken], None]
Reader = Callable[[Expr | Text, Scope, Stand], None]


class Recorder:
    """The record of one batch so far; with `steps`, including each computed value."""

    def __init__(self, batch: Any, steps: list[Step] | None) -> None:
        self.steps = steps
        self.places = Places(batch)
        self.observer: Observer | None = None
        self.reader: Reader | None = None
        """Called for each expression and template that was evaluated, also if that failed."""
        self.hits: dict[tuple[int, str], int] | None = None
        """The number of times that each decision was taken, by the identity of the deciding part and its outcome."""
        self.problems: list[Problem] = []
        self.skipped: list[Skipped] = []
        self.elements: list[Element] = []
        self.origins: dict[str, ValueOrigin] = {}
        self.budget = Budget()

    def took(self, part: Any, outcome: str, scope: Scope, at: Stand, value: Any = None) -> None:
        """Counts a decision, and tells the observer of it, see `Taken`."""
        if self.hits is not None:
            self.hits[id(part), outcome] = self.hits.get((id(part), outcome), 0) + 1
        if self.observer is not None:
            self.observer(Taken(part, outcome, scope, at, value))

    def problem(
        self,
        code: str,
        place: Place | None,
        at: Stand,
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
        self,
        code: str,
        place: Place,
        field_: Field,
        scope: Scope,
        at: Stand,
        *,
        input: str | None = None,
        severity: Severity | None = None,
        **data: Any,
    ) -> None:
        """Records a Problem with a field's value; `on_problem: reject` makes it an error and rejects the element."""
        rejects = field_.on_problem == "reject"
        self.problem(
            code,
            place,
            at,
            input=self.places.nearest_field(field_, scope, at.element) if input is None else input,
            output=at.output or None,
            severity="error" if rejects else severity,
            **data,
        )
        if rejects:
            raise Rejected

    def account(self, place: str, outcome: ElementOutcome, rule: str | None) -> int:
        """Records the outcome of an element, and returns its index in the account."""
        self.elements.append(Element(place, outcome, rule))
        return len(self.elements) - 1

    def unmap(self, start: int, end: int | None = None) -> None:
        """Changes recorded elements from mapped to rejected, since the element around them was rejected."""
        for number in range(start, len(self.elements) if end is None else end):
            if self.elements[number].outcome == "mapped":
                self.elements[number] = self.elements[number]._replace(outcome="rejected")

    def skip(self, place: str, rule: str | None, reason: str, template: str | None = None) -> None:
        self.skipped.append(Skipped(place, rule, reason, template))
        self.account(place, "skipped", rule)
