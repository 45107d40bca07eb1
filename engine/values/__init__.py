"""JSON values: their kinds, limits, conversions, pointers and sizes.

Comes in: Python objects as a JSON parser gives them. Goes out: the same, converted, measured or described in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .coercion import TYPES, CoercionError, coerce
    from .equality import equal, included
    from .json_size import measured, size_of, sorted_text
    from .kinds import kind, scalar_text, shown, with_article
    from .numbers import (
        MAX_DIGITS,
        MAX_INTEGER,
        MIN_INTEGER,
        decimal_text,
        integer_of,
        is_wide,
        parse_decimal,
        parse_number,
    )
    from .once import Once, cached_property
    from .payload import (
        MAX_INPUT_DEPTH,
        MAX_INPUT_NODES,
        TOO_DEEP,
        check_constant,
        check_payload,
        is_deep,
        is_surely_small,
        json_text,
        received,
    )
    from .pointers import Index, escape, join, pointer, shift, value_at

__all__ = [
    "MAX_DIGITS",
    "MAX_INPUT_DEPTH",
    "MAX_INPUT_NODES",
    "MAX_INTEGER",
    "MIN_INTEGER",
    "TOO_DEEP",
    "TYPES",
    "CoercionError",
    "Index",
    "Once",
    "cached_property",
    "check_constant",
    "check_payload",
    "coerce",
    "decimal_text",
    "equal",
    "escape",
    "included",
    "integer_of",
    "is_deep",
    "is_surely_small",
    "is_wide",
    "join",
    "json_text",
    "kind",
    "measured",
    "parse_decimal",
    "parse_number",
    "pointer",
    "received",
    "scalar_text",
    "shift",
    "shown",
    "size_of",
    "sorted_text",
    "value_at",
    "with_article",
]

__getattr__ = lazily(__name__)
