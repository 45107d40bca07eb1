"""Types of JSON values: unions, narrowing, membership, description in words, and types from schemas.

Comes in: a Schema, or types. Goes out: types, their descriptions in words, and whether a value is of a type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .comparison import MIRRORED, Inferred, bound_by, compared, equal_part, may_equal
    from .description import describe
    from .from_schema import TypeReader, type_of
    from .membership import includes
    from .narrowing import either_case, excluding, falsy, meet, meet_string, refine, truthy
    from .types import (
        ANY,
        ANY_NUMBER,
        ANY_STRING,
        BOOLEAN,
        NEVER,
        NULL,
        OBJECT,
        ArrayType,
        NumberType,
        ObjectType,
        Other,
        Property,
        StringType,
        Type,
        constants,
        join,
        literal,
        lookup,
        matches,
        members,
        only,
        spellings,
        string,
        union,
        without,
        without_null,
    )

__all__ = [
    "ANY",
    "ANY_NUMBER",
    "ANY_STRING",
    "BOOLEAN",
    "MIRRORED",
    "NEVER",
    "NULL",
    "OBJECT",
    "ArrayType",
    "Inferred",
    "NumberType",
    "ObjectType",
    "Other",
    "Property",
    "StringType",
    "Type",
    "TypeReader",
    "bound_by",
    "compared",
    "constants",
    "describe",
    "either_case",
    "equal_part",
    "excluding",
    "falsy",
    "includes",
    "join",
    "literal",
    "lookup",
    "matches",
    "may_equal",
    "meet",
    "meet_string",
    "members",
    "only",
    "refine",
    "spellings",
    "string",
    "truthy",
    "type_of",
    "union",
    "without",
    "without_null",
]

__getattr__ = lazily(__name__)
