"""Schemas for a standalone module: what `engine.verdicts` needs of them, references and patterns resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from ..pointers import join, value_at
from ..regular import PatternError
from ..schemas import Schema
from ..verdicts import KEYWORDS
from .regexes import portable

__all__ = ["JudgeError", "Judges"]

_ONE = {"additionalProperties", "items", "contains", "propertyNames", "not", "if", "then", "else"}
_LIST = {"allOf", "anyOf", "oneOf", "prefixItems"}
_NAMED = {"properties", "patternProperties", "dependentSchemas"}
_SAYING_NOTHING = {
    *("$comment", "$defs", "$schema", "title", "description", "default", "examples", "deprecated", "readOnly"),
    *("writeOnly", "format", "contentEncoding", "contentMediaType", "contentSchema"),
}


class JudgeError(ValueError):
    """A schema that only the libraries can judge by; the text says where and why."""


class Judges:
    """The definitions that schemas are made of, by URI and pointer; and the patterns in them for Python's `re`."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        self.definitions: dict[str, Any] = {}
        self.patterns: dict[str, str] = {}
        self.names: dict[str, str] = {}
        """The name of the definition of each schema."""
        for schema in schemas:
            if schema.is_old:
                raise JudgeError(f"{schema.name}: a draft before 2019-09 cannot be judged without the libraries")
            self.names[schema.name] = self._defined(schema.uri, "", schema.resources)

    def _defined(self, uri: str, pointer: str, resources: Mapping[str, Any]) -> str:
        """The name of a definition, which is added with all that it refers to."""
        name = f"{uri}#{pointer}" if pointer else uri
        if name not in self.definitions:
            self.definitions[name] = True  # what refers to itself finds its name
            part = value_at(resources[uri], pointer)
            self.definitions[name] = self._part(part, uri, pointer, resources)
        return name

    def _part(self, part: Any, uri: str, pointer: str, resources: Mapping[str, Any]) -> Any:
        if not isinstance(part, dict):
            return part
        prepared: dict[str, Any] = {}
        for keyword, wanted in part.items():
            below = join(pointer, keyword)
            if keyword in _SAYING_NOTHING or keyword.startswith("x-") or (keyword == "$id" and not pointer):
                if keyword == "description" and "not" in part:  # its words stand in the message
                    prepared[keyword] = wanted
                continue
            if keyword not in KEYWORDS:
                raise JudgeError(f"{uri}#{below}: {keyword!r} cannot be judged without the libraries")
            prepared[keyword] = self._wanted(keyword, wanted, uri, below, resources)
            for pattern in [wanted] if keyword == "pattern" else wanted if keyword == "patternProperties" else ():
                self._add_pattern(pattern, f"{uri}#{below}")
        return prepared

    def _wanted(self, keyword: str, wanted: Any, uri: str, pointer: str, resources: Mapping[str, Any]) -> Any:
        """What stands under a keyword, with all schemas in it prepared."""
        if keyword == "$ref":
            target, fragment = urldefrag(urljoin(uri, wanted))
            if target not in resources or (fragment and not fragment.startswith("/")):
                raise JudgeError(f"{uri}#{pointer}: the reference {wanted!r} cannot be followed without the libraries")
            return self._defined(target or uri, unquote(fragment), resources)
        if keyword in _ONE:
            return self._part(wanted, uri, pointer, resources)
        if keyword in _LIST:
            return [self._part(one, uri, join(pointer, number), resources) for number, one in enumerate(wanted)]
        if keyword in _NAMED:
            return {name: self._part(one, uri, join(pointer, name), resources) for name, one in wanted.items()}
        return wanted

    def _add_pattern(self, pattern: str, place: str) -> None:
        try:
            self.patterns[pattern] = portable(pattern)
            re.compile(self.patterns[pattern])
        except (PatternError, re.error) as error:
            raise JudgeError(
                f"{place}: the pattern {pattern!r} cannot be searched for without the libraries: {error}"
            ) from None
