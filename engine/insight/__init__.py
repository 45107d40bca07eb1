"""Answers about a mapping: the branches of its rules, and what changes from one version to the next.

Comes in: Rulebooks and batches. Goes out: a Catalogue of branches; Changes, with the version that they ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .branches import Branch, Catalogue, branches_of
    from .changes import Change, changes_between, due_version

__all__ = ["Branch", "Catalogue", "Change", "branches_of", "changes_between", "due_version"]

__getattr__ = lazily(__name__)
