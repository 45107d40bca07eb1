"""Finds the entries that a spread leaves out because of their names, whatever their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..compiler.rules.entry_conditions import conjuncts
from ..expressions.tree import EvaluationError
from ..language.rulebook import EntryRule, Spread
from ..language.traversal import is_excepted
from ..runtime.result import NO_ENTRY_RULE
from ..values.equality import is_true

__all__ = ["dropped"]


def dropped(spread: Spread, name: str, settings: Mapping[str, Any]) -> str | None:
    """The reason why a spread leaves out the entries of a name; None if it keeps some of them."""
    if is_excepted(spread.except_, name):
        return "left out by `except`"
    known = {"settings": settings, spread.key_name: spread.rename.get(name, name)}
    for rule in spread.entries:
        takes = _takes(rule, known)
        if takes is None:
            return None
        if takes:
            text = rule.skip or rule.reject
            return None if text is None else text.template.text
    return NO_ENTRY_RULE


def _takes(rule: EntryRule, known: Mapping[str, Any]) -> bool | None:
    """Returns True if an entry rule takes all entries of a name, False if none; None if more than the name decides."""
    if rule.when is None:
        return True
    whole = rule.when.expression
    is_known = True
    for part in conjuncts(whole.tree):
        if not {use.name for use in whole.roots if part["start"] <= use.start < part["end"]} <= known.keys():
            is_known = False
            continue
        try:
            if not is_true(replace(whole, tree=part).search(dict(known))):
                return False
        except EvaluationError:
            return None
    return True if is_known else None
