"""The file `explained.yaml` beside a mapping: branches and mutants that no test can reach, each with the reason.

Entries are checked where branches and mutants are counted: these must exist, and no test may reach them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..diagnostics.problem import Problem
from ..language.decoder import Keys
from ..language.rulebook import Rulebook
from ..source.nodes import ScalarNode
from ..source.parser import parse
from ..source.paths import is_file
from ..source.text import Source, read

__all__ = ["FILE", "Explained", "Explanation", "explained_in", "read_explained"]

FILE = "explained.yaml"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a branch or a mutant: the node of its id, the reason, and for a mutant the change in words."""

    name: ScalarNode
    reason: str
    change: str | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanations of a mapping, and the problems of their file."""

    branches: tuple[Explanation, ...] = ()
    mutants: tuple[Explanation, ...] = ()
    problems: tuple[Problem, ...] = ()
    sources: Mapping[str, Source] | None = None


def read_explained(rulebook: Rulebook) -> Explained:
    """The explanations beside a mapping; none without such a file."""
    main = rulebook.main
    path, name = (main.path or Path()).parent / FILE, (Path(main.name).parent / FILE).as_posix()
    return explained_in(path, name) if is_file(path) else Explained()


def explained_in(path: Path, name: str) -> Explained:
    """The explanations in a file, which messages call `name`."""
    source, unread = read(path, name)
    if source is None:
        return Explained(problems=unread)
    node, unread = parse(source)
    problems = list(unread)
    if node is None:
        return Explained(problems=tuple(problems), sources={name: source})
    keys = Keys(node, "the file of explanations", problems)
    branches = _explanations(keys, "branches", "branch", is_changed=False)
    mutants = _explanations(keys, "mutants", "mutant", is_changed=True)
    keys.finish()
    return Explained(branches, mutants, tuple(problems), {name: source})


def _explanations(keys: Keys, key: str, what: str, *, is_changed: bool) -> tuple[Explanation, ...]:
    found = []
    for item in keys.items(key):
        inner = Keys(item, f"an explained {what}", keys.problems)
        name, reason = inner.scalar(what, required=True), inner.text("reason", required=True)
        change = inner.text("change", required=True) if is_changed else None
        inner.finish()
        if name is not None and reason is not None and (change is not None or not is_changed):
            found.append(Explanation(name, reason, change))
    return tuple(found)
