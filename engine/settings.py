"""Settings as they are given on a command line."""

from __future__ import annotations

__all__ = ["GivenText"]


class GivenText(str):
    """The text of a setting as given on a command line: read by the type that the mapping declares."""

    __slots__ = ()
