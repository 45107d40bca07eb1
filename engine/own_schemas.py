"""The JSON Schemas of moemap's own files, which editors and programs use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .source.homes import SCHEMAS
from .source.json_reader import read_value

__all__ = ["OwnSchema", "generated_schemas", "own_schemas"]


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


def generated_schemas() -> dict[str, str]:
    """The texts of the schemas that are made from declarations of keys, by their paths in the folder of schemas."""
    # Only here: listing the schemas needs none of the language.
    from .golden.keys import editor_schema
    from .language.editor_schemas import editor_schemas

    return {**editor_schemas(), **editor_schema()}
