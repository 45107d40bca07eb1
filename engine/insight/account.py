"""Accounts for every leaf of a batch: sent and where to, skipped and why, read by rules only, or unread.

What is sent is found by the steps that led to each value of the requests, so rules that did not take part do not count.
Where a rule hands the batch to another mapping, a leaf is followed through what that makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from ..diagnostics.problem import Place, Problem
from ..interpreter.interpreter import Interpreter
from ..interpreter.recorder import Taken
from ..language.rulebook import Expr, Field, Rulebook, Spread, Text
from ..runtime.result import Accounted, Destination, Result, Skipped
from ..values.equality import equal
from ..values.pointers import join, leaves, value_at
from .reads import ANY, InputRead, Pattern, Reads, converting_reads, reads_of
from .tracing import TooManyDecisionsError, Trace, identities, trace
from .why import place_in, places_read, steps_in

__all__ = ["account_of", "account_of_trace", "accounted"]

_MAX_READERS = 3
_HOWS = ("same", "cut", "converted", "part")
_FATES = ("skipped", "read", "unread")
"""The fates of leaves that are not sent, what says most about one first."""

Part = Literal["body", "path", "query", "headers"]


def accounted(rulebook: Rulebook, batch: Any, result: Result) -> Result:
    """A Result of a batch with its account; that is empty, with a Problem, if there are too many decisions for one."""
    try:
        return result._replace(account=account_of(rulebook, batch))
    except TooManyDecisionsError as error:
        problem = Problem.of("M527", input="", reason=str(error))
        return result._replace(account=(), problems=(*result.problems, problem))


def account_of(rulebook: Rulebook, batch: Any) -> tuple[Accounted, ...]:
    """The fate of each leaf of a batch, in its order."""
    interpreter = Interpreter(rulebook)
    found = interpreter.converted(batch)
    if found is None:
        return account_of_trace(trace(rulebook, batch, interpreter=interpreter))
    name, bodies = found
    after: list[_Converted] = []
    requests = 0
    for body in bodies:
        traced = trace(rulebook, body, interpreter=interpreter, is_converted=True)
        after.append(_Converted(body, requests, {one.pointer: one for one in account_of_trace(traced)}))
        requests += len(traced.result.requests)
    converter = rulebook.converters[name]
    before = Reads(converting_reads(rulebook))
    followed = []
    for leaf in account_of(converter, batch):
        one = _followed(leaf, value_at(batch, leaf.pointer), converter.name, after)
        by = dict.fromkeys((*(read.title for read in before.of(_pattern(batch, leaf.pointer))), *one.by))
        is_read = bool(by) and one.fate in ("read", "unread")
        followed.append(one._replace(fate="read", by=tuple(by)[:_MAX_READERS]) if is_read else one)
    return tuple(followed)


@lru_cache(maxsize=8)
def _reads(rulebook: Rulebook) -> Reads:
    return Reads(reads_of(rulebook))


class _Link(NamedTuple):
    """A place of the input that led to a value of a request, by a part of the rules."""

    request: int
    part: Part
    pointer: str
    place: Place | None
    """The field that the value is of; None if it is a whole entry."""


class _Converted(NamedTuple):
    """A body that a conversion gave, its leaves by their places, and how many requests those before it gave."""

    body: Any
    requests: int
    leaves: dict[str, Accounted]

    def found(self, pointer: str, value: Any) -> list[Accounted]:
        """The leaf at a place; or of those below it those that have the value, or else all."""
        if pointer in self.leaves:
            return [self.leaves[pointer]]
        below = [one for place, one in self.leaves.items() if place.startswith(f"{pointer}/")]
        return [one for one in below if equal(value_at(self.body, one.pointer), value)] or below


def _followed(leaf: Accounted, value: Any, converter: str, after: Sequence[_Converted]) -> Accounted:
    """The fate of a leaf that went through a conversion first."""
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
    """The fate of each leaf of the batch of a trace, in its order; if it was converted, of what that gave."""
    links: dict[str, list[_Link]] = {}
    for place, link in (*_to_bodies(found), *_to_targets(found)):
        links.setdefault(place, []).append(link)
    readers = _readers(found)
    skipped = {**_excepted(found), **{one.pointer: one for one in found.result.skipped}}
    refused = {
        problem.input: Skipped(problem.input, problem.rule, f"{problem.code}: {problem.message}")
        for problem in reversed(found.result.problems)
        if problem.input is not None
    }
    reads = _reads(found.rulebook)
    return tuple(
        _leaf(found, place, value, links, readers, skipped, refused, reads) for place, value in leaves(found.batch)
    )


def _leaf(
    found: Trace,
    place: str,
    value: Any,
    links: dict[str, list[_Link]],
    readers: dict[str, set[str | None]],
    skipped: dict[str, Skipped],
    refused: dict[str, Skipped],
    reads: Reads,
) -> Accounted:
    above = list(_above(place))
    takers = {rule for base in above for rule in found.takers.get(base, ())}
    static = reads.of(_pattern(found.batch, place))
    to = [
        one for base in above for link in links.get(base, ()) for one in _sent(found, link, base, place, value, static)
    ]
    exact = dict.fromkeys(one for one in to if one.how != "part")
    if to:
        return Accounted(place, "sent", tuple(exact or dict.fromkeys(to)))
    why = next((skipped[base] for base in above if base in skipped), None) or refused.get(place)
    if why is not None:
        return Accounted(place, "skipped", rule=why.rule, reason=why.reason)
    rules = {rule for base in above for rule in readers.get(base, ())}
    own = sorted((read for read in static if read.rule in rules), key=lambda read: read.rule not in takers)
    by = dict.fromkeys(read.title for read in own)
    if by:
        return Accounted(place, "read", by=tuple(by)[:_MAX_READERS])
    return Accounted(place, "unread")


def _above(place: str) -> Iterator[str]:
    """The place itself, and all that it is in."""
    yield place
    while place:
        place = place.rpartition("/")[0]
        yield place


def _pattern(batch: Any, place: str) -> Pattern:
    names = []
    for escaped in place.split("/")[1:]:
        token = escaped.replace("~1", "/").replace("~0", "~")
        names.append(ANY if isinstance(batch, list) else token)
        batch = batch[int(token)] if isinstance(batch, list) else batch[token]
    return tuple(names)


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
    if place == base:
        is_cut = isinstance(there, str) and isinstance(value, str) and there != "" and value.startswith(there)
        how = "same" if there is not None and equal(there, value) else "cut" if is_cut else "converted"
    elif any(read.is_sent and (link.place is None or read.place.is_inside(link.place)) for read in static):
        how = "part"
    else:
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
                for number in requests.get((output.name, taken.at.rule, taken.at.element if taken.at.rule else ""), ()):
                    for base in places_read(found, taken.part, taken.scope):
                        yield base, _Link(number, part, pointer, taken.part.place)


def _requests(found: Trace) -> dict[tuple[str, str | None, str], list[int]]:
    """The requests by their output, and by the rules and elements that they are made of; all of an output by None."""
    requests: dict[tuple[str, str | None, str], list[int]] = {}
    for number, request in enumerate(found.result.requests):
        for rule, element in (*found.makers[number], (None, "")):
            requests.setdefault((request.output, rule, element), []).append(number)
    return requests


def _readers(found: Trace) -> dict[str, set[str | None]]:
    """The rules that read each place, whatever for; None for parts of the mapping that are no rule."""
    readers: dict[str, set[str | None]] = {}

    def look(taken: Taken) -> None:
        if isinstance(taken.part, Expr | Text):
            for read in places_read(found, taken.part, taken.scope):
                readers.setdefault(read, set()).add(taken.at.rule)
        elif (
            isinstance(taken.part, Spread)
            and isinstance(taken.value, dict)
            and (place := found.places.of(taken.part.from_, taken.value, taken.scope))
        ):
            readers.setdefault(place, set()).add(taken.at.rule)

    found.replay(look)
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
