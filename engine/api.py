"""The interface for programs: load a mapping once, and transform batches with it."""

from __future__ import annotations

from collections.abc import Mapping as Values
from importlib import import_module
from pathlib import Path
from typing import Any

from . import compiler
from .checks.shared.opening import inspect, opened
from .checks.shared.session import Session
from .diagnostics.problem import MappingError, Problem
from .interpreter.interpreter import Interpreter, Step
from .jobs.dispatch import dispatch_of
from .jobs.input_check import input_problems
from .language.rulebook import Rulebook
from .runtime.batch import Record
from .runtime.result import Accounted, Element, Request, Result
from .values.once import Once, without_forks
from .values.payload import is_surely_small

__all__ = ["Mapping", "MappingError", "Session", "inspect", "load"]


class Mapping:
    """A loaded mapping. Immutable, and safe to share between threads."""

    def __init__(self, rulebook: Rulebook, problems: tuple[Problem, ...] = ()) -> None:
        self.rulebook = rulebook
        self.problems = problems
        """The warnings of the checks."""
        self._interpreter = Once(lambda: Interpreter(rulebook))
        self._program = Once(lambda: compiler.compile(rulebook))
        self._dispatch = Once(lambda: dispatch_of(rulebook))

    @property
    def name(self) -> str:
        return self.rulebook.name

    @property
    def version(self) -> str:
        return self.rulebook.version

    def transform(self, batch: Any) -> Result:
        """Maps a batch (a JSON value: dict, list, str, int, float, bool, None) to its requests.

        Never raises for the contents of a batch: see `Result.problems`. The bodies share parts with the batch; treat
        both as read-only afterwards. The first call compiles the mapping: see `load`.

        A caller leaves 500 of Python's frames free (`sys.getrecursionlimit`, 1,000 by default). With fewer, a batch
        that is nested deeply can give other problems, or a RecursionError.
        """
        return self._program.get().transform(batch)

    def transform_json(self, text: bytes | str) -> Result:
        """Like `transform`, for a batch as JSON text.

        Text that is not JSON is a Problem of the Result (M501); an argument that is not text is a TypeError.
        """
        if not isinstance(text, str | bytes | bytearray | memoryview):
            raise TypeError(f"JSON text is str or bytes, not {type(text).__name__}")
        record = Record("", 1, text.encode(errors="surrogatepass") if isinstance(text, str) else bytes(text))
        program = self._program.get()
        if (result := program.transform_text(record.text)) is not None:
            return result
        batch, problem = record.parse()
        if problem is not None:
            return Result((), (), (problem,))
        return program.transform_parsed(batch) if is_surely_small(record.text) else program.transform(batch)

    def url_of(self, request: Request) -> str:
        """The whole URL of a request of this mapping, with its query; {placeholders} of the rules are not filled in."""
        return self._dispatch.get().url_of(request)

    def headers_of(self, request: Request) -> dict[str, str]:
        """All headers of a request of this mapping, with {placeholders} as in `url_of`."""
        return self._dispatch.get().headers_of(request)

    def prepare(self) -> None:
        """Compiles everything at once, as for the start of a service, so that no batch has to wait. See `load`."""
        self._program.get().prepare()

    def account(self, batch: Any) -> tuple[Accounted, ...]:
        """The fate of each leaf of a batch: sent and where to, skipped and why, only read and by what, or unread.

        Raises ValueError for a batch that takes too many decisions.
        """
        # Only here: mapping batches needs no reports.
        from .insight.account import account_of

        return account_of(self.rulebook, batch)

    def elements(self, batch: Any) -> tuple[Element, ...]:
        """The outcome of each element that a route, a nested list or a spread iterated over."""
        return self._interpreter.get().elements(batch)

    def check_input(self, batch: Any) -> tuple[Problem, ...]:
        """The places of a batch that do not conform to the input schema of the mapping, as warnings (M553)."""
        return input_problems(self.rulebook, batch)

    def explain(self, batch: Any) -> tuple[Result, tuple[Step, ...]]:
        """The Result, and each value computed on the way with its output place, rule, line and the places it reads."""
        return self._interpreter.get().explain(batch)


@without_forks()
def load(reference: str | Path, settings: Values[str, Any] | None = None) -> Mapping:
    """Loads an installed mapping by name (`name` or `name@major`), or a mapping or workspace by its file or folder.

    `settings` are JSON values by name. Raises MappingError with all Problems if the mapping cannot be used, and
    TypeError for arguments of other types.

    Load a mapping once and keep it. Reading and checking one of the size of the bundled one takes about a second. The
    first batch waits for the compilation, which takes a quarter of that. After a thousand batches, `transform_json`
    reads batches as structs; preparing for that takes another second of processor time in a background thread, while
    batches are mapped the other way. `Mapping.prepare` does both at once.

    A process may fork at any time, whatever its threads do with the mapping; a fork while another thread loads one
    waits for its end, up to a minute.
    """
    mapping = Mapping(*opened(reference, settings))
    for module in _IMPORTED_LATE:
        import_module(module, __package__)
    return mapping


_IMPORTED_LATE = (
    ".compiler.compiled",
    ".insight.account",
    ".language.declared",
    ".runtime.structs",
    "decimal",
    "encodings.utf_8_sig",
    "fractions",
    "zoneinfo",
)
"""The modules that methods of a mapping import. If a process forks while a thread imports one, the child waits forever
for that thread when it needs the module, so all are imported before a mapping is handed out."""
