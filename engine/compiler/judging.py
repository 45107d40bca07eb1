"""What generated checks of bodies call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["Known", "always", "never", "pattern"]

_MOST_NAMES = 10_000
_LONGEST_NAME = 200


class Known(set[str]):
    """Names of which something was found to hold."""

    def learn(self, name: str) -> None:
        """Remembers a name, unless there are many or it is long: names can come from anyone."""
        if len(self) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
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
