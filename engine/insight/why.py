"""Explains why a value is in a request by the decisions that led there, and finds the readers of a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from ..diagnostics.problem import Place
from ..expressions.paths import inputs_read
from ..expressions.roots import RootUse
from ..expressions.tree import EvaluationError, walk
from ..inference.reads import names_after
from ..interpreter.recorder import Taken
from ..interpreter.scope import Scope, Stand
from ..language.rulebook import (
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    Route,
    Spread,
    Table,
    Text,
)
from ..language.traversal import parts_in
from ..runtime.notes import Rejected
from ..source.text import one_line
from ..templates.template import TemplateFailure
from ..values.kinds import shown
from ..values.pointers import above as places_above
from ..values.pointers import join, value_at
from .spans import look_up, values_by_span
from .tracing import Application, Trace

__all__ = [
    "ExplanationStep",
    "ReadingPart",
    "place_in",
    "places_read",
    "read_near",
    "readers_of",
    "steps_in",
    "steps_of",
    "steps_to",
    "uses_in",
]

_SHOWN = 100
_MAX_KEPT = 1000
"""The maximum number of places whose steps are cached."""


_Known = Mapping[tuple[int, int], Any]
"""The values of the parts of an expression, by their start and end."""
Kind = Literal["rule", "condition", "source", "entry", "list", "table", "type", "default", "field"]


@dataclass(frozen=True, slots=True)
class ExplanationStep:
    """A step on the way to a value: the event in words, its place in the rules, and the values read and computed.

    `inputs` are the places of the input, `parts` the parts of an expression with their values. `value` is the value
    after the step; None if there is none.
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
            "place": self.place.to_json(),
            "value": self.value,
            "inputs": list(self.inputs),
            "parts": [{"text": text, "value": value} for text, value in self.parts],
        }


# Why


def steps_in(trace: Trace, number: int, pointer: str) -> tuple[ExplanationStep, ...]:
    """The steps to a value of a request, or to the value around it that was taken as a whole."""
    place = place_in(trace, number, pointer)
    if place is None:
        return ()
    application, local = trace.bodies[number][place]
    key = id(application), local
    if key not in trace.steps:
        if len(trace.steps) == _MAX_KEPT:
            trace.steps.clear()
        trace.steps[key] = steps_to(trace, application, local)
    return trace.steps[key]


def place_in(trace: Trace, number: int, pointer: str) -> str | None:
    """The place in a body at a pointer, or the nearest above it, whose value a rule gave; None without one."""
    places = trace.bodies[number]
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return pointer if pointer in places else None


def steps_to(trace: Trace, application: Application, pointer: str) -> tuple[ExplanationStep, ...]:
    """The steps to the value at a place of an emission; empty if it has none there.

    `pointer` is the place in the body of the rule alone, before bodies were combined.
    """
    own = application.by_output.get(pointer, [])
    last = next((taken for taken in reversed(own) if taken.outcome in ("given", "kept")), None)
    if last is None:
        return ()
    here = [taken for taken in own if taken.at.element == last.at.element]  # not the entries that are put into it
    return (*_taking(trace, application), *(step for taken in here for step in steps_of(trace, taken)))


def _taking(trace: Trace, application: Application) -> Iterator[ExplanationStep]:
    """The steps that explain why the rule took the element."""
    rule = application.rule
    if rule is None:
        return
    at = application.element or "the batch"
    yield ExplanationStep("rule", f"rule {rule.name} takes {at}", rule.place)
    if rule.when is not None:
        taken = trace.takings[id(rule.when), application.element]
        yield from _of_expression(trace, "condition", "since `when` holds: ", rule.when, taken)


