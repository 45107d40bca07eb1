"""Accounts for every leaf of a batch: sent and where to, skipped and why, read by rules only, or unread.

Leaves that are sent are found by the steps that led to each value of the requests, so only rules that took part count.
If a rule hands the batch to another mapping, a leaf is followed through the bodies of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from ..diagnostics.problem import Place, Problem
from ..inference.read_places import ReadNode, Reads
from ..inference.reads import InputRead, converting_reads, reads_of
from ..interpreter.interpreter import Interpreter
from ..interpreter.scope import Scope, Stand
from ..language.rulebook import Expr, Field, Rulebook, Spread, Text
from ..runtime.result import Accounted, Destination, Result, Skipped
from ..values.equality import equal
from ..values.pointers import above, join, leaves, value_at
from .tracing import TooManyDecisionsError, Trace, identities, trace
from .why import place_in, places_read, steps_in, steps_of, uses_in

__all__ = ["account_of", "account_of_trace", "accounted"]

_MAX_READERS = 3
_HOWS = ("same", "cut", "converted", "part")
_FATES = ("skipped", "read", "unread")
"""The fates of leaves that are not sent, the most informative ones first."""

Part = Literal["body", "path", "query", "headers"]


def accounted(rulebook: Rulebook, batch: Any, result: Result) -> Result:
    """The Result of a batch with its account, which is empty, with a Problem, if the batch takes too many decisions."""
    try:
        return result._replace(account=account_of(rulebook, batch, result))
    except TooManyDecisionsError as error:
        problem = Problem.of("M527", input="", reason=str(error))
        return result._replace(account=(), problems=(*result.problems, problem))


def account_of(rulebook: Rulebook, batch: Any, result: Result | None = None) -> tuple[Accounted, ...]:
    """The fate of each leaf of a batch, in its order. `result` is the Result of the batch, if that is known."""
    interpreter = Interpreter(rulebook)
    found = interpreter.converted(batch)
    if found is None:
        return account_of_trace(trace(rulebook, batch, interpreter=interpreter))
    name, bodies = found
    left_out = _left_out(interpreter.run(batch) if result is None else result)
    after: list[_Converted] = []
    requests = 0
    for body in bodies:
        traced = trace(rulebook, body, interpreter=interpreter, is_converted=True)
        after.append(_Converted(body, requests, {one.pointer: one for one in account_of_trace(traced)}))
        requests += len(traced.result.requests)
    converter = rulebook.converters[name]
    before = _tree(converting_reads(rulebook)).leaves(batch)
    inner = _reads(converter).leaves(batch)
    followed = []
    for leaf, (_, deciding, _), (_, reading, _) in zip(account_of(converter, batch), before, inner, strict=True):
        one = _followed(leaf, value_at(batch, leaf.pointer), converter.name, after)
        why = left_out.why(leaf.pointer) if one.fate == "unread" else None
        by = [read.title for read in deciding.holding]
        if why is not None:
            one = Accounted(leaf.pointer, "skipped", rule=why.rule, reason=why.reason)
        elif one.fate == "read" or (one.fate == "unread" and by):
            one = one._replace(fate="read", by=_first([*by, *(one.by if one.fate == "read" else ())]))
        elif one.fate == "unread":
            one = one._replace(by=_first(f"{converter.name}: {read.title}" for read in reading.holding))
        followed.append(one)
    return tuple(followed)


def _first(titles: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(titles))[:_MAX_READERS]


@lru_cache(maxsize=8)
def _reads(rulebook: Rulebook) -> ReadNode[InputRead, None]:
    return _tree(reads_of(rulebook))


def _tree(reads: Iterable[InputRead]) -> ReadNode[InputRead, None]:
    return ReadNode((), Reads(reads).root)


class _LeftOut(NamedTuple):
    """The parts of a batch that are left out: values with all that is in them, and leaves that Problems name."""

    skipped: dict[str, Skipped]
    refused: dict[str, Skipped]

    def why(self, place: str) -> Skipped | None:
        """The reason why the leaf at a place is left out; None if it is not."""
        return next((self.skipped[base] for base in above(place) if base in self.skipped), self.refused.get(place))


def _left_out(result: Result) -> _LeftOut:
    refused = {
        problem.input: Skipped(problem.input, problem.rule, f"{problem.code}: {problem.message}")
        for problem in reversed(result.problems)
        if problem.input is not None
    }
    return _LeftOut({one.pointer: one for one in result.skipped}, refused)


class _Link(NamedTuple):
    """A place of the input that led to a value of a request, by a part of the rules."""

    request: int
    part: Part
    pointer: str
    place: Place | None
    """The field that the value is of; None if it is a whole entry."""


class _Converted(NamedTuple):
    """A converted body, its leaves by their places, and the number of requests from the bodies before it."""

    body: Any
    requests: int
    leaves: dict[str, Accounted]

    def found(self, pointer: str, value: Any) -> list[Accounted]:
        """The leaf at a place, or else the leaves below it that have the value, or else all leaves below it."""
        if pointer in self.leaves:
            return [self.leaves[pointer]]
        below = [one for place, one in self.leaves.items() if place.startswith(f"{pointer}/")]
        return [one for one in below if equal(value_at(self.body, one.pointer), value)] or below


def _followed(leaf: Accounted, value: Any, converter: str, after: Sequence[_Converted]) -> Accounted:
    """The fate of a leaf of a batch that was converted first."""
    if leaf.fate != "sent":
        return leaf._replace(by=tuple(f"{converter}: {title}" for title in leaf.by))
    to: list[Destination] = []
    others: list[Accounted] = []
    for place in leaf.to:
        made = after[place.request]
        for there in made.found(place.pointer, value) if place.part == "body" else ():
            for one in there.to:
                how = max(place.how, one.how, key=_HOWS.index)
                to.append(one._replace(request=one.request + made.requests, how=how))
            if there.fate != "sent":
                others.append(there)
    if to:
        return Accounted(leaf.pointer, "sent", tuple(dict.fromkeys(to)))
    other = min(others, key=lambda one: _FATES.index(one.fate), default=Accounted(leaf.pointer, "unread"))
    return other._replace(pointer=leaf.pointer)


def account_of_trace(found: Trace) -> tuple[Accounted, ...]:
    """The fate of each leaf of the batch of a trace, in its order; of a converted batch, that of the body."""
    links: dict[str, list[_Link]] = {}
    for place, link in (*_to_bodies(found), *_to_targets(found)):
        links.setdefault(place, []).append(link)
    readers = _readers(found)
    skipped, refused = _left_out(found.result)
    left_out = _LeftOut({**_excepted(found), **skipped}, refused)
    placed = _reads(found.rulebook).leaves(found.batch)
    return tuple(_leaf(found, place, value, links, readers, left_out, node) for place, node, value in placed)


def _leaf(
    found: Trace,
    place: str,
    value: Any,
    links: dict[str, list[_Link]],
    readers: _Readers,
    left_out: _LeftOut,
    node: ReadNode[InputRead, None],
) -> Accounted:
    static = node.holding
    outer = list(above(place))
    takers = {rule for base in outer for rule in found.takers.get(base, ())}
    to = [
        one for base in outer for link in links.get(base, ()) for one in _sent(found, link, base, place, value, static)
    ]
    exact = dict.fromkeys(one for one in to if one.how != "part")
    if to:
        return Accounted(place, "sent", tuple(exact or dict.fromkeys(to)))
    why = left_out.why(place)
    if why is not None:
        return Accounted(place, "skipped", rule=why.rule, reason=why.reason)
    rules = {rule for base in outer for rule in readers.at.get(base, ())}
    if expecting := node.expecting(value):
        static, rules = [*static, *expecting], rules | readers.inside.get(place, set())
    own = sorted((read for read in static if readers.reads(read, rules)), key=lambda read: read.rule not in takers)
    if own:
        return Accounted(place, "read", by=_first(read.title for read in own))
    return Accounted(place, "unread", by=_first(read.title for read in static))


def _sent(
    found: Trace, link: _Link, base: str, place: str, value: Any, static: list[InputRead]
) -> Iterator[Destination]:
    """The destination of a leaf at `place`, if a link from `base`, the place or one above, holds for it."""
    request = found.result.requests[link.request]
    if link.part == "body":
        target = link.pointer + place[len(base) :]
        there = value_at(request.body, target)
        if equal(there, value) and there is not None:
            yield Destination(link.request, "body", target, "same")
            return
    else:
        there = None if link.part == "path" else value_at(getattr(request, link.part), link.pointer)
    how: Literal["same", "cut", "converted", "part"]
    sent = [read for read in static if read.is_sent]
    if place != base:
        if not any(link.place is None or read.place.is_inside(link.place) for read in sent):
            return
        how = "part"
    elif there is not None and equal(there, value):
        how = "same"
    elif isinstance(there, str) and isinstance(value, str) and there and value.startswith(there):
        how = "cut"
    elif sent:
        how = "converted"
    else:  # only its length or its kind is sent
        return
    yield Destination(link.request, link.part, link.pointer, how)


def _to_bodies(found: Trace) -> Iterator[tuple[str, _Link]]:
    for number, request in enumerate(found.result.requests):
        places = (place_in(found, number, place) for place, _ in leaves(request.body))
        for place in dict.fromkeys(one for one in places if one is not None):
            steps = steps_in(found, number, place)
            for step in steps:
                if step.kind in ("source", "entry"):
                    for base in step.inputs:
                        yield base, _Link(number, "body", place, steps[-1].place if step.kind == "source" else None)


def _to_targets(found: Trace) -> Iterator[tuple[str, _Link]]:
    """The links to paths, parameters and headers of requests."""
    requests = _requests(found)
    for output in found.rulebook.outputs.values():
        line = output.request
        parts: list[tuple[Part, tuple[Field, ...]]] = [
            ("path", (line.path,)),
            ("query", line.query),
            ("headers", line.headers),
        ]
        for part, fields in parts:
            own = {one: field.name or "" for field in fields if field is not None for one in identities(field)}
            for taken in found.decisions if own else ():
                if id(taken.part) not in own or taken.outcome != "value" or not isinstance(taken.part, Expr | Text):
                    continue
                pointer = join("", own[id(taken.part)]) if part != "path" else ""
                inputs = dict.fromkeys(base for step in steps_of(found, taken) for base in step.inputs)
                for number in requests.get((output.name, taken.at.rule, taken.at.element if taken.at.rule else ""), ()):
                    for base in inputs:
                        yield base, _Link(number, part, pointer, taken.part.place)


def _requests(found: Trace) -> dict[tuple[str, str | None, str], list[int]]:
    """The requests by their output, and by the rules and elements that they are made of; all of an output by None."""
    requests: dict[tuple[str, str | None, str], list[int]] = {}
    for number, request in enumerate(found.result.requests):
        for rule, element in (*found.makers[number], (None, "")):
            requests.setdefault((request.output, rule, element), []).append(number)
    return requests


class _Readers(NamedTuple):
    """The rules that read each place, for any purpose; None stands for other parts of the mapping.

    `inside` has those that read the place or something in it. `loose` are the places of expressions and templates that
    read an element whose place is not known, since it is a scalar of a computed list: all places that they may read
    count.
    """

    at: dict[str, set[str | None]]
    inside: dict[str, set[str | None]]
    loose: dict[Place, None]

    def reads(self, read: InputRead, rules: set[str | None]) -> bool:
        """Returns whether a read took part: its rule is one of these, or it has an expression of `loose`."""
        return read.rule in rules or any(place.is_inside(read.place) for place in self.loose)


def _readers(found: Trace) -> _Readers:
    readers = _Readers({}, {}, {})

    def look(part: Expr | Text, scope: Scope, at: Stand) -> None:
        for place in places_read(found, part, scope):
            readers.at.setdefault(place, set()).add(at.rule)
            for base in above(place):
                readers.inside.setdefault(base, set()).add(at.rule)
        names = {use.name for use in uses_in(part)} - scope.lets.keys() - {"settings"}
        if any(scope.pointers.get(name, "") is None for name in names):
            readers.loose[part.place] = None

    found.interpreter.watch(found.batch, look)
    return readers


def _excepted(found: Trace) -> dict[str, Skipped]:
    """The entries that spreads except."""
    bases: dict[tuple[int, int], str | None] = {}
    excepted: dict[str, Skipped] = {}
    for taken in found.decisions:
        if not isinstance(taken.part, Spread):
            continue
        key = id(taken.part), id(taken.scope)
        if isinstance(taken.value, dict):
            bases[key] = found.places.of(taken.part.from_, taken.value, taken.scope)
        elif taken.outcome == "excepted" and (base := bases.get(key)) is not None:
            place = join(base, taken.value)
            excepted[place] = Skipped(place, taken.at.rule, "the spread excepts it")
    return excepted
