"""The file `mutants.yaml` beside a mapping: mutants that no test can kill, each with the reason.

An entry is checked: the mutant must exist, be the change that was explained, and survive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..diagnostics.problem import Problem
from ..language.decoder import Keys
from ..source.nodes import ScalarNode
from ..source.parser import parse
from ..source.paths import is_file
from ..source.text import Source, read
from .mutants import Mutant
from .testing import Verdict

__all__ = ["FILE", "Explained", "checked", "read_explained"]

FILE = "mutants.yaml"


@dataclass(frozen=True, slots=True)
class Explained:
    """An explained mutant: the node of its id, the change in words, and the reason."""

    name: ScalarNode
    change: str
    reason: str


def read_explained(folder: Path, name: str) -> tuple[tuple[Explained, ...], tuple[Problem, ...], dict[str, Source]]:
    """The explained mutants of the mapping in a folder, which messages call `name`, and all problems of the file."""
    path = folder / FILE
    if not is_file(path):
        return (), (), {}
    source, unread = read(path, name)
    if source is None:
        return (), unread, {}
    node, unread = parse(source)
    problems = list(unread)
    found = []
    if node is not None:
        keys = Keys(node, "the file of explained mutants", problems)
        for item in keys.items("explained"):
            inner = Keys(item, "an explained mutant", problems)
            mutant = inner.scalar("mutant", required=True)
            change, reason = inner.text("change", required=True), inner.text("reason", required=True)
            inner.finish()
            if mutant is not None and change is not None and reason is not None:
                found.append(Explained(mutant, change, reason))
        keys.take("explained", required=True)
        keys.finish()
    return tuple(found), tuple(problems), {name: source}


def checked(
    explained: Iterable[Explained], mutants: Iterable[Mutant], verdicts: dict[str, Verdict]
) -> tuple[Problem, ...]:
    """Marks the explained mutants among the verdicts (by id); returns the problems of entries that are not true."""
    known = {mutant.id: mutant for mutant in mutants}
    problems = []
    for one in explained:
        mutant, verdict = known.get(one.name.text), verdicts.get(one.name.text)
        place = one.name.place
        if mutant is None:
            problems.append(Problem.of("M605", place, name=one.name.text, reason="there is no such mutant"))
        elif mutant.words != one.change:
            reason = f"that mutant is another change: {mutant.words}"
            problems.append(Problem.of("M605", place, name=one.name.text, reason=reason))
        elif verdict is None or verdict.status == "not run":
            continue
        elif verdict.status == "killed":
            reason = f"a test kills it: {verdict.killed_by}"
            problems.append(Problem.of("M606", place, name=one.name.text, reason=reason))
        elif verdict.status == "equivalent":
            problems.append(Problem.of("M606", place, name=one.name.text, reason=f"it is proven: {verdict.reason}"))
        else:
            verdicts[mutant.id] = Verdict("explained", None, verdict.completed, one.reason)
    return tuple(problems)
