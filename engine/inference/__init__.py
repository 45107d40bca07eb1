"""Types that flow through expressions, fields, templates and rules.

Comes in: a Rulebook and the types of its input. Goes out: the type of each expression and each output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .calls import accepted
    from .facts import (
        Alternatives,
        Coercion,
        Condition,
        Default,
        EvaluatedPart,
        Flow,
        Iteration,
        Reached,
        RenderedTemplate,
        Sources,
        TypedEmission,
    )
    from .fields import setting_type
    from .refinements import TIMES
    from .rulebook import Emissions, walk
    from .steps import path_of

__all__ = [
    "TIMES",
    "Alternatives",
    "Coercion",
    "Condition",
    "Default",
    "Emissions",
    "EvaluatedPart",
    "Flow",
    "Iteration",
    "Reached",
    "RenderedTemplate",
    "Sources",
    "TypedEmission",
    "accepted",
    "path_of",
    "setting_type",
    "walk",
]

__getattr__ = lazily(__name__)
