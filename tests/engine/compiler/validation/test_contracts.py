"""Bodies validated part by part are those that the interpreter sends; most bodies can be validated like this."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result
from moemap.engine.runtime.runner import NAMESPACE
from moemap.engine.runtime.structs import StructMapper

EXAMPLES = sorted((Path(__file__).parents[4] / "examples").glob("*.json"))
Difference = Callable[[Result, Result], str]
Books = Callable[..., Rulebook]


class Pair:
    """A mapping run both ways."""

    def __init__(self, rulebook: Rulebook) -> None:
        source = structs_source_of(rulebook)
        assert source is not None
        self.source = source
        self.interpreter = Interpreter(rulebook)
        validators = {name: schema.validator.is_valid for name, schema in rulebook.schemas.items()}
        self.records = StructMapper(builtins.compile(source, "<records>", "exec"), NAMESPACE, validators)

    def answer(self, batch: Any) -> Result | None:
        self.records._left_out = 0
        return self.records.transform(orjson.dumps(batch))


# --- single cases

ROUTES = {"items": {"each": "batch.items", "as": "item"}}


def rule(output: str = "body", *, name: str = "one", **keys: Any) -> dict[str, Any]:
    return {"rule": name, "output": output, **keys}


def of_items(output: str = "body", **keys: Any) -> dict[str, Any]:
    return rule(output, name="items", route="items", **keys)


def outputs(**more: dict[str, Any]) -> dict[str, Any]:
    return {name: {"schema": "./out.schema.json", "request": {"path": "/p"}, **keys} for name, keys in more.items()}


def fields(**named: Any) -> list[dict[str, Any]]:
    return [rule(fields=named)]


def spread(*entries: Any, **keys: Any) -> dict[str, Any]:
    """A spread of `batch.object`."""
    return {"from": "batch.object", **({"entries": list(entries)} if entries else {}), **keys}


JOINED = outputs(body={"combine": {"attributes": "merge", "tags": "append"}})
TWO_PARTS = [
    rule(fields={"attributes": {"fields": {"a": "batch.text"}}}),
    rule(name="two", fields={"attributes": {"fields": {"b": "batch.number"}}}),
    rule(name="three", fields={"tags": "batch.texts"}),
    rule(name="four", fields={"tags": "batch.list"}),
]
ELEMENTS = outputs(body={"element_of": "list", "fields": {"a": "batch.text"}})
TAGS = [{"when": "type(value) == 'array'", "name": {"const": "tags"}, "value": "value"}, {"when": "value == 'a'"}]
NAMED = [{"when": "starts_with(name, 'moe_')", "skip": "reserved"}, {}]
AS_IT_IS: list[dict[str, Any]] = [{}]
EXCEPT = {"names": ["long"], "patterns": ["tmp-?"], "ignore_case": True}

# Each: the outputs, the rules, the schema, and batches, with whether records answer.
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], Any, list[tuple[dict[str, Any], bool]]]] = {
    "a joined object has what none of its parts has": (
        JOINED,
        TWO_PARTS,
        {"properties": {"attributes": {"required": ["a", "b"], "minProperties": 2}}},
        [({"text": "x", "number": 1}, True), ({"text": "x"}, False), ({}, True), ({"texts": ["a"]}, True)],
    ),
    "a joined object has more than each of its parts": (
        JOINED,
        TWO_PARTS,
        {"properties": {"attributes": {"maxProperties": 1}}},
        [({"text": "x", "number": 1}, False), ({"text": "x"}, True), ({"number": 1}, True)],
    ),
    "what a joined object has depends on another part": (
        JOINED,
        TWO_PARTS,
        {"properties": {"attributes": {"dependentRequired": {"a": ["b"]}, "not": {"required": ["c"]}}}},
        [({"text": "x", "number": 1}, True), ({"text": "x"}, False), ({"number": 1}, True)],
    ),
    "the members of joined objects": (
        JOINED,
        TWO_PARTS,
        {"properties": {"attributes": {"properties": {"a": {"maxLength": 1}, "b": {"minimum": 1}}}}},
        [({"text": "x", "number": 1}, True), ({"text": "xx"}, False), ({"number": 0}, False)],
    ),
    "what is no object where objects are joined": (
        JOINED,
        [rule(fields={"attributes": "batch.any"})],
        {"properties": {"attributes": {"dependentSchemas": {"a": {"propertyNames": {"minLength": 2}}}, "maximum": 5}}},
        [({"any": ["a"]}, True), ({"any": 5}, True), ({"any": 6}, False), ({"any": {"a": 1}}, False)],
    ),
    "names in joined objects": (
        JOINED,
        [rule(fields={"attributes": {"fields": {"a": "batch.text"}, "spread": spread()}})],
        {"properties": {"attributes": {"propertyNames": {"maxLength": 2}}}},
        [({"text": "x"}, True), ({"object": {"ab": 1}}, True), ({"object": {"abc": 1}}, False)],
    ),
    "a name in a joined object that is never allowed": (
        JOINED,
        [rule(fields={"attributes": {"fields": {"abc": "batch.text"}}})],
        {"properties": {"attributes": {"propertyNames": {"maxLength": 2}}}},
        [({"text": "x"}, False)],
    ),
    "a name in a body that is never allowed": (
        outputs(body={}),
        fields(abc="batch.text"),
        {"propertyNames": {"maxLength": 2}},
        [({"text": "x"}, False)],
    ),
    "the name of the list of elements is not allowed": (
        ELEMENTS,
        [of_items(fields={"a": "item.kind"})],
        {"propertyNames": {"maxLength": 3}},
        [({"items": [{"kind": "x"}]}, False)],
    ),
    "a name that an entry rule gives is not allowed": (
        outputs(body={}),
        [rule(spread=spread({"when": "name == 'a'", "name": {"const": "abc"}}, {}))],
        {"propertyNames": {"maxLength": 2}},
        [({"object": {"b": 1}}, True), ({"object": {"a": 1}}, False)],
    ),
    "joined lists": (
        JOINED,
        TWO_PARTS,
        {"properties": {"tags": {"maxItems": 2, "minItems": 1, "items": {"type": "string"}}}},
        [
            ({"texts": ["a"], "list": ["b"]}, True),
            ({"texts": ["a", "b"], "list": ["c"]}, False),
            ({"texts": [], "list": []}, False),
            ({"texts": [], "list": ["a"]}, True),
            ({"texts": ["a"], "list": [1]}, False),
        ],
    ),
    "outputs that combine in different ways under one schema": (
        outputs(body={}, lists={"combine": {"tags": "append"}}, objects={"combine": {"attributes": "merge"}}),
        [
            *fields(a="batch.text"),
            rule("lists", name="two", fields={"tags": "batch.texts"}),
            rule("lists", name="three", fields={"tags": "batch.texts"}),
            rule("objects", name="four", fields={"attributes": {"fields": {"a": "batch.number"}}}),
            rule("objects", name="five", fields={"attributes": {"fields": {"b": "batch.number"}}}),
        ],
        {"properties": {"tags": {"maxItems": 2}, "attributes": {"maxProperties": 1}}},
        [({"text": "x", "texts": ["a"]}, True), ({"texts": ["a", "b"]}, False), ({"text": "x", "number": 1}, False)],
    ),
    "one policy for a body whose lists are joined, and for one whose lists are not": (
        outputs(body={"combine": {"tags": "append"}}, other={}),
        [rule(spread=spread(entries="tags")), rule("other", name="two", spread=spread(entries="tags"))],
        {"properties": {"tags": {"maxItems": 1}}},
        [({"object": {"x": ["a"]}}, True), ({"object": {"x": ["a", "b"]}}, False)],
    ),
    "one policy at places with different schemas": (
        outputs(body={}),
        fields(a={"spread": spread(entries="named")}, b={"spread": {"from": "batch.other", "entries": "named"}}),
        {
            "properties": {
                "a": {"additionalProperties": {"type": "string"}, "propertyNames": {"maxLength": 1}},
                "b": {"additionalProperties": {"type": "number"}, "properties": {"c": {"const": "x"}}},
            }
        },
        [
            ({"object": {"a": "x"}, "other": {"a": 1}}, True),
            ({"object": {"a": 1}, "other": {"a": 1}}, False),
            ({"object": {"a": "x"}, "other": {"a": "x"}}, False),
            ({"object": {"a": "x"}, "other": {"ab": 1}}, True),
            ({"object": {"ab": "x"}, "other": {"ab": 1}}, False),
            ({"object": {"c": "y"}, "other": {"a": 1}}, True),
            ({"object": {"c": "y"}, "other": {"c": 1}}, False),
        ],
    ),
    "what holds for a name holds for no value of it": (
        outputs(body={}),
        [rule(spread=spread(entries="named"))],
        {"additionalProperties": {"maxLength": 2}, "propertyNames": {"maxLength": 2}},
        [
            ({"object": {"a": "x", "b": 1}}, True),
            ({"object": {"a": "xxx"}}, False),
            ({"object": {"a": ["x"], "b": {"c": 1}}}, True),
            ({"object": {"abc": "x"}}, False),
            ({"object": {"abc": "x", "a": "x"}}, False),
            ({"object": {"moe_abc": "x", "a": "x"}}, True),
            ({"object": {"b": "xxx"}}, False),
        ],
    ),
    "an entry with the name of a listed property": (
        outputs(body={}),
        [rule(spread=spread(entries="as_it_is"))],
        {"properties": {"a": {"type": "number"}}, "additionalProperties": {"type": "string"}},
        [({"object": {"b": "x"}}, True), ({"object": {"a": "x", "b": "x"}}, False), ({"object": {"b": 1}}, False)],
    ),
    "an entry for which a field stands": (
        outputs(body={}),
        [rule(fields={"a": "batch.text"}, spread=spread(entries="as_it_is"))],
        {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "number"}},
        [({"object": {"b": 1}, "text": "x"}, True), ({"object": {"b": "x"}, "text": "x"}, False)],
    ),
    "renamed entries": (
        outputs(body={}),
        [rule(spread=spread(rename={"a": "abc", "b": "d"}))],
        {"propertyNames": {"maxLength": 2}, "properties": {"d": {"type": "number"}}, "additionalProperties": True},
        [({"object": {"e": "x", "f": 1}}, True), ({"object": {"abc": 1}}, False), ({"object": {"a": 1}}, False)],
    ),
    "entries with names that depend on those they have": (
        outputs(body={}),
        [rule(spread=spread({"name": {"template": "{{ name }}_"}}))],
        {"propertyNames": {"maxLength": 3}, "additionalProperties": {"type": "string"}},
        [({"object": {"ab": "x"}}, True), ({"object": {"ab": 1}}, False), ({"object": {"abc": "x"}}, False)],
    ),
    "excepted names": (
        outputs(body={}),
        [rule(spread=spread(**{"except": EXCEPT}))],
        {"propertyNames": {"maxLength": 2}, "additionalProperties": {"type": "string"}},
        [
            ({"object": {"a": "x", "long": 1}}, True),
            ({"object": {"a": "x", "LONG": 1, "tmp-1": 1}}, True),
            ({"object": {"a": "x", "longer": "x"}}, False),
        ],
    ),
    "values that come to one place by several ways": (
        outputs(body={}),
        fields(a=["batch.text", "batch.any", {"from": "batch.number", "type": "string"}], b={"const": True}),
        {"properties": {"a": {"type": ["string", "integer"], "maxLength": 1, "maximum": 5}}},
        [
            ({"text": "x"}, True),
            ({"text": "xx"}, False),
            ({"any": 2}, True),
            ({"any": 2.0}, True),
            ({"any": 7}, False),
            ({"any": [1]}, False),
            ({"number": 3}, True),
            ({"number": 33}, False),
        ],
    ),
    "a default that fits, and one that does not": (
        outputs(body={}),
        fields(a={"from": "batch.text", "default": 1}, b={"from": "batch.number", "default": "xx"}),
        {"properties": {"a": {"type": ["string", "integer"]}, "b": {"maxLength": 1}}},
        [({"text": "x", "number": 1}, True), ({"number": 1}, True), ({"text": "x"}, False)],
    ),
    "a list of objects and an object that come to nothing": (
        outputs(body={}),
        fields(
            a={"each": "batch.items", "as": "item", "fields": {"k": "item.kind"}},
            b={"fields": {"c": "batch.text"}},
            c="batch.number",
        ),
        {"properties": {"a": {"minItems": 1}, "b": {"minProperties": 1}}, "required": ["c"]},
        [
            ({"items": [{"kind": "x"}], "text": "x", "number": 1}, True),
            ({"items": [], "number": 1}, False),
            ({"items": [{}], "number": 1}, False),
            ({"number": 1}, True),
            ({"text": "x"}, False),
        ],
    ),
    "a member that is there at times": (
        outputs(body={}),
        fields(a={"fields": {"b": "batch.text", "c": {"from": "batch.number", "when": "batch.flag"}}}),
        {"properties": {"a": {"required": ["b", "c"]}}, "required": ["a"]},
        [
            ({"text": "x", "number": 1, "flag": True}, True),
            ({"text": "x", "number": 1, "flag": False}, False),
            ({"text": "x"}, False),
        ],
    ),
    "lists with elements of several kinds": (
        outputs(body={}),
        fields(a={"each": "batch.list", "as": "one", "value": "one"}, b="batch.texts"),
        {
            "properties": {
                "a": {"items": {"type": ["string", "integer"], "maxLength": 1}, "contains": {"type": "string"}},
                "b": {"prefixItems": [{"const": "a"}], "maxItems": 2.0},
            }
        },
        [
            ({"list": ["a", 1, 2.0]}, True),
            ({"list": [1]}, False),
            ({"list": ["a", True]}, False),
            ({"list": ["a", None]}, True),
            ({"list": []}, False),
            ({"texts": ["a", "b"]}, True),
            ({"texts": ["b"]}, False),
            ({"texts": []}, True),
        ],
    ),
    "objects in lists": (
        outputs(body={}),
        fields(a={"each": "batch.items", "as": "item", "fields": {"k": "item.kind", "n": "item.number"}}),
        {
            "properties": {
                "a": {
                    "items": {
                        "if": {"required": ["k"], "properties": {"k": {"const": "x"}}},
                        "then": {"required": ["n"]},
                        "else": {"maxProperties": 1},
                    }
                }
            }
        },
        [
            ({"items": [{"kind": "x", "number": 1}, {"kind": "y"}]}, True),
            ({"items": [{"kind": "x"}]}, False),
            ({"items": [{"kind": "y", "number": 1}]}, False),
        ],
    ),
    "elements of an output": (
        ELEMENTS,
        [of_items(fields={"k": "item.kind", "n": "item.number"})],
        {"properties": {"list": {"maxItems": 2, "items": {"required": ["k"]}}, "a": {"const": "x"}}},
        [
            ({"text": "x", "items": [{"kind": "a"}, {"kind": "b"}]}, True),
            ({"text": "x", "items": [{"kind": "a"}] * 3}, False),
            ({"text": "x", "items": [{"number": 1}]}, False),
            ({"text": "y", "items": [{"kind": "a"}]}, False),
        ],
    ),
    "numbers that are equal": (
        outputs(body={}),
        fields(a="batch.any", b={"from": "batch.number", "type": "double"}, c="batch.flag"),
        {
            "properties": {
                "a": {"enum": [1, "1", False]},
                "b": {"type": "integer", "not": {"const": 2}},
                "c": {"const": True},
            }
        },
        [
            ({"any": 1}, True),
            ({"any": 1.0}, True),
            ({"any": True}, False),
            ({"any": False}, True),
            ({"any": 0}, False),
            ({"any": "1"}, True),
            ({"number": 1}, True),
            ({"number": 1.5}, False),
            ({"number": 2}, False),
            ({"flag": True}, True),
            ({"flag": False}, False),
        ],
    ),
    "texts by their first character": (
        outputs(body={}),
        fields(a="batch.text"),
        {"properties": {"a": {"pattern": r"\S", "maxLength": 3000}}},
        [
            ({"text": text}, fits)
            for text, fits in [
                ("a", True), ("~", True), ("!", True), ("", False), (" ", False), (" a", True), ("\x7f", True),
                ("\u00a0", False), ("\u00a0a", True), ("\ufeff", False), ("\u2028", False), ("\x00", True), ("é", True),
                ("😀", True), ("\t\n", False), ("x" * 3000, True), ("é" * 3001, False), ("😀" * 3000, True),
            ]
        ],
    ),
    "a place where nothing can stand": (
        outputs(body={}),
        fields(a={"each": "batch.texts", "as": "one", "fields": {"b": "one"}}, c={"fields": {"d": "batch.number"}}),
        {"properties": {"a": {"items": False}, "c": {"allOf": [False]}}},
        [({"texts": [], "text": "x"}, True), ({"texts": ["a"]}, False), ({"number": 1}, False)],
    ),
    "schemas that refer to themselves": (
        outputs(body={}),
        fields(a="batch.any", b={"each": "batch.items", "as": "item", "fields": {"b": "item.any", "c": "item.kind"}}),
        {
            "$ref": "#/$defs/tree",
            "$defs": {
                "tree": {
                    "additionalProperties": {"$ref": "#/$defs/tree"},
                    "items": {"$ref": "#/$defs/tree"},
                    "maxLength": 2,
                    "propertyNames": {"maxLength": 2},
                }
            },
        },
        [
            ({"any": {"ab": [["ab"], {"a": {"b": 1}}]}, "items": [{"any": {"b": "ab"}, "kind": "x"}]}, True),
            ({"any": {"ab": [["abc"]]}}, False),
            ({"items": [{"any": {"abc": 1}}]}, False),
        ],
    ),
    "keywords that are not understood": (
        outputs(body={}),
        fields(a="batch.texts", b="batch.text"),
        {"properties": {"a": {"uniqueItems": True}, "b": {"maxLength": 1}}},
        [({"texts": ["a", "b"], "text": "x"}, True), ({"texts": ["a", "a"]}, False), ({"text": "xx"}, False)],
    ),
}  # fmt: skip
POLICIES = {"tags": TAGS, "named": NAMED, "as_it_is": AS_IT_IS}


@pytest.mark.parametrize("case", CASES)
def test_cases(book: Books, difference: Difference, case: str) -> None:
    made, rules, schema, batches = CASES[case]
    content = {"outputs": made, "routes": ROUTES, "policies": POLICIES, "rules": rules}
    pair = Pair(book(content, schema))
    for batch, is_answered in [*batches, *batches]:  # what is learned from one batch changes nothing for others
        given = pair.answer(batch)
        assert (given is not None) == is_answered, batch
        if given is not None:
            assert not difference(pair.interpreter.run(batch), given), batch


def test_limits_are_asked_like_the_schema(book: Books, difference: Difference) -> None:
    made = outputs(body={"limits": "./limits.schema.json"})
    pair = Pair(book({"outputs": made, "rules": fields(a="batch.text")}, {}, {"properties": {"a": {"maxLength": 1}}}))
    given = pair.answer({"text": "x"})
    assert given is not None
    assert not difference(pair.interpreter.run({"text": "x"}), given)
    assert pair.answer({"text": "xx"}) is None
