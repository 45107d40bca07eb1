"""Mutation tests: find mistakes in the rules of a mapping that no golden test would notice.

Comes in: golden tests that pass, and the Rulebooks of their mappings. Goes out: a Mutation, which has the verdict of
each Mutant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .mutant import Mutant
    from .mutants import mutants_of
    from .running import Mutation, MutationBudget, mutate
    from .testing import TestedMapping, Verdict

__all__ = ["Mutant", "Mutation", "MutationBudget", "TestedMapping", "Verdict", "mutants_of", "mutate"]

__getattr__ = lazily(__name__)
