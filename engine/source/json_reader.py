"""Reads JSON text with orjson, and with the standard library where orjson would round an integer.

Standalone modules contain `json_reader_plain` instead of this module.
"""

from __future__ import annotations

from typing import Any

import orjson

from ..diagnostics.problem import Problem
from ..values.numbers import MIN_INTEGER
from .json_reader_plain import read_plainly

__all__ = ["read", "read_value"]

_BOM = b"\xef\xbb\xbf"
_DIGITS_AS_ZEROS = bytes(ord("0") if byte in b"0123456789" else byte for byte in range(256))
_WIDE = b"0" * 20
_MAYBE_WIDE = b"-" + b"0" * 19


def read(text: bytes) -> tuple[Any, Problem | None]:
    """Parses a batch; returns it, or the Problem if it cannot be parsed, as `json_reader_plain.read_plainly` does.

    The batch is only known to be within the limits if the text is: see `values.is_surely_small`.
    """
    text = text.removeprefix(_BOM)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        value, problem = read_plainly(text)  # it may be JSON with a number or string that orjson does not accept
        if problem is not None and problem.code == "M501":
            problem = Problem.of("M501", input="", reason=_flaw(text, error))
        return value, problem
    return read_plainly(text) if _may_be_wide(text) else (value, None)


def read_value(text: bytes | str) -> Any:
    """Parses JSON without rounding any integer. Raises ValueError with the reason: "is not JSON: ..."."""
    raw = text.encode() if isinstance(text, str) else text
    value, problem = read(raw)
    if problem is None:
        return value
    if problem.code == "M503":
        raise ValueError(f"cannot be used: {problem.data['reason']}")
    try:
        return orjson.loads(raw.removeprefix(_BOM))  # fails again, with line and column
    except orjson.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from None


def _flaw(text: bytes, error: orjson.JSONDecodeError) -> str:
    """Returns why a text is not JSON."""
    try:
        text.decode()
    except UnicodeDecodeError as encoding:
        return f"it is not UTF-8 text (byte {encoding.start + 1})"
    return f"{error.msg} (character {error.pos + 1})"


def _may_be_wide(text: bytes) -> bool:
    """Returns whether a text may contain an integer of more than 64 bits, which orjson would read as a double.

    The test looks for runs of digits anywhere. Ids of 19 digits are common, and most of them are no such integers.
    """
    zeros = text.translate(_DIGITS_AS_ZEROS)
    if _WIDE in zeros:
        return True
    at = zeros.find(_MAYBE_WIDE)
    while at >= 0:
        end = at + len(_MAYBE_WIDE)
        if int(text[at:end]) < MIN_INTEGER:
            return True
        at = zeros.find(_MAYBE_WIDE, end)
    return False
