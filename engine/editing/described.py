"""The places in the schemas of inputs and outputs that describe the members that rules read and write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..diagnostics.problem import Place
from ..expressions.tree import TreeNode
from ..language.names import Definition, Use, definitions_and_uses
from ..language.rulebook import Expr, Rulebook, Text
from ..schemas.positions import Locator
from ..schemas.schema import Schema
from ..source.nodes import MappingNode, ScalarNode

__all__ = ["EACH", "Described", "Steps", "described", "steps_in", "target_of"]

EACH = None
"""The step from a list or an object to all of its elements or members."""
Steps = tuple[str | None, ...]
"""The names of members that lead to a value, from the top of an input or of a body."""

_MAX_PARTS = 200
_MAX_DEPTH = 20
_SAME = {"not_null", "reverse", "sort", "sort_by", "to_array"}
"""Functions whose result has the members of their first argument."""
_MEMBER = re.compile(r"""\s*(?:\.\s*(\w+)|\[\s*'([^'\\]*)'\s*\]|\[\s*"([^"\\]*)"\s*\])""")
_IN_PLACE = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Described:
    """The part of a schema that describes a member, and the place of the member's name in the file."""

    schema: Mapping[str, Any] | bool
    place: Place | None


def described(schema: Schema, steps: Steps) -> Described | None:
    """The first part of a schema that describes the member at the end of some steps; None if there is none."""
    parts: list[Any] = [schema.document]
    found: Described | None = None
    for step in steps:
        following = []
        found = None
        for part in _alternatives(schema, parts):
            inner = _inner(part, step)
            for value in inner:
                if found is None and step is not EACH:
                    found = Described(value, Locator().place(schema, part, "properties", step))
                following.append(value)
        # A value that is not a list counts as its own element: an expression may have iterated over it before.
        parts = following or (parts if step is EACH else [])
        if not parts:
            return None
    return found or (Described(parts[0], None) if parts else None)


def _alternatives(schema: Schema, parts: list[Any]) -> Iterator[Mapping[str, Any]]:
    """The parts, and those that apply to the same value."""
    pending, seen = list(parts), set[int]()
    while pending and len(seen) < _MAX_PARTS:
        part = pending.pop(0)
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        reference = part.get("$ref")
        if isinstance(reference, str):
            pending.append(schema.definitions.get(reference) or schema.resources.get(reference))
        for key in _IN_PLACE:
            pending += part.get(key, ()) if isinstance(part.get(key), list) else ()
        pending += [part[key] for key in ("if", "then", "else") if key in part]


def _inner(part: Mapping[str, Any], step: str | None) -> list[Any]:
    if step is not EACH:
        properties = part.get("properties")
        return [properties[step]] if isinstance(properties, Mapping) and step in properties else []
    found = [part[key] for key in ("items", "additionalProperties") if isinstance(part.get(key), Mapping)]
    for key in ("items", "prefixItems"):
        found += part[key] if isinstance(part.get(key), list) else []
    return found


# Members of the input


def steps_in(rulebook: Rulebook, node: ScalarNode, offset: int) -> Steps | None:
    """The steps from the input to the member whose name is at an offset of an expression or template.

    None if they are unknown.
    """
    for use in definitions_and_uses(rulebook):
        if isinstance(use, Use) and use.text.node is node:
            reading = _Reading(rulebook)
            if isinstance(use.text, Expr):
                reading.value(use.text.expression.tree, None, use.roots, 0)
            else:
                reading.template(use.text, use.roots)
            found = (steps for (start, end), steps in reading.members.items() if start <= offset <= end and steps)
            return next(found, None)
    return None


