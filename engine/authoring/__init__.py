"""First drafts of the files of a mapping, for an author to review.

Comes in: sample inputs, or the OpenAPI document of an API. Goes out: JSON Schemas, rules guessed by name, and notes on
what to review in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .openapi import OpenApiError, Operation, operation_of
    from .samples import InferredSchema, infer_schema

__all__ = ["InferredSchema", "OpenApiError", "Operation", "infer_schema", "operation_of"]

__getattr__ = lazily(__name__)
