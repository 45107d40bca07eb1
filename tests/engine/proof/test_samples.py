"""Samples: values of a type and valid instances of a schema, the same for the same seed."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from moemap.engine import schemas
from moemap.engine.proof.samples import NoSampleError, instance, sample
from moemap.engine.types.from_schema import type_of
from moemap.engine.types.membership import includes
from moemap.engine.types.types import NEVER

SCHEMAS = [
    schemas.load("mparticle/batch.schema.json", Path()),
    schemas.load("./infer.schema.json", Path(__file__).parents[1]),
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_instances_are_valid_and_of_the_type(schema: schemas.Schema) -> None:
    validator = schemas.Validator(schema)
    for seed in range(100):
        value = instance(schema, Random(seed), validator)
        assert validator.is_valid(value)
        assert includes(type_of(schema), value)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_same_seed_gives_the_same(schema: schemas.Schema) -> None:
    assert instance(schema, Random(3)) == instance(schema, Random(3))
    assert len({repr(instance(schema, Random(seed))) for seed in range(20)}) > 10


def test_an_empty_type_has_no_sample() -> None:
    with pytest.raises(NoSampleError):
        sample(NEVER, Random(0))