def steps_of(trace: Trace, taken: Taken) -> Iterator[ExplanationStep]:
    """The steps of one decision, those of the lets that it reads first."""
    part = taken.part
    if isinstance(part, Expr):
        if taken.outcome == "value":
            yield from _of_expression(trace, "source", "from ", part, taken)
        else:
            holds = "holds" if taken.outcome == "true" else "does not hold"
            yield from _of_expression(trace, "condition", f"`when` {holds}: ", part, taken)
    elif isinstance(part, Text):
        yield from _of_lets(trace, part, taken.scope)
        yield _template_step(trace, "", part, taken)
    elif isinstance(part, Table):
        name = f"table {part.name}" if part.name else "the table"
        text = (
            f"{name} has no entry for {trace.show(taken.value)}"
            if taken.outcome == "unlisted"
            else f"{name} has an entry for {trace.show(taken.value)}"
        )
        yield ExplanationStep("table", text, part.node.place)
    elif isinstance(part, EntryRule):
        if taken.outcome == "kept":
            yield ExplanationStep(
                "entry",
                f"the entry {taken.at.element} passes through",
                part.node.place,
                taken.value,
                (taken.at.element,),
            )
    elif isinstance(part, Each):
        count = len(taken.value)
        yield ExplanationStep(
            "list", f"for each of {count} element{'' if count == 1 else 's'} of {part.each.text}", part.each.place
        )
    elif isinstance(part, Field):
        yield from _of_field(trace, part, taken)


def _template_step(trace: Trace, lead: str, text: Text, taken: Taken) -> ExplanationStep:
    parts = tuple((use.name, taken.scope.values.get(use.name)) for use in text.template.roots)
    inputs = places_read(trace, text, taken.scope)
    told = f"{lead}template {shown(text.template.text, _SHOWN)}"
    return ExplanationStep("source", told, text.place, taken.value, inputs, parts)


def _of_field(trace: Trace, field: Field, taken: Taken) -> Iterator[ExplanationStep]:
    before = trace.show(taken.value)
    if taken.outcome == "converted":
        yield ExplanationStep("type", f"{before} becomes {field.type}", field.place)
    elif taken.outcome == "unconverted":
        yield ExplanationStep("type", f"{before} cannot become {field.type}", field.place)
    elif taken.outcome == "default":
        yield ExplanationStep("default", "there is no value, so the default counts", field.place, taken.value)
    elif taken.outcome == "given":
        what = (
            "the constant" if isinstance(field.source, Const) else f"field {field.name}" if field.name else "the value"
        )
        yield ExplanationStep("field", f"{what}: {before}", field.place, taken.value)


def _of_expression(trace: Trace, kind_: Kind, lead: str, expr: Expr, taken: Taken) -> Iterator[ExplanationStep]:
    """A step for an expression, after those for the lets that it reads, unless it is a condition."""
    if kind_ != "condition":
        yield from _of_lets(trace, expr, taken.scope)
    yield _expression_step(trace, kind_, lead, expr, taken)


def _expression_step(trace: Trace, kind_: Kind, lead: str, expr: Expr, taken: Taken) -> ExplanationStep:
    scope = taken.scope
    known = values_by_span(expr, scope)
    found = f" = {trace.show(taken.value)}" if taken.outcome == "value" else ""
    text = one_line(expr.text)
    inputs, parts = _exact(trace, expr, scope, known), _parts(expr, known)
    return ExplanationStep(kind_, f"{lead}{text}{found}", expr.place, taken.value, inputs, parts)


def uses_in(part: Expr | Text) -> Sequence[RootUse]:
    """The roots that an expression or a template uses."""
    return (part.expression if isinstance(part, Expr) else part.template).roots


def _of_lets(trace: Trace, part: Expr | Text, scope: Scope) -> Iterator[ExplanationStep]:
    """The steps to the values of the lets that a part reads, with all that these read; each let once, inner ones first.

    They are found without recursion, since lets may build on each other in many ways, and in long chains.
    """
    made: set[tuple[int, int]] = set()
    pending = [(name, scope, False) for name in reversed(_lets_read(part, scope))]
    while pending:
        name, scope, is_ready = pending.pop()
        definition, inner = scope.lets[name]
        key = id(definition), id(inner)
        if is_ready:
            yield from _of_let(trace, name, scope)
        elif key not in made:
            made.add(key)
            pending.append((name, scope, True))
            for taken in reversed(trace.in_lets.get(key, ())):
                source = _read_by(taken)
                if source is not None:
                    pending += [(one, taken.scope, False) for one in reversed(_lets_read(source, taken.scope))]


