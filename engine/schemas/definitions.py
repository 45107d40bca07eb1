"""What a schema consists of when it is asked for verdicts, as a cache can keep it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .formats import FORMATS_OF_TEXT
from .validation import Verdicts

__all__ = ["Definitions"]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The parts of a schema by name, the name of the first one, and what is searched for by each pattern."""

    name: str
    parts: Mapping[str, Any]
    patterns: Mapping[str, Any]

    def verdicts(self) -> Verdicts:
        """What judges by the definitions."""
        return Verdicts(self.name, self.parts, self.patterns, FORMATS_OF_TEXT)

    def to_text(self) -> str:
        """The definitions as text."""
        return json.dumps([self.name, self.parts, self.patterns])

    @staticmethod
    def of_text(text: str) -> Definitions:
        """The definitions that a text holds."""
        return Definitions(*json.loads(text))
