"""The outputs of a Rulebook in the form from which requests are assembled, and the values that no batch changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..diagnostics.problem import Problem
from ..language.names import aimed_outputs
from ..language.rulebook import Field, ObjectSource, Output, Rulebook, Server
from ..runtime.notes import Rejected
from ..runtime.outputs import OutputSpec
from ..schemas.schema import most_items
from ..values.forms import FORM_TYPE
from .fields import Evaluation
from .scope import Roots, Scope, Stand

__all__ = ["evaluated", "lists_of", "output_specs", "server_of"]


def evaluated(fields: tuple[Field, ...], rulebook: Rulebook) -> tuple[dict[str, Any], list[Problem]]:
    """The values of fields that read nothing but settings, and the problems with them."""
    evaluation = Evaluation({}, None, frozenset(), {}, {})
    scope = Scope(Roots({"settings": rulebook.values}), {"settings": None})
    try:
        values = evaluation.object(ObjectSource(fields), scope, Stand(None, "", None)) or {}
    except Rejected:
        values = {}
    return values, evaluation.problems


def server_of(server: Server | None, rulebook: Rulebook) -> tuple[str | None, dict[str, str]]:
    """The URL and the headers of a server."""
    if server is None:
        return None, {}
    url = evaluated((server.url,), rulebook)[0].get("url")
    return url, evaluated(server.headers, rulebook)[0]


def output_specs(rulebook: Rulebook) -> Iterator[OutputSpec]:
    """The outputs in order."""
    aimed = aimed_outputs(rulebook)
    for output in rulebook.outputs.values():
        url, headers = server_of(output.server, rulebook)
        line = output.request
        own = {(field.name or "").lower(): field.name or "" for field in line.headers}
        if line.form is not None:
            headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
            headers["Content-Type"] = FORM_TYPE
        yield OutputSpec(
            output.name,
            line.method,
            output.body,
            output.schema,
            output.limits,
            output.element_of,
            {None: "append"} if output.body == "list" else {**output.combine},
            output.max_bytes,
            output.max_items,
            lists_of(output, rulebook),
            line.form,
            url,
            {own.get(name.lower(), name): value for name, value in headers.items()},
            output.name in aimed,
            _is_simple(output, rulebook),
        )


def lists_of(output: Output, rulebook: Rulebook) -> dict[str | None, int]:
    """The largest number of elements of combined lists that the output and its schema allow, by the list's name."""
    names = [name for name, how in output.combine.items() if how == "append"]
    found: dict[str | None, int] = {}
    for name in [None] if output.body == "list" else names:
        schema = rulebook.schemas.get(output.schema or "")
        limits = [output.max_items, None if schema is None else most_items(schema, name)]
        if most := [limit for limit in limits if limit is not None]:
            found[name] = max(1, min(most))
    return found


def _is_simple(output: Output, rulebook: Rulebook) -> bool:
    """Returns whether bodies of the output have combined members only, apart from the envelope."""
    if output.body != "object":
        return output.body == "list"
    names = {field.name for field in output.fields}
    if output.element_of is not None:
        return dict(output.combine) == {output.element_of: "append"} and output.element_of not in names
    bodies = [rule.body for rule in rulebook.rules if rule.output == output.name]
    sources = [body for body in bodies if isinstance(body, ObjectSource)]
    own = {field.name for source in sources for field in source.fields}
    passed = any(source.spreads for source in sources)
    return bool(output.combine) and not passed and own <= output.combine.keys() and not names & output.combine.keys()
