"""Evaluates a Rulebook on a batch by walking its rules with jmespath: this defines the meaning of the language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..diagnostics.problem import Problem
from ..language.repetition import repeated_in
from ..language.rulebook import Field, ObjectSource, Route, Rule, Rulebook
from ..language.scanning import scans_in
from ..language.traversal import needed_lets
from ..runtime.conversion import Handed, Locate, joined
from ..runtime.notes import Rejected
from ..runtime.requests import Assembler, Emission, Envelope, move
from ..runtime.result import (
    NAME_TAKEN,
    NO_ENTRY_RULE,
    NO_RULE,
    NOTHING,
    Element,
    Failed,
    PartOrigin,
    Result,
    Skipped,
    too_much_copied,
)
from ..values.budget import EMISSION, TooMuchCopied, scanning
from ..values.kinds import kind, with_article
from ..values.payload import received
from ..values.pointers import join
from .converted import BodyOrigins, ConvertedBody, part_of, parts_within
from .fields import Evaluation, size_outcome
from .outputs import output_specs
from .recorder import ElementOutcome, Observer, Reader, Step
from .scope import Roots, Scope, Stand

__all__ = ["NAME_TAKEN", "NOTHING", "NO_ENTRY_RULE", "Interpreter", "Parts", "Step"]


_RANKS: tuple[ElementOutcome, ...] = ("mapped", "rejected", "skipped")
"""The outcomes of an element by rank: of an element that several rules took, the first of them counts."""


class _Ended(Exception):  # noqa: N818  control flow, not an error
    """A rule without a route skipped or rejected the whole batch."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """The ranges of problems and inner elements recorded while an emission was built."""

    first_problem: int
    last_problem: int
    first_account: int
    last_account: int


Parts = tuple[tuple[tuple[Emission, Mapping[Any, int]], ...], ...]
"""The emissions that each request is made of, each with the offsets of its lists."""


class Interpreter:
    """Evaluates one Rulebook. Safe to share between threads."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        validators = {name: schema.validator for name, schema in rulebook.schemas.items()}
        self.assembler = Assembler(output_specs(rulebook), validators)
        self.repeated, self.scans = repeated_in(rulebook), scans_in(rulebook)
        self.plain: dict[int, frozenset[str] | None] = {}
        self.converters = {name: Interpreter(converter) for name, converter in rulebook.converters.items()}
        self.batch_rules = tuple(rule for rule in rulebook.rules if rule.route is None)
        self.converting = tuple(rule for rule in self.batch_rules if rule.convert is not None)
        self.converting_let = needed_lets(rulebook.let, (rule.when for rule in self.converting))
        self.route_rules = {
            name: tuple(rule for rule in rulebook.rules if rule.route == name) for name in rulebook.routes
        }

    def run(self, batch: Any) -> Result:
        """The Result of a batch (any JSON value). Never raises for the contents of a batch."""
        return _Run(self, batch, None).result()

    def elements(self, batch: Any) -> tuple[Element, ...]:
        """The outcome of each element that was iterated over."""
        run = _Run(self, batch, None)
        run.result()
        return tuple(run.elements)

    def retry(self, batch: Any, only: Set[Failed] | None = None) -> tuple[Result, tuple[Failed, ...] | None]:
        """The Result of only those parts that failed before, and the parts that fail now (None: the whole batch).

        `only` are the parts that failed before; None stands for the whole batch. A part that no longer exists is a
        Problem (M524), and fails.
        """
        run = _Run(self, batch, None, only)
        result = run.result()
        if run.is_lost:
            return result, None if only is None else tuple(sorted(only, key=repr))
        failed, problems = list(run.failed), list(result.problems)
        for gone in sorted((only or set()) - run.reached - set(failed), key=repr) if not run.is_ended else ():
            problems.append(Problem.of("M524", input=gone.element or "", what=str(gone)))
            failed.append(gone)
        return result._replace(problems=tuple(problems)), tuple(failed)

    def converted(self, batch: Any) -> tuple[str, tuple[Any, ...]] | None:
        """The name of the mapping to which a rule hands the batch, and the converted bodies; None if no rule does.

        Rules before it that end the batch are ignored.
        """
        name = _Run(self, batch, None).converter() if self.converters else None
        if name is None:
            return None
        return name, tuple(request.body for request in self.converters[name].run(batch).requests)

    def locators(self, name: str, batch: Any) -> tuple[Locate, ...]:
        """A Locate for each body that a converter makes of a batch."""
        run = _Run(self.converters[name], batch, None)
        return run.locators(run.result())

    def observe(self, batch: Any, observer: Observer) -> Result:
        """The Result; calls the observer for each decision on the way, in order."""
        run = _Run(self, batch, None)
        run.observer = observer
        return run.result()

    def watch(self, batch: Any, reader: Reader) -> Result:
        """The Result; the reader is told of each expression and template that is evaluated on the way."""
        run = _Run(self, batch, None)
        run.reader = reader
        return run.result()

    def count(self, batch: Any, hits: dict[tuple[int, str], int]) -> Result:
        """The Result; counts the decisions on the way in `hits`, by the identity of the part and the outcome."""
        run = _Run(self, batch, None)
        run.hits = hits
        return run.result()

    def traced(self, batch: Any, observer: Observer, *, is_converted: bool = False) -> tuple[Result, Parts]:
        """As `observe`, with the emissions that each request is made of.

        A batch that `is_converted` comes from another mapping, and is not handed to one again.
        """
        run = _Run(self, batch, None)
        run.observer, run.is_converted = observer, is_converted
        result = run.result()
        return result, run.request_parts if result.requests else ()

    def origins(self, batch: Any) -> tuple[Result, tuple[tuple[PartOrigin, ...], ...]]:
        """The Result, and for each request what it is made of."""
        run = _Run(self, batch, None)
        result = run.result()
        return result, run.origins_of_requests if result.requests else ()

    def scope_at(self, batch: Any, route: str | None = None, index: int = 0) -> tuple[Scope, str] | None:
        """The names in scope for a batch, or for an element of a route, and the place of the element.

        None if the batch is invalid or has no such element. Raises KeyError for an unknown route.
        """
        return _Run(self, batch, None).scope_at(None if route is None else self.rulebook.routes[route], index)

    def explain(self, batch: Any) -> tuple[Result, tuple[Step, ...]]:
        """The Result, and each value computed on the way, in order."""
        steps: list[Step] = []
        return _Run(self, batch, steps).result(), tuple(steps)


