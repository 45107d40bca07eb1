"""Emissions of rules are of the inferred types, whatever the batch and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.inference.facts import Flow
from moemap.engine.inference.fields import setting_type
from moemap.engine.inference.rulebook import walk
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.proof.counterexamples import batch_for, words_of
from moemap.engine.proof.samples import NoSampleError, sample
from moemap.engine.runtime.requests import Assembled
from moemap.engine.schemas.schema import Validator
from moemap.engine.source.homes import MAPPINGS
from moemap.engine.types.membership import includes
from moemap.engine.types.types import NULL, Type, union

SHOP = Path(__file__).parents[1] / "checks" / "shop" / "mapping.yaml"
SHIPPED = next(MAPPINGS.glob("*/*/mapping.yaml"))


PATHS = {"shop": SHOP, "shipped": SHIPPED}


@cache
def _flow(name: str) -> Flow:
    rulebook = load(PATHS[name]).rulebook
    assert rulebook is not None
    return walk(rulebook)


@cache
def _words(name: str) -> tuple[str, ...]:
    return words_of(_flow(name))


def _sampled(type_: Type, random: Random, value: Any) -> Any:
    """A value of the type, made from an existing one."""
    words = (value, f"my {value}", f"{value}{random.randrange(10)}") if isinstance(value, str) else ()
    try:
        return sample(type_, random, words) if random.random() < 0.4 else value
    except NoSampleError:
        return value


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", PATHS)
@given(st.integers(0, 2**32))
@settings(max_examples=settings().max_examples * 3 // 5)
def test_what_rules_emit_is_of_the_type(name: str, seed: int) -> None:
    flow, random = _flow(name), Random(seed)
    rulebook = flow.rulebook
    given_values = {
        setting: _sampled(setting_type(declared), random, rulebook.values[setting])
        for setting, declared in rulebook.settings.items()
    }
    interpreter = Interpreter(replace(rulebook, values=given_values))
    assemble = interpreter.assembler.assemble
    emitted: list[tuple[Any, Mapping[str, Any]]] = []

    def kept(emissions: Any, envelopes: Mapping[str, Any], input_of: Any) -> Assembled:
        emitted.append((emissions, envelopes))
        return assemble(emissions, envelopes, input_of)

    interpreter.assembler.assemble = kept  # type: ignore[method-assign]  # looks on, and does the same
    try:
        batch = batch_for(flow, random.choice(flow.emissions), random, _words(name))
    except NoSampleError:
        return
    assert Validator(rulebook.schemas[rulebook.input.schema]).is_valid(batch)
    interpreter.run(batch)
    types = {emission.rule.name: emission.fields for emission in flow.emissions}
    for emissions, envelopes in emitted:
        for emission in emissions:
            assert includes(types[emission.rule], emission.fields)
        for output, envelope in envelopes.items():
            if envelope is not None:
                assert includes(union(flow.envelopes[output], NULL), dict(envelope.fields) or None)


def test_the_types_are_narrow() -> None:
    emission = next(emission for emission in _flow("shop").emissions if emission.rule.name == "shipping")
    (fields,) = emission.fields.objects
    assert {name: prop.required for name, prop in fields.properties.items()} == {"name": True, "level": True}
    level = fields.properties["level"].type.string
    assert level is not None
    assert level.values == frozenset({"low", "high"})
