"""Templates: the subset of Jinja2 that rules may use.

Comes in: the text of a template. Goes out: a Template, which always terminates, reads only its roots and changes
nothing, or a TemplateError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .compiler import MAX_TEMPLATE_CHARS, compile  # noqa: A004 - used as templates.compile
    from .filters import text_of
    from .parser import parts_of, read
    from .rendering import Parts, rendered
    from .template import MAX_TEMPLATE_RESULT, Template, TemplateError, TemplateFailure, too_long

__all__ = [
    "MAX_TEMPLATE_CHARS",
    "MAX_TEMPLATE_RESULT",
    "Parts",
    "Template",
    "TemplateError",
    "TemplateFailure",
    "compile",
    "parts_of",
    "read",
    "rendered",
    "text_of",
    "too_long",
]

__getattr__ = lazily(__name__)
