"""Why a value is in a request, and why one is not: the decisions that led there, in words with places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..diagnostics.problem import Place
from ..diagnostics.suggestions import did_you_mean
from ..expressions.paths import inputs_read
from ..expressions.tree import children, parts_of, walk
from ..interpreter.recorder import Taken
from ..interpreter.scope import Scope
from ..language.rulebook import (
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    ObjectSource,
    Route,
    Rule,
    Spread,
    Table,
    Text,
)
from ..values.kinds import kind, shown, with_article
from ..values.pointers import join
from .tracing import Application, Trace

__all__ = ["Miss", "Reader", "Step", "masked", "readers_of", "steps_to", "why_not"]

_SHOWN = 100
_MAX_MISSES = 20


Kind = Literal["rule", "condition", "source", "entry", "list", "table", "type", "default", "field"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the way to a value: what happened, where the rules say so, and what was read and computed.

    `inputs` are the places of the input, `parts` the parts of an expression with their values. `value` is the value
    after the step; None where there is none.
    """

    kind: Kind
    text: str
    place: Place
    value: Any = None
    inputs: tuple[str, ...] = ()
    parts: tuple[tuple[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """`{kind, text, place: {file, line, column}, value, inputs, parts: [{text, value}]}`."""
        return {
            "kind": self.kind,
            "text": self.text,
            "place": {"file": self.place.file, "line": self.place.line, "column": self.place.column},
            "value": self.value,
            "inputs": list(self.inputs),
            "parts": [{"text": text, "value": value} for text, value in self.parts],
        }


# Why


def steps_to(trace: Trace, application: Application, pointer: str) -> tuple[Step, ...]:
    """The steps to the value at a place in what a rule emitted for an element; empty if it has none there.

    `pointer` is the place in the body of the rule alone, before bodies were combined.
    """
    own = [taken for taken in application.decisions if taken.at.output == pointer]
    last = next((taken for taken in reversed(own) if taken.outcome in ("given", "kept")), None)
    if last is None:
        return ()
    here = [taken for taken in own if taken.at.element == last.at.element]  # not the entries that are put into it
    return (*_taking(trace, application), *(step for taken in here for step in _step(trace, taken)))


def _taking(trace: Trace, application: Application) -> Iterator[Step]:
    """Why the rule took the element."""
    rule = application.rule
    if rule is None:
        return
    at = application.element or "the batch"
    yield Step("rule", f"rule {rule.name} takes {at}", rule.place)
    if rule.when is not None:
        taken = next(
            one
            for one in trace.decisions
            if one.part is rule.when and one.outcome == "true" and one.at.element == application.element
        )
        yield from _of_expression(trace, "condition", "since `when` holds: ", rule.when, taken)


def _step(trace: Trace, taken: Taken) -> Iterator[Step]:
    part = taken.part
    if isinstance(part, Expr):
        if taken.outcome == "value":
            yield from _of_expression(trace, "source", "from ", part, taken)
        else:
            holds = "holds" if taken.outcome == "true" else "does not hold"
            yield from _of_expression(trace, "condition", f"`when` {holds}: ", part, taken)
    elif isinstance(part, Text):
        parts = tuple((use.name, taken.scope.values.get(use.name)) for use in part.template.roots)
        yield Step("source", f"template {shown(part.template.text, _SHOWN)}", part.place, taken.value, (), parts)
    elif isinstance(part, Table):
        name = f"table {part.name}" if part.name else "the table"
        text = (
            f"{name} has no entry for {trace.show(taken.value)}"
            if taken.outcome == "unlisted"
            else f"{name} has an entry for {trace.show(taken.value)}"
        )
        yield Step("table", text, part.node.place)
    elif isinstance(part, EntryRule):
        if taken.outcome == "kept":
            yield Step(
                "entry",
                f"the entry {taken.at.element} passes through",
                part.node.place,
                taken.value,
                (taken.at.element,),
            )
    elif isinstance(part, Each):
        count = len(taken.value)
        yield Step(
            "list", f"for each of {count} element{'' if count == 1 else 's'} of {part.each.text}", part.each.place
        )
    elif isinstance(part, Field):
        yield from _of_field(trace, part, taken)


def _of_field(trace: Trace, field: Field, taken: Taken) -> Iterator[Step]:
    before = trace.show(taken.value)
    if taken.outcome == "converted":
        yield Step("type", f"{before} becomes {field.type}", field.place)
    elif taken.outcome == "unconverted":
        yield Step("type", f"{before} cannot become {field.type}", field.place)
    elif taken.outcome == "default":
        yield Step("default", "there is no value, so the default counts", field.place, taken.value)
    elif taken.outcome == "given":
        what = (
            "the constant" if isinstance(field.source, Const) else f"field {field.name}" if field.name else "the value"
        )
        yield Step("field", f"{what}: {before}", field.place, taken.value)


def _of_expression(
    trace: Trace, kind_: Kind, lead: str, expr: Expr, taken: Taken, above: tuple[str, ...] = ()
) -> Iterator[Step]:
    """A step for an expression, after those for the lets that it reads."""
    scope = taken.scope
    visited = {start for start, _, _ in parts_of(expr.expression, scope.values)}
    is_straight = not any(node["type"] in ("or_expression", "and_expression") for node in walk(expr.expression.tree))
    lets = [use for use in expr.expression.roots if use.name in scope.lets]
    for name in dict.fromkeys(use.name for use in lets if is_straight or use.start in visited):
        if name not in above and kind_ != "condition":
            yield from _of_let(trace, name, scope, (*above, name))
    found = f" = {trace.show(taken.value)}" if taken.outcome == "value" else ""
    text = " ".join(expr.text.split())
    yield Step(kind_, f"{lead}{text}{found}", expr.place, taken.value, _exact(trace, expr, scope), _parts(expr, scope))


def _of_let(trace: Trace, name: str, scope: Scope, above: tuple[str, ...]) -> Iterator[Step]:
    """The steps to the value of a let, as far as it was computed."""
    definition, inner = scope.lets[name]
    for taken in trace.decisions:
        if taken.scope is not inner or taken.at.output is not None:
            continue
        part = taken.part
        if isinstance(part, Expr) and taken.outcome == "value" and _is_in(part, definition):
            yield from _of_expression(trace, "source", f"let {name} from ", part, taken, above)
        elif part is definition and taken.outcome in ("converted", "default"):
            yield from _of_field(trace, definition, taken)


def _is_in(part: Expr, field: Field) -> bool:
    """Tells if an expression is a source of a field, or of an alternative of it."""
    source = field.source
    alternatives = source.alternatives if isinstance(source, From) else ()
    return any(one is part or (isinstance(one, Field) and _is_in(part, one)) for one in alternatives)


def _exact(trace: Trace, expr: Expr, scope: Scope) -> tuple[str, ...]:
    """The places that an expression reads, other than through lets; looking up a constant name reads the entry."""
    uses = expr.expression.roots
    roots = trace.places.roots(uses, scope)
    places = list(dict.fromkeys(inputs_read(expr.expression.tree, roots)))
    known = {(start, end): value for start, end, value in parts_of(expr.expression, scope.values)}
    for node in walk(expr.expression.tree):
        looked_up = _look_up(expr, node["start"], node["end"]) if node["type"] == "function_expression" else None
        value = None if looked_up is None else known.get(looked_up[0])
        base = trace.places.index.find(value)
        if looked_up is None or base not in places or not isinstance(value, dict):
            continue
        name = looked_up[1]
        folded = name if name in value else next((key for key in value if key.casefold() == name.casefold()), name)
        places[places.index(base)] = join(base, folded)
    return tuple(dict.fromkeys(places))


def masked(value: Any) -> str:
    """The kind of a value, in place of the value."""
    return f"({kind(value)})"


def _parts(expr: Expr, scope: Scope) -> tuple[tuple[str, Any], ...]:
    """The parts of an expression that are no constants, with their values, from left to right."""
    tree = expr.expression.tree
    constants = {(node["start"], node["end"]) for node in walk(tree) if node["type"] in ("literal", "expref")}
    found = {(start, end): value for start, end, value in parts_of(expr.expression, scope.values)}
    whole = tree["start"], tree["end"]
    ends: dict[int, int] = {}
    for start, end in found:
        ends[start] = max(end, ends.get(start, end))
    return tuple(
        (" ".join(expr.text[start:end].split()), value)
        for (start, end), value in sorted(found.items())
        if (start, end) not in constants
        and (start, end) != whole
        and (end == ends[start] or not isinstance(value, dict | list))  # not the steps on the way to a part of them
    )


# Why not


@dataclass(frozen=True, slots=True)
class Miss:
    """A part of the rules that could have given a value, and the first reason why it did not.

    `nearness` is greater the further the part came.
    """

    rule: str
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
            "place": {"file": self.place.file, "line": self.place.line, "column": self.place.column},
            "element": self.element,
        }


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A way to a place of an output: a rule, and the fields or the spread on the way, the outermost first."""

    rule: Rule
    way: tuple[Field | Spread, ...]
    name: str
    part: str


def why_not(trace: Trace, pointer: str, output: str | None = None, element: str | None = None) -> tuple[Miss, ...]:
    """The parts of the rules that could have given a value at a place of an output, the nearest misses first.

    `pointer` is a place in the body that one rule makes (`/attributes/city`), in which an index of a list may be `*`;
    an empty one asks for the whole. Only rules of `output`, and only the `element` of the input, if given.
    """
    tokens = tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])
    misses: list[Miss] = []
    for rule in trace.rulebook.rules:
        if rule.output is None or (output is not None and rule.output != output):
            continue
        base = trace.rulebook.outputs[rule.output].element_of
        inner = tokens[2:] if base is not None and tokens[:1] == (base,) else tokens
        body = rule.body
        ways = (
            _candidates(rule, body, inner, (), "")
            if isinstance(body, ObjectSource)
            else _below(rule, body, inner, (body,), "value")
        )
        misses += [_nearest(trace, candidate, element) for candidate in ways]
    return tuple(sorted(misses, key=lambda miss: -miss.nearness)[:_MAX_MISSES])


def _candidates(
    rule: Rule, source: ObjectSource, tokens: tuple[str, ...], way: tuple[Field | Spread, ...], part: str
) -> Iterator[_Candidate]:
    """The ways from an object to a place below it."""
    if not tokens:
        yield _Candidate(rule, way, "", part)
        return
    for field in source.fields:
        if field.name == tokens[0]:
            yield from _below(rule, field, tokens[1:], (*way, field), f"{part}.{field.name}".lstrip("."))
    for number, spread in enumerate(source.spreads, 1):
        which = "spread" if len(source.spreads) == 1 else f"spread {number}"
        yield _Candidate(rule, (*way, spread), tokens[0], f"{part}.{which}".lstrip("."))


def _below(
    rule: Rule, field: Field, tokens: tuple[str, ...], way: tuple[Field | Spread, ...], part: str
) -> Iterator[_Candidate]:
    source = field.source
    if not tokens or not isinstance(source, ObjectSource | Each):
        yield _Candidate(rule, way, "", part)
    elif isinstance(source, ObjectSource):
        yield from _candidates(rule, source, tokens, way, part)
    elif isinstance(source.value, ObjectSource):
        yield from _candidates(rule, source.value, tokens[1:], way, f"{part}[]")
    else:
        yield from _below(rule, source.value, tokens[1:], (*way, source.value), f"{part}[]")


def _nearest(trace: Trace, candidate: _Candidate, element: str | None) -> Miss:
    """How far a candidate came at most, over all elements."""
    rule = candidate.rule
    misses = [
        _in_application(trace, candidate, application)
        for application in trace.applications
        if application.rule is rule and element in (None, application.element)
    ]
    if misses:
        return max(misses, key=lambda miss: miss.nearness)
    return _not_taken(trace, candidate, element)


def _in_application(trace: Trace, candidate: _Candidate, application: Application) -> Miss:
    """Why a rule that took an element gave no value there."""

    def miss(reason: str, place: Place, nearness: int) -> Miss:
        return Miss(candidate.rule.name, candidate.part, reason, place, application.element, nearness)

    for depth, part in enumerate(candidate.way):
        own = [taken for taken in application.decisions if taken.part is part]
        if isinstance(part, Spread):
            return miss(*_in_spread(application, part, candidate.name), 200 + depth)
        is_given = any(taken.outcome == "given" for taken in own)
        is_last = depth == len(candidate.way) - 1
        is_open = isinstance(part.source, ObjectSource) and not _is_refused(application, part)
        if not is_last and (is_given or is_open):
            continue
        if is_given:
            return miss("it gave a value there", part.place, 400)
        reason, place = _in_field(trace, application, part)
        return miss(reason, place, 250 + depth)
    return miss("it gave nothing", candidate.rule.place, 200)


def _is_refused(application: Application, field: Field) -> bool:
    return any(taken.part is field.when and taken.outcome == "false" for taken in application.decisions)


def _in_field(trace: Trace, application: Application, field: Field) -> tuple[str, Place]:
    """Why a field has no value."""
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
    """Why a source gives nothing."""
    if isinstance(part, Expr):
        return _missing(part, scope)
    if isinstance(part, Each):
        return _missing(part.each, scope)
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
    known: dict[tuple[int, int], Any] = {}
    for start, end, value in parts_of(expr.expression, scope.values):
        known[start, end] = value
    for (start, end), value in sorted(known.items()):
        if value is not None:
            continue
        before = [span for span in known if span[0] == start and span[1] < end]
        text = " ".join(expr.text[start:end].split())
        if (looked_up := _look_up(expr, start, end)) is not None:
            argument, name = looked_up
            return _lost(" ".join(expr.text[slice(*argument)].split()), known.get(argument), name)
        if not before:
            return f"{text} is null"
        above = max(before, key=lambda span: span[1])
        name = expr.text[above[1] : end].lstrip(". ").strip('"')
        prefix = " ".join(expr.text[slice(*above)].split())
        return _lost(prefix, known[above], name)
    return f"{' '.join(expr.text.split())} is null"


def _look_up(expr: Expr, start: int, end: int) -> tuple[tuple[int, int], str] | None:
    """The span of the object and the name, if a part of an expression is the look-up of a constant name."""
    for node in walk(expr.expression.tree):
        if (node["start"], node["end"]) == (start, end) and node["type"] == "function_expression":
            arguments = children(node)
            if node["value"] in ("get", "get_ignore_case") and arguments[1]["type"] == "literal":
                return (arguments[0]["start"], arguments[0]["end"]), str(arguments[1]["value"])
    return None


def _lost(prefix: str, value: Any, name: str) -> str:
    if isinstance(value, dict):
        if name in value:
            return f"{prefix}.{name} is null"
        hint = did_you_mean(name, value)
        return f"{prefix} has no {name!r}{f'; {hint}' if hint else ''}"
    if value is None:
        return f"{prefix} is null"
    return f"{prefix} is {with_article(kind(value))}, which has no {name!r}"


def _refuted(trace: Trace, when: Expr, scope: Scope) -> str:
    """The part of a condition that makes it false, with the values that it compares."""
    known = {(start, end): value for start, end, value in parts_of(when.expression, scope.values)}

    def refuting(node: Any) -> Any:
        if node["type"] == "and_expression":
            for child in children(node):
                if not known.get((child["start"], child["end"])):
                    return refuting(child)
        return node

    node = refuting(when.expression.tree)
    text = " ".join(when.text[node["start"] : node["end"]].split())
    if node["type"] not in ("comparator", "not_expression", "or_expression", "function_expression"):
        return f"{text} is {trace.show(known.get((node['start'], node['end'])))}"
    spans = [(child["start"], child["end"]) for child in children(node) if child["type"] not in ("literal", "expref")]
    values = [
        f"{' '.join(when.text[slice(*span)].split())} is {trace.show(known[span])}" for span in spans if span in known
    ]
    return f"{text} ({', '.join(values)})" if values else text


def _in_spread(application: Application, spread: Spread, name: str) -> tuple[str, Place]:
    """Why a spread did not give an entry of a name."""
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


def _not_taken(trace: Trace, candidate: _Candidate, element: str | None) -> Miss:
    """Why a rule took no element."""
    rule = candidate.rule
    tried = [
        taken
        for taken in trace.decisions
        if taken.part is rule.when and taken.outcome == "false" and element in (None, taken.at.element)
    ]
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
        return _not_offered(trace, candidate, route, element)
    reason = "the batch was ended by another rule before" if trace.decisions else "the batch cannot be mapped"
    return Miss(rule.name, candidate.part, reason, rule.place, None, -1)


def _not_offered(trace: Trace, candidate: _Candidate, route: Route, element: str | None) -> Miss:
    rule = candidate.rule
    takers = {
        taken.part.name: taken.part
        for taken in trace.decisions
        if isinstance(taken.part, Rule)
        and taken.outcome == "takes"
        and taken.part.route == route.name
        and element in (None, taken.at.element)
    }
    if takers:
        names = ", ".join(takers)
        reason = f"rules before it took all that the route {route.name} offers: {names}"
    else:
        reason = f"the route {route.name} offers no element"
    return Miss(rule.name, candidate.part, reason, rule.place, None, -1)


def _holding(when: Expr | None, scope: Scope) -> int:
    """The number of parts joined by `&&` in a condition that hold before the first that does not."""
    if when is None:
        return 0
    known = {(start, end): value for start, end, value in parts_of(when.expression, scope.values)}
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


# Who read an input


@dataclass(frozen=True, slots=True)
class Reader:
    """A part of the rules that read a place of the input: its owner, its text, and what it gave."""

    owner: str
    text: str
    place: Place
    value: Any

    def to_json(self) -> dict[str, Any]:
        """`{owner, text, place: {file, line, column}, value}`."""
        place = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {"owner": self.owner, "text": self.text, "place": place, "value": self.value}


def readers_of(trace: Trace, pointer: str) -> tuple[Reader, ...]:
    """The expressions that read a place of the input, something in it, or something that it is in, in order."""
    found: dict[tuple[str, Place], Reader] = {}
    for taken in trace.decisions:
        part = taken.part
        if not isinstance(part, Expr):
            continue
        if any(_overlap(pointer, place) for place in trace.places.read_by(part, taken.scope)):
            owner = f"rule {taken.at.rule}" if taken.at.rule else "the mapping"
            found.setdefault((owner, part.place), Reader(owner, " ".join(part.text.split()), part.place, taken.value))
    return tuple(found.values())


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