def _located(outer: Locate, inner: Locate, pointer: str) -> str:
    return outer(inner(pointer))


class _Run(Evaluation):
    """The evaluation of one batch."""

    def __init__(
        self, interpreter: Interpreter, batch: Any, steps: list[Step] | None, only: Set[Failed] | None = None
    ) -> None:
        self.batch, self.flaw = received(batch)
        super().__init__(self.batch, steps, interpreter.repeated, interpreter.scans, interpreter.plain)
        self.only = only
        self.here = Failed(None, None, None)
        """The part of the batch being mapped."""
        self.reached: set[Failed] = set()
        self.failed: list[Failed] = []
        self.is_ended = self.is_lost = False
        """Set if the batch gives no requests: `is_ended` by a rule, `is_lost` by an error."""
        self.inner: list[tuple[_Run, Result, Locate]] = []
        """The evaluations of the bodies to which another mapping converted the batch, with their Locate."""
        self.given_by: ConvertedBody | None = None
        """The body of a conversion that the batch is, which names its parts."""
        self.is_converted = False
        """Set if the batch comes from another mapping: then it is not converted again."""
        self.replayed: Set[Failed] = frozenset()
        """The parts for which a batch is converted again: that gives all bodies, of which those from these are new."""
        self.parts: dict[Emission, Failed] = {}
        self.interpreter = interpreter
        self.rulebook = interpreter.rulebook
        self.emissions: list[Emission] = []
        self.marks: dict[Emission, _Mark] = {}
        self.owned: dict[int, list[Emission]] = {}
        """The emissions for elements of routes, by the index of the element in the account."""
        self.request_parts: Parts = ()
        self.origins_of_requests: tuple[tuple[PartOrigin, ...], ...] = ()
        self.envelopes: Mapping[str, Envelope | None] = {}

    def result(self) -> Result:
        self.is_lost = True
        if self.flaw is not None:
            self.problem("M503", None, Stand(None, "", ""), input="", reason=self.flaw)
            return Result((), (), tuple(self.problems))
        if not isinstance(self.batch, dict):
            self.problem("M502", None, Stand(None, "", ""), input="", found=with_article(kind(self.batch)))
            return Result((), (), tuple(self.problems))
        self.is_lost = False
        scanning()
        at = Stand(None, "", "")
        try:
            scope = self.top()
            for rule in self.interpreter.batch_rules:
                self.batch_rule(rule, scope)
            for name, route in self.rulebook.routes.items():
                self.route(route, self.interpreter.route_rules[name], scope, at)
            return self.assemble(scope)
        except Handed as ending:
            return self.convert(ending.name)
        except (_Ended, Rejected) as ending:
            self.is_ended, self.is_lost = True, self.is_lost or isinstance(ending, Rejected)
            return Result((), tuple(self.skipped), tuple(self.problems))
        except TooMuchCopied as error:
            self.is_lost = True
            self.elements.clear()
            return too_much_copied(error)

    def converter(self) -> str | None:
        """See `Interpreter.converted`."""
        if self.flaw is not None or not isinstance(self.batch, dict):
            return None
        scanning()
        scope, at = self.top(self.interpreter.converting_let), Stand(None, "", "")
        rules = self.interpreter.converting
        with suppress(Rejected, TooMuchCopied):
            return next(
                (rule.convert.text for rule in rules if rule.convert and self.takes(rule.when, scope, at)), None
            )
        return None

    def convert(self, name: str) -> Result:
        """Maps the bodies to which another mapping converts the batch, and discards all records of the batch itself."""
        for record in (self.problems, self.skipped, self.elements, self.emissions, self.failed, self.steps or []):
            record.clear()
        conversion = _Run(self.interpreter.converters[name], self.batch, None)
        replayed = self.only or self.replayed
        conversion.replayed = parts_within(name, replayed)
        first = conversion.result()
        self.elements += conversion.elements
        self.is_lost = conversion.is_lost
        self.failed += [part_of(name, part) for part in conversion.failed]
        self.reached |= {part_of(name, part) for part in conversion.reached}
        mapped = []
        locators = conversion.locators(first)
        bodies = conversion.converted(name, locators, replayed)
        for request, place, body in zip(first.requests, locators, bodies, strict=True):
            run = _Run(self.interpreter, request.body, self.steps, self.only)
            run.observer, run.reader, run.hits = self.observer, self.reader, self.hits
            run.is_converted, run.given_by = True, body
            mapped.append(run.result())
            self.inner.append((run, mapped[-1], place))
            self.elements += [one._replace(pointer=place(one.pointer)) for one in run.elements]
            self.reached |= run.reached
            self.request_parts += run.request_parts
            self.origins_of_requests += tuple(
                tuple(one._replace(part=body.name(one.part), element=place(one.element)) for one in own)
                for own in run.origins_of_requests
            )
            self.is_ended = self.is_ended or run.is_ended
            if run.is_lost and len(bodies) > 1 and body.parts:
                self.failed += body.parts
            else:
                self.is_lost = self.is_lost or run.is_lost
                self.failed += map(body.name, run.failed)
        return joined(first, mapped, lambda: locators)

    def converted(self, name: str, locators: Sequence[Locate], only: Set[Failed]) -> list[ConvertedBody]:
        """The bodies that this evaluation gave, for the mapping that had it convert the batch."""
        counts, bodies, places = Counter[Failed](), list[ConvertedBody](), iter(locators)
        for run in [run for run, _, _ in self.inner] or [self]:
            for parts in run.request_parts:
                made_of = {emission: run.parts[emission] for emission, _ in parts}
                first = parts[0][0].element if len(locators) > 1 else ""
                anchor = run.given_by.place(first) if run.given_by is not None and len(locators) > 1 else first
                origins = run.origins_in(parts)
                bodies.append(ConvertedBody(name, next(places), anchor, made_of, origins, only, counts, run.given_by))
        return bodies

    def origins_in(self, parts: tuple[tuple[Emission, Mapping[Any, int]], ...]) -> BodyOrigins:
        """The origin of each place of a request's body."""
        envelope = self.envelopes[parts[0][0].output.name]
        assert envelope is not None  # noqa: S101  an output without one makes no requests
        return BodyOrigins(parts, envelope)

    def locators(self, result: Result) -> tuple[Locate, ...]:
        """A Locate for the body of each request of the Result."""
        if self.inner:
            return tuple(
                partial(_located, outer, inner) for run, own, outer in self.inner for inner in run.locators(own)
            )
        made = []
        for request, parts in zip(result.requests, self.request_parts, strict=True):
            made.append(partial(self.origins_in(parts).place_in, self.places, request.body))
        return tuple(made)

    def scope_at(self, route: Route | None, index: int) -> tuple[Scope, str] | None:
        """See `Interpreter.scope_at`."""
        if self.flaw is not None or not isinstance(self.batch, dict):
            return None
        scope, at = self.top(), Stand(None, "", "")
        if route is None:
            return scope, ""
        elements = self.iterate(route, scope, at, f"the route {route.name!r}")
        for number, (place, inner) in enumerate(elements):
            if number == index:
                return self.let(route.let, inner, at.on(place)), place
        return None

    def top(self, let: tuple[Field, ...] | None = None) -> Scope:
        """The names that all rules see; with `let`, these lets instead of those of the mapping."""
        as_name = self.rulebook.input.as_name
        roots = Roots({as_name: self.batch, "settings": self.rulebook.values})
        let = self.rulebook.let if let is None else let
        return self.let(let, Scope(roots, {as_name: "", "settings": None}), Stand(None, "", ""))

    # Rules and routes

    def route(self, route: Route, rules: tuple[Rule, ...], scope: Scope, at: Stand) -> None:
        before, found, whole = len(self.problems), Counter[str](), Failed(route.name, None, None)
        is_lost = False
        try:
            for place, inner in self.iterate(route, scope, at, f"the route {route.name!r}"):
                last = Failed(route.name, None, place, found[place])
                found[place] += 1
                steps = {rule.name: last._replace(rule=rule.name) for rule in rules if rule.goes_on}
                wanted = self.wanted({last, *steps.values()}, whole)
                if wanted:
                    self.element(route, last, steps, wanted, inner)
        except Rejected:  # by what it iterates over
            is_lost = True
        self.took(route, size_outcome(found.total()), scope, at)
        is_lost = is_lost or (not found and any(problem.severity == "error" for problem in self.problems[before:]))
        if not found and self.wanted({whole}) and is_lost:
            self.failed.append(whole)

    def wanted(self, parts: Set[Failed], whole: Failed | None = None) -> Set[Failed]:
        """The parts that are to be mapped, all of them if `whole` is; marks them as reached."""
        all_ = parts if whole is None else parts | {whole}
        names = {part: part if self.given_by is None else self.given_by.name(part) for part in all_}
        if self.only is None:
            self.reached.update(names.values())
            return parts
        wanted = {part for part in all_ if names[part] in self.only or (self.given_by and self.given_by.is_new(part))}
        self.reached |= {names[part] for part in wanted}
        return parts if whole in wanted else wanted

    def element(
        self, route: Route, last: Failed, steps: Mapping[str, Failed], wanted: Set[Failed], scope: Scope
    ) -> None:
        """Maps an element of a route: the steps of rules after which it goes on, and the last one."""
        element = last.element or ""
        outcomes: list[tuple[ElementOutcome, str | None]] = []
        owned = len(self.emissions)
        left = dict.fromkeys((*steps.values(), last))
        scope = self.let(route.let, scope, Stand(None, element, ""))
        for rule in self.interpreter.route_rules[route.name]:
            self.here = steps.get(rule.name, last)
            outcome: ElementOutcome | None = None
            try:
                if self.here in wanted:
                    outcome = self.rule(rule, scope, element, route)
                elif not rule.goes_on and self.takes(rule.when, scope, Stand(rule.name, element, "")):
                    break
            except Rejected:
                outcome = "rejected"
                self.failed += [self.here] if rule.goes_on else [part for part in left if part in wanted]
            if rule.goes_on:
                del left[self.here]
            if outcome is not None:
                outcomes.append((outcome, rule.name))
                if not rule.goes_on:
                    break
        else:
            if not outcomes and last in wanted:
                self.took(route, "no rule", scope, Stand(None, element, ""))
                self.skipped.append(Skipped(element, None, NO_RULE))
                outcomes.append(("skipped", None))
        if outcomes:
            outcome, name = min(outcomes, key=lambda one: _RANKS.index(one[0]))
            self.owned[self.account(element, outcome, name)] = self.emissions[owned:]

    def batch_rule(self, rule: Rule, scope: Scope) -> None:
        self.here = Failed(None, rule.name, "")
        if not self.wanted({self.here}) and rule.output is not None:
            return
        try:
            self.rule(rule, scope, "", None)
        except Rejected:  # it emits nothing, the others go on; only a rule that ends the batch ends it
            if rule.output is None:
                raise
            self.failed.append(self.here)

    def rule(self, rule: Rule, scope: Scope, element: str, route: Route | None) -> ElementOutcome | None:
        """Applies the rule to an element and returns the outcome; None if the rule does not take the element."""
        at = Stand(rule.name, element, "")
        if not self.takes(rule.when, scope, at):
            return None
        self.took(rule, "takes", scope, at)
        scope = self.let(rule.let, scope, at)
        for warn in rule.warn:
            if self.holds(warn.when, scope, at):
                self.say("M512", warn.message, scope, at)
        if rule.skip is not None:
            reason = self.reason(rule.skip, scope, at)
            self.skipped.append(Skipped(element, rule.name, reason, rule.skip.template.text))
        elif rule.convert is not None:
            if not self.is_converted:
                raise Handed(rule.convert.text)
            reason = f"this is what {rule.convert.text} gives, and would be converted again"
            self.problem("M511", rule.convert.place, at, reason=reason)
            self.is_lost = True
        elif rule.reject is not None:
            self.say("M511", rule.reject, scope, at)
            self.failed.append(self.here)
            self.is_lost = route is None
        else:
            return self.emit(rule, scope, at)
        if route is None:
            raise _Ended
        return "skipped" if rule.skip is not None else "rejected"

    def emit(self, rule: Rule, scope: Scope, at: Stand) -> ElementOutcome:
        if rule.goes_on:
            self.budget.repeat(EMISSION, rule.place)
        output = self.interpreter.assembler.outputs[rule.output or ""]
        base = f"{'' if output.element_of is None else join('', output.element_of)}/0"
        inside = replace(at, output=base if self.rulebook.outputs[output.name].is_joined else "")
        problems, accounts = len(self.problems), len(self.elements)
        self.origins = {}
        target = None
        try:
            fields = {} if output.body == "none" else self.body(rule.body, scope, inside)
            if fields is not None and output.aimed:
                target = self.target(self.rulebook.outputs[output.name].request, scope, at)
        except Rejected:
            self.unmap(accounts)
            self.failed.append(self.here)
            return "rejected"
        if fields is None:
            self.took(rule, "nothing", scope, at)
            if rule.route is not None or not rule.is_empty:  # else the rule only warns
                self.skipped.append(Skipped(at.element, rule.name, NOTHING))
            return "skipped"
        emission = Emission(output, rule.name, rule.place, at.element, fields, target, self.origins)
        self.emissions.append(emission)
        self.parts[emission] = self.here
        self.marks[emission] = _Mark(problems, len(self.problems), accounts, len(self.elements))
        return "mapped"

    def body(self, body: ObjectSource | Field, scope: Scope, at: Stand) -> Any:
        return self.object(body, scope, at) if isinstance(body, ObjectSource) else self.value(body, scope, at)

    def assemble(self, scope: Scope) -> Result:
        """Makes requests from the emissions, and corrects what was recorded about them."""
        wanted = {emission.output.name: emission.output.aimed for emission in self.emissions}
        envelopes = {
            name: self.envelope(self.rulebook.outputs[name], scope, aimed=aimed) for name, aimed in wanted.items()
        }
        self.envelopes = envelopes
        assembled = self.interpreter.assembler.assemble(self.emissions, envelopes, self.places.of_origin)
        self.request_parts = assembled.parts
        self.origins_of_requests = tuple(
            tuple(PartOrigin(self.parts[one], one.rule, str(one.place), one.element) for one, _ in parts)
            for parts in assembled.parts
        )
        for emission in assembled.rejected:
            self.failed.append(self.parts[emission])
            self.unmap(self.marks[emission].first_account, self.marks[emission].last_account)
        for number, emissions in self.owned.items():
            if emissions and set(emissions) <= set(assembled.rejected):
                self.unmap(number, number + 1)
        for emission, offsets in assembled.offsets.items():
            mark = self.marks[emission]
            move(self.problems, mark.first_problem, mark.last_problem, offsets)
        self.problems += assembled.problems
        return Result(assembled.requests, tuple(self.skipped), tuple(self.problems))
