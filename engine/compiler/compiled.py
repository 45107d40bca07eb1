"""A mapping compiled to one Python function, ready to run."""

from __future__ import annotations

import builtins
import hashlib
import linecache
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Any

from ..interpreter.interpreter import Interpreter
from ..language.rulebook import Rulebook
from ..runtime.result import Result
from ..runtime.runner import Runner
from .rules.mapping import source_of, structs_source_of

__all__ = ["Compiled", "code_of", "compile"]


class Compiled(Runner):
    """A compiled Rulebook. Immutable, and safe to share between threads."""

    def __init__(self, rulebook: Rulebook, source: str) -> None:
        self.rulebook = rulebook
        self.source = source
        """The source of the generated module. Deterministic: the same Rulebook has the same source."""
        digest = hashlib.sha256(source.encode()).hexdigest()[:12]
        name = f"<moemap {rulebook.name} {rulebook.version} {digest}>"
        self.code = code_of(source, name)
        validators = {name: schema.validator.is_valid for name, schema in rulebook.schemas.items()}
        make = partial(Interpreter, rulebook)
        super().__init__(name, self.code, validators, make, lambda: source, self.structs_code, self.converter)
        _show(source, name)

    def converter(self, name: str) -> Callable[[Any], Result]:
        """The `transform` of a mapping that rules convert batches with."""
        return compile(self.rulebook.converters[name]).transform

    def structs_code(self) -> CodeType | None:
        """The code that reads batches as structs; None if the mapping has no use for it."""
        source = structs_source_of(self.rulebook)
        if source is None:
            return None
        name = f"{self.name[:-1]} structs>"
        _show(source, name)
        return code_of(source, name)


def compile(rulebook: Rulebook) -> Compiled:  # noqa: A001 - used as compiler.compile
    """Compiles a Rulebook."""
    return Compiled(rulebook, source_of(rulebook))


def _show(source: str, name: str) -> None:
    """Registers generated source, so that tracebacks show its lines."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def code_of(source: str, name: str) -> CodeType | None:
    """The code of the source; None if it is nested too deeply for Python."""
    try:
        return builtins.compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, RecursionError, MemoryError):
        return None
