"""Reads rejects, as `rejects` writes them. A module of its own: runs that replay nothing need not import msgspec."""

from __future__ import annotations

import msgspec

from ..diagnostics.problem import Problem
from ..runtime.batch import Record
from ..runtime.result import Failed
from .rejects import VERSION, Reject

__all__ = ["read_reject"]


class _Version(msgspec.Struct):
    version: int


class _FailedForm(msgspec.Struct):
    element: str | None
    route: str | None = None
    rule: str | None = None
    occurrence: int = 0
    convert: str | None = None


class _ProblemForm(msgspec.Struct):
    code: str


class _Line(msgspec.Struct):
    source: str
    line: int | None
    failed: list[_FailedForm] | None
    problems: list[_ProblemForm]
    record: int | None = None
    batch: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET


def read_reject(record: Record) -> Reject | Problem:
    """Parses a reject; returns it, or the Problem if the line is not one."""
    if record.problem is not None:
        return record.problem
    try:  # the limits of batches apply to the batch in it, which is read later
        version = msgspec.json.decode(record.text, type=_Version).version
        if version != VERSION:
            return _flaw(f"it is of version {version}; version {VERSION} is read")
        line = msgspec.json.decode(record.text, type=_Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _, problem = record.parse()
        return problem or _flaw(f"it is not what reject.schema.json describes ({error})")
    if isinstance(line.batch, msgspec.Raw):
        text = bytes(line.batch)
    elif isinstance(line.text, str):
        text = line.text.encode(errors="replace")
    else:
        return _flaw("it has neither 'batch' nor 'text'")
    failed = (
        None
        if line.failed is None
        else frozenset(Failed(one.route, one.rule, one.element, one.occurrence, one.convert) for one in line.failed)
    )
    codes = frozenset(problem.code for problem in line.problems)
    return Reject(Record(line.source, line.line or 0, text, None, line.record or 0), failed, codes)


def _flaw(reason: str) -> Problem:
    return Problem.of("M523", input="", reason=reason)
