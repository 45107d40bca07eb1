"""Parses the JSON text of a batch with the standard library alone, keeping all digits of integers."""

from __future__ import annotations

import json
from typing import Any

from ..diagnostics.problem import Problem
from ..values.numbers import MAX_DIGITS, integer_of
from ..values.payload import TOO_DEEP, is_deep, received

__all__ = ["read_plainly"]


_TOO_LONG = 10**MAX_DIGITS
"""Stands for all integers with more digits, which `received` refuses."""


def read_plainly(text: bytes) -> tuple[Any, Problem | None]:
    """Parses a batch; returns it, or the Problem if it is not JSON (M501) or exceeds a limit (M503)."""
    try:
        value = json.loads(text.decode("utf-8-sig"), parse_int=_integer, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        return None, _problem("M501", f"it is not UTF-8 text (byte {error.start + 1})")
    except json.JSONDecodeError as error:
        if is_deep(error.doc[: error.pos]):
            return None, _problem("M503", TOO_DEEP)
        return None, _problem("M501", f"{error.msg} (character {error.pos + 1})")
    except RecursionError:
        return None, _problem("M503", TOO_DEEP)
    except ValueError as error:
        return None, _problem("M501", str(error))
    value, flaw = received(value)
    return (value, None) if flaw is None else (None, _problem("M503", flaw))


def _problem(code: str, reason: str) -> Problem:
    return Problem.of(code, input="", reason=reason)


def _integer(digits: str) -> int | float:
    number = integer_of(digits)
    return _TOO_LONG if number is None else number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