def _lets_read(part: Expr | Text, scope: Scope) -> list[str]:
    """The names of the lets that a part reads: of an expression with `||` or `&&`, those that it came to."""
    uses = [use for use in uses_in(part) if use.name in scope.lets]
    if isinstance(part, Expr) and uses:
        kinds = {node["type"] for node in walk(part.expression.tree)}
        if kinds & {"or_expression", "and_expression"}:
            visited = {start for start, _ in values_by_span(part, scope)}
            uses = [use for use in uses if use.start in visited]
    return [*dict.fromkeys(use.name for use in uses)]


def _read_by(taken: Taken) -> Expr | Text | None:
    """The expression or template whose value a decision is about, or over whose value it iterates."""
    part = taken.part
    if isinstance(part, Each | Spread):
        return part.each if isinstance(part, Each) else part.from_
    return part if isinstance(part, Expr | Text) and taken.outcome == "value" else None


def _of_let(trace: Trace, name: str, scope: Scope) -> Iterator[ExplanationStep]:
    """The steps to the value of a let, as far as it was computed; a let that is made of parts has one for all."""
    definition, inner = scope.lets[name]
    source = definition.source
    made = trace.in_lets.get((id(definition), id(inner)), ())
    if made and isinstance(source, Each | Listed | ObjectSource):
        what = f"each element of {one_line(source.each.text)}" if isinstance(source, Each) else "its parts"
        inputs = _inputs_of(trace, made)
        yield ExplanationStep("source", f"let {name} from {what}", definition.place, scope.known(name), inputs)
    for taken in made:
        part = taken.part
        if isinstance(part, Expr) and taken.outcome == "value" and _is_in(part, definition):
            yield _expression_step(trace, "source", f"let {name} from ", part, taken)
        elif isinstance(part, Text) and taken.outcome == "value" and _is_in(part, definition):
            yield _template_step(trace, f"let {name} from ", part, taken)
        elif part is definition and taken.outcome in ("converted", "default"):
            yield from _of_field(trace, definition, taken)


def _inputs_of(trace: Trace, made: Sequence[Taken]) -> tuple[str, ...]:
    """The places that the parts of a let read; of the elements of lists and objects, those of the list or object."""
    sources: dict[str, None] = {}
    inputs: dict[str, None] = {}
    for taken in made:
        part = _read_by(taken)
        if part is not None:
            found = sources if isinstance(taken.part, Each | Spread) else inputs
            found |= dict.fromkeys(places_read(trace, part, taken.scope))
    return *sources, *(place for place in inputs if not any(base in sources for base in places_above(place)))


def _is_in(part: Expr | Text, field: Field) -> bool:
    """Returns whether an expression or a template is a source of a field, or of an alternative of it."""
    source = field.source
    alternatives = source.alternatives if isinstance(source, From) else ()
    return source is part or any(one is part or (isinstance(one, Field) and _is_in(part, one)) for one in alternatives)


def _exact(trace: Trace, expr: Expr, scope: Scope, known: _Known) -> tuple[str, ...]:
    """The places that an expression reads, other than through lets; looking up a constant name reads the entry."""
    uses = expr.expression.roots
    roots = trace.places.roots(uses, scope)
    places = list(dict.fromkeys(inputs_read(expr.expression.tree, roots)))
    for node in walk(expr.expression.tree):
        looked_up = look_up(expr, node["start"], node["end"]) if node["type"] == "function_expression" else None
        value = None if looked_up is None else known.get(looked_up[0])
        base = trace.places.index.find(value)
        if looked_up is None or base not in places or not isinstance(value, dict):
            continue
        name = looked_up[1]
        folded = name if name in value else next((key for key in value if key.casefold() == name.casefold()), name)
        places[places.index(base)] = join(base, folded)
    return tuple(dict.fromkeys(places))


