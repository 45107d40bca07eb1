"""The pages of the documentation that are generated, so that they cannot drift from what they describe."""

from __future__ import annotations

from collections.abc import Mapping

from .diagnostics.catalogue import CATALOGUE
from .functions.table import reference
from .language.loader import load
from .show import markdown
from .source.homes import MAPPINGS

__all__ = ["pages"]


def pages() -> Mapping[str, str]:
    """The text of each generated page by its path below `docs/`: functions, problem codes, installed mappings."""
    found = {"functions.md": reference(), "problems/README.md": _codes()}
    for main in sorted(MAPPINGS.glob("*/v*/mapping.yaml")):
        loaded = load(main)
        if loaded.rulebook is not None:
            found[f"mappings/{loaded.rulebook.name}-{main.parent.name}.md"] = markdown(loaded.rulebook)
    return found


def _codes() -> str:
    lines = [
        "# Problems",
        "",
        "Every problem has a code. `moemap explain-code M101` prints the page of a code.",
        "",
        "| Code | Severity | Problem |",
        "| --- | --- | --- |",
    ]
    lines += [f"| [{code}]({code}.md) | {entry.severity} | {entry.title} |" for code, entry in CATALOGUE.items()]
    return "\n".join(lines) + "\n"
