"""The parts that any evaluator of rules needs: results, requests, and support for generated code.

Comes in: a batch, and the code of a compiled mapping. Goes out: a Result. Nothing here reads rules, so that a cached
mapping starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .batch import BOM, WIDE_TEXT, Record, is_json, is_wide
    from .operations import CALLS, filled
    from .outputs import OutputSpec, Target
    from .requests import Assembler, Emission, Envelope, move
    from .result import NAME_TAKEN, NO_ENTRY_RULE, NO_RULE, NOTHING, Element, Failed, Request, Result, Skipped, failure
    from .runner import FUNCTION, NAMESPACE, Runner

__all__ = [
    "BOM",
    "CALLS",
    "FUNCTION",
    "NAMESPACE",
    "NAME_TAKEN",
    "NOTHING",
    "NO_ENTRY_RULE",
    "NO_RULE",
    "WIDE_TEXT",
    "Assembler",
    "Element",
    "Emission",
    "Envelope",
    "Failed",
    "OutputSpec",
    "Record",
    "Request",
    "Result",
    "Runner",
    "Skipped",
    "Target",
    "failure",
    "filled",
    "is_json",
    "is_wide",
    "move",
]

__getattr__ = lazily(__name__)
