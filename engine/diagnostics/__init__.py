"""Problems, the catalogue of their codes, and reporters: text, JSON, SARIF, JUnit XML and GitHub annotations.

Comes in: codes with their data and places. Goes out: Problems, and text for people and machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .catalogue import CATALOGUE, Severity, declare, is_settable
    from .problem import MAX_PROBLEMS, MappingError, Place, Problem, Problems, Related, TooManyProblems, in_order
    from .suggestions import closest, did_you_mean, known_here
    from .terminal import cells, is_lively, printable, printable_lines, styled, takes_color

__all__ = [
    "CATALOGUE",
    "MAX_PROBLEMS",
    "MappingError",
    "Place",
    "Problem",
    "Problems",
    "Related",
    "Severity",
    "TooManyProblems",
    "cells",
    "closest",
    "declare",
    "did_you_mean",
    "in_order",
    "is_lively",
    "is_settable",
    "known_here",
    "printable",
    "printable_lines",
    "styled",
    "takes_color",
]

__getattr__ = lazily(__name__)
