"""Keywords of an output's schemas that are notes, although drafts and libraries differ on that (M229)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Problem
from ..language.rulebook import Rulebook
from ..source.nodes import MappingNode

__all__ = ["check"]

_HINT = "say it by `pattern`, or name draft-07 in `$schema`, where formats are conditions"
_SHOWN = 5


def check(rulebook: Rulebook) -> Iterator[Problem]:
    """A Problem for each schema of an output that says something of texts that nothing holds them against."""
    for output in rulebook.outputs.values():
        for key, name in (("schema", output.schema), ("limits", output.limits)):
            node = output.node.get(key) if isinstance(output.node, MappingNode) else None
            if name is None or node is None or not rulebook.is_own(node.source):
                continue
            found = [f"{keyword} {value!r}" for keyword, value in rulebook.schemas[name].unchecked]
            if found:
                more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
                listed = ", ".join(found[:_SHOWN]) + more
                yield Problem.of("M229", node.place, hint=_HINT, schema=name, found=listed)
