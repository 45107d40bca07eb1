"""Searches for a pattern with sets of bits: a character costs a few operations on them, not one for each state."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .automaton import FOUND, Automaton, holds

__all__ = ["BitSearch", "bit_search", "searcher"]

_MOST_LINKS = 200_000
_MOST_OPERATIONS = 100
_OFTEN = 8
_MOST_FOLLOWING = 20_000
_FOLLOWING_BITS = 20_000_000
_MOST_KINDS = 20_000


@dataclass(slots=True)
class BitSearch:
    """An automaton whose moves are numbered: each bit of a set says whether the last character made that move.

    What moves can follow is the same distance away for many of them, and the same for many others: `steps` have a
    distance and the moves that it holds for, `jumps` the moves that are followed by the same others.
    """

    first: int
    again: int
    steps: list[tuple[int, int]]
    jumps: list[tuple[int, int]]
    found: int
    found_at_end: int
    is_found_first: bool
    is_found_empty: bool
    is_found_last: bool
    ranges: dict[Any, int]
    edges: list[int]
    size: int
    kinds: dict[str, int] = field(default_factory=dict)
    moves_of: dict[int, int] = field(default_factory=dict)
    known: dict[tuple[int, int], int] = field(default_factory=dict)

    def is_found(self, text: str) -> bool:
        """Returns whether the pattern is found in a string."""
        if self.is_found_first or not text:
            return self.is_found_first or self.is_found_empty
        kinds, found = self.kinds, self.found
        made, known = -1, self.known
        for character in text:
            kind = kinds.get(character)
            if kind is None:
                kind = self._kind(character)
            key = made, kind
            after = known.get(key)
            if after is None:
                if len(known) >= min(_MOST_FOLLOWING, _FOLLOWING_BITS // self.size):
                    known = self.known = {}
                after = known[key] = (self.first if made < 0 else self._following(made)) & self._moves(kind)
            made = after
            if made & found:
                return True
        return self.is_found_last or bool(made & self.found_at_end)

    def _following(self, made: int) -> int:
        """The moves that can follow, whatever the next character is."""
        following = self.again
        for distance, moves in self.steps:
            following |= (made & moves) << distance if distance >= 0 else (made & moves) >> -distance
        for moves, others in self.jumps:
            if made & moves:
                following |= others
        return following

    def _kind(self, character: str) -> int:
        """The number of the class of a character: no move distinguishes the characters of a class."""
        if len(self.kinds) >= _MOST_KINDS:
            self.kinds.clear()
        kind = self.kinds[character] = bisect_right(self.edges, ord(character))
        return kind

    def _moves(self, kind: int) -> int:
        """The moves that consume a character of a kind."""
        moves = self.moves_of.get(kind)
        if moves is None:
            one = self.edges[kind - 1] if kind else 0
            moves = sum(own for ranges, own in self.ranges.items() if holds(ranges, one))
            self.moves_of[kind] = moves
        return moves


def searcher(wanted: Any) -> Callable[[str], bool]:
    """A function that returns whether a pattern is found in a string.

    `wanted` is the result of `searching.prepared`: the text of a regular expression of Python, or the moves, skips and
    last state of an automaton.
    """
    if isinstance(wanted, str):
        search = re.compile(wanted).search
        return lambda text: search(text) is not None
    automaton = Automaton(*wanted)
    bits = bit_search(automaton)
    return automaton.is_found if bits is None else bits.is_found


def bit_search(automaton: Automaton) -> BitSearch | None:
    """The search of an automaton; None if that would take many operations for a character."""
    # Of a machine that was read from text, the ranges are lists.
    numbered = [(tuple(map(tuple, ranges)), to) for own in automaton.moves for ranges, to in own]
    own, number = [], 0
    for moves in automaton.moves:
        own.append(range(number, number + len(moves)))
        number += len(moves)
    after: dict[int, Any] = {}
    links = 0
    for state in {0, *(to for _, to in numbered)}:
        reached = automaton.reached({state}, start=False, end=False)
        following = [] if reached is FOUND else [one for other in reached for one in own[other]]
        after[state] = reached, following
        links += len(reached)
        if links > _MOST_LINKS:
            return None
    split = _split([after[to][1] for _, to in numbered])
    if split is None:
        return None
    ranges: dict[Any, int] = defaultdict(int)
    for at, (allowed, _) in enumerate(numbered):
        ranges[allowed] += 1 << at
    start = automaton.reached({0}, start=True, end=False)
    ends = {to: automaton.reached({to}, start=False, end=True) is FOUND for _, to in numbered}
    return BitSearch(
        first=_bits(one for state in start if start is not FOUND for one in own[state]),
        again=_bits(after[0][1]),
        steps=split[0],
        jumps=split[1],
        found=_bits(at for at, (_, to) in enumerate(numbered) if after[to][0] is FOUND),
        found_at_end=_bits(at for at, (_, to) in enumerate(numbered) if ends[to]),
        is_found_first=start is FOUND,
        is_found_empty=automaton.reached({0}, start=True, end=True) is FOUND,
        is_found_last=automaton.reached({0}, start=False, end=True) is FOUND,
        ranges=dict(ranges),
        edges=sorted({edge for allowed in ranges for low, high in allowed for edge in (low, high + 1)}),
        size=len(numbered) + 1,
    )


def _split(following: list[list[int]]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]] | None:
    """The moves that follow each move, as steps and jumps; None if there are many."""
    if sum(map(len, following)) > _MOST_LINKS:
        return None
    counts: dict[int, int] = defaultdict(int)
    for at, others in enumerate(following):
        for other in others:
            counts[other - at] += 1
    for least in (_OFTEN, len(following) // 4 + 1):
        steps: dict[int, list[int]] = defaultdict(list)
        jumps: dict[frozenset[int], list[int]] = defaultdict(list)
        for at, others in enumerate(following):
            rest = []
            for other in others:
                if counts[other - at] >= least:
                    steps[other - at].append(at)
                else:
                    rest.append(other)
            if rest:
                jumps[frozenset(rest)].append(at)
        if len(steps) + len(jumps) <= _MOST_OPERATIONS:
            return (
                [(distance, _bits(moves)) for distance, moves in steps.items()],
                [(_bits(moves), _bits(others)) for others, moves in jumps.items()],
            )
    return None


def _bits(numbers: Iterable[int]) -> int:
    bits = bytearray()
    for number in numbers:
        if number >> 3 >= len(bits):
            bits.extend(bytes((number >> 3) + 1 - len(bits)))
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")
