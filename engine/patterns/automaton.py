"""Automata that search for a pattern in a string in linear time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["FOUND", "Automaton", "StateSet", "holds"]

_MOST_KNOWN = 20_000
_MOST_KEPT = 500_000

StateSet = frozenset[int]
FOUND: StateSet = frozenset({-1})


def holds(ranges: Any, character: int) -> bool:
    """Returns whether ranges of code points contain a character."""
    return any(low <= character <= high for low, high in ranges)


@dataclass(slots=True)
class Automaton:
    """An automaton that searches for one pattern.

    `moves` consume a character; `skips` consume none: they hold anywhere (None), at the start of the string (True) or
    at its end (False).
    """

    moves: list[list[tuple[Any, int]]] = field(default_factory=list)
    skips: list[list[tuple[bool | None, int]]] = field(default_factory=list)
    last: int = 0
    known: dict[tuple[StateSet, int], StateSet] = field(default_factory=dict)
    kept: int = 0
    """The states in all known sets."""

    @property
    def first(self) -> StateSet:
        """The states before the first character."""
        return self.reached({0}, start=True, end=False)

    def step(self, state: StateSet, character: int) -> StateSet:
        """The states after a character; a match may also start right after it."""
        if state is FOUND:
            return FOUND
        key = state, character
        after = self.known.get(key)
        if after is None:
            if len(self.known) >= _MOST_KNOWN or self.kept >= _MOST_KEPT:
                self.known, self.kept = {}, 0
            moved = {to for at in state for ranges, to in self.moves[at] if holds(ranges, character)}
            after = self.known[key] = self.reached({0, *moved}, start=False, end=False)
            self.kept += len(state) + len(after)
        return after

    def ends(self, state: StateSet, empty: bool) -> bool:
        """Returns whether the pattern is found in the string that led to these states; `empty`: in the empty string."""
        return state is FOUND or self.reached({*state}, start=empty, end=True) is FOUND

    def reached(self, states: set[int], *, start: bool, end: bool) -> StateSet:
        """The states and all that are reachable from them without a character."""
        left = list(states)
        while left:
            for where, to in self.skips[left.pop()]:
                if to not in states and (where is None or (start if where else end)):
                    states.add(to)
                    left.append(to)
        return FOUND if self.last in states else frozenset(states)

    def is_found(self, text: str) -> bool:
        """Returns whether the pattern is found in a string."""
        state = self.first
        for character in text:
            state = self.step(state, ord(character))
            if state is FOUND:
                return True
        return self.ends(state, not text)
