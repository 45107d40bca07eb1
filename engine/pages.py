"""The generated pages of the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from . import checks  # noqa: F401 - their modules declare codes
from .diagnostics.catalogue import CATALOGUE
from .documents.markdown import markdown
from .documents.whole import documentation
from .functions.table import reference
from .language.loader import load
from .language.reference_tables import with_tables
from .source.homes import DOCS, MAPPINGS

__all__ = ["pages", "problem_pages", "stale"]


def pages() -> Mapping[str, str]:
    """The text of each generated page by its path below `docs/`."""
    found = {"functions.md": reference(), **problem_pages()}
    for page in sorted(DOCS.glob("language/*.md")):
        found[f"language/{page.name}"] = with_tables(page.read_text("utf-8"))
    for main in sorted(MAPPINGS.glob("*/v*/mapping.yaml")):
        loaded = load(main)
        if loaded.rulebook is not None:
            text = markdown(documentation(loaded.rulebook))
            found[f"mappings/{loaded.rulebook.name}-{main.parent.name}.md"] = text
    return found


def problem_pages() -> Mapping[str, str]:
    """The text of the list of problems, and of each page of a check, by its path below `docs/`."""
    found = {"problems/README.md": _codes()}
    for code, entry in CATALOGUE.items():
        if entry.page is not None:
            found[f"problems/{code}.md"] = f"# {code}: {entry.title}\n\n{entry.page.strip()}\n"
    return found


def stale(texts: Mapping[Path, str]) -> dict[Path, str]:
    """The pages that are missing, or whose file has another text."""
    return {path: text for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text}


def _codes() -> str:
    lines = [
        "# Problems",
        "",
        "Every problem has a code. `moemap explain-code M101` prints the page of a code.",
        "",
        "| Code | Severity | Problem |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| [{code}]({code}.md) | {entry.severity} | {entry.title} |" for code, entry in sorted(CATALOGUE.items())
    ]
    return "\n".join(lines) + "\n"
