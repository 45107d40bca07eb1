"""JSON Schemas of inputs and outputs.

Comes in: the name of a schema. Goes out: a Schema with all documents that it refers to, a Validator, and Violations
that say where and why a body is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .definitions import Definitions
    from .errors import SchemaError
    from .keywords import LIST, NAMED, ONE
    from .positions import Locator
    from .schema import MAX_SCHEMA_BYTES, MAX_SCHEMA_FILES, Schema, Validator, definitions_of, load, schema_of
    from .validation import KEYWORDS, SchemaEvaluator
    from .violations import MAX_VIOLATIONS, Violation, Violations

__all__ = [
    "KEYWORDS",
    "LIST",
    "MAX_SCHEMA_BYTES",
    "MAX_SCHEMA_FILES",
    "MAX_VIOLATIONS",
    "NAMED",
    "ONE",
    "Definitions",
    "Locator",
    "Schema",
    "SchemaError",
    "SchemaEvaluator",
    "Validator",
    "Violation",
    "Violations",
    "definitions_of",
    "load",
    "schema_of",
]

__getattr__ = lazily(__name__)
