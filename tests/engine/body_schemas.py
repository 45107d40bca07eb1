"""Random schemas that accept most of the given bodies."""

from __future__ import annotations

from random import Random
from typing import Any

from moemap.tests.engine.random_values import NAMES, NUMBERS, TEXTS, value

PATTERNS = (r"\S", "^a", "^[a-zé]", ".", "a|b", r"\d", "^[^$]", "x$", "^(?:a|moe_)", "")


def kind_of(one: Any) -> str:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return kinds.get(type(one), "null")


class Schemer:
    """Writes schemas that accept most of some values."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.defs: dict[str, Any] = {}
        self.is_mild = dice.random() < 0.75
        """Set if the schemas can be validated part by part."""

    def document(self, values: list[Any]) -> dict[str, Any]:
        node = self.node(values, 4)
        made = node if isinstance(node, dict) else {"allOf": [node]}
        return {**made, "$defs": self.defs} if self.defs else made

    def node(self, values: list[Any], depth: int) -> Any:
        dice = self.dice
        if dice.random() < (0.1 if depth else 0.3):
            return {} if self.is_mild else dice.choice((True, {}, {}, True, False))
        node: dict[str, Any] = {}
        if dice.random() < 0.7:
            node |= self.type(values)
        if any(isinstance(one, dict) for one in values) and dice.random() < 0.85:
            node |= self.of_objects([one for one in values if isinstance(one, dict)], depth)
        if any(isinstance(one, list) for one in values) and dice.random() < 0.7:
            node |= self.of_lists([one for one in values if isinstance(one, list)], depth)
        if any(isinstance(one, str) for one in values) and dice.random() < 0.6:
            node |= self.of_texts([one for one in values if isinstance(one, str)])
        scalars = [one for one in values if not isinstance(one, list | dict)]
        if scalars and len(scalars) == len(values) and dice.random() < 0.12:
            node["enum"] = [*scalars, dice.choice(TEXTS), dice.choice(NUMBERS)]
        if len({repr(one) for one in values}) == 1 and dice.random() < 0.15 and len(scalars) >= self.is_mild:
            node["const"] = values[0]
        if any(type(one) in (int, float) for one in values) and dice.random() < 0.3:
            node |= dice.choice(({"minimum": -1}, {"maximum": 2.5}, {"exclusiveMinimum": 0}, {"minimum": 0}))
        if depth and dice.random() < 0.3:
            node |= self.combined(values, depth - 1)
        if depth and dice.random() < 0.1:
            name = f"d{len(self.defs)}"
            self.defs[name] = {}
            self.defs[name] = self.node(values, depth - 1)
            node["$ref"] = f"#/$defs/{name}"
        elif dice.random() < 0.05:
            self.defs["tree"] = {
                "type": ["object", "array", "string", "number", "boolean"],
                "additionalProperties": {"$ref": "#/$defs/tree"},
                "items": {"$ref": "#/$defs/tree"},
                **dice.choice(({}, {"maxLength": 4}, {"propertyNames": {"maxLength": 4}}, {"minProperties": 1})),
            }
            node["$ref"] = "#/$defs/tree"
        return node

    def type(self, values: list[Any]) -> dict[str, Any]:
        kinds = list(dict.fromkeys(map(kind_of, values)))
        if self.is_mild and not kinds:
            return {}
        if not kinds or (self.dice.random() < 0.06 and not self.is_mild):
            kinds = [self.dice.choice(("string", "integer", "number", "object", "array", "boolean"))]
        if self.dice.random() < 0.2:
            kinds = list(dict.fromkeys([*kinds, "string", "integer"]))
        return {"type": kinds[0] if len(kinds) == 1 else kinds}

    def of_texts(self, texts: list[str]) -> dict[str, Any]:
        dice, sizes = self.dice, [*map(len, texts)]
        ways: list[dict[str, Any]] = [
            {"minLength": min(sizes)},
            {"maxLength": max(sizes) + dice.randrange(2)},
            {"minLength": 1},
            {"pattern": dice.choice(PATTERNS)},
            {"pattern": r"\S"},
            {"enum": [*dict.fromkeys([*texts, "a", "b"]), 1]},
        ]
        return dice.choice(ways)

    def of_lists(self, lists: list[list[Any]], depth: int) -> dict[str, Any]:
        dice, sizes = self.dice, [*map(len, lists)]
        node: dict[str, Any] = {}
        items = [one for items in lists for one in items]
        if dice.random() < 0.6:
            node["items"] = self.node(items, max(depth - 1, 0))
        if dice.random() < 0.2:
            node["minItems"] = min(sizes) if dice.random() < 0.6 else 1
        if dice.random() < 0.2:
            node["maxItems"] = max(sizes) if dice.random() < 0.5 else 2.0
        if dice.random() < 0.1 and min(sizes):
            node["contains"] = self.node([items[0] for items in lists], max(depth - 1, 0))
        if dice.random() < 0.1:
            node["prefixItems"] = [self.node([items[0] for items in lists if items], max(depth - 1, 0))]
        if dice.random() < 0.05 and not self.is_mild:
            node["uniqueItems"] = True
        return node

    def of_objects(self, objects: list[dict[str, Any]], depth: int) -> dict[str, Any]:
        dice = self.dice
        node: dict[str, Any] = {}
        below = max(depth - 1, 0)
        names = list(dict.fromkeys(name for one in objects for name in one))
        everywhere = [name for name in names if all(name in one for one in objects)]
        sizes = [*map(len, objects)]
        listed = [name for name in names if dice.random() < 0.7] if dice.random() < 0.8 else []
        if listed:
            node["properties"] = {
                name: self.node([one[name] for one in objects if name in one], below) for name in listed
            }
        if dice.random() < 0.2:
            node.setdefault("properties", {})[dice.choice(NAMES)] = self.node([dice.choice(TEXTS)], 0)
        others = [one[name] for one in objects for name in one if name not in node.get("properties", {})]
        if dice.random() < 0.45:
            closed = not others and not self.is_mild and dice.random() < 0.3
            node["additionalProperties"] = False if closed else self.node(others, below) if others else True
        if dice.random() < 0.2:
            known = [*names, dice.choice(NAMES)]
            node["propertyNames"] = dice.choice(
                (
                    {"maxLength": max(map(len, known))},
                    {"minLength": 1},
                    {"pattern": dice.choice(PATTERNS)},
                    {"enum": known},
                    {"not": {"const": dice.choice(NAMES)}},
                    {"maxLength": 3},
                )
            )
        if dice.random() < 0.3:
            node["required"] = dice.sample(everywhere, dice.randint(0, min(2, len(everywhere))))
            if dice.random() < 0.1:
                node["required"] = [dice.choice(NAMES)]
        if dice.random() < 0.15:
            node["minProperties"] = min(sizes) if dice.random() < 0.6 else 1
        if dice.random() < 0.15:
            node["maxProperties"] = max(sizes) if dice.random() < 0.6 else 2
        if dice.random() < 0.1 and names:
            node["dependentRequired"] = {dice.choice(names): [dice.choice(names)]}
        if dice.random() < 0.1 and names and depth:
            node["dependentSchemas"] = {dice.choice(names): self.node(objects, depth - 1)}
        if dice.random() < 0.04 and not self.is_mild:
            node["patternProperties"] = {"^m": self.node([dice.choice(TEXTS)], 0)}
        return node

    def combined(self, values: list[Any], depth: int) -> dict[str, Any]:
        dice = self.dice
        other = self.node([value(dice, 1)], depth)
        kind = dice.randrange(8)
        if kind <= 1:
            return {"allOf": [self.node(values, depth) for _ in range(dice.randint(1, 2))]}
        if kind == 2:
            return {"anyOf": [self.node(values, depth), other]}
        if kind == 3:
            return {"oneOf": [self.node(values, depth), {"const": "nothing"}]}
        if kind == 4:
            return {"not": dice.choice((other, {"required": ["nothing"]}, {"maxProperties": 0}, {"const": ""}))}
        if kind == 5:
            return {"if": {"type": dice.choice(("object", "string", "array"))}, "then": self.node(values, depth)}
        if kind == 6:
            return {"if": other, "then": self.node(values, depth), "else": self.node(values, depth)}
        return (
            {"multipleOf": 1}
            if dice.random() < 0.3 and not self.is_mild
            else {"else": False, "if": self.node(values, depth)}
        )


def schema_of(dice: Random, bodies: list[Any]) -> dict[str, Any]:
    """A schema that accepts most of the bodies."""
    return Schemer(dice).document(bodies or [{}])


# --- keywords that code made from schemas leaves to the evaluator

ODD: tuple[dict[str, Any], ...] = (
    {"multipleOf": 0.5},
    {"multipleOf": 0.1},
    {"uniqueItems": True},
    {"patternProperties": {r"^\p{Ll}$": {"maxLength": 2}}},
    {"unevaluatedProperties": {"type": ["string", "number"]}},
    {"unevaluatedItems": {"type": "string"}},
    {"contains": {"type": "string"}, "minContains": 0, "maxContains": 2},
    {"pattern": r"^(?:\p{L}|\s)*\S?$"},
    {"pattern": r"^(a|b|ab)*.?$"},
    {"maxLength": 2**63},
    {"const": {"$ref": "#/nowhere"}},
    {"dependencies": {"a": ["b"]}},
    {"$ref": "#anchored"},
)


def odd_schema_of(dice: Random, bodies: list[Any]) -> dict[str, Any]:
    """A schema that accepts most of the bodies, with some unusual keywords."""
    document = schema_of(dice, bodies)
    nodes = [node for node in _nodes(document) if node is not document]
    for node in dice.sample(nodes, min(len(nodes), dice.randint(1, 2))):
        extra = dice.choice(ODD)
        node.update({"anyOf": [extra, {"minimum": 1}]} if dice.random() < 0.2 else extra)
    document.setdefault("$defs", {})["anchor"] = {
        "$anchor": "anchored",
        "type": ["string", "number", "array", "object"],
    }
    return document


def _nodes(node: Any) -> list[dict[str, Any]]:
    """The schemas in one, itself included."""
    if not isinstance(node, dict):
        return []
    found = [node]
    for keyword, member in node.items():
        if keyword in ("properties", "dependentSchemas", "patternProperties"):
            below = list(member.values())
        elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
            below = member
        elif keyword in ("items", "additionalProperties", "not", "if", "then", "else", "contains"):
            below = [member]
        else:
            continue
        found += [inner for one in below for inner in _nodes(one)]
    return found
