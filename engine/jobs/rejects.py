"""Rejects: batches that failed in part or as a whole, one per line, so that a replay maps only the failed parts.

`schemas/moemap/reject.schema.json` describes a line; docs/runs.md says how rejects are replayed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from ..runtime.batch import Record
from ..runtime.result import Failed, Result

__all__ = ["MAX_REJECT_BYTES", "VERSION", "Reject", "reject_line"]

VERSION = 1
"""The version of the format, which is increased if the meaning of a valid line changes."""
MAX_REJECT_BYTES = 1_000_000_000
"""The maximum size of a line in bytes, enough for the largest batch with problems of all its values."""
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")


class Reject(NamedTuple):
    """A batch to replay: `failed` are the parts to map, None for the whole batch; `codes` are the problems it had."""

    record: Record
    failed: frozenset[Failed] | None
    codes: frozenset[str]


def reject_line(record: Record, result: Result, failed: Iterable[Failed] | None, mapping: str, version: str) -> bytes:
    """A reject as a line of JSON. It contains the text of the batch as it was read."""
    text = record.text.translate(_LINE_ENDS)  # line ends stand between tokens only, where each is a blank
    is_json = record.problem is None and record.parse()[1] is None
    line = {
        "version": VERSION,
        "mapping": {"name": mapping, "version": version},
        "source": record.source,
        "line": record.line or None,
        "record": record.number or None,
        **({"batch": orjson.Fragment(text)} if is_json else {"text": record.text.decode(errors="replace")}),
        "failed": None if failed is None else [one.to_json() for one in failed],
        "problems": [problem.to_json() for problem in result.problems],
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
