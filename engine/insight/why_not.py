"""Explains why a value is not in a request: the parts that could have given it, the nearest miss first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..diagnostics.catalogue import CATALOGUE
from ..diagnostics.problem import Place, Problem
from ..diagnostics.suggestions import did_you_mean
from ..expressions.tree import children
from ..interpreter.recorder import Taken
from ..interpreter.scope import Scope
from ..language.rulebook import (
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    ObjectSource,
    Route,
    Rule,
    Spread,
    Text,
)
from ..source.text import one_line
from ..values.kinds import kind, with_article
from .spans import look_up, values_by_span
from .tracing import Application, Trace

__all__ = ["Miss", "why_not"]

_MAX_MISSES = 20
_MAX_LETS = 5
_MAX_TAKERS = 10
_ENDED, _REFUSED, _GIVEN, _FIELD, _SPREAD, _LEFT_OUT = 500, 450, 400, 250, 200, 100
"""The nearness of misses: a batch that was ended, a value that was left out later, a value that is there, a field or an
entry without a value, a spread, an element that another rule left out. That of a condition is the number of its parts
that hold."""


_REFUSALS = ("M509", "M510", "M518", "M530")
"""The problems because of which bodies, or values in them, are not sent."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A part of the rules that could have given a value, and the first reason why it did not.

    `rule` is None for the fields of an output. `nearness` is the greater, the less was missing.
    """

    rule: str | None
    part: str
    reason: str
    place: Place
    element: str | None
    nearness: int

    def to_json(self) -> dict[str, Any]:
        """`{rule, part, reason, place: {file, line, column}, element}`."""
        return {
            "rule": self.rule,
            "part": self.part,
            "reason": self.reason,
            "place": self.place.to_json(),
            "element": self.element,
        }


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A way to a place of an output: the fields or the spread on the way, the outermost first.

    `rule` is None for the fields that all requests of the output share. `at` is the place in what the rule emits.
    """

    rule: Rule | None
    place: Place
    way: tuple[Field | Spread, ...]
    name: str
    part: str
    at: tuple[str, ...] = ()

    def is_about(self, taken: Taken) -> bool:
        """Returns whether a decision is about the place, something in it, or what it is in."""
        return self.is_at(taken.at.output or "")

    def is_at(self, pointer: str) -> bool:
        """Returns whether a pointer is the place, something in it, or what it is in."""
        there = _tokens(pointer)
        return all(a in ("*", b) for a, b in zip(self.at, there, strict=False))


def _tokens(pointer: str) -> tuple[str, ...]:
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def why_not(trace: Trace, pointer: str, output: str | None = None, element: str | None = None) -> tuple[Miss, ...]:
    """The parts of the rules that could have given a value at a place of an output, the nearest misses first.

    `pointer` is a place in the body that one rule makes (`/attributes/city`), in which an index of a list may be `*`;
    an empty one stands for the whole body. With `output` and `element`, only rules of that output and that element of
    the input count.
    """
    left_out = list(_left_out(trace))
    ended = [miss for miss in left_out if miss.nearness == _ENDED]
    if ended:
        return tuple(ended)
    tokens = _tokens(pointer)
    misses: list[Miss] = []
    routes: set[str | None] = set()
    for name, own in trace.rulebook.outputs.items():
        if output in (None, name) and tokens:
            ways = _candidates(None, own.node.place, ObjectSource(own.fields, ()), tokens, (), f"output {name}: ")
            misses += [_in_envelope(trace, name, candidate) for candidate in ways]
    for rule in trace.rulebook.rules:
        if rule.output is None or output not in (None, rule.output) or (element and rule.route is None):
            continue
        base = trace.rulebook.outputs[rule.output].element_of
        inner = tokens[2:] if base is not None and tokens[:1] == (base,) else tokens
        body = rule.body
        ways = (
            _candidates(rule, rule.place, body, inner, (), "")
            if isinstance(body, ObjectSource)
            else _below(rule, rule.place, body, inner, (body,), "value")
        )
        at = tokens if base is None else (base, "0", *inner)
        found = [_nearest(trace, rule, replace(candidate, at=at), element) for candidate in ways]
        routes |= {rule.route} if found else set()
        misses += found
    of_routes = {rule.name for rule in trace.rulebook.rules if rule.route in routes}
    misses += [miss for miss in left_out if miss.element and element in (None, miss.element) and miss.rule in of_routes]
    return tuple(sorted(misses, key=lambda miss: -miss.nearness)[:_MAX_MISSES])


