"""Rule files as text, and as YAML nodes with their places.

Comes in: a path or a text. Goes out: a Source, and a tree of nodes or the Problems of a text that is not usable YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .homes import MAPPINGS, SCHEMAS, display_name
    from .json_reader import read_value
    from .json_reader_plain import read_plainly
    from .nodes import MAX_DEPTH, MappingNode, Node, ScalarNode, SequenceNode, duplicate, plain, synthetic
    from .parser import MAX_NODES, parse, size_of
    from .paths import is_file, is_folder, lies_inside, text_of_name
    from .project import Project
    from .recovery import lost_names, without_consequences
    from .scalars import resolve
    from .text import MAX_FILE_BYTES, Source, read

__all__ = [
    "MAPPINGS",
    "MAX_DEPTH",
    "MAX_FILE_BYTES",
    "MAX_NODES",
    "SCHEMAS",
    "MappingNode",
    "Node",
    "Project",
    "ScalarNode",
    "SequenceNode",
    "Source",
    "display_name",
    "duplicate",
    "is_file",
    "is_folder",
    "lies_inside",
    "lost_names",
    "parse",
    "plain",
    "read",
    "read_plainly",
    "read_value",
    "resolve",
    "size_of",
    "synthetic",
    "text_of_name",
    "without_consequences",
]

__getattr__ = lazily(__name__)
