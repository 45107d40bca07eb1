"""The names that templates cannot use for values."""

from __future__ import annotations

__all__ = ["TAKEN"]

TAKEN = frozenset({"true", "false", "none", "not", "self", "super"})
"""Names that mean something else to Jinja2: constants, an operator, and what it keeps for itself."""
