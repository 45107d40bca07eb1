"""Types that the schemas of outputs require at places of the rules: of fields, and of objects around them."""

from __future__ import annotations

from ..language.rulebook import Output
from ..source.nodes import Node
from ..types.types import ANY, Type, lookup, without_null
from .analysis import Analysis
from .scopes import GivenNodes

__all__ = ["target_at"]


def target_at(analysis: Analysis, tree: Node | None, path: tuple[str | int, ...]) -> Type | None:
    """The type that the value at a place must have; None if the place is not in the emission of a rule."""
    place = GivenNodes(tree)
    match path:
        case ("rules", int(number), *rest):
            own = place.below("rules").below(number)
            name = own.text("rule")
            rule = next((one for one in analysis.rulebook.rules if one.name == name), None)
            given = GivenNodes(own.own, None if rule is None else rule.node)
            output = analysis.rulebook.outputs.get(given.text("output") or "")
            if output is None or output.body == "none":
                return None
            return _below("rule", given, tuple(rest), _emitted(analysis, output))
        case ("outputs", str(name), "fields", *rest):
            output = analysis.rulebook.outputs.get(name)
            base = None if output is None else output.node
            given = GivenNodes(place.below("outputs").below(name).own, base)
            if output is None:
                return None
            return _below("output", given, ("fields", *rest), analysis.schema_type(output.schema))
    return None


def _emitted(analysis: Analysis, output: Output) -> Type:
    """The type of an emission to an output."""
    whole = analysis.schema_type(output.schema)
    if output.element_of is not None:
        whole = lookup(without_null(whole), output.element_of)
    return _element(whole) if output.is_joined else whole


def _element(type_: Type) -> Type:
    array = type_.parts.array
    return ANY if array is None else array.element()


def _below(form: str, place: GivenNodes, path: tuple[str | int, ...], type_: Type) -> Type | None:
    """The type at a place below a mapping of a form, whose own value has the type `type_`."""
    if not path:
        return type_
    step, *rest = path
    below = place.below(step)
    if form == "fieldMapping" and step in ("fields", "spread", "value") and place.scalar("each") is not None:
        type_ = _element(type_)
    if step == "fields":
        if not rest:
            return type_
        return _below("fieldMapping", below.below(rest[0]), tuple(rest[1:]), lookup(without_null(type_), str(rest[0])))
    if step == "value" and form in ("rule", "fieldMapping"):
        return _below("fieldMapping", below, tuple(rest), type_)
    if form == "fieldMapping" and step in ("list", "from") and rest:
        inner = _element(type_) if step == "list" else type_
        return _below("fieldMapping", below.below(rest[0]), tuple(rest[1:]), inner)
    if form == "fieldMapping" and isinstance(step, int):  # one of several alternatives
        return _below("fieldMapping", below, tuple(rest), type_)
    is_value = form == "fieldMapping" and step in ("const", "default", "from", "template", "each", "table")
    return type_ if is_value and not rest else None