def _left_out(trace: Trace) -> Iterator[Miss]:
    """The elements that rules left out or rejected; without a route, the whole batch."""
    said: dict[tuple[str | None, str | None], dict[str, None]] = {}
    for skipped in trace.result.skipped:
        reason = skipped.template or "" if trace.is_masked else skipped.reason
        said.setdefault((skipped.rule, skipped.pointer), {})[reason] = None
    for problem in trace.result.problems:
        reason = CATALOGUE[problem.code].title if trace.is_masked else problem.message
        said.setdefault((problem.rule, problem.input), {})[reason] = None
    for application in trace.applications:
        rule, at = application.rule, application.element
        if rule is None or rule.output is not None:
            continue
        does = "leaves out" if rule.skip is not None else "rejects"
        reason = f"it {does} {at or 'the batch'}: {'; '.join(said.get((rule.name, at), ()))}"
        if rule.convert is not None:
            if trace.result.requests:
                continue
            reason = f"it hands the batch to {rule.convert.text}"
        yield Miss(rule.name, "", reason, rule.place, at, _LEFT_OUT if rule.route is not None else _ENDED)


def _in_envelope(trace: Trace, output: str, candidate: _Candidate) -> Miss:
    if not any(request.output == output for request in trace.result.requests):
        return Miss(None, candidate.part, "no rule gave such a request", candidate.place, None, -2)
    return _in_application(trace, candidate, trace.envelope(output))


def _candidates(
    rule: Rule | None,
    place: Place,
    source: ObjectSource,
    tokens: tuple[str, ...],
    way: tuple[Field | Spread, ...],
    part: str,
) -> Iterator[_Candidate]:
    """The ways from an object to a place below it."""
    if not tokens:
        yield _Candidate(rule, place, way, "", part)
        return
    for field in source.fields:
        if field.name == tokens[0]:
            yield from _below(rule, place, field, tokens[1:], (*way, field), _under(part, field.name or ""))
    for number, spread in enumerate(source.spreads, 1):
        which = "spread" if len(source.spreads) == 1 else f"spread {number}"
        yield _Candidate(rule, place, (*way, spread), tokens[0], _under(part, which))


def _below(
    rule: Rule | None, place: Place, field: Field, tokens: tuple[str, ...], way: tuple[Field | Spread, ...], part: str
) -> Iterator[_Candidate]:
    source = field.source
    if not tokens or not isinstance(source, ObjectSource | Each):
        yield _Candidate(rule, place, way, "", part)
    elif isinstance(source, ObjectSource):
        yield from _candidates(rule, place, source, tokens, way, part)
    elif isinstance(source.value, ObjectSource):
        yield from _candidates(rule, place, source.value, tokens[1:], way, f"{part}[]")
    else:
        yield from _below(rule, place, source.value, tokens[1:], (*way, source.value), f"{part}[]")


def _under(part: str, name: str) -> str:
    return f"{part}{name}" if not part or part.endswith(" ") else f"{part}.{name}"


def _nearest(trace: Trace, rule: Rule, candidate: _Candidate, element: str | None) -> Miss:
    """The nearest miss of a candidate over all elements."""
    misses = [
        _in_application(trace, candidate, application)
        for application in trace.by_rule.get(id(rule), ())
        if element in (None, application.element)
    ]
    if misses:
        return max(misses, key=lambda miss: miss.nearness)
    return _not_taken(trace, rule, candidate, element)


