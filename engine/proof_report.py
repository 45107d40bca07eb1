"""A proof as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from .prove import OutputProof, Proof

__all__ = ["text"]

MAX_GUARDS = 12
_MEANING = {
    "proven": "no batch that fits the input schema can make it invalid",
    "guarded": "validated at run time, at the places below",
    "refuted": "a batch that fits the input schema makes it invalid",
}


def text(name: str, proof: Proof, *, all_guards: bool) -> str:
    """A line for each output with its verdict, then where only validation at run time decides, and why."""
    width = max((len(output.output) for output in proof.outputs), default=0)
    lines = [name]
    for output in proof.outputs:
        lines.append(f"  {output.output:<{width}}  {output.verdict:<8} {_MEANING[output.verdict]}")
        lines += _guards(output, MAX_GUARDS if not all_guards else len(output.guards))
        lines += _counterexample(output)
    return "\n".join(lines)


def _guards(output: OutputProof, most: int) -> Iterator[str]:
    for guard in output.guards[:most]:
        yield f"      {guard.output or '/'}  {guard.keyword}: {guard.reason}"
        yield f"          {guard.place}  rule {', '.join(guard.rules)}"
    left = len(output.guards) - most
    if left > 0:
        yield f"      and {left} more: --all-guards shows them"


def _counterexample(output: OutputProof) -> Iterator[str]:
    example = output.counterexample
    if example is not None:
        yield f"      counterexample: {orjson.dumps(example.batch).decode()}"
        if example.settings:
            yield f"      with settings:  {orjson.dumps(dict(example.settings)).decode()}"
        yield f"      gives:          {example.problem.message} (at {example.problem.output or '/'})"
