"""Finds the fate of every member of inputs over a corpus: sent, read by rules only, or not read by any rule."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ..interpreter.interpreter import Interpreter
from ..jobs.input import read_units
from ..language.rulebook import Rulebook
from ..values.kinds import kind
from ..values.times import TimeError, of_iso
from .reads import ANY, Pattern, Reads, reads_of

__all__ = ["MAX_NAMES", "Fate", "InputMember", "Loss", "loss_over"]

Fate = Literal["sent", "read", "unread"]
MAX_NAMES = 200
"""The maximum number of names below one place; further ones are counted together."""
_MAX_OWNERS = 3
_UNIT_BYTES = 1 << 19
_UNKNOWN = (1 << 62, -1)
"""The times of a member before the first value."""
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""Integers between these, the years 2000 and 2100 in milliseconds, are times."""
_SHORTEST_TIME = 20


@dataclass
class InputMember:
    """A place of inputs: the number of its values and of batches with it, the kinds of values, and its fate.

    `by` names the first parts of the rules that read it; `example` is the first value. `times` are the earliest and the
    latest, in milliseconds since 1970, if all values are times.
    """

    fate: Fate
    by: tuple[str, ...]
    example: Any
    values: int = 0
    batches: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    times: tuple[int, int] | None = _UNKNOWN
    _last: int = -1

    def add(self, batch: int, value: Any) -> None:
        self.values += 1
        self.kinds[kind(value)] += 1
        if self.times is not None:
            found = _time_of(value)
            self.times = None if found is None else (min(self.times[0], found), max(self.times[1], found))
        if self._last != batch:
            self._last = batch
            self.batches += 1


@dataclass
class Loss:
    """The members of all inputs by their path, in which `*` stands for any index.

    `passed` has the number of distinct names below each place whose names pass through: at most MAX_NAMES are told
    apart. `now` is when the run began, in milliseconds since 1970.
    """

    batches: int = 0
    unreadable: int = 0
    members: dict[Pattern, InputMember] = field(default_factory=dict)
    passed: dict[Pattern, int] = field(default_factory=dict)
    now: int = field(default_factory=lambda: int(time.time() * 1000))

    def sorted(self, *fates: Fate) -> list[tuple[Pattern, InputMember]]:
        """The members of these fates, the most frequent ones first."""
        chosen = ((path, member) for path, member in self.members.items() if member.fate in fates)
        return sorted(chosen, key=lambda item: (-item[1].batches, item[0]))

    def to_json(self, *, show_values: bool) -> dict[str, Any]:
        """`{batches, unreadable, passed: [{path, names}], members: [{path, fate, by, batches, values, kinds, ...}]}`.

        Members that are times have `times`, the earliest and the latest, in milliseconds since now; `example` is there
        with `show_values`.
        """
        return {
            "batches": self.batches,
            "unreadable": self.unreadable,
            "passed": [{"path": "/" + "/".join(path), "names": names} for path, names in sorted(self.passed.items())],
            "members": [
                {
                    "path": "/" + "/".join(path),
                    "fate": member.fate,
                    "by": list(member.by),
                    "batches": member.batches,
                    "values": member.values,
                    "kinds": dict(sorted(member.kinds.items())),
                    **({} if (times := member.times) is None else {"times": [one - self.now for one in times]}),
                    **({"example": member.example} if show_values else {}),
                }
                for path, member in sorted(self.members.items())
            ],
        }


def loss_over(rulebook: Rulebook, files: Iterable[str], progress: Callable[[str], None]) -> Loss:
    """The fates of all members of the batches in files. Raises OSError.

    `progress` is called now and then with a line to show. Objects and lists count only if they are empty. Where a rule
    hands an input to another mapping, the members are those of what that gives.
    """
    interpreter, reads = Interpreter(rulebook), Reads(reads_of(rulebook))
    loss = Loss()
    names: Counter[Pattern] = Counter()
    for file_name in files:
        with open(file_name, "rb") as file:
            for unit in read_units(file, file_name, _UNIT_BYTES):
                for record in unit:
                    batch, problem = record.parse()
                    if problem is not None:
                        loss.unreadable += 1
                        continue
                    _, mapped = interpreter.converted(batch) or ("", (batch,))
                    for path, value in (leaf for one in mapped for leaf in _leaves(one)):
                        _add(loss, names, path, value, reads)
                    loss.batches += 1
                progress(f"{loss.batches} batches, {len(loss.members)} members")
    return loss


def _add(loss: Loss, names: Counter[Pattern], path: Pattern, value: Any, reads: Reads) -> None:
    member = loss.members.get(path)
    if member is None:
        above = path[:-1]
        names[above] += 1
        if path[-1:] != (ANY,) and (above in loss.passed or _passes(reads, path)):
            loss.passed[above] = min(names[above], MAX_NAMES)
        if names[above] > MAX_NAMES:
            path = (*above, ANY)
            member = loss.members.get(path)
    if member is None:
        fate, by = _fate_of(reads, path)
        member = loss.members[path] = InputMember(fate, by, value)
    member.add(loss.batches, value)


def _passes(reads: Reads, path: Pattern) -> bool:
    """Tells if rules send members of an object whatever their names are."""
    return any(read.is_sent and read.pattern == (*path[:-1], ANY) for read in reads.of(path))


def _time_of(value: Any) -> int | None:
    """The time that a value gives, in milliseconds since 1970."""
    if type(value) is int:
        return value if _EARLIEST <= value <= _LATEST else None
    if type(value) is str and len(value) >= _SHORTEST_TIME and value[4] == "-" == value[7]:
        try:
            return int(of_iso(value).timestamp() * 1000)
        except TimeError:
            return None
    return None


def _leaves(batch: Any) -> Iterator[tuple[Pattern, Any]]:
    """The scalars and empty values of a batch, each with its path."""
    pending: list[tuple[Pattern, Any]] = [((), batch)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict) and value:
            pending += [((*path, name), member) for name, member in value.items()]
        elif isinstance(value, list) and value:
            below = (*path, ANY)
            pending += [(below, element) for element in value]
        else:
            yield path, value


def _fate_of(reads: Reads, path: Pattern) -> tuple[Fate, tuple[str, ...]]:
    """The fate of the value at a path, and the parts of the rules that read it."""
    found = reads.of(path)
    sent = [read for read in found if read.is_sent]
    by = dict.fromkeys(read.title for read in sent or found)
    return ("sent" if sent else "read" if found else "unread"), tuple(by)[:_MAX_OWNERS]
