"""Proves outputs: can a batch that fits the input schema make a request that its output schema refuses?

The type of every body is assembled from the envelope of its output and all rules that emit to it, and held against the
output schema. What is left open is a guard: there, only validation at run time decides. A batch that gives an invalid
request, found by trying, refutes the output.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from .bodies import gaps
from .conform import Gap
from .flow import Emission, Flow, walk
from .infer import path_of
from .interpreter import Interpreter
from .pointers import pointer
from .problem import Place, Problem
from .rules import EntryRule, Field, Output, Rulebook
from .samples import NoSampleError, sample
from .schemas import Validator
from .types import Array, Type, refine

__all__ = ["Counterexample", "Guard", "OutputProof", "Proof", "batch_for", "guards", "prove"]

Verdict = Literal["proven", "guarded", "refuted"]
TRIES = 300


@dataclass(frozen=True, slots=True)
class Guard:
    """Where only validation at run time decides: the rules that emit it, the place of what gives it, the place in the
    body (`*` for any element or entry), the schema's keyword, and why. `always`: whatever comes there is refused."""

    rules: tuple[str, ...]
    place: Place
    output: str
    keyword: str
    reason: str
    always: bool


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A batch that fits the input schema, and the problem that its invalid request gives."""

    batch: Any
    problem: Problem


@dataclass(frozen=True, slots=True)
class OutputProof:
    """The verdict on an output, what it needs validation at run time for, and what refutes it."""

    output: str
    verdict: Verdict
    guards: tuple[Guard, ...]
    counterexample: Counterexample | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict on every output, in their order."""

    outputs: tuple[OutputProof, ...]


def prove(rulebook: Rulebook, *, tries: int = TRIES) -> Proof:
    """Classes every output. `tries` batches are tried on each that is not proven."""
    flow = walk(rulebook)
    return Proof(tuple(_prove(flow, output, tries) for output in rulebook.outputs.values()))


def _prove(flow: Flow, output: Output, tries: int) -> OutputProof:
    found = guards(flow, output)
    emissions = [emission for emission in flow.emissions if emission.output is output]
    counterexample = _refute(flow, output, emissions, tries) if found else None
    if counterexample is not None or any(guard.always and not _is_open(guard) for guard in found):
        return OutputProof(output.name, "refuted", found, counterexample)
    return OutputProof(output.name, "guarded" if found else "proven", found, None)


def _is_open(guard: Guard) -> bool:
    return "*" in guard.output


def guards(flow: Flow, output: Output) -> tuple[Guard, ...]:
    """The gaps with their places in the rules; what several rules share once."""
    found: dict[tuple[Place, str, str], tuple[Gap, dict[str, None]]] = {}
    for emission, gap in gaps(flow, output):
        origin = gap.origin
        place = origin.node.place if isinstance(origin, Field | EntryRule) else emission.rule.place
        where = pointer(gap.path) + (f"/{gap.name}" if gap.keyword == "required" else "")
        _, rules = found.setdefault((place, where, gap.keyword), (gap, {}))
        rules[emission.rule.name] = None
    return tuple(
        Guard(tuple(rules), place, where, keyword, gap.reason, gap.always)
        for (place, where, keyword), (gap, rules) in found.items()
    )


# --- counterexamples


def _refute(flow: Flow, output: Output, emissions: list[Emission], tries: int) -> Counterexample | None:
    """A batch whose request is invalid, where trying finds one."""
    rulebook = flow.rulebook
    interpreter, judge = Interpreter(rulebook), Validator(rulebook.schemas[rulebook.input.schema])
    random = Random(0)  # noqa: S311  not for secrets
    for number in range(tries):
        emission = emissions[number % len(emissions)]
        try:
            batch = batch_for(flow, emission, random)
        except NoSampleError:
            continue
        if not judge.is_valid(batch):
            continue
        for problem in interpreter.run(batch).problems:
            if problem.code == "M509" and problem.data.get("request") == output.name:
                return Counterexample(batch, problem)
    return None


def batch_for(flow: Flow, emission: Emission, random: Random) -> Any:
    """A batch that comes as far as a rule, as far as its conditions are understood."""
    rulebook = flow.rulebook
    context = random.choice(emission.context.objects)
    batch_type = context.value(rulebook.input.as_name)
    route = rulebook.routes.get(emission.rule.route or "")
    if route is not None and route.key_name is None:
        path = path_of(route.each.expression.tree)
        element = context.value(route.as_name)
        if path is not None and path[0] == rulebook.input.as_name:
            wanted = Type(array=Array(element, (), 1, 2))
            batch_type = refine(batch_type, path[1:], lambda _: wanted)
    return sample(batch_type, random, _words(rulebook))


@lru_cache(maxsize=4)
def _words(rulebook: Rulebook) -> tuple[str, ...]:
    """The texts that the expressions and tables of the rules speak of: batches with these come further."""
    texts = [use.text for use in definitions_and_uses(rulebook) if isinstance(use, Use) and isinstance(use.text, Expr)]
    found = {node["value"] for text in texts for node in walk_tree(text.expression.tree) if node["type"] == "literal"}
    return tuple(sorted(value for value in found if isinstance(value, str)))
