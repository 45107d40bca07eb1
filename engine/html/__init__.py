"""Pages for a browser: one style sheet and one template base, from which every page is rendered whole.

Comes in: the name of a template, and its values. Goes out: a page, which is one file that opens from disk. It
requests nothing from elsewhere and runs nothing but its own script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .page import render

__all__ = [
    "render",
]

__getattr__ = lazily(__name__)