def _in_application(trace: Trace, candidate: _Candidate, application: Application) -> Miss:
    """The miss of a candidate in an application: the rule took the element, but gave no value there."""

    def miss(reason: str, place: Place, nearness: int) -> Miss:
        return Miss(
            None if candidate.rule is None else candidate.rule.name,
            candidate.part,
            reason,
            place,
            application.element,
            nearness,
        )

    every = application.decisions
    application = replace(application, decisions=tuple(filter(candidate.is_about, every)))
    for depth, part in enumerate(candidate.way):
        own = [taken for taken in application.decisions if taken.part is part]
        if not own and any(taken.part is part for taken in every):
            return miss("the list has no such element", candidate.place, _SPREAD)
        if isinstance(part, Spread):
            return miss(*_in_spread(application, part, candidate.name), _SPREAD + depth)
        is_given = any(taken.outcome == "given" for taken in own)
        is_last = depth == len(candidate.way) - 1
        is_open = isinstance(part.source, ObjectSource) and not _is_refused(application, part)
        if not is_last and (is_given or is_open):
            continue
        if is_given:
            value = trace.show(next(taken.value for taken in reversed(own) if taken.outcome == "given"))
            if refused := _refused(trace, candidate, application):
                return miss(f"it gave {value} there, but {refused}", part.place, _REFUSED)
            return miss(f"it gave {value} there", part.place, _GIVEN)
        reason, place = _in_field(trace, application, part)
        return miss(reason, place, _FIELD + depth)
    if refused := _refused(trace, candidate, application):
        return miss(refused, candidate.place, _REFUSED)
    return miss("it gave nothing", candidate.place, _SPREAD)


def _refused(trace: Trace, candidate: _Candidate, application: Application) -> str | None:
    """The problem because of which a value was left out of a request, or the request was not made."""
    rule = None if candidate.rule is None else candidate.rule.name
    output = None if candidate.rule is None else candidate.rule.output
    is_made = any(request.output == output for request in trace.result.requests)
    shared = None
    for problem in trace.result.problems:
        is_here = problem.rule == rule and _is_in(problem.input or "", application.element)
        is_lost = problem.severity == "error" or (candidate.at and candidate.is_at(problem.output or ""))
        if problem.code in _REFUSALS and is_here and is_lost:
            return _words(trace, problem)
        # What is wrong with the fields of an output is said of the first rule alone, and takes all of them down.
        if shared is None and not is_made and problem.code == "M509" and problem.data.get("request") == output:
            shared = problem
    return None if shared is None else _words(trace, shared)


def _words(trace: Trace, problem: Problem) -> str:
    return CATALOGUE[problem.code].title if trace.is_masked else problem.message


def _is_in(place: str, base: str) -> bool:
    return place == base or place.startswith(f"{base}/")


def _is_refused(application: Application, field: Field) -> bool:
    return any(taken.part is field.when and taken.outcome == "false" for taken in application.decisions)


def _in_field(trace: Trace, application: Application, field: Field) -> tuple[str, Place]:
    """The reason why a field has no value, with its place."""
    for taken in application.decisions:
        if taken.part is field.when and taken.outcome == "false" and field.when is not None:
            return f"`when` does not hold: {_refuted(trace, field.when, taken.scope)}", field.when.place
    inner = _parts_of(field)
    for taken in application.decisions:
        if taken.part is field and taken.outcome == "unconverted":
            return f"{trace.show(taken.value)} cannot become {field.type}", field.place
        if taken.part is field.table and taken.outcome == "unlisted" and field.table is not None:
            name = field.table.name or "the table"
            return f"{name} does not list {trace.show(taken.value)}", field.table.node.place
    for taken in application.decisions:
        if taken.part is field and taken.outcome in ("absent", "required"):
            reasons = [_absent(trace, part, taken.scope) for part in inner]
            found = "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or "nothing in it has a value"
            return found, field.place
    return "it was not reached: what it stands in was left out or rejected", field.place


def _parts_of(field: Field) -> Iterable[Expr | Text | Each | Field]:
    source = field.source
    if isinstance(source, From):
        return source.alternatives
    return (source,) if isinstance(source, Text | Each) else ()


