"""Lists what can be picked to be written: paths that an expression can read, and places of outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ..editing.analysis import analysis_of
from ..editing.cursor import cursor_at
from ..editing.data import Position
from ..editing.members import KnownMember, members_of, quoted_name, type_words
from ..editing.state import EditingState
from ..insight.evaluation import EvaluationPlaceError, SampleEvaluation, scope_of
from ..insight.tracing import Trace
from ..language.rulebook import Rulebook
from ..schemas.schema import Schema
from ..types.from_schema import type_of
from ..types.types import Type, without_null
from ..values.pointers import join
from .answers import Json
from .asking import names_in
from .rows import printed

__all__ = ["paths_at", "targets_of"]

_MOST = 1_000
_DEEPEST = 6
_MOST_VALUES = 20


def targets_of(rulebook: Rulebook) -> Json:
    """The places that the schemas of outputs have, with their types and descriptions."""
    found: list[Json] = []
    for output in rulebook.outputs.values():
        schema = rulebook.schemas.get(output.schema or "")
        if schema is None:
            continue
        for pointer, member in islice(_below(type_of(schema), [schema], "", _DEEPEST, join), _MOST):
            found.append(
                {
                    "output": output.name,
                    "pointer": pointer,
                    "type": _words(member.type),
                    "required": member.is_required,
                    "description": member.description or None,
                    "values": _values(member.type),
                }
            )
    return {"targets": found}


def _below(
    type_: Type, schemas: Iterable[Schema], at: str, depth: int, joined: Any, element: str = "/0"
) -> Iterator[tuple[str, KnownMember]]:
    """The members below a type, each with its place."""
    there = without_null(type_)
    array = there.parts.array
    if array is not None and depth:
        yield from _below(array.element(), schemas, f"{at}{element}", depth - 1, joined, element)
    for member in members_of(there, schemas) if depth else ():
        place = joined(at, member.name)
        yield place, member
        yield from _below(member.type, schemas, place, depth - 1, joined, element)


def _values(type_: Type) -> list[str] | None:
    """The values of a type, if these are few."""
    words = _words(type_)
    return re.split(", | or ", words)[:_MOST_VALUES] if words.startswith('"') else None


def _words(type_: Type) -> str:
    """A type in words, without null, which every optional member can be."""
    there = without_null(type_)
    return type_words(type_ if there.never else there)


def paths_at(state: EditingState, main: Path, path: Path, position: Position, found: Trace | None) -> Json:
    """The paths that an expression at a place can read, with their values in a sample."""
    cursor, analysis = cursor_at(state, path, position), analysis_of(state, main)
    if cursor is None or analysis is None:
        return {"paths": []}
    context = analysis.scopes.at(state.tree(path), cursor.keys)
    scope = {} if found is None else _scope(found, cursor.route)
    made: list[Json] = []
    route = analysis.rulebook.routes.get(cursor.route or "")
    first = {analysis.rulebook.input.as_name: 1, "settings": 3} | ({route.as_name: 0} if route is not None else {})
    roots = sorted(members_of(context.type, analysis.schemas), key=lambda one: first.get(one.name, 2))
    found_paths = (
        pair
        for root in roots
        for text in (quoted_name(root.name),)
        for pair in ((text, root), *_below(root.type, analysis.schemas, text, _DEEPEST, _dotted, "[]"))
    )
    for text, member in islice(found_paths, _MOST):
        made.append(
            {
                "text": text,
                "type": _words(member.type),
                "description": member.description or None,
                "value": _value(scope, text),
            }
        )
    return {"paths": made}


def _dotted(at: str, name: str) -> str:
    return f"{at}.{quoted_name(name)}" if at else quoted_name(name)


def _scope(found: Trace, route: str | None) -> Mapping[str, Any]:
    """The values of names for the first element of a route."""
    for at in (f"{route}:0", None) if route else (None,):
        try:
            return names_in(found.rulebook, SampleEvaluation(scope_of(found.rulebook, found.batch, at)))
        except EvaluationPlaceError:
            continue
    return {}


def _value(scope: Mapping[str, Any], text: str) -> str | None:
    """The value at a path of plain names; None for members of elements, which have several."""
    value: Any = scope
    for name in text.split("."):
        if not isinstance(value, Mapping) or name.strip('"') not in value:
            return None
        value = value[name.strip('"')]
    return None if value is None else printed(value)
