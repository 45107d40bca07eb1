"""Proves that no batch that is valid by the input schema gives a request that its output schema refuses.

The type of every body is assembled from the envelope of its output and all rules that emit into it, and compared with
the output schema. Each remaining gap is a guard: only validation at run time decides there. A batch that gives an
invalid request, found by trial, refutes the output; if it needs settings with other values, it only illustrates its
guard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from ..diagnostics.problem import Place, Problem
from ..inference.facts import Flow
from ..inference.rulebook import walk
from ..language.rulebook import Output, Rulebook
from ..values.pointers import pointer
from .bodies import place_of
from .case_split import gaps
from .counterexamples import Counterexample, Search
from .mismatches import Gap

__all__ = ["Guard", "OutputProof", "Proof", "guards", "prove"]

Verdict = Literal["proven", "guarded", "refuted"]
ProofProgress = Callable[[str, float], None]
TRIES = 1_500


@dataclass(frozen=True, slots=True)
class Guard:
    """A place of a body at which only validation at run time decides.

    It has the rules that emit the value, the place of its source, its place in the body (`*` for any element or entry),
    the schema's keyword, and the reason. `always`: every value there is refused. `counterexample` is a batch whose
    value is refused there, if one was found.
    """

    rules: tuple[str, ...]
    place: Place
    output: str
    keyword: str
    reason: str
    always: bool
    counterexample: Counterexample | None = None

    def is_about(self, problem: Problem) -> bool:
        """Returns whether the guard covers the problem of an invalid request."""
        found = (problem.output or "").split("/")
        wanted = self.output.split("/")
        if self.keyword == "required":
            wanted = wanted[:-1]
        return (
            problem.data.get("keyword") == self.keyword
            and problem.rule in self.rules
            and len(found) == len(wanted)
            and all(token in ("*", name) for token, name in zip(wanted, found, strict=True))
        )


@dataclass(frozen=True, slots=True)
class OutputProof:
    """The verdict on an output, its guards, and the batch that refutes it, if any."""

    output: str
    verdict: Verdict
    guards: tuple[Guard, ...]
    counterexample: Counterexample | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdicts on all outputs, in their order."""

    outputs: tuple[OutputProof, ...]


def prove(rulebook: Rulebook, *, tries: int = TRIES, progress: ProofProgress = lambda _output, _share: None) -> Proof:
    """Classifies every output.

    `tries` batches are tried on each that is not proven; `progress` is called with the output and the share of its work
    that is done.
    """
    flow = walk(rulebook)
    return Proof(tuple(_prove(flow, output, tries, progress) for output in rulebook.outputs.values()))


def _prove(flow: Flow, output: Output, tries: int, progress: ProofProgress) -> OutputProof:
    progress(output.name, 0)
    open_ = guards(flow, output)
    if not open_:
        return OutputProof(output.name, "proven", (), None)
    explained, counterexample = _refute(Search(flow, output, partial(progress, output.name)), open_, tries)
    if counterexample is not None or any(guard.always and "*" not in guard.output for guard in open_):
        return OutputProof(output.name, "refuted", explained, counterexample)
    return OutputProof(output.name, "guarded", explained, None)


def guards(flow: Flow, output: Output) -> tuple[Guard, ...]:
    """The gaps as guards with their places in the rules; a gap that several rules share is one guard."""
    found: dict[tuple[Place, str, str], tuple[Gap, dict[str, None]]] = {}
    for emission, gap in gaps(flow, output):
        place = place_of(emission, gap)
        where = pointer(gap.path) + (f"/{gap.name}" if gap.keyword == "required" else "")
        _, rules = found.setdefault((place, where, gap.keyword), (gap, {}))
        rules[emission.rule.name] = None
    return tuple(
        Guard(tuple(rules), place, where, keyword, gap.reason, gap.always)
        for (place, where, keyword), (gap, rules) in found.items()
    )


def _refute(search: Search, open_: Iterable[Guard], tries: int) -> tuple[tuple[Guard, ...], Counterexample | None]:
    """The guards, with the counterexamples that were found, and the one that refutes the output with the given
    settings."""
    examples: dict[Guard, Counterexample | None] = dict.fromkeys(open_)
    refuting: Counterexample | None = None
    for found in search.found(tries):
        guard = _explained(examples, found.problem)
        before = None if guard is None else examples[guard]
        if guard is not None and (before is None or (before.settings and not found.settings)):
            example = search.smaller(found, _is_explained_by(guard, examples))
            examples[guard] = example
        elif guard is None and refuting is None:
            example = found
        else:
            continue
        if refuting is None and not example.settings:
            refuting = example
        if all(one is not None and not one.settings for one in examples.values()):
            break
    return tuple(replace(guard, counterexample=example) for guard, example in examples.items()), refuting


def _is_explained_by(guard: Guard, all_: Iterable[Guard]) -> Callable[[Problem], bool]:
    return lambda problem: _explained(all_, problem) is guard


def _explained(all_: Iterable[Guard], problem: Problem) -> Guard | None:
    """The guard of the place at which a request is invalid; of several, the last before the place in the rules."""
    about = [guard for guard in all_ if guard.is_about(problem)]
    place = problem.place
    before = [
        guard
        for guard in about
        if place is not None and guard.place.file == place.file and guard.place.line <= place.line
    ]
    return max(before, key=lambda guard: guard.place.line, default=about[0] if about else None)
