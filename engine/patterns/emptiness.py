"""Decides whether there are strings in which some patterns are found and others are not.

Patterns with lookarounds, or that would take long, are not examined; then the answer is that there may be such strings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .automaton import FOUND, Automaton, StateSet, holds
from .parser import (
    LAST,
    Alternation,
    Anchor,
    CharacterSet,
    Concatenation,
    Lookaround,
    PatternError,
    PatternNode,
    Repetition,
    read,
)

__all__ = ["Machine", "is_empty", "machine_of"]

MAX_PARTS = 5_000
MAX_STATES = 2_000
MAX_LENGTH = 64
_SURROGATES = (0xD800, 0xDFFF)


@lru_cache(maxsize=512)
def is_empty(found: frozenset[str], missing: frozenset[str], least: int = 0, most: int | None = None) -> bool:
    """Returns whether certainly no string of `least` to `most` characters has all patterns of `found` and none of
    `missing`."""
    wanted = [machine for machine in map(_machine, sorted(found)) if machine is not None]
    unwanted = [machine for machine in map(_machine, sorted(missing)) if machine is not None]
    return _is_empty(wanted, unwanted, min(least, MAX_LENGTH), most if most is None or most <= MAX_LENGTH else None)


def _is_empty(wanted: list[Machine], unwanted: list[Machine], least: int, most: int | None) -> bool:
    """Explores the product of all machines, character by character."""
    machines = [*wanted, *unwanted]
    characters = _alphabet(machines)
    longest = least if most is None else max(least, most)  # longer texts are all alike
    first = (0, tuple(machine.first for machine in machines))
    seen, left = {first}, [first]
    while left:
        length, states = left.pop()
        if length >= least and all(
            machine.ends(state, length == 0) == (number < len(wanted))
            for number, (machine, state) in enumerate(zip(machines, states, strict=True))
        ):
            return False
        if most is not None and length == most:
            continue
        for character in characters:
            after = tuple(machine.step(state, character) for machine, state in zip(machines, states, strict=True))
            if FOUND in after[len(wanted) :] or not all(map(Machine.can_find, wanted, after)):
                continue
            following = (min(length + 1, max(longest, 1)), after)
            if following not in seen:
                if len(seen) >= MAX_STATES:
                    return False
                seen.add(following)
                left.append(following)
    return True


def _alphabet(machines: Iterable[Machine]) -> list[int]:
    """One representative of each class of characters that the machines distinguish."""
    sets = sorted({ranges for machine in machines for moves in machine.moves for ranges, _ in moves})
    edges = {0, _SURROGATES[1] + 1, *(edge for ranges in sets for low, high in ranges for edge in (low, high + 1))}
    kinds: dict[tuple[bool, ...], int] = {}
    for edge in sorted(edges):
        if edge <= LAST and not _SURROGATES[0] <= edge <= _SURROGATES[1]:
            kinds.setdefault(tuple(holds(ranges, edge) for ranges in sets), edge)
    return list(kinds.values())


# --- machines


@dataclass(slots=True)
class Machine(Automaton):
    """An automaton that is built part by part."""

    hopeful: frozenset[int] = frozenset()
    """The states from which the last state is reachable after the start of the string."""

    def state(self) -> int:
        """Adds a state."""
        if len(self.moves) >= MAX_PARTS:
            raise PatternError("it is too large")
        self.moves.append([])
        self.skips.append([])
        return len(self.moves) - 1

    def can_find(self, state: StateSet) -> bool:
        """Returns whether the pattern is found or can still be found, after the first character."""
        return state is FOUND or not self.hopeful.isdisjoint(state)

    def finish(self, last: int) -> None:
        """Sets the last state."""
        self.last = last
        before: dict[int, list[int]] = {}
        for at, (moves, skips) in enumerate(zip(self.moves, self.skips, strict=True)):
            for to in (*(to for _, to in moves), *(to for where, to in skips if where is not True)):
                before.setdefault(to, []).append(at)
        hopeful, left = {last}, [last]
        while left:
            new = [at for at in before.get(left.pop(), ()) if at not in hopeful]
            hopeful.update(new)
            left += new
        self.hopeful = frozenset(hopeful)


def machine_of(part: PatternNode) -> Machine:
    """The automaton of a pattern. Raises PatternError where it would be too large, or the pattern looks around."""
    machine = Machine()
    machine.finish(_built(part, machine, machine.state()))
    return machine


@lru_cache(maxsize=256)
def _machine(pattern: str) -> Machine | None:
    try:
        return machine_of(read(pattern))
    except PatternError:
        return None


def _built(part: PatternNode, machine: Machine, start: int) -> int:
    """Adds states that match a node from a state on; returns the state after it."""
    end = start
    match part:
        case CharacterSet(ranges):
            end = machine.state()
            machine.moves[start].append((ranges, end))
        case Anchor(at_start):
            end = machine.state()
            machine.skips[start].append((at_start, end))
        case Lookaround():
            raise PatternError("it looks around")
        case Concatenation(parts):
            for one in parts:
                end = _built(one, machine, end)
        case Alternation(parts):
            end = machine.state()
            for one in parts:
                begin = machine.state()
                machine.skips[start].append((None, begin))
                machine.skips[_built(one, machine, begin)].append((None, end))
        case Repetition(one, least, most):
            for _ in range(least):
                end = _built(one, machine, end)
            after = machine.state()
            if most is None:
                loop = machine.state()
                machine.skips[end].append((None, loop))
                machine.skips[_built(one, machine, loop)].append((None, loop))
                end = loop
            for _ in range(least, least if most is None else most):
                machine.skips[end].append((None, after))
                end = _built(one, machine, end)
            machine.skips[end].append((None, after))
            end = after
    return end
