"""A proof as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from ..diagnostics.terminal import printable
from ..values.kinds import shown
from ..values.pointers import join
from .counterexamples import Counterexample
from .prover import Guard, OutputProof, Proof

__all__ = ["text"]

MAX_GUARDS = 12
MAX_VALUES = 8
WIDTH = 120
_MEANING = {
    "proven": "no batch that fits the input schema can make it invalid",
    "guarded": "validated at run time, at the places below",
    "refuted": "a batch that fits the input schema makes it invalid",
}


def text(name: str, proof: Proof, *, all_guards: bool) -> str:
    """A line for each output with its verdict, then its guards with their reasons and counterexamples."""
    width = max((len(output.output) for output in proof.outputs), default=0)
    lines = [printable(name)]
    for output in proof.outputs:
        lines.append(f"  {output.output:<{width}}  {output.verdict:<8} {_MEANING[output.verdict]}")
        most = len(output.guards) if all_guards else MAX_GUARDS
        for guard in output.guards[:most]:
            lines += _guard(guard)
        if len(output.guards) > most:
            lines.append(f"      and {len(output.guards) - most} more: --all-guards shows them")
        lines += _refuting(output)
    return "\n".join(lines)


def _guard(guard: Guard) -> Iterator[str]:
    yield from _wrapped(f"{guard.output or '/'}  {guard.keyword}: {guard.reason}", 6)
    yield from _wrapped(f"{guard.place}  rule {', '.join(guard.rules)}", 10)
    if guard.counterexample is not None:
        yield from _example("for example", guard.counterexample)


def _refuting(output: OutputProof) -> Iterator[str]:
    example = output.counterexample
    if example is not None and all(guard.counterexample != example for guard in output.guards):
        yield from _example("refuted by", example)


def _example(words: str, example: Counterexample) -> Iterator[str]:
    values = [f"settings.{name} = {shown(value)}" for name, value in example.settings.items()]
    found = [f"{place} = {shown(value)}" for place, value in _leaves(example.batch)]
    values += [*found[:MAX_VALUES], *([f"{len(found) - MAX_VALUES} values more"] if found[MAX_VALUES:] else [])]
    yield from _wrapped(f"{words}: {', '.join(values)}", 10)
    yield from _wrapped(f"gives: {example.problem.message} (at {example.problem.output or '/'})", 10)


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a batch that contain no others, with their pointers."""
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, join(place, key))
    else:
        yield place or "/", value


def _wrapped(line: str, indent: int) -> list[str]:
    first, others = " " * indent, " " * (indent + 4)
    return wrap(printable(line), WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
