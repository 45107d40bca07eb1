"""Random mappings with fields of all sources, batches for them, and schemas that what they make mostly fits."""

from __future__ import annotations

from random import Random
from typing import Any

__all__ = ["INPUT", "batch", "mapping", "odd_schema_of", "schema_of"]

NAMES = ("a", "b", "c", "d", "moe_x", "Tmp", "x y", "é", "colour")
TEXTS = ("", "a", "b", "ab", " ", "1", "2.5", "true", "\x7f", "\u00a0x", "😀", "~", "a\n", "2026-01-31T23:59:59Z")
NUMBERS = (0, 1, 1.0, 2, 2.5, -1, 0.0, -0.0, 1e300, 2**62, 10)
INPUT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": {"type": ["string", "null"]},
        "number": {"type": ["number", "null"]},
        "flag": {"type": "boolean"},
        "any": {},
        "object": {"type": ["object", "null"]},
        "other": {"type": "object"},
        "list": {"type": "array"},
        "texts": {"type": "array", "items": {"type": "string"}},
        "part": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"text": {"type": "string"}, "number": {"type": "number"}, "object": {"type": "object"}},
        },
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "kind": {"type": "string"},
                    "number": {"type": "number"},
                    "any": {},
                    "object": {"type": "object"},
                    "texts": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}  # fmt: skip


# --- batches


def scalar(dice: Random) -> Any:
    kind = dice.randrange(5)
    return dice.choice(TEXTS) if kind < 3 else dice.choice(NUMBERS) if kind == 3 else dice.random() < 0.5


def value(dice: Random, depth: int = 2) -> Any:
    kind = dice.randrange(9 if depth else 6)
    if kind == 0 and dice.random() < 0.5:
        return None
    if kind <= 5:
        return scalar(dice)
    if kind == 6:
        return [scalar(dice) for _ in range(dice.randrange(4))]
    if kind == 7:
        return [value(dice, depth - 1) for _ in range(dice.randrange(3))]
    return members(dice, depth - 1)


def members(dice: Random, depth: int = 1) -> dict[str, Any]:
    plain = dice.random() < 0.5
    return {dice.choice(NAMES): scalar(dice) if plain else value(dice, depth) for _ in range(dice.randrange(5))}


def batch(dice: Random) -> dict[str, Any]:
    """A batch that fits INPUT."""
    made: dict[str, Any] = {
        "text": dice.choice(TEXTS),
        "number": dice.choice(NUMBERS),
        "flag": dice.random() < 0.5,
        "any": value(dice),
        "object": members(dice),
        "other": members(dice),
        "list": [value(dice, 1) for _ in range(dice.randrange(4))],
        "texts": texts(dice),
        "part": {"text": dice.choice(TEXTS), "number": dice.choice(NUMBERS), "object": members(dice)},
        "items": [item(dice) for _ in range(dice.randrange(4))],
    }
    return {name: one for name, one in made.items() if dice.random() < 0.9}


def texts(dice: Random) -> list[str]:
    return [dice.choice(TEXTS) for _ in range(dice.randrange(4))]


def item(dice: Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "kind": dice.choice("xyz"),
        "number": dice.choice(NUMBERS),
        "any": value(dice),
        "object": members(dice),
        "texts": texts(dice),
    }
    return {name: one for name, one in made.items() if dice.random() < 0.9}


# --- mappings

SCALARS = ("batch.text", "batch.number", "batch.flag", "batch.part.text", "batch.part.number")
OF_ITEM = ("item.kind", "item.number", "item.any")
ANYTHING = ("batch.any", "batch.list[0]", "batch.object.a", "batch.object", "batch.texts", "batch.list")
LISTS = ("batch.texts", "batch.list", "batch.items")
OBJECTS = ("batch.object", "batch.other", "batch.part.object")
TYPES = ("string", "string", "integer", "double", "boolean", "array", "object", "any")


