"""Programs: mappings ready to run, with just what the command and its workers need.

A program is loaded from the cache if possible; then nothing that reads rules is even imported.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ..compiler import cache
from ..language.installed import file_at, locate
from ..runtime.result import Failed, PartOrigin, Result
from ..runtime.runner import FUNCTION, Runner
from ..source.paths import is_folder
from .dispatch import Dispatch
from .unread import UnreadLeaves, places_of

if TYPE_CHECKING:
    # Imported late, here and below: running a cached mapping reads no rules.
    from ..interpreter.interpreter import Interpreter
    from ..language.rulebook import Rulebook

__all__ = ["Program", "RulesChangedError", "open_program"]


class Program(NamedTuple):
    """A mapping ready to run.

    `digest` identifies the rules, schemas and settings; `files` are the files that they were read from. `unread` counts
    leaves that no rule reads. The functions are methods of `runtime.runner.Runner`.
    """

    name: str
    workspace: str | None
    version: str
    digest: str
    files: tuple[str, ...]
    dispatch: Dispatch
    unread: UnreadLeaves
    transform: Callable[[Any], Result]
    transform_parsed: Callable[[Any], Result]
    transform_text: Callable[[bytes], Result | None]
    prepare: Callable[[], None]
    prepare_all: Callable[[], None]
    retry: Callable[..., tuple[Result, tuple[Failed, ...] | None]]
    origins: Callable[[Any], tuple[Result, tuple[tuple[PartOrigin, ...], ...]]]


class RulesChangedError(RuntimeError):
    """The files of a mapping have changed since the run began."""


def open_program(reference: str, settings: Mapping[str, Any], *, bulk: bool = False) -> Program:
    """Opens the mapping that `api.load` would load; with `bulk`, one whose bodies fit into its bulk bodies.

    Raises MappingError. The program may raise RulesChangedError later, if it has to read the rules again.
    """
    path = locate(reference)
    given = sorted((name, type(value).__name__, repr(value)) for name, value in settings.items())
    key = cache.key_of(reference, path and os.path.abspath(path), given, bulk)
    entry = cache.load(key)
    program = _opened(entry, reference, settings, key, bulk=bulk) if entry is not None else None
    if program is None:
        rulebook = _rulebook(reference, settings, bulk)
        entry = _compiled(rulebook)
        _store(key, entry, rulebook)
        program = _opened(entry, reference, settings, key, bulk=bulk)
    assert program is not None  # noqa: S101  what was made now has all its parts
    return program


def _opened(
    entry: cache.CacheEntry, reference: str, settings: Mapping[str, Any], key: str, *, bulk: bool
) -> Program | None:
    """The program of a cache entry; None if the entry lacks something that a program needs."""
    about, code = entry.about, entry.code
    if code is not None and FUNCTION not in code.co_names:
        return None

    def rulebook() -> Rulebook:
        loaded = _unchecked(reference, settings, bulk)
        if loaded is None or _digest(loaded) != about["digest"]:
            raise RulesChangedError(f"the files of {reference} have changed since the run began")
        return loaded

    def structs() -> CodeType | None:
        made = cache.load(f"{key}-structs")
        if made is None or made.about.get("digest") != about["digest"]:
            try:
                loaded = rulebook()
            except RulesChangedError:  # the run can do without this faster way
                return None
            made = _compiled_structs(loaded)
            _store(f"{key}-structs", made, loaded)
        return made.code

    def interpreter() -> Interpreter:
        # only in unusual cases
        from ..interpreter.interpreter import Interpreter

        return Interpreter(rulebook())

    def source() -> str:
        # only for the notes on an exception
        from ..compiler import source_of

        return source_of(rulebook())

    def converter(name: str) -> Callable[[Any], Result]:
        # only for a batch that a rule converts
        from .. import compiler

        return compiler.compile(rulebook().converters[name]).transform

    try:
        validators = {name: _validator(schema) for name, schema in about["schemas"].items()}
        runner = Runner(about["code"], code, validators, interpreter, source, structs, converter)
        dispatch = Dispatch.from_json(about["dispatch"])
        ways = runner.transform, runner.transform_parsed, runner.transform_text
        early, again = (runner.prepare, runner.prepare_all), (runner.retry, runner.origins)
        unread = UnreadLeaves(about["places"], runner.converter_of)
        files = tuple(entry.origin.files)
        names = about["name"], about["workspace"], about["version"], about["digest"]
        return Program(*names, files, dispatch, unread, *ways, *early, *again)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _rulebook(reference: str, settings: Mapping[str, Any], bulk: bool) -> Rulebook:
    # only for a mapping that is not cached
    from ..checks.shared.opening import opened
    from .dispatch import fitting

    rulebook, _ = opened(reference, settings)
    return fitting(rulebook) if bulk else rulebook


def _unchecked(reference: str, settings: Mapping[str, Any], bulk: bool) -> Rulebook | None:
    """The rules of a mapping that was checked when it was cached; None if they cannot be read any more."""
    # only in unusual cases
    from ..language.loader import load
    from .dispatch import fitting

    path = locate(reference)
    if path is not None and is_folder(path):
        path = file_at(path)
    rulebook = None if path is None else load(path, settings).rulebook
    return fitting(rulebook) if rulebook is not None and bulk else rulebook


def _store(key: str, entry: cache.CacheEntry, rulebook: Rulebook) -> None:
    """Caches compiled code, unless it may hold the value of a secret setting."""
    if not any(setting.secret for setting in rulebook.settings.values()):
        cache.store(key, entry)


def _compiled(rulebook: Rulebook) -> cache.CacheEntry:
    """Compiles a mapping, with everything that running it needs."""
    # only for a mapping that is not cached
    from .. import compiler
    from ..schemas.schema import definitions_of
    from .dispatch import dispatch_of

    compiled = compiler.compile(rulebook)
    schemas = {
        name: definitions_of(rulebook.schemas[name]).to_text()
        for output in rulebook.outputs.values()
        for name in (output.schema, output.limits)
        if name is not None
    }
    about = {
        "name": rulebook.name,
        "workspace": rulebook.workspace,
        "version": rulebook.version,
        "code": compiled.name,
        "digest": _digest(rulebook),
        "dispatch": dispatch_of(rulebook).to_json(),
        "schemas": schemas,
        "places": places_of(rulebook),
    }
    return cache.CacheEntry(_origin(rulebook), about, compiled.code)


def _compiled_structs(rulebook: Rulebook) -> cache.CacheEntry:
    """Compiles the code of a mapping for batches read as structs."""
    # only for a mapping that is not cached
    from .. import compiler

    about = {"digest": _digest(rulebook)}
    return cache.CacheEntry(_origin(rulebook), about, compiler.compile(rulebook).structs_code())


def _origin(rulebook: Rulebook) -> cache.Provenance:
    paths = [source.path for source in rulebook.sources.values() if source.path is not None]
    return cache.origin_of(_files(rulebook), rulebook.missing, {path.parent for path in paths})


def _files(rulebook: Rulebook) -> list[tuple[Path, str]]:
    """The files that a mapping was made from, each with the digest of the text that was read."""
    sources = [(source.path, source.text.encode()) for source in rulebook.sources.values() if source.path is not None]
    files = [(path, hashlib.sha256(content).hexdigest()) for path, content in sources]
    schemas = rulebook.schemas.values()
    files += (file for converter in rulebook.converters.values() for file in _files(converter))
    return [*files, *(pair for schema in schemas for pair in zip(schema.paths, schema.digests, strict=True))]


def _digest(rulebook: Rulebook) -> str:
    """A digest that identifies the rules, schemas and settings."""
    digests = sorted(digest for _, digest in _files(rulebook))
    made_of = [digests, rulebook.values, [ascii(name) for name in sorted(rulebook.sources)], sorted(rulebook.schemas)]
    return hashlib.sha256(orjson.dumps(made_of, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _validator(text: str) -> Callable[[Any], bool]:
    """A function that validates bodies by the schema definitions in a text.

    The text is parsed for the first body: many runs have no body to validate here.
    """
    made: Callable[[Any], bool] | None = None

    def is_valid(body: Any) -> bool:
        nonlocal made
        if made is None:
            # only if a body must be validated
            from ..schemas.definitions import Definitions

            made = Definitions.of_text(text).evaluator().is_valid
        return made(body)

    return is_valid
