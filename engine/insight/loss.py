"""Finds the fate of every member of inputs over a corpus: sent, read by rules only, or not read by any rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ..interpreter.interpreter import Interpreter
from ..jobs.input import read_units
from ..language.rulebook import Rulebook
from ..values.kinds import kind
from .reads import ANY, Pattern, Reads, reads_of

__all__ = ["Fate", "InputMember", "Loss", "loss_over"]

Fate = Literal["sent", "read", "unread"]
_MAX_NAMES = 200
"""The maximum number of names below one place; further ones are counted together."""
_MAX_OWNERS = 3
_UNIT_BYTES = 1 << 19


@dataclass
class InputMember:
    """A place of inputs: the number of its values and of batches with it, the kinds of values, and its fate.

    `by` names the first parts of the rules that read it; `example` is the first value.
    """

    fate: Fate
    by: tuple[str, ...]
    example: Any
    values: int = 0
    batches: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    _last: int = -1

    def add(self, batch: int, value: Any) -> None:
        self.values += 1
        self.kinds[kind(value)] += 1
        if self._last != batch:
            self._last = batch
            self.batches += 1


@dataclass
class Loss:
    """The members of all inputs by their path, in which `*` stands for any index."""

    batches: int = 0
    unreadable: int = 0
    members: dict[Pattern, InputMember] = field(default_factory=dict)

    def sorted(self, *fates: Fate) -> list[tuple[Pattern, InputMember]]:
        """The members of these fates, the most frequent ones first."""
        chosen = ((path, member) for path, member in self.members.items() if member.fate in fates)
        return sorted(chosen, key=lambda item: (-item[1].batches, item[0]))

    def to_json(self, *, show_values: bool) -> dict[str, Any]:
        """`{batches, unreadable, members: [{path, fate, by, batches, values, kinds, example}]}`."""
        return {
            "batches": self.batches,
            "unreadable": self.unreadable,
            "members": [
                {
                    "path": "/" + "/".join(path),
                    "fate": member.fate,
                    "by": list(member.by),
                    "batches": member.batches,
                    "values": member.values,
                    "kinds": dict(sorted(member.kinds.items())),
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
        names[path[:-1]] += 1
        if names[path[:-1]] > _MAX_NAMES:
            path = (*path[:-1], ANY)
            member = loss.members.get(path)
    if member is None:
        fate, by = _fate_of(reads, path)
        member = loss.members[path] = InputMember(fate, by, value)
    member.add(loss.batches, value)


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
