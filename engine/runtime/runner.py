"""Runs the generated code of a mapping, compiled in this process or loaded from a cache.

Imports nothing that reads rules, so that a cached mapping starts fast; the interpreter, which handles unusual cases, is
only created for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from ..diagnostics.problem import Problem
from ..values.budget import TooMuchCopied, scanning
from ..values.kinds import kind, with_article
from ..values.once import Once
from ..values.payload import received
from . import assembly, conversion, notes
from . import memo as learned
from . import operations as support
from .result import Failed, PartOrigin, Result, too_much_copied

if TYPE_CHECKING:
    from .structs import StructMapper

__all__ = ["FUNCTION", "NAMESPACE", "Evaluator", "Runner"]

FUNCTION = "transform"
NAMESPACE = {
    **{
        name: value
        for module in (support, notes, assembly, learned, conversion)
        for name, value in vars(module).items()
        if name in module.__all__
    },
    **support.CALLS,
}
"""The names that generated code refers to."""
MANY = 1000
"""The number of texts after which preparing for more pays off."""


class Evaluator(Protocol):
    """An evaluator of a mapping's rules: the interpreter, which is imported only if needed."""

    @property
    def converters(self) -> Mapping[str, Evaluator]:
        """The mappings that convert batches for it, by name."""

    def run(self, batch: Any) -> Result:
        """The Result of a batch."""

    def retry(self, batch: Any, only: Set[Failed] | None = None) -> tuple[Result, tuple[Failed, ...] | None]:
        """The Result of the parts that failed before, alone, and the parts that fail now."""

    def converted(self, batch: Any) -> tuple[str, tuple[Any, ...]] | None:
        """The name of the mapping to which a rule hands the batch, and the bodies that this gives."""

    def origins(self, batch: Any) -> tuple[Result, tuple[tuple[PartOrigin, ...], ...]]:
        """The Result, and for each request what it is made of."""

    def locators(self, name: str, batch: Any) -> Sequence[conversion.Locate]:
        """A Locate for each body that a converter makes of a batch."""


