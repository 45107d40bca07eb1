"""Declarations of the keys of the rule language.

A key is declared once, where the Rulebook keeps its value: `when: Expr | None = key(EXPRESSION, "...", default=None)`.
From its declaration come how it is read and merged, the names in scope of its expressions, the schema for editors and
the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from ..values.coercion import TYPES
from ..values.numbers import MAX_DECIMALS

__all__ = [
    "ALTERNATIVES",
    "ANY",
    "ANYTHINGS",
    "COMBINATIONS",
    "DECIMALS",
    "ELEMENT",
    "ENTRIES",
    "ENTRY_KEY",
    "ENTRY_RULES",
    "EXPRESSION",
    "FIELD",
    "FIELDS",
    "FILLED",
    "FLAG",
    "FORMATS",
    "FORMS",
    "LET",
    "NAME",
    "NUMBER",
    "OUTPUT",
    "PRECISION",
    "ROUTE",
    "SIZE",
    "SPREADS",
    "STRINGS",
    "TABLE",
    "TEMPLATE",
    "TEXT",
    "TEXTS",
    "TIME",
    "TYPE",
    "UNLISTED",
    "WARNINGS",
    "Form",
    "Key",
    "Kind",
    "attributes_of",
    "choice",
    "form",
    "key",
    "keys_of",
    "list_of",
    "part",
    "parts",
    "several",
]

Json = Mapping[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of value that a key has.

    `words` name it in the reference, `schema` describes it to editors. `change` describes a change of an inherited
    value, where a change is not the same as a value. `defines` says what a name that is given stands for. `merge` is
    how a change merges: as JSON merge patch, or as the fields of an object, one field, the keys of `form`, or as names
    of parts of that form.
    """

    words: str
    schema: Json
    change: Json | None = None
    merge: Literal["patch", "fields", "field", "form", "forms"] = "patch"
    form: str = ""
    choices: tuple[str, ...] = ()
    defines: str = ""


