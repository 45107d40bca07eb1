"""Answers about a mapping: the branches of its rules, changes between versions, and the parts of inputs that are lost.

Comes in: Rulebooks and batches. Goes out: a Catalogue of branches, and their Coverage; Changes, with the version that
they require; the Loss over a corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .branches import Branch, Catalogue, branches_of
    from .changes import Change, changes_between, due_version
    from .coverage import Coverage, coverage_of
    from .loss import Loss, loss_over

__all__ = [
    "Branch",
    "Catalogue",
    "Change",
    "Coverage",
    "Loss",
    "branches_of",
    "changes_between",
    "coverage_of",
    "due_version",
    "loss_over",
]

__getattr__ = lazily(__name__)
