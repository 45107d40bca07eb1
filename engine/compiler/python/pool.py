"""Names, constants and helper functions shared by the functions of one generated module."""

from __future__ import annotations

import builtins
import keyword
from typing import Any

from ...diagnostics.problem import Place
from .value import Value, comment, kinds_of

__all__ = ["Pool", "place_code"]


class Pool:
    """The constants and helper functions of a module, each written once."""

    def __init__(self, reserved: frozenset[str]) -> None:
        self._reserved = reserved
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self.constants: list[str] = []
        self.functions: list[str] = []
        self.inner: list[str] = []
        """The names of functions that are defined inside of others."""

    def copy(self) -> Pool:
        """A copy for `restore`."""
        pool = Pool(self._reserved)
        pool.restore(self)
        return pool

    def restore(self, other: Pool) -> None:
        """Returns to the state of a copy."""
        self._names, self._counts = dict(other._names), dict(other._counts)
        self.constants, self.functions = list(other.constants), list(other.functions)

    def is_free(self, name: str) -> bool:
        """Returns whether a name is free: not of Python, the support code, or a constant (those are upper-case)."""
        return not (keyword.iskeyword(name) or hasattr(builtins, name) or name in self._reserved)

    def constant(self, value: Any) -> Value:
        """The value of a constant."""
        code = self.name("VALUE", repr(value)) if isinstance(value, list | dict) else repr(value)
        return Value(code, kinds_of(value), stable=True, constant=value)

    def texts(self, values: frozenset[str]) -> str:
        """The name of a constant set of strings."""
        return self.name("TEXTS", f"frozenset({sorted(values)!r})")

    def name(self, prefix: str, code: str) -> str:
        """The name of the constant with this code."""
        if code not in self._names:
            name = self._names[code] = self.fresh(prefix)
            self.constants.append(f"{name} = {code}")
        return self._names[code]

    def function(self, prefix: str, parameters: str, body: str, note: str) -> str:
        """The name of a helper function with these parameters and this body."""
        key = f"{parameters}\n{body}"
        if key not in self._names:
            name = self._names[key] = self.fresh(prefix)
            self.functions.append(f"def {name}({parameters}):  {comment(note)}\n{body}")
        return self._names[key]

    def fresh(self, prefix: str) -> str:
        """A new name for a constant or a function."""
        self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return f"{prefix}_{self._counts[prefix]}"


def place_code(place: Place) -> str:
    """Code for a place in the rules."""
    return f"Place{(place.file, place.line, place.column, place.end_line, place.end_column)!r}"
