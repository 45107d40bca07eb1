"""Refuses rules by which the value of a secret setting could leave the mapping."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..diagnostics.problem import Problem
from ..expressions.paths import steps_by_start
from ..expressions.tree import walk
from .names import Use, definitions_and_uses
from .rulebook import Expr, Rulebook, Text

__all__ = ["exposed_secrets"]

_STEP = re.compile(r"\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)")


def exposed_secrets(rulebook: Rulebook) -> Iterator[Problem]:
    """A Problem for each use of a secret setting, except as the key of `hmac_sha256`, and of `settings` as a whole."""
    secret = {name for name, setting in rulebook.settings.items() if setting.secret}
    if not secret:
        return
    for use in definitions_and_uses(rulebook):
        if isinstance(use, Use):
            uses = _in_template(use.text) if isinstance(use.text, Text) else _in_expression(use.text)
            for name, start, end in uses:
                if name is None or name in secret:
                    what = "settings as a whole" if name is None else f"the setting {name!r}"
                    yield Problem.of("M148", use.text.span(start, end), what=what)


def _in_template(text: Text) -> Iterator[tuple[str | None, int, int]]:
    """The settings that a template reads, each with its span; None stands for all of them."""
    for root in text.template.roots:
        if root.name == "settings":
            step = _STEP.match(text.template.text, root.end)
            yield (None, root.start, root.end) if step is None else (step[1], root.start, step.end())


def _in_expression(expr: Expr) -> Iterator[tuple[str | None, int, int]]:
    """The settings that an expression reads, as `_in_template` gives them, without keys of `hmac_sha256`."""
    steps = steps_by_start(expr.expression.tree)
    keys: set[int] = set()
    for node in walk(expr.expression.tree):
        if node["type"] == "function_expression" and node["value"] == "hmac_sha256":
            key = node["children"][1]
            if key["type"] == "subexpression" and all(not child["children"] for child in key["children"]):
                keys.add(key["start"])
    for root in expr.expression.roots:
        if root.name == "settings" and root.start not in keys:
            step = steps.get(root.start)
            yield (None, root.start, root.end) if step is None else (step["value"], root.start, step["end"])
