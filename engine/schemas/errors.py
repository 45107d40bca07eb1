"""The error of a JSON Schema that cannot be used."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SchemaError"]


class SchemaError(ValueError):
    """A schema that cannot be used; `reason` says why, `path` and `pointer` where, if that is known."""

    def __init__(self, reason: str, hint: str | None = None, path: Path | None = None, pointer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.path = path
        self.pointer = pointer