def _reference(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def choice(*choices: str) -> Kind:
    """One of several words."""
    return Kind(", ".join(f"`{one}`" for one in choices), {"enum": list(choices)}, choices=choices)


def part(name: str, words: str = "") -> Kind:
    """A mapping with the keys of a form."""
    return Kind(words or "object", _reference(name), _reference(f"{name}Change"), "form", name)


def parts(name: str, names: str, change: str, words: str) -> Kind:
    """Names of parts, each with the keys of a form; `change` describes a change of them."""

    def of(described: Json, value: Json) -> Json:
        return {**described, "type": "object", "propertyNames": _reference(names), "additionalProperties": value}

    changed = {"anyOf": [_reference(f"{name}Change"), _reference("removed")]}
    return Kind(words, of({}, _reference(name)), of({"description": change}, changed), "forms", name)


def list_of(words: str, items: Json) -> Kind:
    """A list, which a change replaces."""
    return Kind(words, {"type": "array", "items": items})


def _object_of(words: str, values: Json, nullable: Json) -> Kind:
    """Names and values that merge one by one; `nullable` describes a value that may be null."""
    types = {"type": "object"}
    return Kind(words, {**types, "additionalProperties": values}, {**types, "additionalProperties": nullable})


_SPREADS = {"description": "Several of them, in order.", "type": "array", "items": _reference("spread")}

_FORMAT = {"type": "string", "minLength": 1, "examples": ["iso", "seconds", "milliseconds", "%d.%m.%Y %H:%M"]}

EXPRESSION = Kind("[expression](expressions.md)", _reference("expression"))
TEMPLATE = Kind("[template](templates.md)", _reference("template"))
TEXT = Kind("string", {"type": "string"})
FILLED = Kind("string", {"type": "string", "minLength": 1})
TEXTS = list_of("list of strings", {"type": "string"})
NAME = Kind("[name](files.md#names)", _reference("name"))
ELEMENT = Kind("[name](files.md#names)", _reference("root"), defines="an element")
ENTRY_KEY = Kind("[name](files.md#names)", _reference("root"), defines="a key")
FLAG = Kind("boolean", {"type": "boolean"})
SIZE = Kind("integer", {"type": "integer", "minimum": 1})
DECIMALS = Kind(f"integer from 0 to {MAX_DECIMALS}", {"type": "integer", "minimum": 0, "maximum": MAX_DECIMALS})
NUMBER = Kind("number", {"type": "number"})
FORMATS = Kind(
    "[format](types.md#formats-of-times), or a list",
    {"anyOf": [_FORMAT, {"type": "array", "items": _FORMAT, "minItems": 1}]},
)
ANY = Kind("any value", {})
ANYTHINGS = list_of("list", {})
METHOD = choice("DELETE", "GET", "PATCH", "POST", "PUT")
ON_PROBLEM = choice("omit", "reject", "keep")
PRECISION = choice("seconds", "milliseconds", "microseconds")
TIME = part("time", "object: [times](types.md#times)")
TYPE = Kind("[type](types.md#types)", _reference("type"), choices=tuple(TYPES))
STRINGS = _object_of("object of strings", {"type": "string"}, {"type": ["string", "null"]})
NAMES = _object_of("object of names", {"type": "string"}, {"type": ["string", "null"]})
COMBINATIONS = _object_of(
    "`append` or `merge` by name", {"enum": ["append", "merge"]}, {"enum": ["append", "merge", None]}
)
FIELD = Kind("[field](fields.md)", _reference("field"), _reference("fieldChange"), "field")
FIELDS = Kind("[fields](fields.md)", _reference("fields"), _reference("fieldsChange"), "fields")
LET = Kind("[let](fields.md#let)", _reference("let"), _reference("letChange"), "fields")
ALTERNATIVES = Kind(
    "[expression](expressions.md), or a list of expressions and fields",
    {"anyOf": [_reference("expression"), _reference("alternatives")]},
)
SPREADS = Kind(
    "[spread](spreads.md), or a list",
    {"anyOf": [_reference("spread"), _SPREADS]},
    {
        "description": "A spread, a change of the inherited one, or a list of spreads in its place.",
        "anyOf": [_reference("spreadChange"), _SPREADS],
    },
    "form",
    "spread",
)
_NAMED = {**_reference("root"), "description": "The name of a table."}
TABLE = Kind(
    "[table](types.md#tables) or its name",
    {"anyOf": [_NAMED, _reference("table")]},
    {"anyOf": [_NAMED, _reference("tableChange")]},
)
ENTRIES = Kind("object", {"type": "object", "additionalProperties": True})
UNLISTED = Kind(
    "`omit`, `keep`, `reject` or `{const: value}`",
    {
        "anyOf": [
            {"enum": ["omit", "keep", "reject"]},
            {
                "description": "A fixed value.",
                "type": "object",
                "required": ["const"],
                "additionalProperties": False,
                "properties": {"const": {"description": "The value: any JSON value."}},
            },
        ]
    },
)
ENTRY_RULES = Kind(
    "list of [entry rules](#entry-rules-and-policies), or the name of a policy",
    {"anyOf": [{**_reference("root"), "description": "The name of a policy."}, _reference("entryRules")]},
)
REQUEST = part("request")
EXCEPT = part("except")
WARNINGS = list_of("list", _reference("warn"))
ROUTE = Kind("name of a [route](#routes)", {"type": "string"})
OUTPUT = Kind("name of an [output](outputs.md)", {"type": "string"})


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """The declaration of a key.

    Without a value of a required key, or one that can be read, `default` counts, and without that its form has none.
    Of the keys of the role "choice", exactly one is given; those of the role "detail" belong to it and go with it where
    a change makes another choice. A key is known `only_with` another one, if given. One that is not `inherited` is that
    of a rule alone, not of rules that extend it. One that `is_note` is for people, and has no effect.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    default: Any = None
    examples: tuple[Any, ...] = ()
    role: Literal["", "choice", "detail"] = ""
    only_with: str = ""
    inherited: bool = True
    is_note: bool = False
    attribute: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A mapping of the rule language with its keys. `change` describes a change of an inherited one."""

    name: str
    description: str
    change: str
    keys: Mapping[str, Key]

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.keys.items() if one.role == "choice")

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.keys.items() if one.role)


FORMS: dict[str, Form] = {}
"""All forms that have a name, by the names that the schema gives them."""
_ATTRIBUTES: dict[type, tuple[tuple[str, Key | None], ...]] = {}


def key(kind: Kind, description: str, *, name: str = "", default: Any = MISSING, **more: Any) -> Any:
    """Declares a key, as a field of a dataclass; its name is that of the field unless another one is given."""
    declared = Key(name, kind, description, default=None if default is MISSING else default, **more)
    return field(default=default, metadata={"key": declared})


def several(*keys: Key) -> Any:
    """Declares keys that are read together into one field of a dataclass."""
    return field(metadata={"keys": keys})


def form(name: str = "", description: str = "", change: str = "") -> Callable[[_T], _T]:
    """Makes a dataclass the form of the keys that its fields declare."""

    def declare(made: Any) -> Any:
        _ATTRIBUTES[made] = tuple((one.name, _named(one)) for one in fields(made))
        if name:
            keys = [key for one in fields(made) for key in one.metadata.get("keys", (_named(one),)) if key is not None]
            FORMS[name] = Form(name, description, change, {key.name: key for key in keys})
        return made

    return declare


def _named(attribute: Field[Any]) -> Key | None:
    declared: Key | None = attribute.metadata.get("key")
    if declared is None:
        return None
    return replace(declared, name=declared.name or attribute.name.rstrip("_"), attribute=attribute.name)


def attributes_of(made: type) -> tuple[tuple[str, Key | None], ...]:
    """The attributes of a form, with the keys whose values they keep, in the order of evaluation.

    Expressions see the names that are given by keys before them. Empty for what is no form.
    """
    return _ATTRIBUTES.get(made, ())


def keys_of(made: type) -> tuple[Key, ...]:
    """The keys that a form keeps the values of."""
    return tuple(key for _, key in attributes_of(made) if key is not None)
