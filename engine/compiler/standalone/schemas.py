"""Schemas for a standalone module: the definitions that the evaluator needs, without annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...schemas.keywords import LIST, NAMED, ONE
from ...schemas.schema import Schema, definitions_of
from ...schemas.validation import KEYWORDS

__all__ = ["EmbeddedSchemas"]


class EmbeddedSchemas:
    """The definitions that schemas consist of, by URI and place, and their prepared patterns."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        self.parts: dict[str, Any] = {}
        self.searches: dict[str, Any] = {}
        self.definitions: dict[str, Any] = {}
        self.patterns: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        """The name of the definition of each schema."""
        self.has_formats = False
        for schema in schemas:
            definitions = definitions_of(schema)
            self.parts.update(definitions.parts)
            self.names[schema.name] = definitions.name
            self.searches |= definitions.patterns
            self._define(definitions.name)

    def _define(self, name: str) -> None:
        """Adds a definition and all that it refers to."""
        pending = [name]
        while pending:
            name = pending.pop()
            if name not in self.definitions:
                self.definitions[name] = self._part(self.parts[name], pending)

    def _part(self, part: Any, pending: list[str]) -> Any:
        if not isinstance(part, dict):
            return part
        prepared: dict[str, Any] = {}
        for keyword, wanted in part.items():
            if keyword == "description" and "not" in part:  # its words stand in the message
                prepared[keyword] = wanted
            if keyword not in KEYWORDS:
                continue
            self.has_formats = self.has_formats or keyword == "format"
            if keyword == "$ref":
                pending.append(wanted)
            for pattern in [wanted] if keyword == "pattern" else wanted if keyword == "patternProperties" else ():
                self.patterns[pattern] = self.searches[pattern]
            prepared[keyword] = self._wanted(keyword, wanted, pending)
        return prepared

    def _wanted(self, keyword: str, wanted: Any, pending: list[str]) -> Any:
        """The value of a keyword, with all schemas in it prepared."""
        if keyword in ONE:
            return self._part(wanted, pending)
        if keyword in LIST:
            return [self._part(one, pending) for one in wanted]
        if keyword in NAMED:
            return {name: self._part(one, pending) for name, one in wanted.items()}
        return wanted
