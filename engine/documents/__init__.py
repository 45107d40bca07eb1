"""The documentation of a mapping: its rules in tables, with an example of each, as Markdown and HTML.

Comes in: a Rulebook and the golden tests of its mapping. Goes out: a MappingDocument, and its pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .document import MappingDocument
    from .markdown import markdown
    from .whole import as_html, documentation

__all__ = [
    "MappingDocument",
    "as_html",
    "documentation",
    "markdown",
]

__getattr__ = lazily(__name__)