def places_read(trace: Trace, part: Expr | Text, scope: Scope) -> tuple[str, ...]:
    """The places of the input that an expression or a template reads, other than through lets."""
    if isinstance(part, Text):
        return tuple(dict.fromkeys(_filled_from(trace, part, scope)))
    return _exact(trace, part, scope, values_by_span(part, scope))


def _filled_from(trace: Trace, text: Text, scope: Scope) -> Iterator[str]:
    roots = trace.places.roots(text.template.roots, scope)
    for use in text.template.roots:
        place = roots[use.name]
        if place is not None:
            for name in names_after(text.template.text, use.end):
                value = value_at(trace.batch, place)
                if name is None or not isinstance(value, dict):
                    break
                place = join(place, name)
            yield place


def _parts(expr: Expr, known: _Known) -> tuple[tuple[str, Any], ...]:
    """The parts of an expression that are not constant, with their values, from left to right."""
    tree = expr.expression.tree
    constants = {(node["start"], node["end"]) for node in walk(tree) if node["type"] in ("literal", "expref")}
    whole = tree["start"], tree["end"]
    ends: dict[int, int] = {}
    for start, end in known:
        ends[start] = max(end, ends.get(start, end))
    return tuple(
        (one_line(expr.text[start:end]), value)
        for (start, end), value in sorted(known.items())
        if (start, end) not in constants
        and (start, end) != whole
        and (end == ends[start] or not isinstance(value, dict | list))  # not the steps on the way to a part of them
    )


# Who read an input


@dataclass(frozen=True, slots=True)
class ReadingPart:
    """A part of the rules that read a place of the input: its owner, its text, and its value."""

    owner: str
    text: str
    place: Place
    value: Any

    def to_json(self) -> dict[str, Any]:
        """`{owner, text, place: {file, line, column}, value}`."""
        return {"owner": self.owner, "text": self.text, "place": self.place.to_json(), "value": self.value}


def readers_of(trace: Trace, pointer: str) -> tuple[ReadingPart, ...]:
    """The expressions and templates that read a place of the input, one below it, or one above it, in order.

    What iterates over a list or an object reads that, but not what is in it.
    """
    book = trace.rulebook
    parts = parts_in((*book.let, *book.routes.values(), *book.rules, *book.policies.values(), *book.outputs.values()))
    iterated = {id(part.each) for part in parts if isinstance(part, Route | Each)}
    found: dict[tuple[str, Place], ReadingPart] = {}

    def look(part: Expr | Text, scope: Scope, at: Stand) -> None:
        owner = f"rule {at.rule}" if at.rule else "the mapping"
        if (owner, part.place) in found:
            return
        near = read_near(trace, part, scope, pointer)
        if any(place.startswith(pointer) for place in near) if id(part) in iterated else near:
            text = part.text if isinstance(part, Expr) else part.template.text
            found[owner, part.place] = ReadingPart(owner, one_line(text), part.place, _value_of(part, scope))

    trace.interpreter.watch(trace.batch, look)
    return tuple(found.values())


def _value_of(part: Expr | Text, scope: Scope) -> Any:
    """The value of an expression or a template; None if it fails."""
    with suppress(EvaluationError, TemplateFailure, Rejected):
        if isinstance(part, Expr):
            return part.expression.search(scope.values)
        return part.template.render({use.name: scope.values.get(use.name) for use in part.template.roots})
    return None


def read_near(trace: Trace, part: Expr | Text, scope: Scope, pointer: str) -> list[str]:
    """Those places that an expression or a template reads that are a place of the input, below it, or above it."""
    uses = uses_in(part)
    roots = [scope.pointers.get(use.name) for use in uses if use.name not in scope.lets]
    if len(roots) == len(uses) and not any(_overlap(pointer, root) for root in roots if root is not None):
        return []  # as most do: they are about other elements
    read = list(places_read(trace, part, scope))
    for name in dict.fromkeys(use.name for use in uses if use.name in scope.lets):
        if trace.places.index.find(scope.known(name)) is None:  # computed: what it is made of
            read += trace.places.read_by(*scope.lets[name])
    return [place for place in read if _overlap(pointer, place)]


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
