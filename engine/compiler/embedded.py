"""The way into a standalone module: one batch at a time, or the lines of a stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from ..problem import Problem
from ..result import Result
from ..values import check_payload, kind, with_article
from ..verdicts import Verdicts
from .assembly import Unusual

__all__ = ["result_of", "written_results"]

Mapped = Callable[[Any, Any], Any]

_MORE = 10


def result_of(batch: Any, mapped: Mapped, traced: Mapped, judges: Mapping[str, Verdicts]) -> dict[str, Any]:
    """`{requests, skipped, problems}` of a batch (any value), by the two functions of its mapping."""
    try:
        return _result_of(batch, mapped, traced, judges)
    except RecursionError:  # a schema that refers to itself again and again, and a value as deep as may be
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit * _MORE)
        try:
            return _result_of(batch, mapped, traced, judges)
        finally:
            sys.setrecursionlimit(limit)


def _result_of(batch: Any, mapped: Mapped, traced: Mapped, judges: Mapping[str, Verdicts]) -> dict[str, Any]:
    reason = check_payload(batch)
    if reason is not None:
        return Result((), (), (Problem.of("M503", input="", reason=reason),)).to_json()
    if type(batch) is not dict:
        return Result((), (), (Problem.of("M502", input="", found=with_article(kind(batch))),)).to_json()
    try:
        result = mapped(batch, {name: judge.is_valid for name, judge in judges.items()})
    except Unusual:
        result = traced(batch, judges)
    return Result(*map(tuple, result)).to_json()


def written_results(lines: Iterable[bytes], results: IO[str], transform: Callable[[Any], dict[str, Any]]) -> int:
    """Writes the result of each batch on a line of its own. Gives the exit code: 1 where there were errors."""
    failed = False
    for line in lines:
        if not line.strip():
            continue
        try:
            batch = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            result = Result((), (), (Problem.of("M501", input="", reason=str(error)),)).to_json()
        else:
            result = transform(batch)
        failed = failed or any(problem["severity"] == "error" for problem in result["problems"])
        results.write(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")
    return int(failed)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
