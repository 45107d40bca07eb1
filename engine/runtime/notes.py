"""Reports problems for generated code, with their places.

Generated code passes a Site, created when it was compiled, and its local variables; everything else is computed here,
as the interpreter would. Nothing in this module runs for a batch that is mapped without problems.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place, Problem
from ..templates.template import TemplateFailure
from ..values.budget import Budget
from ..values.coercion import CoercionError, coerce
from ..values.kinds import in_part, kind, shown, with_article
from ..values.pointers import escape
from .places import Caller, CodePlaces, Frame, Here, Loop, Read, Root, Site, said_by_caller, variables_at_work
from .result import Skipped

__all__ = [
    "Budget",
    "Caller",
    "Here",
    "Loop",
    "Notes",
    "Place",
    "Read",
    "Rejected",
    "Root",
    "Site",
    "Skipped",
    "escape",
    "in_part",
    "reason_of",
]


class Rejected(Exception):  # noqa: N818  control flow, not an error
    """Unwinds to the element that is rejected; the Problem is recorded already."""


def reason_of(error: Exception) -> str:
    """The reason why an expression failed, in words."""
    if isinstance(error, TypeError):
        return "a string and a number cannot be ordered (<, <=, >, >=)"
    return "the data is nested too deeply" if isinstance(error, RecursionError) else str(error)


class Notes(CodePlaces):
    """The problems of one batch, and the validators of bodies by the name of the schema."""

    __slots__ = ("budget", "last", "problems", "validators")
    budget: Budget
    """Set only by code of a mapping whose iterations can copy values."""

    def __init__(self, batch: Any, validators: Mapping[str, Callable[[Any], bool]]) -> None:
        super().__init__(batch)
        self.validators = validators
        self.problems: list[Problem] = []
        self.last: list[int] = []
        """For each problem of a request, the index of its output: these problems are at the end of the list."""

    # Each method that reports a problem returns None, so that it can be used as a value

    def failed(self, site: Site, error: Exception) -> None:
        """Reports that an expression could not be evaluated."""
        self._of_value(site, variables_at_work(), reason=reason_of(error))

    def undecided(self, site: Site, error: Exception) -> None:
        """Reports the failure of an expression that elements depend on: a rule's condition, or an iterated list."""
        self._of_value(site, variables_at_work(), "error", reason=reason_of(error))

    def converted(self, value: Any, type: str, site: Site) -> Any:
        """Converts a value to a type of the rule language, or reports that this is impossible."""
        try:
            return coerce(value, type)
        except CoercionError as error:
            self.unconverted(site, value, error)

    def unconverted(self, site: Site, value: Any, error: CoercionError, severity: Severity | None = None) -> None:
        self._of_value(site, variables_at_work(), severity, value=shown(value), reason=str(error))

    def unfilled(self, site: Site, error: TemplateFailure) -> None:
        """Reports that a template could not be rendered."""
        self._of_value(site, variables_at_work(), reason=error.reason)

    def missing(self, site: Site) -> NoReturn:
        frame = variables_at_work()
        output = self.output_of(site, frame)
        name = site.data.get("name")
        name = (output or "").rpartition("/")[2] or "value" if name is None else name
        self._add(site, frame, self.input_of(site, frame), output, None, {"name": name})
        raise Rejected

    def unlisted(self, site: Site, value: Any) -> NoReturn:
        frame = variables_at_work()
        self._add(
            site, frame, self.input_of(site, frame), self.output_of(site, frame), "error", {"value": shown(value)}
        )
        raise Rejected

    def not_iterable(self, site: Site, value: Any) -> None:
        self._of_value(site, variables_at_work(), found=with_article(kind(value)))

    def not_a_source(self, site: Site, loop: Loop, value: Any) -> None:
        """Reports that a route or a spread iterates over a value of the wrong kind."""
        frame = variables_at_work()
        place = self.base_of(loop, frame)
        where = self.place_of(site.element, frame) if place is None else place
        self._add(
            site, frame, where, self.output_of(site, frame), None, {**site.data, "found": with_article(kind(value))}
        )

    def reason(self, site: Site, written: str, fill: Callable[..., str], *arguments: Any) -> str:
        """Renders a reason; if that fails, reports it and returns the text of the template, `written`."""
        try:
            return in_part(fill(*arguments))
        except TemplateFailure as error:
            self.reported(site, error.reason)
            return in_part(written)

    def reported(self, site: Site, reason: str) -> None:
        frame = variables_at_work()
        self._add(site, frame, self.place_of(site.element, frame), None, None, {**site.data, "reason": reason})

    def unnamed(self, site: Site, value: Any) -> None:
        frame = variables_at_work()
        self._add(site, frame, self.place_of(site.element, frame), None, None, {"value": shown(value)})

    def _of_value(self, site: Site, frame: Frame, severity: Severity | None = None, **data: Any) -> None:
        severity = "error" if site.rejects else severity
        self._add(site, frame, self.input_of(site, frame), self.output_of(site, frame), severity, {**site.data, **data})
        if site.rejects:
            raise Rejected

    def _add(
        self, site: Site, frame: Frame, place: str, output: str | None, severity: Severity | None, data: dict[str, Any]
    ) -> None:
        rule = said_by_caller(site.rule, frame).rule if isinstance(site.rule, Here) else site.rule
        self.problems.insert(
            len(self.problems) - len(self.last),
            Problem.of(site.code, site.place, rule=rule, input=place, output=output or None, severity=severity, **data),
        )

    def add_last(self, output: int, problems: Sequence[Problem]) -> None:
        """Adds the problems of the requests of an output. They follow all others, in the order of the outputs."""
        at = bisect(self.last, output)
        end = len(self.problems) - len(self.last) + at
        self.problems[end:end] = problems
        self.last[at:at] = [output] * len(problems)
