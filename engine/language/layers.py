"""The joined YAML of a mapping, or of a workspace on top of one, before it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..diagnostics.problem import Place
from ..source.nodes import MappingNode, Node, ScalarNode, synthetic
from ..source.text import Source
from .rulebook import SeverityOverride

__all__ = ["Layer", "bases_of", "entries_of", "extends_of", "place_of_name", "schema_names"]


@dataclass(slots=True)
class Layer:
    """The joined YAML of a mapping, or of a workspace on top of one.

    A rule is kept as its parts: its definition in the mapping, then the change of each workspace. They are merged once
    the rule that it extends is known, so that a change can also remove something inherited.
    """

    main: Source
    header: MappingNode
    parts: dict[str, Node] = field(default_factory=dict)
    rules: dict[str, tuple[MappingNode, ...]] = field(default_factory=dict)
    values: list[tuple[ScalarNode, Node]] = field(default_factory=list)
    severities: dict[str, SeverityOverride] = field(default_factory=dict)


def entries_of(layer: Layer, header: MappingNode) -> tuple[tuple[ScalarNode, Node], ...]:
    """The joined parts of a layer as entries of a mapping, which take their place from the header."""
    result = []
    for key, node in layer.parts.items():
        name = header.key(key) or synthetic(key, node)
        assert isinstance(name, ScalarNode)  # noqa: S101  synthetic text is a scalar
        result.append((name, node))
    return tuple(result)


def extends_of(layer: Layer, name: str) -> Node | None:
    """The node of the rule's `extends`: of the last workspace that gives it, else of the mapping."""
    return next((found for part in reversed(layer.rules[name]) if (found := part.get("extends"))), None)


def bases_of(layer: Layer, name: str) -> Iterator[Node]:
    """The names of the rules that a rule extends, the nearest first. The chain of a readable rule has no cycle."""
    while isinstance(extends := extends_of(layer, name), ScalarNode) and isinstance(extends.value, str):
        name = extends.text
        base = layer.rules[name][0]
        yield base.get("rule") or base


def place_of_name(rule: MappingNode) -> Place:
    """The place of the name of a rule, or of the rule if it has none."""
    name = rule.get("rule")
    return name.place if name is not None else rule.place


def schema_names(joined: MappingNode) -> list[ScalarNode]:
    """The nodes that name the schemas of the input, the outputs and `bulk`."""
    places: list[Node | None] = [joined.get("input"), joined.get("bulk")]
    outputs = joined.get("outputs")
    if isinstance(outputs, MappingNode):
        places += [node for _, node in outputs.entries]
    names = [place.get(key) for place in places if isinstance(place, MappingNode) for key in ("schema", "limits")]
    return [name for name in names if isinstance(name, ScalarNode) and isinstance(name.value, str)]