def _absent(trace: Trace, part: Expr | Text | Each | Field, scope: Scope) -> str:
    """The reason why a source has no value."""
    if isinstance(part, Expr | Each):
        expr = part if isinstance(part, Expr) else part.each
        return f"{_missing(expr, scope)}{_behind(trace, expr, scope)}"
    if isinstance(part, Text):
        empty = [use.name for use in part.template.roots if scope.values.get(use.name) is None]
        return (
            f"the template reads {', '.join(dict.fromkeys(empty))}, which is null"
            if empty
            else "a value in the template is null"
        )
    if part.when is not None and not part.when.expression.search(scope.values):
        return f"`when` of an alternative does not hold: {_refuted(trace, part.when, scope)}"
    return "; ".join(filter(None, (_absent(trace, one, scope) for one in _parts_of(part))))


def _missing(expr: Expr, scope: Scope) -> str:
    """The step of an expression at which its value is lost."""
    known = values_by_span(expr, scope)
    for (start, end), value in sorted(known.items()):
        if value is not None:
            continue
        before = [span for span in known if span[0] == start and span[1] < end]
        text = one_line(expr.text[start:end])
        if (looked_up := look_up(expr, start, end)) is not None:
            argument, name = looked_up
            return _lost(one_line(expr.text[slice(*argument)]), known.get(argument), name)
        if not before:
            return f"{text} is null"
        above = max(before, key=lambda span: span[1])
        name = expr.text[above[1] : end].lstrip(". ").strip('"')
        prefix = one_line(expr.text[slice(*above)])
        return _lost(prefix, known[above], name)
    return f"{one_line(expr.text)} is null"


def _lost(prefix: str, value: Any, name: str) -> str:
    if isinstance(value, dict):
        if name in value:
            return f"{prefix}.{name} is null"
        hint = did_you_mean(name, value)
        return f"{prefix} has no {name!r}{f'; {hint}' if hint else ''}"
    if value is None:
        return f"{prefix} is null"
    return f"{prefix} is {with_article(kind(value))}, which has no {name!r}"


def _refuted(trace: Trace, when: Expr, scope: Scope, *, follow: bool = True) -> str:
    """The part of a condition that makes it false, with the compared values; `follow`: also why lets are false."""
    known = values_by_span(when, scope)

    def refuting(node: Any) -> Any:
        if node["type"] == "and_expression":
            for child in children(node):
                if not known.get((child["start"], child["end"])):
                    return refuting(child)
        return node

    node = refuting(when.expression.tree)
    text = one_line(when.text[node["start"] : node["end"]])
    behind = _behind(trace, when, scope, (node["start"], node["end"])) if follow else ""
    if node["type"] not in ("comparator", "not_expression", "or_expression", "function_expression"):
        return f"{text} is {trace.show(known.get((node['start'], node['end'])))}{behind}"
    spans = [(child["start"], child["end"]) for child in children(node) if child["type"] not in ("literal", "expref")]
    values = [f"{one_line(when.text[slice(*span)])} is {trace.show(known[span])}" for span in spans if span in known]
    return f"{text} ({', '.join(values)}){behind}" if values else f"{text}{behind}"


def _behind(trace: Trace, expr: Expr, scope: Scope, span: tuple[int, int] | None = None) -> str:
    """The reasons why lets that an expression (or its part at a span) reads are null or false, and lets behind them."""
    texts: dict[str, str] = {}
    pending = [(expr, scope, span)]
    while pending and len(texts) < _MAX_LETS:
        part, around, within = pending.pop(0)
        for use in part.expression.roots:
            inside = within is None or within[0] <= use.start < within[1]
            if not inside or use.name not in around.lets or use.name in texts:
                continue
            if around.values.get(use.name) not in (None, False):
                continue
            definition, inner = around.lets[use.name]
            if definition.when is not None and not definition.when.expression.search(inner.values):
                texts[use.name] = f"`when` does not hold: {_refuted(trace, definition.when, inner, follow=False)}"
                pending.append((definition.when, inner, None))
                continue
            sources = [one for one in _parts_of(definition) if isinstance(one, Expr)]
            reasons = [
                _missing(one, inner) if value is None else _refuted(trace, one, inner, follow=False)
                for one in sources
                if (value := one.expression.search(inner.values)) in (None, False)
            ]
            texts[use.name] = "; ".join(reasons) or "nothing in it has a value"
            pending += [(one, inner, None) for one in sources]
    return "".join(f"; let {name}: {text}" for name, text in texts.items())


