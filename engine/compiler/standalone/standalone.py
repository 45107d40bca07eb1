"""A mapping as one Python module that needs nothing but the standard library.

It holds the parts of the engine that run compiled mappings, the generated code, and the schemas.
"""

from __future__ import annotations

import builtins
from typing import Any

from ...functions.table import FUNCTIONS
from ...language.rulebook import Rulebook
from ...runtime.operations import CALLS
from ..python.value import comment
from ..rules.mapping import sources_of, title_of
from .bundle import bundled, names_in, names_of_all
from .schemas import EmbeddedSchemas

__all__ = ["StandaloneError", "standalone_of"]


class StandaloneError(ValueError):
    """The mapping cannot be one module; the text says why."""


_HEAD = '''\
"""A mapping of JSON messages to requests, compiled by moemap into one module without any dependency.

    from mapping import transform

    result = transform(batch)   # {"requests": [...], "skipped": [...], "problems": [...]}

As a program it maps one batch a line: python mapping.py < batches.ndjson > results.ndjson

Needs Python 3.11 or newer; for time zones by name, also the package tzdata or the database of the system. Generated:
change the rules, and write it again with `moemap compile --standalone`.
"""
'''
_TAIL = '''\


EVALUATORS = {name: SchemaEvaluator(definition, DEFINITIONS, PATTERNS, FORMATS) for name, definition in SCHEMAS.items()}


def transform(batch: Any) -> dict[str, Any]:
    """`{requests, skipped, problems}` of a batch (any value). Never raises for what the batch holds."""
    return result_of(batch, mapped, traced, EVALUATORS)


if __name__ == "__main__":
    run_as_filter(transform)
'''
_WIDTH = 100
_OWN_NAMES = frozenset({"DEFINITIONS", "EVALUATORS", "FORMATS", "PATTERNS", "SCHEMAS", "transform", "sys"})


def standalone_of(rulebook: Rulebook) -> str:
    """The source of the module; the same Rulebook has the same source. Raises StandaloneError."""
    code = sources_of(rulebook, names_of_all() | _OWN_NAMES)
    used = names_in(code)
    calls = [f'{name} = CALLS["{name}"]' for name in sorted(used & CALLS.keys())]
    embedded = _embedded_schemas(rulebook)
    formats = "FORMATS_OF_TEXT" if embedded.has_formats else "{}"
    schemas = [*_schemas(embedded), f"FORMATS = {formats}"]
    wanted = sorted(used | names_in("\n".join([*schemas, _TAIL])) | {"CALLS"})
    imports, runtime = bundled(wanted, (name for name in FUNCTIONS if f"call_{name}" in used or repr(name) in code))
    parts = [
        _HEAD,
        comment(f"The mapping {title_of(rulebook)}."),
        "",
        "from __future__ import annotations",
        "",
        *imports,
        "",
        '__all__ = ["transform"]',
        "",
        "",
        runtime,
        "",
        "",
        "# --- The rules",
        "",
        *calls,
        code,
        "",
        "# --- The schemas",
        "",
        *schemas,
        _TAIL,
    ]
    try:  # the rest is the engine's own
        builtins.compile("\n".join([code, *schemas]), "<standalone>", "exec", dont_inherit=True)
    except (SyntaxError, RecursionError, MemoryError):
        raise StandaloneError("its rules are nested too deeply to be Python code") from None
    return "\n".join(parts)


def _embedded_schemas(rulebook: Rulebook) -> EmbeddedSchemas:
    """The schemas of the outputs."""
    outputs = rulebook.outputs.values()
    names = sorted({name for output in outputs for name in (output.schema, output.limits) if name is not None})
    return EmbeddedSchemas(rulebook.schemas[name] for name in names)


def _schemas(embedded: EmbeddedSchemas) -> list[str]:
    values = {"DEFINITIONS": embedded.definitions, "PATTERNS": embedded.patterns, "SCHEMAS": embedded.names}
    return [f"{name} = {_literal(value, '')}" for name, value in values.items()]


def _literal(value: Any, margin: str) -> str:
    """JSON as Python, with an entry a line where it is long."""
    text = repr(value)
    if len(margin) + len(text) <= _WIDTH or not isinstance(value, dict | list):
        return text
    inner = f"{margin}    "
    if isinstance(value, dict):
        entries = [f"{name!r}: {_literal(entry, inner)}" for name, entry in value.items()]
    else:
        entries = [_literal(entry, inner) for entry in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([start, *(f"{inner}{entry}," for entry in entries), f"{margin}{end}"])
