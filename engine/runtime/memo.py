"""What generated code finds out of names and texts, and remembers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["Known", "Renamed", "Spellings", "always", "never", "pattern"]

_MOST_NAMES = 10_000
_LONGEST_NAME = 200


class Known(set[str]):
    """Names of which something was found to hold."""

    def learn(self, name: str) -> None:
        """Remembers a name, unless there are many or it is long: names can come from anyone."""
        if len(self) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
            self.add(name)


class Renamed(dict[str, str]):
    """Names, and what becomes of them."""

    def learn(self, name: str, new: str) -> None:
        """Remembers what becomes of a name, within the same bounds."""
        if len(self) < _MOST_NAMES and len(name) <= _LONGEST_NAME and len(new) <= _LONGEST_NAME:
            self[name] = new


class Spellings(Known):
    """Names of which no two differ in letter case alone, nor from a name that is asked for.

    What has no other names than these has each of them in one spelling, and what is asked for as it is asked for.
    """

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        """The one name that has this form; no name at all where two are asked for that have it."""
        self._tried = Known()

    def asked(self, name: str) -> None:
        """Says that a name is asked for. All are, before the first object is looked at."""
        folded = self._asked[name] = name.casefold()
        if self._owners.setdefault(folded, name) != name:
            self._owners[folded] = ""

    def of(self, members: dict[str, Any]) -> dict[str, Any]:
        """What is asked for, by the names as they are asked for: in that spelling, else in the first other one."""
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
    """What searches for a regular expression."""
    return re.compile(text).search


def always(_value: Any) -> bool:
    """Every value fits."""
    return True


def never(_value: Any) -> bool:
    """No value surely fits."""
    return False
