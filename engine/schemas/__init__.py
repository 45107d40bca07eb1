"""JSON Schemas of inputs and outputs.

Comes in: the name of a schema. Goes out: a Schema with all documents that it refers to, a Validator, and Violations
that say where and why a body is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .definitions import Definitions
    from .keywords import LIST, NAMED, ONE
    from .normal_form import SchemaError
    from .patterns.builders import BLANK_EDGE, NOT_BLANK, any_case, one_of, pattern_of
    from .patterns.emptiness import is_empty
    from .patterns.parser import Anchor, CharacterSet, Concatenation, PatternError, PatternNode, read
    from .patterns.python import fits_all, is_one
    from .patterns.searching import found_in, is_linear, python_text
    from .positions import Locator
    from .schema import MAX_SCHEMA_BYTES, MAX_SCHEMA_FILES, Schema, Validator, definitions_of, load, schema_of
    from .validation import KEYWORDS, SchemaEvaluator
    from .violations import MAX_VIOLATIONS, Violation, Violations

__all__ = [
    "BLANK_EDGE",
    "KEYWORDS",
    "LIST",
    "MAX_SCHEMA_BYTES",
    "MAX_SCHEMA_FILES",
    "MAX_VIOLATIONS",
    "NAMED",
    "NOT_BLANK",
    "ONE",
    "Anchor",
    "CharacterSet",
    "Concatenation",
    "Definitions",
    "Locator",
    "PatternError",
    "PatternNode",
    "Schema",
    "SchemaError",
    "SchemaEvaluator",
    "Validator",
    "Violation",
    "Violations",
    "any_case",
    "definitions_of",
    "fits_all",
    "found_in",
    "is_empty",
    "is_linear",
    "is_one",
    "load",
    "one_of",
    "pattern_of",
    "python_text",
    "read",
    "schema_of",
]

__getattr__ = lazily(__name__)
