"""Chooses how many random examples a test takes: few in `make test`, many in `make fuzz`."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import settings

__all__ = ["IS_LONG", "effort"]

_T = TypeVar("_T")

IS_LONG = settings().max_examples > 1000
"""True if the tests look for the unexpected for long, as `make fuzz` has it."""


def effort(usual: _T, long: _T) -> _T:
    """The first value, or the second one if the tests may take long."""
    return long if IS_LONG else usual
