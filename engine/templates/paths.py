"""Lists the plain paths that a template reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .template import Template

__all__ = ["Path", "paths_in"]


@dataclass(frozen=True, slots=True)
class Path:
    """A path that a template reads: its names, each with its offset in the text, and the offset after its step."""

    names: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


_STEP = re.compile(r"""\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\])""")


def paths_in(template: Template) -> Iterator[Path]:
    """The plain paths that a template reads, in order."""
    for use in template.roots:
        names, starts, ends = [use.name], [use.start], [use.end]
        while (step := _STEP.match(template.text, ends[-1])) is not None:
            names.append(step[step.lastindex or 0])
            starts.append(step.start(step.lastindex or 0))
            ends.append(step.end())
        yield Path(tuple(names), tuple(starts), tuple(ends))
