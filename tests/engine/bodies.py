"""Random mappings with fields of all sources, batches for them, and schemas that accept most of their bodies."""

from __future__ import annotations

from random import Random
from typing import Any

from moemap.tests.engine.body_schemas import odd_schema_of, schema_of
from moemap.tests.engine.random_values import NAMES, NUMBERS, TEXTS, members, scalar, value

__all__ = ["INPUT", "batch", "mapping", "odd_schema_of", "schema_of"]

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
        """The names of elements in scope."""
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
