"""The JSON Schemas of moemap's own files, which editors and programs use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .source.homes import SCHEMAS
from .source.json_reader import read_value

__all__ = ["OwnSchema", "own_schemas"]


@dataclass(frozen=True, slots=True)
class OwnSchema:
    """A schema: its short name, its title, and the file where it is installed."""

    name: str
    title: str
    path: Path


def own_schemas() -> dict[str, OwnSchema]:
    """All schemas by name."""
    ending = ".schema.json"
    files = {path.name.removesuffix(ending): path for path in sorted((SCHEMAS / "moemap").glob(f"*{ending}"))}
    return {name: OwnSchema(name, str(read_value(path.read_bytes())["title"]), path) for name, path in files.items()}
