"""The rule language: from nodes to one Rulebook.

Comes in: the nodes of a mapping's files and of those it extends, and settings. Goes out: the Rulebook, the immutable
form that all later stages work on, with all expressions and templates parsed, or Problems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .decoder import Keys, found
    from .discovery import SkippedFile, kind_of, yaml_files
    from .installed import candidates, file_at, installed, locate, not_found
    from .loader import Loaded, load
    from .names import Definition, Use, definitions_and_uses
    from .rulebook import (
        ABSENT,
        Bulk,
        Const,
        Each,
        EntryRule,
        Except,
        Expr,
        Field,
        From,
        ObjectSource,
        Output,
        Route,
        Rule,
        Rulebook,
        Setting,
        Spread,
        Table,
        Text,
    )
    from .settings import Given, GivenText, values_of
    from .traversal import can_reject, can_reject_field, can_reject_object, can_reject_value, roots_in

__all__ = [
    "ABSENT",
    "Bulk",
    "Const",
    "Definition",
    "Each",
    "EntryRule",
    "Except",
    "Expr",
    "Field",
    "From",
    "Given",
    "GivenText",
    "Keys",
    "Loaded",
    "ObjectSource",
    "Output",
    "Route",
    "Rule",
    "Rulebook",
    "Setting",
    "SkippedFile",
    "Spread",
    "Table",
    "Text",
    "Use",
    "can_reject",
    "can_reject_field",
    "can_reject_object",
    "can_reject_value",
    "candidates",
    "definitions_and_uses",
    "file_at",
    "found",
    "installed",
    "kind_of",
    "load",
    "locate",
    "not_found",
    "roots_in",
    "values_of",
    "yaml_files",
]

__getattr__ = lazily(__name__)
