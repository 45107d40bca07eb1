"""The ways to map a batch that are measured in one process, and the measuring.

Each takes the text of a batch and returns the texts of the request bodies. They take turns on the same batches, round
by round, so that a temporarily slower machine is slower for all of them; only ratios within a round are compared.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import orjson

import moemap
from moemap.benchmarks import generate, handwritten, naive
from moemap.engine import compiler
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result

__all__ = ["CONTROL", "LIMIT", "Engine", "Measured", "engines", "measure", "timed", "transforms", "unvalidated"]

LIMIT = "limit: orjson loads and dumps alone"
HAND = "written by hand"
CONTROL = "written by hand, once more"
HAND_VALID = "written by hand, validated"
HAND_SCHEMA = "written by hand, validated without limits"
MOEMAP = "moemap"
MOEMAP_VALID = "moemap, validated"
MOEMAP_PARSED = "moemap, validated, input parsed"
MOEMAP_DICT = "moemap, validated, input checked"
INTERPRETER = "moemap's interpreter, validated"
NAIVE = "naive"
NAIVE_VALID = "naive, validated"

SCHEMAS = Path(__file__).parent.parent / "schemas"
SHARE_OF_SLOW = 0.03
"""The share of each round's batches that the slow ways map."""

Bodies = list[bytes]


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to map, measured on a `share` of the batches of each round."""

    name: str
    run: Callable[[bytes], Bodies]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of processor time per batch, one entry for each round, by engine."""

    seconds: Mapping[str, list[float]]
    batches: int

    def microseconds(self, name: str) -> float:
        return median(self.seconds[name]) * 1e6

    def ratios(self, name: str, base: str) -> list[float]:
        """The speed in each round, as a multiple of that of `base`."""
        return [theirs / own for own, theirs in zip(self.seconds[name], self.seconds[base], strict=True)]

    def ratio(self, name: str, base: str) -> float:
        return median(self.ratios(name, base))

    def spread(self, name: str, base: str) -> tuple[float, float]:
        """The lower and the upper quartile of the ratios."""
        low, _, high = quantiles(self.ratios(name, base), n=4)
        return low, high


def unvalidated(rulebook: Rulebook) -> Rulebook:
    """The same rulebook with output schemas that accept everything, and without limits."""
    outputs = {name: replace(output, limits=None) for name, output in rulebook.outputs.items()}
    taken = {output.schema for output in outputs.values()}
    schemas = {
        name: replace(schema, document={}, resources={schema.uri: {}}) if name in taken else schema
        for name, schema in rulebook.schemas.items()
    }
    return replace(rulebook, outputs=outputs, schemas=schemas)


def transforms() -> Mapping[str, Callable[[bytes], Result]]:
    """The functions by which moemap maps the text of a batch, by name."""
    rulebook = moemap.load("mparticle-moengage").rulebook
    compiled = compiler.compile(rulebook)
    interpreter = Interpreter(rulebook)
    return {
        MOEMAP: _of_texts(compiler.compile(unvalidated(rulebook))),
        MOEMAP_VALID: _of_texts(compiled),
        MOEMAP_PARSED: lambda line: compiled.transform_parsed(orjson.loads(line)),
        MOEMAP_DICT: lambda line: compiled.transform(orjson.loads(line)),
        INTERPRETER: lambda line: interpreter.run(orjson.loads(line)),
    }


def _of_texts(compiled: compiler.Compiled) -> Callable[[bytes], Result]:
    """The function that maps one of many texts, as `moemap transform` does."""
    compiled.prepare()

    def transform(line: bytes) -> Result:
        result = compiled.transform_text(line)
        return compiled.transform_parsed(orjson.loads(line)) if result is None else result

    return transform


def engines(bodies: Mapping[bytes, list[Any]]) -> list[Engine]:
    """All ways to map. `bodies` has the bodies of each batch by its text, which the limit only writes."""
    checked, written_out = handwritten.Validation(SCHEMAS), naive.Validation(SCHEMAS)
    schema_only = handwritten.Validation(SCHEMAS, limits=False)

    def limit(line: bytes) -> Bodies:
        orjson.loads(line)
        return [orjson.dumps(body) for body in bodies[line]]

    def by_hand(line: bytes) -> Bodies:
        return handwritten.texts(handwritten.transform(orjson.loads(line)))

    def by_hand_valid(line: bytes) -> Bodies:
        return handwritten.texts(checked.valid(handwritten.transform(orjson.loads(line))))

    def by_hand_schema(line: bytes) -> Bodies:
        return handwritten.texts(schema_only.valid(handwritten.transform(orjson.loads(line))))

    def with_moemap(transform: Callable[[bytes], Result]) -> Callable[[bytes], Bodies]:
        def run(line: bytes) -> Bodies:
            return [request.text for request in transform(line).requests]

        return run

    def naively(line: bytes) -> Bodies:
        return handwritten.texts(naive.transform(orjson.loads(line)))

    def naively_valid(line: bytes) -> Bodies:
        return handwritten.texts(written_out.valid(naive.transform(orjson.loads(line))))

    return [
        Engine(LIMIT, limit),
        Engine(HAND, by_hand),
        Engine(HAND_VALID, by_hand_valid),
        Engine(HAND_SCHEMA, by_hand_schema),
        *(
            Engine(name, with_moemap(transform), SHARE_OF_SLOW if name == INTERPRETER else 1.0)
            for name, transform in transforms().items()
        ),
        Engine(CONTROL, by_hand),
        Engine(NAIVE, naively, SHARE_OF_SLOW),
        Engine(NAIVE_VALID, naively_valid, SHARE_OF_SLOW),
    ]


def measure(rounds: int, size: int, progress: Callable[[str], None]) -> Measured:
    """Measures all ways in `rounds` rounds of `size` batches, each round with batches of its own."""
    bodies: dict[bytes, list[Any]] = {}
    ways = engines(bodies)
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    stream = generate.lines(rounds * size)
    for number in range(rounds):
        lines = list(islice(stream, size))
        bodies.clear()
        bodies.update((line, [body for _, body in handwritten.transform(orjson.loads(line))]) for line in lines)
        if number == 0:
            _compare(ways, lines[:50])
        gc.collect()
        gc.freeze()
        turn = number % len(ways)
        for way in ways[turn:] + ways[:turn]:
            seconds[way.name].append(timed(way.run, lines[: max(1, int(size * way.share))]))
        gc.unfreeze()
        progress(f"round {number + 1} of {rounds}")
    return Measured(seconds, rounds * size)


def _compare(ways: list[Engine], lines: list[bytes]) -> None:
    """Fails if a way gives other bodies; also warms everything up."""
    for line in lines:
        wanted = ways[0].run(line)
        for way in ways[1:]:
            if way.run(line) != wanted:
                raise SystemExit(f"{way.name!r} gives other bodies than {LIMIT!r} for {line.decode()}")


def timed(run: Callable[[bytes], Bodies], lines: list[bytes]) -> float:
    """Seconds of processor time for each text."""
    gc.collect()
    start = time.process_time()
    for line in lines:
        run(line)
    return (time.process_time() - start) / len(lines)
