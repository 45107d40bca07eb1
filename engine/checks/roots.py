"""Names: every root that an expression or a template uses is in sight (M204), no name hides another (M120), and every
setting that is read is declared (M115)."""

from __future__ import annotations

from collections.abc import Iterator

from ..expressions import walk
from ..problem import Problem, Related, did_you_mean
from ..rules import Expr, Rulebook, Text
from .uses import Definition, Use, definitions_and_uses

__all__ = ["check"]


def check(rulebook: Rulebook) -> Iterator[Problem]:
    """A Problem for each name that is unknown or hides another."""
    for item in definitions_and_uses(rulebook):
        if isinstance(item, Definition):
            if item.hides is not None:
                hidden = Related(item.hides.name_node.place, "what it hides")
                place, by = item.name_node.place, f"by {item.hides.kind}"
                yield Problem.of("M120", place, related=[hidden], name=item.name, by=by)
        else:
            yield from _unknown_roots(item)
            if isinstance(item.text, Expr):
                yield from _unknown_settings(item.text, rulebook)


def _unknown_roots(use: Use) -> Iterator[Problem]:
    roots = use.text.template.roots if isinstance(use.text, Text) else use.text.expression.roots
    for root in roots:
        if root.name not in use.roots:
            hint = did_you_mean(root.name, use.roots) or f"known here: {', '.join(sorted(use.roots))}"
            yield Problem.of("M204", use.text.span(root.start, root.end), hint=hint, name=root.name)


def _unknown_settings(text: Expr, rulebook: Rulebook) -> Iterator[Problem]:
    starts = {root.start for root in text.expression.roots if root.name == "settings"}
    for node in walk(text.expression.tree):
        if node["type"] != "subexpression" or node["children"][0].get("start") not in starts:
            continue
        step = node["children"][1]
        if step["type"] == "field" and step["value"] not in rulebook.settings:
            hint = did_you_mean(step["value"], rulebook.settings)
            yield Problem.of("M115", text.span(step["start"], step["end"]), hint=hint, name=step["value"])
