"""Refuses rules by which the value of a secret setting could leave the mapping."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Problem
from ..expressions.tree import walk
from .names import Use, definitions_and_uses
from .rulebook import Expr, Rulebook, Text
from .setting_reads import settings_read

__all__ = ["exposed_secrets"]


def exposed_secrets(rulebook: Rulebook) -> Iterator[Problem]:
    """A Problem for each use of a secret setting, except as the key of `hmac_sha256`, and of `settings` as a whole."""
    secret = {name for name, setting in rulebook.settings.items() if setting.secret}
    if not secret:
        return
    for use in definitions_and_uses(rulebook):
        if isinstance(use, Use):
            keys = set() if isinstance(use.text, Text) else _keys(use.text)
            for read in settings_read(use.text):
                if (read.name is None or read.name in secret) and read.start not in keys:
                    what = "settings as a whole" if read.name is None else f"the setting {read.name!r}"
                    yield Problem.of("M148", use.text.span(read.start, read.end), what=what)


def _keys(expr: Expr) -> set[int]:
    """The offsets of the plain paths that are the key of `hmac_sha256`."""
    keys: set[int] = set()
    for node in walk(expr.expression.tree):
        if node["type"] == "function_expression" and node["value"] == "hmac_sha256":
            key = node["children"][1]
            if key["type"] == "subexpression" and all(not child["children"] for child in key["children"]):
                keys.add(key["start"])
    return keys
