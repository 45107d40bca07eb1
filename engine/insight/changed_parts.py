"""The parts of rule files that changed since a revision: rules, tables, names of `let`, other entries at the top."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..diagnostics.problem import Place
from ..source.nodes import MappingNode, Node, SequenceNode
from ..source.parser import parse
from ..source.text import Source, read
from .revisions import checked_out

__all__ = ["changed_since"]


def changed_since(folder: Path, sources: Mapping[str, Source], revision: str) -> Callable[[Place], bool]:
    """Returns whether a place is in a part of the rule files in a folder that is new or changed since a revision.

    Raises RevisionError.
    """
    known: set[tuple[str, str]] = set()
    with checked_out(folder, revision) as before:
        for name, source in sources.items():
            if source.path is None or not source.path.resolve().is_relative_to(folder.resolve()):
                continue
            path = before / source.path.resolve().relative_to(folder.resolve())
            old = read(path, name)[0] if path.is_file() else None
            if old is not None:
                known |= {(name, old.text[part.start : part.end]) for part in _parts(old)}
    changed = {
        name: [part.place for part in _parts(source) if (name, source.text[part.start : part.end]) not in known]
        for name, source in sources.items()
    }
    return lambda place: any(place.is_inside(part) for part in changed.get(place.file, ()))


def _parts(source: Source) -> Iterator[Node]:
    """The entries of the lists and objects at the top of a file, and its other values."""
    node, _ = parse(source)
    for key, value in node.entries if isinstance(node, MappingNode) else ():
        if isinstance(value, SequenceNode):
            yield from value.items
        elif isinstance(value, MappingNode):
            yield from (Node(source, name.start, inner.end) for name, inner in value.entries)
        else:
            yield Node(source, key.start, value.end)
