"""Caches of results that generated code computes for names and strings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["Changed", "Forms", "Known", "Renamed", "Spellings", "always", "never", "pattern"]

_MOST_NAMES = 10_000
_LONGEST_NAME = 200


class Known(set[str]):
    """Names that are known to pass a test."""

    def learn(self, name: str) -> None:
        """Adds a name, unless it is long or there are many already: names come from untrusted input."""
        if len(self) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
            self.add(name)


class Renamed(dict[str, str]):
    """Names, and the names that replace them."""

    def learn(self, name: str, new: str) -> None:
        """Adds a name and its replacement, within the same bounds."""
        if len(self) < _MOST_NAMES and len(name) <= _LONGEST_NAME and len(new) <= _LONGEST_NAME:
            self[name] = new


class Changed(dict[str, str]):
    """New names by the names that they replace, computed once for each, within the same bounds."""

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change

    def __missing__(self, name: str) -> str:
        new = self._change(name)
        if len(self) < _MOST_NAMES and len(name) <= _LONGEST_NAME and len(new) <= _LONGEST_NAME:
            self[name] = new
        return new


class Forms(Known):
    """Names whose forms all differ; a form is what a function makes of a name."""

    def __init__(self, form: Callable[[str], str]) -> None:
        self._form = form
        self._owners: dict[str, str] = {}
        """The only name here with a form."""
        self._tried = Known()

    def learn_all(self, members: dict[str, Any]) -> bool:
        """Adds the names of an object, if their forms differ from those of all others; returns whether it has all."""
        for name in members:
            if name in self._tried:
                continue
            self._tried.learn(name)
            if name in self._tried:
                form = self._form(name)
                if len(form) <= _LONGEST_NAME and self._owners.setdefault(form, name) == name:
                    self.add(name)
        return self.issuperset(members)


class Spellings(Known):
    """Names that differ from each other and from all requested names in more than letter case.

    In an object with such names alone, no name has two spellings, and requested names are spelt as requested.
    """

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        """The only name with a given case-folded form; "" if two requested names share the form."""
        self._tried = Known()

    def asked(self, name: str) -> None:
        """Registers a requested name, before the first object is examined."""
        folded = self._asked[name] = name.casefold()
        if self._owners.setdefault(folded, name) != name:
            self._owners[folded] = ""

    def of(self, members: dict[str, Any]) -> dict[str, Any]:
        """The values of the requested names, each from the requested spelling, or else from the first other one."""
        self._learn_all(members)
        found: dict[str, Any] = {}
        for name, value in members.items():
            found.setdefault(name.casefold(), value)
        return {name: members[name] if name in members else found.get(form) for name, form in self._asked.items()}

    def count(self, members: dict[str, Any]) -> int:
        """The number of different names in lower case."""
        self._learn_all(members)
        return len(set(map(str.lower, members)))

    def _learn_all(self, members: dict[str, Any]) -> None:
        for name in members:
            if name in self._tried:
                continue
            self._tried.learn(name)
            forms = name.casefold(), name.lower()
            if name in self._tried and all(self._owners.get(form, name) == name for form in forms):
                self._owners.update(dict.fromkeys(forms, name))
                self.add(name)


def pattern(text: str) -> Callable[[str], Any]:
    """A function that searches for a regular expression."""
    return re.compile(text).search


def always(_value: Any) -> bool:
    """A test that every value passes, as for a schema without restrictions."""
    return True


def never(_value: Any) -> bool:
    """A test that no value passes, for when validity is unknown."""
    return False
