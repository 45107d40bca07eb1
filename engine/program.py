"""A mapping ready to run: what the command and its workers need of it, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from collections.abc import Mapping as Values
from dataclasses import dataclass
from typing import Any

import orjson

from .delivery import Delivery
from .result import Result

__all__ = ["Program", "open_program"]


@dataclass(frozen=True, slots=True)
class Program:
    """A mapping ready to run. `digest` is the same only for the same rules, schemas and settings.

    `transform` takes any value; `transform_parsed` what is known to be JSON within the limits, which is quicker.
    """

    name: str
    digest: str
    delivery: Delivery
    transform: Callable[[Any], Result]
    transform_parsed: Callable[[Any], Result]


def open_program(reference: str, settings: Values[str, Any], *, bulk: bool = False) -> Program:
    """The mapping that `api.load` would load; with `bulk`, one whose bodies fit into its bulk bodies.

    Raises MappingError.
    """
    from . import compiler
    from .api import load
    from .delivery import delivery_of, fitting

    rulebook = load(reference, settings).rulebook
    if bulk:
        rulebook = fitting(rulebook)
    made_of = [
        rulebook.values,
        sorted((name, source.text) for name, source in rulebook.sources.items()),
        sorted((name, schema.resources) for name, schema in rulebook.schemas.items()),
    ]
    digest = hashlib.sha256(orjson.dumps(made_of, option=orjson.OPT_SORT_KEYS)).hexdigest()
    compiled = compiler.compile(rulebook)
    return Program(rulebook.name, digest, delivery_of(rulebook), compiled.transform, compiled.transform_parsed)
