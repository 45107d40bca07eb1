"""A mapping as one generated Python function, ready to run."""

from __future__ import annotations

import builtins
import hashlib
import linecache
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

from ..interpreter import Interpreter
from ..problem import Problem
from ..result import Element, Result
from ..rules import Rulebook
from ..values import check_payload, kind, with_article
from .assembly import Unusual
from .mapping import FUNCTION, NAMESPACE, source_of

__all__ = ["Compiled", "compile"]


class Compiled:
    """A compiled Rulebook. Immutable, and safe to share between threads."""

    def __init__(self, rulebook: Rulebook, source: str) -> None:
        self.rulebook = rulebook
        self.source = source
        """The generated module. Deterministic: the same Rulebook has the same source."""
        self._interpreter = Interpreter(rulebook)
        self._name = f"<moemap {rulebook.name} {rulebook.version} {hashlib.sha256(source.encode()).hexdigest()[:12]}>"
        self._function = _function(source, self._name)
        self._validators = {
            name: validator.is_valid for name, validator in self._interpreter.assembler.validators.items()
        }
        # So that a traceback shows the generated lines.
        linecache.cache[self._name] = (len(source), None, source.splitlines(keepends=True), self._name)

    def transform(self, batch: Any) -> Result:
        """The Result of a batch (any JSON value), equal to the interpreter's. Never raises for what the batch holds."""
        reason = check_payload(batch)
        if reason is not None:
            return Result((), (), (Problem.of("M503", input="", reason=reason),))
        return self.transform_parsed(batch)

    def transform_parsed(self, batch: Any) -> Result:
        """The same for a value that is known to be JSON within the limits, as a parser gives it."""
        if type(batch) is not dict:
            return Result((), (), (Problem.of("M502", input="", found=with_article(kind(batch))),))
        try:
            requests, skipped, problems = self._function(batch, self._validators)
        except Unusual:
            return self._interpreter.run(batch)
        except BaseException as error:
            self._locate(error)
            raise
        return Result(tuple(requests), tuple(skipped), tuple(problems), partial(self._elements, batch))

    def _elements(self, batch: Any) -> tuple[Element, ...]:
        """The account of elements; only who asks for it pays for it."""
        return self._interpreter.run(batch).elements

    def _locate(self, error: BaseException) -> None:
        """Adds the line of the rules to an exception from generated code."""
        trace: TracebackType | None = error.__traceback__
        lines = self.source.splitlines()
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self._name:
                above = lines[: trace.tb_lineno]
                notes = [line.strip(" #") for line in above if line.lstrip().startswith("# ")]
                error.add_note(f"in the mapping {self.rulebook.name}: {notes[-1]}")
            trace = trace.tb_next


def compile(rulebook: Rulebook) -> Compiled:  # noqa: A001 - used as compiler.compile
    """The compiled form of a Rulebook."""
    return Compiled(rulebook, source_of(rulebook))


def _function(source: str, name: str) -> Callable[..., Any]:
    """The function that the source defines."""
    namespace: dict[str, Any] = {"__name__": name, "GENERATED": True, **NAMESPACE}
    try:
        code = builtins.compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, RecursionError, MemoryError):  # what Python says of code that is nested too deeply for it
        return _interpreted
    exec(code, namespace)  # noqa: S102 - the source has nothing of the rules in it but literals
    function: Callable[..., Any] = namespace[FUNCTION]
    return function


def _interpreted(_batch: Any, _validators: Any) -> Any:
    """Stands for a function that Python cannot have: rules nested more than about 18 loops deep."""
    raise Unusual
