"""Loads the mappings that rules convert the input with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from .. import schemas
from ..diagnostics.problem import Place, Related
from ..source.nodes import ScalarNode
from .loaded import Joined
from .rulebook import Rulebook

__all__ = ["MAX_CONVERTERS", "MAX_EXTENDS", "with_converters"]

MAX_CONVERTERS = 100
"""The maximum number of converters of a mapping with theirs, each counted as often as a chain leads to it."""
MAX_EXTENDS = 16
_CIRCLE = "it would convert its own input"
_TOO_LONG = f"more than {MAX_EXTENDS} mappings would convert it one after the other"
_TOO_MANY = f"with the converters of converters, the mapping has more than {MAX_CONVERTERS}"


class Loading(Protocol):
    """The loader of a mapping. `converted` has the main files of the mappings whose input that mapping converts, and
    their names; `loaded` those of all converters so far.
    """

    converted: Mapping[Path, str]
    loaded: list[Path]
    missing: list[Path]

    def report(
        self, code: str, place: Place | None, hint: str | None = None, related: Iterable[Related] = (), **data: Any
    ) -> None: ...

    def base_path(self, file: Path, extends: ScalarNode, *, relative: bool) -> Path | None: ...

    def below(self, converted: Mapping[Path, str]) -> Loading: ...

    def join(self, path: Path) -> Joined: ...


def with_converters(draft: Rulebook, main: Path, loader: Loading) -> Rulebook:
    """The Rulebook with the mappings that its rules convert the input with; `main` is its main file."""
    converters: dict[str, Rulebook] = {}
    paths: dict[str, Path] = {}
    for rule, node in ((rule, rule.convert) for rule in draft.rules if rule.convert is not None):
        path = loader.base_path(node.source.path or main, node, relative=node.text.startswith("."))
        if path is None:
            continue
        if rule.when is None:
            reason = "without `when`, what it gives would be converted again"
            loader.report("M170", node.place, name=node.text, reason=reason)
        if paths.setdefault(node.text, path) != path:
            reason = "in the folder of another rule, this is another mapping"
            loader.report("M170", node.place, name=node.text, reason=reason)
        if node.text in converters:
            continue
        above = {**loader.converted, main.resolve(): draft.name}
        if path.resolve() in above:
            chain = [*above.values()][[*above].index(path.resolve()) :]
            circle = f": {' -> '.join((*chain, chain[0]))}" if len(chain) > 1 else ""
            loader.report("M170", node.place, name=node.text, reason=f"{_CIRCLE}{circle}")
            continue
        flaw = _TOO_LONG if len(above) > MAX_EXTENDS else _TOO_MANY if len(loader.loaded) >= MAX_CONVERTERS else None
        if flaw is not None:
            loader.report("M170", node.place, name=node.text, reason=flaw)
            continue
        loader.loaded.append(path)
        loaded = loader.below(above).join(path).with_settings({})
        if loaded.rulebook is None:
            loader.missing += (source.path for source in loaded.sources.values() if source.path is not None)
            first = next(problem for problem in loaded.problems if problem.severity == "error")
            related = () if first.place is None else (Related(first.place, "its first error"),)
            is_of_all = first.code == "M170" and first.data["reason"].startswith((_CIRCLE, _TOO_LONG, _TOO_MANY))
            reason = first.data["reason"] if is_of_all else "it has errors of its own"
            loader.report("M170", node.place, related=related, name=node.text, reason=reason)
            continue
        converters[node.text] = loaded.rulebook
        loader.missing += loaded.rulebook.missing
        wanted = draft.schemas.get(draft.input.schema)
        given = [output.schema for output in loaded.rulebook.outputs.values()]
        if wanted and not all(name and _same(loaded.rulebook.schemas[name], wanted) for name in given):
            reason = f"all its outputs must have the schema of the input, {draft.input.schema!r}"
            loader.report("M170", node.place, name=node.text, reason=reason)
    return replace(draft, converters=converters, missing=tuple(loader.missing))


def _same(one: schemas.Schema, other: schemas.Schema) -> bool:
    """Returns whether two schemas are the same file."""
    return one.path.resolve() == other.path.resolve()
