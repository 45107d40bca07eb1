"""Which parts of the rules can sink the element that they belong to, and the code around those that can."""

from __future__ import annotations

from typing import Any

from ..rules import Field, From, Object
from .code import Function

__all__ = ["can_reject", "can_reject_field", "can_reject_object", "can_reject_value", "sinking"]


def can_reject(fields: tuple[Field, ...]) -> bool:
    """Whether one of the fields can sink the element that it belongs to."""
    return any(map(can_reject_field, fields))


def can_reject_value(value: Object | Field) -> bool:
    """Whether an object or a field can."""
    return can_reject_object(value) if isinstance(value, Object) else can_reject_field(value)


def can_reject_object(source: Object) -> bool:
    """Entries and elements of inner lists sink alone."""
    return can_reject(source.fields)


def can_reject_field(field: Field) -> bool:
    """Whether a field can: by what it asks for itself, or by what it is made of."""
    if field.required or field.on_problem == "reject" or (field.table is not None and field.table.unlisted == "reject"):
        return True
    source = field.source
    if isinstance(source, From):
        return any(isinstance(part, Field) and can_reject_field(part) for part in source.alternatives)
    return isinstance(source, Object) and can_reject_object(source)


class sinking:  # noqa: N801  used like a function
    """`with` for code that may sink the element at work: what is written inside stands in a `try`."""

    def __init__(self, writer: Function, rejects: bool, after: list[str]) -> None:
        self._writer = writer
        self._after = after
        self._block = writer.inside("try:") if rejects else None

    def __enter__(self) -> None:
        if self._block is not None:
            self._block.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._block is not None:
            inside = self._writer.block
            self._block.__exit__(*error)
            # What follows comes only after all of it: the names go on to hold what they hold.
            self._writer.block.names |= inside.names
            with self._writer.inside("except Rejected:"):
                for line in self._after:
                    self._writer.line(line)
