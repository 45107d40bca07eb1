"""A mapping ready to run: what the command and its workers need of it, and nothing else.

Comes from the cache where it can; then nothing that reads rules is even imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

import orjson

from . import cache
from .compiler.runner import Runner
from .delivery import Delivery
from .installed import locate
from .result import Result

if TYPE_CHECKING:
    from .interpreter import Interpreter
    from .rules import Rulebook

__all__ = ["Program", "open_program"]


@dataclass(frozen=True, slots=True)
class Program:
    """A mapping ready to run. `digest` is the same only for the same rules, schemas and settings.

    `transform` takes any value; `transform_parsed` what is known to be JSON within the limits, which is quicker;
    `transform_text` a text, for which it may have no answer; `prepare` makes ready for many of these: see
    `compiler.runner.Runner`.
    """

    name: str
    digest: str
    delivery: Delivery
    transform: Callable[[Any], Result]
    transform_parsed: Callable[[Any], Result]
    transform_text: Callable[[bytes], Result | None]
    prepare: Callable[[], None]


def open_program(reference: str, settings: Mapping[str, Any], *, bulk: bool = False) -> Program:
    """The mapping that `api.load` would load; with `bulk`, one whose bodies fit into its bulk bodies.

    Raises MappingError.
    """
    path = locate(reference)
    asked = reference, str(path), {name: str(value) for name, value in settings.items()}, bulk

    def cached(key: str, make: Callable[[Rulebook], cache.Entry]) -> cache.Entry:
        entry = cache.load(key)
        if entry is None:
            entry = make(_rulebook(reference, settings, bulk))
            cache.store(key, entry)
        return entry

    entry = cached(cache.key_of(*asked), _compiled)
    about = entry.about

    def records() -> CodeType | None:
        return cached(cache.key_of(*asked, "records"), _compiled_records).code

    def interpreter() -> Interpreter:
        from .interpreter import Interpreter

        return Interpreter(_rulebook(reference, settings, bulk))

    def source() -> str:
        from .compiler import source_of

        return source_of(_rulebook(reference, settings, bulk))

    validators = {name: _validator(schema) for name, schema in about["schemas"].items()}
    runner = Runner(about["code"], entry.code, validators, interpreter, source, records)
    delivery = Delivery.from_json(about["delivery"])
    ways = runner.transform, runner.transform_parsed, runner.transform_text, runner.prepare
    return Program(about["name"], about["digest"], delivery, *ways)


def _rulebook(reference: str, settings: Mapping[str, Any], bulk: bool) -> Rulebook:
    from .delivery import fitting
    from .opening import opened

    rulebook, _ = opened(reference, settings)
    return fitting(rulebook) if bulk else rulebook


def _compiled(rulebook: Rulebook) -> cache.Entry:
    """The compiled mapping with everything that running it needs."""
    from . import compiler
    from .delivery import delivery_of

    compiled = compiler.compile(rulebook)
    files = _files(rulebook)
    schemas = {
        name: {"document": schema.document, "uri": schema.uri, "resources": schema.resources}
        for name, schema in rulebook.schemas.items()
        if name != rulebook.input.schema
    }
    made_of = [sorted(files.values()), rulebook.values, sorted(rulebook.sources), sorted(rulebook.schemas)]
    about = {
        "name": rulebook.name,
        "code": compiled.name,
        "digest": hashlib.sha256(orjson.dumps(made_of, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        "delivery": delivery_of(rulebook).to_json(),
        "schemas": schemas,
    }
    return cache.Entry(files, about, compiled.code)


def _compiled_records(rulebook: Rulebook) -> cache.Entry:
    """The code of the mapping for batches that are records."""
    from . import compiler

    return cache.Entry(_files(rulebook), {}, compiler.compile(rulebook).records_code())


def _files(rulebook: Rulebook) -> dict[str, str]:
    """The files that a mapping is made from, each with its digest."""
    paths = [source.path for source in rulebook.sources.values() if source.path is not None]
    paths += [path for schema in rulebook.schemas.values() for path in schema.paths]
    return {str(path.resolve()): cache.digest_of(str(path)) or "" for path in paths}


def _validator(schema: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Whether a body is valid, by a validator that is made when the first body asks: many runs have no such body."""
    made: Callable[[Any], bool] | None = None

    def is_valid(body: Any) -> bool:
        nonlocal made
        if made is None:
            from jsonschema_rs import validator_for

            retriever = schema["resources"].__getitem__
            made = validator_for(schema["document"], retriever=retriever, base_uri=schema["uri"]).is_valid
        return made(body)

    return is_valid