class _Reading:
    """Follows an expression from the input to the members that it reads."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.members: dict[tuple[int, int], Steps | None] = {}
        self.uses = {id(use.text.node): use for use in definitions_and_uses(rulebook) if isinstance(use, Use)}

    def value(
        self, node: TreeNode, context: Steps | None, roots: Mapping[str, Definition], depth: int, *, top: bool = True
    ) -> Steps | None:
        """The steps to the value of a node that is evaluated on `context`, or with `top` on the roots."""

        def inner(child: TreeNode, on: Steps | None, *, at_top: bool = False) -> Steps | None:
            return self.value(child, on, roots, depth, top=at_top)

        kind, below = node["type"], [child for child in node["children"] if isinstance(child, dict)]
        match kind:
            case "field" if top:
                return self.root(roots.get(node["value"]), depth)
            case "variable_ref":
                return self.root(roots.get(node["value"]), depth)
            case "field":
                found = None if context is None else (*context, node["value"])
                if depth == 0:
                    self.members[node["start"], node["end"]] = found
                return found
            case "subexpression" | "pipe" | "index_expression":
                steps = inner(below[0], context, at_top=top)
                for child in below[1:]:
                    steps = inner(child, steps)
                return steps
            case "index" | "slice":
                return None if context is None else (*context, EACH)
            case "flatten":
                return inner(below[0], context, at_top=top)
            case "projection" | "value_projection" | "filter_projection":
                base = inner(below[0], context, at_top=top)
                each = None if base is None else (*base, EACH)
                if kind == "filter_projection":
                    inner(below[2], each)
                return inner(below[1], each)
            case "identity" | "current":
                return None if top else context
            case "or_expression":
                first, *rest = [inner(child, context, at_top=top) for child in below]
                return next((one for one in (first, *rest) if one is not None), None)
            case "function_expression":
                plain = [inner(child, context, at_top=top) for child in below if child["type"] != "expref"]
                each = next(((*one, EACH) for one in plain if one is not None), None)
                for child in below:
                    if child["type"] == "expref":
                        inner(child["children"][0], each)
                return plain[0] if plain and node["value"] in _SAME else None
            case _:
                for child in below:
                    inner(child, context, at_top=top)
        return None

    def template(self, text: Text, roots: Mapping[str, Definition]) -> None:
        """Follows the members of roots in a template."""
        for use in text.template.roots:
            steps, end = self.root(roots.get(use.name), 0), use.end
            while steps is not None and (found := _MEMBER.match(text.template.text, end)) is not None:
                name = found.lastindex or 0
                steps, end = (*steps, found[name]), found.end()
                self.members[found.span(name)] = steps

    def root(self, definition: Definition | None, depth: int) -> Steps | None:
        """The steps to the value of a name."""
        if definition is None or depth > _MAX_DEPTH:
            return None
        if definition.kind == "the input":
            return ()
        source = definition.node
        each = definition.kind in ("an element", "a key")
        if isinstance(source, MappingNode):
            source = source.get("each" if each else "from") or source.get("from") or source
        use = self.uses.get(id(source))
        if use is None or not isinstance(use.text, Expr):
            return None
        steps = self.value(use.text.expression.tree, None, use.roots, depth + 1)
        return None if steps is None else (*steps, EACH) if each else steps


# Members of bodies


def target_of(
    rulebook: Rulebook, keys: tuple[str | int, ...], rule: str | None, has_each: Callable[[tuple[str | int, ...]], bool]
) -> tuple[Schema, Steps] | None:
    """The schema of the output that a field belongs to, and the steps to its member, by the keys of the field.

    `has_each` returns whether the mapping at some keys makes a list.
    """
    match keys:
        case ("rules", int(), *rest):
            output = next(
                (
                    one.output
                    for one in rulebook.rules
                    if one.name == rule or any(isinstance(base, ScalarNode) and base.text == rule for base in one.bases)
                ),
                None,
            )
        case ("outputs", str(output), *rest):
            pass
        case _:
            return None
    made = rulebook.outputs.get(output or "")
    schema = rulebook.schemas.get(made.schema or "") if made is not None else None
    if made is None or schema is None or not rest or "let" in rest or rest[0] in ("request", "server"):
        return None
    steps: list[str | None] = []
    if keys[0] == "rules":
        steps = [made.element_of, EACH] if made.element_of is not None else [EACH] if made.body == "list" else []
    previous: str | int = ""
    for number, key in enumerate(rest):
        if previous in ("fields", "combine") and isinstance(key, str):
            steps.append(key)
            previous = ""
            continue
        if key == "list" or (key in ("fields", "value") and rest[:number] and has_each(keys[: number + 2])):
            steps.append(EACH)
        previous = key
    return schema, tuple(steps)
