"""Reads the examples in the documentation and runs them.

An example is a few fenced blocks with a title, as in ```` ```yaml title=mapping.yaml ````: files, and their
result. A `mapping.yaml` without the line `language:` is only a piece of a mapping: the parts that it does not have are
added behind it from the base mapping of docs/language/README.md, so that lines and columns stay what the reader sees.
Where there is a `workspace.yaml`, the mapping lies in the folder `base`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from moemap.engine import api
from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.language.loader import Loaded
from moemap.engine.runtime.result import Result

DOCS = Path(__file__).parents[2] / "docs"

_BLOCK = re.compile(r"^```(\w+) title=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^(\w+):", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block with a title."""

    title: str
    text: str
    line: int


def blocks(text: str, first_line: int = 1) -> Iterator[Block]:
    for match in _BLOCK.finditer(text):
        yield Block(match[2], match[3], first_line + text.count("\n", 0, match.start()))


LANGUAGE = {path.stem: path.read_text(encoding="utf-8") for path in sorted((DOCS / "language").glob("*.md"))}
BASE = next(block.text for block in blocks(LANGUAGE["README"]) if block.title == "base")
SCHEMAS = dict.fromkeys(("batch.schema.json", "event.schema.json"), '{"type": "object"}')


def completed(piece: str) -> str:
    """A piece of a mapping, with the parts that it lacks from the base mapping."""
    own = _SECTION.findall(piece)
    if "language" in own:
        return piece
    starts = [match.start() for match in _SECTION.finditer(BASE)]
    sections = (BASE[start:end] for start, end in zip(starts, [*starts[1:], len(BASE)], strict=True))
    return piece + "".join(section for section in sections if section.partition(":")[0] not in own)


def write(files: Iterable[Block], folder: Path) -> Path:
    """Writes the files of an example; returns the path of the one to load, seen from the folder."""
    texts = {"mapping.yaml": "", **SCHEMAS, **{block.title: block.text for block in files}}
    texts["mapping.yaml"] = completed(texts["mapping.yaml"])
    main = "mapping.yaml"
    if "workspace.yaml" in texts:
        main = "workspace.yaml"
        texts |= {f"base/{name}": texts[name] for name in ("mapping.yaml", *SCHEMAS)}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Path(main)


def rendered(problems: Iterable[Problem], loaded: Loaded) -> str:
    """The problems as the command prints them, with the lines of the files."""
    return reporters.render("text", Report(tuple(problems), loaded.sources))


def transformed(loaded: Loaded, text: str) -> Result:
    """The Result of an input."""
    assert loaded.rulebook is not None, rendered(loaded.problems, loaded)
    return api.Mapping(loaded.rulebook).transform_json(text)