class Maker:
    """Writes one mapping."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.roots: list[str] = []
        """What elements are called here."""
        self.lets: list[str] = []

    def path(self, *, plain: bool = False) -> str:
        dice = self.dice
        if self.lets and dice.random() < 0.15:
            return dice.choice(self.lets)
        if self.roots and dice.random() < 0.6:
            root = dice.choice(self.roots)
            return f"item.{dice.choice(('kind', 'number', 'any'))}" if root == "item" else root
        return dice.choice(SCALARS if plain or dice.random() < 0.7 else ANYTHING)

    def objects(self) -> str:
        if "item" in self.roots and self.dice.random() < 0.5:
            return "item.object"
        return self.dice.choice(OBJECTS)

    def fields(self, depth: int, most: int = 3) -> dict[str, Any]:
        return {name: self.field(depth) for name in self.dice.sample(NAMES, self.dice.randint(1, most))}

    def members(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self.dice.random() < 0.8:
            made["fields"] = self.fields(depth)
        if not made or self.dice.random() < 0.45:
            made["spread"] = [self.spread() for _ in range(self.dice.randint(1, 2))]
        return made

    def field(self, depth: int) -> Any:
        dice = self.dice
        kind = dice.randrange(10 if depth else 6)
        if kind == 0:
            return self.path()
        if kind == 1:
            return [self.path(plain=True), {"from": self.path(), "type": dice.choice(TYPES)}]
        field: dict[str, Any]
        if kind == 2:
            field = {"const": value(dice, 1) if dice.random() < 0.3 else scalar(dice)}
            if dice.random() < 0.7:
                return field
        elif kind == 3:
            field = {"template": f"{{{{ {self.path(plain=True)} }}}}{dice.choice(('', '-x', ' '))}"}
        elif kind <= 5:
            field = {"from": self.path(plain=dice.random() < 0.8)}
            if dice.random() < 0.5:
                field["type"] = dice.choice(TYPES)
                if field["type"] == "array" and dice.random() < 0.7:
                    field["items"] = "string"
        elif kind <= 7:
            field = self.members(depth - 1)
        else:
            field = self.each(depth)
        if dice.random() < 0.2:
            field["when"] = dice.choice(("batch.flag", "batch.text != ''", "batch.number > `0`"))
        if kind in (3, 4, 5) and dice.random() < 0.15:
            entries = {text: scalar(dice) for text in ("a", "1", "true")}
            field["table"] = {"entries": entries, "unlisted": dice.choice(("omit", "keep", {"const": scalar(dice)}))}
        if dice.random() < 0.15:
            field["default"] = value(dice, 1) if dice.random() < 0.4 else scalar(dice)
        elif dice.random() < 0.1:
            field["required"] = True
        return field

    def each(self, depth: int) -> dict[str, Any]:
        dice, before = self.dice, self.roots
        each: dict[str, Any]
        if "item" not in before and dice.random() < 0.4:
            each, name = {"each": "batch.items", "as": "item"}, "item"
        elif "item" in before and dice.random() < 0.5:
            name = f"one{len(before)}"
            each = {"each": "item.texts", "as": name}
        else:
            name = f"one{len(before)}"
            each = {"each": dice.choice(("batch.texts", "batch.list", "batch.texts")), "as": name}
            if dice.random() < 0.15:
                each |= {"each": dice.choice(OBJECTS), "key": f"key{len(before)}"}
        self.roots = [*before, name, *([each["key"]] if "key" in each else [])]
        if dice.random() < 0.6:
            each |= self.members(depth - 1)
        else:
            each["value"] = self.field(depth - 1)
        self.roots = before
        return each

    def spread(self) -> dict[str, Any]:
        dice = self.dice
        spread: dict[str, Any] = {"from": self.objects()}
        if "name" in self.roots:
            return {**spread, "key": "name2", "as": "value2"}
        if dice.random() < 0.4:
            ways: tuple[dict[str, Any], ...] = (
                {"names": ["a", "tmp"]},
                {"prefixes": ["moe_"]},
                {"patterns": ["T*p", "? y"]},
            )
            spread["except"] = {**dice.choice(ways), **dice.choice(ways), "ignore_case": dice.random() < 0.5}
        if dice.random() < 0.25:
            spread["rename"] = {"colour": "color", "a": dice.choice(NAMES)}
        kind = dice.random()
        if kind < 0.45:
            spread["entries"] = dice.choice(("plain", "plain", "named"))
        elif kind < 0.75:
            spread["entries"] = self.entries()
        return spread

    def entries(self) -> list[dict[str, Any]]:
        before = self.roots
        self.roots = [*(root for root in before if root == "item"), "name", "value"]
        made = [self.entry() for _ in range(self.dice.randint(1, 3))]
        if self.dice.random() < 0.5:
            made.append({})
        self.roots = before
        return made

    def entry(self) -> dict[str, Any]:
        dice = self.dice
        entry: dict[str, Any] = {}
        tests = ("name == 'a'", "starts_with(name, 'moe_')", "type(value) == 'array'", "type(value) == 'object'")
        more = ("value == `null`", "contains(['a', 'b'], name) && type(value) == 'string'", "type(value) != 'array'")
        if dice.random() < 0.85:
            entry["when"] = dice.choice((*tests, *more))
        kind = dice.random()
        if kind < 0.15:
            return {**entry, "skip": "not {{ name }}"}
        if dice.random() < 0.4:
            entry["name"] = dice.choice(
                ({"template": "{{ name }}_"}, {"const": dice.choice(NAMES)}, "name", {"template": "é{{ name }}"})
            )
        if dice.random() < 0.5 or not entry:
            entry["value"] = dice.choice(
                (
                    {"from": "value", "type": dice.choice(TYPES)},
                    "value",
                    {"fields": {"a": "value"}},
                    {"const": scalar(dice)},
                    {"template": "{{ value }}"},
                    {"fields": {"a": {"const": "a"}, "b": {"from": "value", "type": "string"}}},
                )
            )
        return entry

    def rule(self, number: int, output: str) -> dict[str, Any]:
        dice = self.dice
        rule: dict[str, Any] = {"rule": f"rule{number}", "output": output}
        self.roots = []
        if dice.random() < 0.5:
            rule["route"] = "items"
            self.roots = ["item"]
            if dice.random() < 0.5:
                rule["when"] = dice.choice(("item.kind == 'x'", "item.number > `0`"))
        elif dice.random() < 0.2:
            rule["when"] = "batch.flag"
        if output == "merged":
            rule["fields"] = {"attributes": self.attributes()}
            if dice.random() < 0.5:
                rule["fields"]["tags"] = self.tags()
            if dice.random() < 0.2:
                rule["fields"][dice.choice(NAMES)] = self.field(1)
            if dice.random() < 0.15:
                rule["spread"] = [self.spread()]
        else:
            rule |= self.members(2)
        return rule

    def attributes(self) -> Any:
        kind = self.dice.random()
        return self.members(1) if kind < 0.8 else self.objects() if kind < 0.9 else self.field(1)

    def tags(self) -> Any:
        if self.dice.random() < 0.3:
            return "batch.texts"
        return self.each(1)


def mapping(dice: Random) -> dict[str, Any]:
    """A mapping without its head: outputs, lets, policies, a route and rules."""
    maker = Maker(dice)
    lets: dict[str, Any] = {}
    for number in range(dice.randrange(3)):
        lets[f"let{number}"] = maker.field(1)
        maker.lets.append(f"let{number}")
    outputs: dict[str, Any] = {
        "single": {"fields": maker.fields(1, 1)},
        "twin": {"combine": {dice.choice(NAMES): dice.choice(("merge", "append"))}},
        "merged": {"combine": {"attributes": "merge", "tags": "append"}, "fields": maker.fields(1, 1)},
        "list": {"element_of": "list", "fields": maker.fields(1, 1)},
    }
    if dice.random() < 0.5:
        outputs["list"]["combine"] = {"list": "append"}
    elif dice.random() < 0.5:
        outputs["list"]["combine"] = {"list": "append", dice.choice(NAMES): dice.choice(("merge", "append"))}
    for output in outputs.values():
        output |= {"schema": "./out.schema.json", "request": {"path": "/p"}}
        if dice.random() < 0.15:
            output["max_bytes"] = dice.choice((60, 200))
    chosen = dice.sample(list(outputs), dice.randint(1, 2))
    rules = [maker.rule(number, dice.choice(chosen)) for number in range(dice.randint(1, 4))]
    maker.roots, maker.lets = [], []
    policies = {
        "plain": [{"when": "type(value) == 'array' || type(value) == 'object'", "skip": "large"}, {}],
        "named": maker.entries(),
    }
    if dice.random() < 0.6:
        policies["plain"].insert(0, {"when": "starts_with(name, 'moe_')", "skip": "reserved"})
    return {
        "outputs": outputs,
        "let": lets,
        "policies": policies,
        "routes": {"items": {"each": "batch.items", "as": "item"}},
        "rules": rules,
    }


# --- schemas

PATTERNS = (r"\S", "^a", "^[a-zé]", ".", "a|b", r"\d", "^[^$]", "x$", "^(?:a|moe_)", "")


def kind_of(one: Any) -> str:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return kinds.get(type(one), "null")


class Schemer:
    """Writes schemas that some values mostly fit."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.defs: dict[str, Any] = {}
        self.is_mild = dice.random() < 0.75
        """Whether all can be asked of parts of a body."""

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
    """A schema that the bodies mostly fit."""
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
    """A schema that the bodies mostly fit, with some odd keywords in it."""
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
    for keyword, value in node.items():
        if keyword in ("properties", "dependentSchemas", "patternProperties"):
            below = list(value.values())
        elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
            below = value
        elif keyword in ("items", "additionalProperties", "not", "if", "then", "else", "contains"):
            below = [value]
        else:
            continue
        found += [inner for one in below for inner in _nodes(one)]
    return found
