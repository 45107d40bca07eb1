"""Proves outputs against their schemas: subtyping, case split, counterexamples.

Comes in: a Rulebook. Goes out: for each output whether it is proven, guarded or refuted, with every place and reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .bodies import gaps, place_of
    from .mismatches import Gap
    from .prover import prove

__all__ = ["Gap", "gaps", "place_of", "prove"]

__getattr__ = lazily(__name__)
