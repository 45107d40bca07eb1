"""Proves outputs: can a batch that fits the input schema make a request that its output schema refuses?

The type of every body is assembled from the envelope of its output and all rules that emit to it, and held against the
output schema. What is left open is a guard: there, only validation at run time decides. A batch that gives an invalid
request, found by trying, refutes the output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from .cases import gaps
from .conform import Gap
from .facts import Emission, Flow, Part
from .flow import walk
from .infer import path_of
from .infer_fields import setting_type
from .interpreter import Interpreter
from .narrow_types import refine
from .pointers import pointer
from .problem import Place, Problem
from .rules import EntryRule, Field, Output, Rulebook
from .samples import NoSampleError, sample
from .schemas import Validator
from .types import Array, Type, constants

__all__ = ["Counterexample", "Guard", "OutputProof", "Proof", "batch_for", "guards", "prove", "words_of"]

Verdict = Literal["proven", "guarded", "refuted"]
TRIES = 300
OTHER_SETTINGS = 3


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
    """A batch that fits the input schema, with the settings that were given other values for it, and the problem that
    its invalid request gives."""

    batch: Any
    settings: Mapping[str, Any]
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
    judge, words = Validator(rulebook.schemas[rulebook.input.schema]), words_of(flow)
    words += tuple(sorted(_texts_of(rulebook.schemas[output.schema].resources)))
    random = Random(0)  # noqa: S311  not for secrets
    cases = [{}, *(_settings(rulebook, random) for _ in range(OTHER_SETTINGS))]
    interpreters = [Interpreter(replace(rulebook, values={**rulebook.values, **settings})) for settings in cases]
    for number in range(tries):
        emission = emissions[number % len(emissions)]
        try:
            batch = batch_for(flow, emission, random, words)
        except NoSampleError:
            continue
        if not judge.is_valid(batch):
            continue
        case = random.randrange(len(cases))
        for problem in interpreters[case].run(batch).problems:
            if problem.code == "M509" and problem.data.get("request") == output.name:
                return Counterexample(batch, cases[case], problem)
    return None


def _texts_of(part: Any) -> set[str]:
    """The texts that a schema lists: what is refused is often one of them."""
    if isinstance(part, Mapping):
        own = [*part.get("enum", ()), part.get("const")] if not isinstance(part.get("enum", ()), dict) else []
        texts = {text for text in own if isinstance(text, str)}
        return texts.union(*map(_texts_of, part.values()))
    return set().union(*map(_texts_of, part)) if isinstance(part, list) else set()


def _settings(rulebook: Rulebook, random: Random) -> dict[str, Any]:
    """Other values for the settings that have few."""
    choices = {name: constants(setting_type(setting)) for name, setting in rulebook.settings.items()}
    picked = {name: random.choice(values) for name, values in choices.items() if values is not None}
    return {name: value for name, value in picked.items() if value != rulebook.values[name]}


def batch_for(flow: Flow, emission: Emission, random: Random, words: tuple[str, ...] = ()) -> Any:
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
    return sample(batch_type, random, words)


def words_of(flow: Flow) -> tuple[str, ...]:
    """The texts that the conditions of the rules speak of: batches with these come further."""
    found: set[str] = set()
    for part in flow.of(Part):
        for type_ in (part.seen.type, *part.seen.operands):
            array = type_.array
            for one in (type_, *(array.first if array is not None and array.exact else ())):
                if one.string is not None and one.string.values is not None:
                    found |= one.string.values
    return tuple(sorted(found))
