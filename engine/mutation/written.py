"""Finds the nodes of keys in a rule file, their places, and their text."""

from __future__ import annotations

from ..diagnostics.problem import Place
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..source.text import one_line

__all__ = ["has_key", "node_of", "place_of", "scalars", "text_of", "texts_of"]

_SHOWN = 180


def node_of(node: Node, key: str) -> Node:
    """The node of the value of a key; the node itself if it does not have the key."""
    found = node.get(key) if isinstance(node, MappingNode) else None
    return node if found is None else found


def has_key(node: Node, key: str) -> bool:
    """Returns whether a node has a key."""
    return isinstance(node, MappingNode) and node.get(key) is not None


def place_of(node: Node, key: str) -> Place:
    """The place of a key with its value."""
    name = node.key(key) if isinstance(node, MappingNode) else None
    value = node_of(node, key)
    if name is None or name.source is not value.source or name.start > value.start:
        return value.place
    return value.source.place(name.start, value.end)


def scalars(node: Node) -> list[ScalarNode]:
    """The scalars of a list, or the node itself if it is one."""
    items = node.items if isinstance(node, SequenceNode) else (node,)
    return [one for one in items if isinstance(one, ScalarNode)]


def texts_of(node: Node, key: str) -> tuple[str, ...]:
    """The texts below a key."""
    found = node.get(key) if isinstance(node, MappingNode) else None
    return () if found is None else tuple(one.text for one in scalars(found))


def text_of(node: Node) -> str:
    """The text of a node in the file, on one line."""
    text = one_line(node.source.text[node.start : node.end])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