def _in_spread(application: Application, spread: Spread, name: str) -> tuple[str, Place]:
    """The reason why a spread did not give an entry of a name, with its place."""
    own = [taken for taken in application.decisions if taken.part is spread]
    sources = [old for old, new in spread.rename.items() if new == name] or [name]
    for taken in own:
        if taken.outcome == "excepted" and taken.value in sources:
            return f"`except` leaves out {taken.value!r}, since it is mapped elsewhere", spread.node.place
        if taken.outcome == "name taken" and taken.value == name:
            return f"another field has the name {name!r}", spread.node.place
    for taken in application.decisions:
        if isinstance(taken.part, EntryRule) and taken.outcome == "takes" and taken.part in spread.entries:
            key = taken.scope.values.get(spread.key_name)
            if key == name:
                does = (
                    "skips" if taken.part.skip is not None else "rejects" if taken.part.reject is not None else "maps"
                )
                return f"an entry rule {does} the entry {name!r}", taken.part.node.place
    found = next((taken.value for taken in own if taken.outcome in ("none", "one", "many")), None)
    if found is None:
        return f"{spread.from_.text} is null", spread.from_.place
    hint = did_you_mean(name, found)
    return f"{spread.from_.text} has no entry {name!r}{f'; {hint}' if hint else ''}", spread.from_.place


def _not_taken(trace: Trace, rule: Rule, candidate: _Candidate, element: str | None) -> Miss:
    """The miss of a candidate whose rule took no element."""
    tried = trace.refusals(element)[0].get(id(rule.when))
    if tried and rule.when is not None:
        nearest = max(tried, key=lambda taken: _holding(rule.when, taken.scope))
        reason = (
            f"the rule does not take {nearest.at.element or 'the batch'}: {_refuted(trace, rule.when, nearest.scope)}"
        )
        return Miss(
            rule.name, candidate.part, reason, rule.when.place, nearest.at.element, _holding(rule.when, nearest.scope)
        )
    route = trace.rulebook.routes.get(rule.route or "")
    if route is not None:
        return _not_offered(trace, rule, candidate, route, element)
    return Miss(rule.name, candidate.part, "the batch cannot be mapped", rule.place, None, -1)


def _not_offered(trace: Trace, rule: Rule, candidate: _Candidate, route: Route, element: str | None) -> Miss:
    takers = [
        own[0].rule.name
        for own in trace.by_rule.values()
        if own[0].rule is not None
        and own[0].rule.route == route.name
        and any(element in (None, one.element) for one in own)
    ]
    if takers:
        others = len(takers) - _MAX_TAKERS
        names = f"rule{'s'[: len(takers) > 1]} {', '.join(takers[:_MAX_TAKERS])}"
        names += f" and {others} other{'s'[: others > 1]}" if others > 0 else ""
        reason = f"never reached: {names} took all of the route {route.name} before"
    else:
        reason = f"the route {route.name} offers no element"
    return Miss(rule.name, candidate.part, reason, rule.place, None, -1)


def _holding(when: Expr | None, scope: Scope) -> int:
    """The number of parts joined by `&&` in a condition that hold before the first that does not."""
    if when is None:
        return 0
    known = values_by_span(when, scope)
    count, pending = 0, [when.expression.tree]
    while pending:
        node = pending.pop(0)
        if node["type"] == "and_expression":
            pending = [*children(node), *pending]
        elif known.get((node["start"], node["end"])):
            count += 1
        else:
            break
    return count
