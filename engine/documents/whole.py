"""The documentation of a mapping or a workspace, made with its tests and the mapping that it extends."""

from __future__ import annotations

from pathlib import Path

from ..html.page import render
from ..language.installed import beside, candidates, installed
from ..language.loader import join
from ..language.rulebook import Rulebook
from ..source.nodes import MappingNode, ScalarNode
from ..source.parser import parse
from ..source.paths import is_file
from .document import MappingDocument, document_of
from .examples import examples_of

__all__ = ["as_html", "documentation"]


def documentation(rulebook: Rulebook) -> MappingDocument:
    """The documentation of a rulebook, with marks for differences from the mapping that it extends."""
    main, base = rulebook.main.path, _base(rulebook)
    examples = examples_of(rulebook, [path for path in (main, base) if path is not None])
    document = document_of(rulebook, examples)
    extended = None if base is None else join(base).with_settings({}).rulebook
    return document if extended is None else document.against(document_of(extended, {}))


def _base(rulebook: Rulebook) -> Path | None:
    """The file of the mapping that a mapping or workspace extends."""
    node, _ = parse(rulebook.main)
    extends = node.get("extends") if isinstance(node, MappingNode) else None
    file = rulebook.main.path
    if not isinstance(extends, ScalarNode) or file is None:
        return None
    name = extends.text
    paths = candidates(file.parent / name) if name.startswith(".") else (*beside(file, name), installed(name))
    return next((path for path in paths if path is not None and is_file(path)), None)


def as_html(document: MappingDocument) -> str:
    """The documentation as one page of HTML."""
    return render("docs", document=document)