class Runner:
    """Runs the code of one mapping. Immutable, and safe to share between threads.

    `code` is None if Python cannot compile the source (rules nested more than about 18 loops deep): then the
    interpreter is used. `source` returns the generated source, for notes on an exception in it; `structs` the code that
    reads batches as structs, or None if there is none; `converter` the `transform` of a mapping that converts batches.
    """

    def __init__(
        self,
        name: str,
        code: CodeType | None,
        validators: Mapping[str, Callable[[Any], bool]],
        interpreter: Callable[[], Evaluator],
        source: Callable[[], str],
        structs: Callable[[], CodeType | None],
        converter: Callable[[str], Callable[[Any], Result]],
    ) -> None:
        self.name = name
        self._function = _interpreted if code is None else _function(code)
        self._validators = validators
        self._interpreter = Once(interpreter)
        self._make_source = source
        self._make_structs_code = structs
        self._make_converter = converter
        self._converters: dict[str, Once[Callable[[Any], Result]]] = {}
        self._structs = Once(self._struct_mapper)
        self._mapper: StructMapper | None = None
        self._texts = 0

    def _struct_mapper(self) -> StructMapper | None:
        code = self._make_structs_code()
        if code is None:
            return None
        from .structs import StructMapper  # not needed for one payload

        self._mapper = StructMapper(code, NAMESPACE, self._validators)
        return self._mapper

    def prepare(self) -> None:
        """Prepares for many texts; this takes some tenths of a second without a cache."""
        self._structs.get()

    def prepare_all(self) -> None:
        """Prepares also what only some batches need, so that none of them waits for it; this takes a second or two."""
        self.prepare()
        for name in self._interpreter.get().converters:
            self._converter(name)

    def transform_text(self, text: bytes) -> Result | None:
        """The Result of the batch in a text; None if the text must be parsed first.

        For many texts, this is a faster way to the very same Result. It is prepared in the background after the first
        ones.
        """
        if self._mapper is not None:
            return self._mapper.transform(text)
        self._texts += 1
        if self._texts >= MANY:
            self._structs.begin()
        return None

    def retry(self, batch: Any, only: Set[Failed] | None = None) -> tuple[Result, tuple[Failed, ...] | None]:
        """The Result of the parts that failed before, alone, and the parts that fail now: see `Interpreter.retry`."""
        return self._interpreter.get().retry(batch, only)

    def origins(self, batch: Any) -> tuple[Result, tuple[tuple[PartOrigin, ...], ...]]:
        """The Result, and for each request what it is made of."""
        return self._interpreter.get().origins(batch)

    def transform(self, batch: Any) -> Result:
        """The Result of a batch (any value), equal to the interpreter's. Never raises for the contents of a batch."""
        batch, reason = received(batch)
        if reason is not None:
            return Result((), (), (Problem.of("M503", input="", reason=reason),))
        return self.transform_parsed(batch)

    def transform_parsed(self, batch: Any) -> Result:
        """Like `transform`, for a value known to be JSON within the limits, as a parser gives it."""
        if type(batch) is not dict:
            return Result((), (), (Problem.of("M502", input="", found=with_article(kind(batch))),))
        try:
            return self._mapped(batch)
        except assembly.Unusual:
            return self._interpreter.get().run(batch)
        except conversion.Handed as handed:
            return self._converted(handed.name, batch)

    def converter_of(self, batch: Any) -> str | None:
        """The name of the mapping to which a rule hands an object; None if no rule does."""
        try:
            self._mapped(batch)
        except assembly.Unusual:
            found = self._interpreter.get().converted(batch)
            return None if found is None else found[0]
        except conversion.Handed as handed:
            return handed.name
        return None

    def _mapped(self, batch: Any) -> Result:
        """The Result of an object. Raises Unusual, and Handed where a rule hands it to another mapping."""
        scanning()
        try:
            requests, skipped, problems = self._function(batch, self._validators)
        except (assembly.Unusual, conversion.Handed):
            raise
        except TooMuchCopied as error:
            return too_much_copied(error)
        except BaseException as error:
            self._locate(error)
            raise
        return Result(tuple(requests), tuple(skipped), tuple(problems))

    def _converted(self, name: str, batch: Any) -> Result:
        """The Result of a batch that a rule hands to another mapping."""
        first = self._converter(name)(batch)
        bodies = [received(request.body) for request in first.requests]
        if not all(reason is None and type(body) is dict for body, reason in bodies):
            return self._interpreter.get().run(batch)
        try:
            mapped = [self._mapped(body) for body, _ in bodies]
        except (assembly.Unusual, conversion.Handed):  # what was converted is not converted again
            return self._interpreter.get().run(batch)
        return conversion.joined(first, mapped, lambda: self._interpreter.get().locators(name, batch))

    def _converter(self, name: str) -> Callable[[Any], Result]:
        """The `transform` of a mapping that converts batches."""
        return self._converters.setdefault(name, Once(partial(self._make_converter, name))).get()

    def _locate(self, error: BaseException) -> None:
        """Adds the line of the rules to an exception from generated code."""
        lines = self._make_source().splitlines()
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.name:
                above = lines[: trace.tb_lineno]
                places = [line.strip(" #") for line in above if line.lstrip().startswith("# ")]
                error.add_note(f"in {self.name}: {places[-1]}")
            trace = trace.tb_next


def _function(code: CodeType) -> Callable[[Any, Any], Any]:
    namespace: dict[str, Any] = {"__name__": code.co_filename, **NAMESPACE}
    exec(code, namespace)  # noqa: S102 - the source has nothing of the rules in it but literals
    function: Callable[[Any, Any], Any] = namespace[FUNCTION]
    return function


def _interpreted(_batch: Any, _validators: Any) -> Any:
    raise assembly.Unusual
