"""The definitions that the evaluator of a schema needs, in a form that can be cached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .formats import FORMATS_OF_TEXT
from .validation import SchemaEvaluator

__all__ = ["Definitions"]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The targets of references by name, the name of the whole schema among them, and the prepared patterns."""

    name: str
    parts: Mapping[str, Any]
    patterns: Mapping[str, Any]

    def evaluator(self) -> SchemaEvaluator:
        """The evaluator of the definitions."""
        return SchemaEvaluator(self.name, self.parts, self.patterns, FORMATS_OF_TEXT)

    def to_text(self) -> str:
        """The definitions as text."""
        return json.dumps([self.name, self.parts, self.patterns])

    @staticmethod
    def of_text(text: str) -> Definitions:
        """The definitions that a text holds."""
        return Definitions(*json.loads(text))
