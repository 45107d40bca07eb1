"""The entry points of standalone modules: one batch at a time, or the lines of a stream."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any, NoReturn

from ..diagnostics.problem import Problem
from ..schemas.validation import SchemaEvaluator
from ..source.json_reader_plain import read_plainly
from ..values.budget import TooMuchCopied, scanning
from ..values.kinds import kind, with_article
from ..values.payload import received
from .assembly import Unusual
from .result import Result, failure, too_much_copied

__all__ = ["result_of", "run_as_filter", "written_results"]

Mapped = Callable[[Any, Any], Any]


def result_of(batch: Any, mapped: Mapped, traced: Mapped, validators: Mapping[str, SchemaEvaluator]) -> dict[str, Any]:
    """Maps a batch (any value) with the two functions of its mapping to `{requests, skipped, problems}`."""
    batch, reason = received(batch)
    if reason is not None:
        return Result((), (), (Problem.of("M503", input="", reason=reason),)).to_json()
    if type(batch) is not dict:
        return Result((), (), (Problem.of("M502", input="", found=with_article(kind(batch))),)).to_json()
    scanning()
    try:
        try:
            result = mapped(batch, {name: validator.is_valid for name, validator in validators.items()})
        except Unusual:
            result = traced(batch, validators)
    except TooMuchCopied as error:
        return too_much_copied(error).to_json()
    return Result(*map(tuple, result)).to_json()


def run_as_filter(transform: Callable[[Any], dict[str, Any]]) -> NoReturn:
    """Runs a standalone module as a program: from batches on standard input to results on standard output."""
    if hasattr(signal, "SIGPIPE"):  # a filter ends when its reader has gone
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False) as results:
        sys.exit(written_results(sys.stdin.buffer, results, transform))


def written_results(lines: Iterable[bytes], results: IO[str], transform: Callable[[Any], dict[str, Any]]) -> int:
    """Writes the result of each batch as a line; returns the exit code: 1 if there were errors."""
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
        results.flush()  # each line is answered at once
    return int(failed)


def _result_of_text(text: bytes, transform: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    batch, problem = read_plainly(text)
    return transform(batch) if problem is None else Result((), (), (problem,)).to_json()
