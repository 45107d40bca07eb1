"""Random mappings give the same for batches read as structs."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any

import orjson
import pytest
from hypothesis import settings

from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.proof.samples import NoSampleError, sample
from moemap.engine.types.from_schema import type_of
from moemap.tests.engine.runtime.test_structs import Books, Difference, answering

# --- random mappings

NAMES = ("a", "b", "c", "d", "A", "x y")


def schema(dice: Random, depth: int = 3) -> dict[str, Any]:
    """A random schema of what grammar.NAMES lead to: most of it of known members."""
    choice = dice.randrange(8 if depth else 4)
    nullable = ["null"] * dice.randrange(2)
    if choice == 0:
        return {}
    if choice <= 3:
        kinds = dice.sample(["string", "number", "boolean", "integer"], dice.randint(1, 3))
        return {"type": [*kinds, *nullable]}
    if choice == 4:
        return {"type": ["object", *nullable], "additionalProperties": schema(dice, depth - 1)}
    if choice == 5:
        return {"type": ["array", *nullable], "items": schema(dice, depth - 1)}
    part = {
        "type": ["object", *nullable],
        "additionalProperties": False,
        "properties": {name: schema(dice, depth - 1) for name in NAMES if dice.random() < 0.7},
    }
    return part if choice == 6 else {"type": ["array", *nullable], "items": part}


def of_batches(dice: Random) -> dict[str, Any]:
    properties = {name: schema(dice) for name in NAMES}
    return {"type": "object", "additionalProperties": False, "properties": properties}


@pytest.mark.slow
@pytest.mark.fuzz
def test_random_mappings(
    book: Books, grammar: ModuleType, difference: Difference, copy_limit: Callable[[int], int]
) -> None:
    answered = made = 0
    for number in range(settings().max_examples * 3 // 2):
        dice = grammar.Dice(number)
        copy_limit(number)
        content = grammar.rules(dice)
        document = of_batches(dice)
        rulebook = book(content, document)
        source = structs_source_of(rulebook)
        if source is None:
            continue
        made += 1
        interpreter, answer = Interpreter(rulebook), answering(rulebook)
        type_ = type_of(rulebook.schemas[rulebook.input.schema or ""])
        for _ in range(8):
            try:
                batch = sample(type_, dice, ("a", "b", "A", "12"))
            except NoSampleError:
                continue
            given_ = answer(orjson.dumps(batch))
            if given_ is not None:
                found = difference(interpreter.run(batch), given_)
                assert not found, f"mapping {number}: {found}\n{json.dumps(batch)}\n{json.dumps(content)}\n{source}"
                answered += 1
    assert made > 40
    assert answered > 40
