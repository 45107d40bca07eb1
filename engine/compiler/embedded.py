"""The way into a standalone module: one batch at a time, or the lines of a stream."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from ..problem import Problem
from ..recursion import deeply
from ..result import Result, failure
from ..values import TOO_DEEP, check_payload, is_deep, kind, with_article
from ..verdicts import Verdicts
from .assembly import Unusual

__all__ = ["result_of", "written_results"]

Mapped = Callable[[Any, Any], Any]


def result_of(batch: Any, mapped: Mapped, traced: Mapped, judges: Mapping[str, Verdicts]) -> dict[str, Any]:
    """`{requests, skipped, problems}` of a batch (any value), by the two functions of its mapping."""
    return deeply(lambda: _result_of(batch, mapped, traced, judges))


def _result_of(batch: Any, mapped: Mapped, traced: Mapped, judges: Mapping[str, Verdicts]) -> dict[str, Any]:
    reason = check_payload(batch)
    if reason is not None:
        return _beyond_limits(reason)
    if type(batch) is not dict:
        return Result((), (), (Problem.of("M502", input="", found=with_article(kind(batch))),)).to_json()
    try:
        result = mapped(batch, {name: judge.is_valid for name, judge in judges.items()})
    except Unusual:
        result = traced(batch, judges)
    return Result(*map(tuple, result)).to_json()


def written_results(lines: Iterable[bytes], results: IO[str], transform: Callable[[Any], dict[str, Any]]) -> int:
    """Writes the result of each batch on a line of its own. Gives the exit code: 1 where there were errors."""
    if hasattr(signal, "SIGPIPE"):  # a filter ends when nobody reads on
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    failed = False
    for line in lines:
        if not line.strip():
            continue
        try:
            result = _result_of_text(line, transform)
        except Exception as error:
            result = failure(error).to_json()
        failed = failed or any(problem["severity"] == "error" for problem in result["problems"])
        results.write(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")
    return int(failed)


def _result_of_text(text: bytes, transform: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    try:
        batch = json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 text (byte {error.start + 1})"
    except json.JSONDecodeError as error:
        if is_deep(error.doc[: error.pos]):
            return _beyond_limits(TOO_DEEP)
        reason = f"{error.msg} (character {error.pos + 1})"
    except RecursionError:
        return _beyond_limits(TOO_DEEP)
    except ValueError as error:
        reason = str(error)
    else:
        return transform(batch)
    return Result((), (), (Problem.of("M501", input="", reason=reason),)).to_json()


def _beyond_limits(reason: str) -> dict[str, Any]:
    return Result((), (), (Problem.of("M503", input="", reason=reason),)).to_json()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
