"""The kinds of values that keys of the rule language have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..schemas.personal import CATEGORIES as _PERSONAL
from ..values.coercion import TYPES
from ..values.forms import FORM_LISTS
from ..values.numbers import MAX_DECIMALS

__all__ = ["Json", "Kind", "choice", "list_of", "part", "parts"]

Json = Mapping[str, Any]

MAX_AMOUNT = 1_000_000_000
"""The largest number of things, and of seconds, that a rule file can give."""
MAX_BODY_BYTES = 100_000_000
"""The largest number of bytes that a rule file can allow for a body."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of value that a key has.

    `words` name it in the reference, `schema` describes it to editors. `change` is the schema of a change of an
    inherited value, where that is not the same as a value. `defines` says what a name that the key defines stands for.
    `merge` says how a change merges: as JSON merge patch, or as the fields of an object, one field, the keys of `form`,
    or names of parts of that form.
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


def list_of(words: str, items: Json, **more: Any) -> Kind:
    """A list, which a change replaces."""
    return Kind(words, {"type": "array", "items": items, **more})


def _object_of(words: str, values: Json, nullable: Json) -> Kind:
    """Names and values that merge one by one; `nullable` is the schema of a value that may be null."""
    types = {"type": "object"}
    return Kind(words, {**types, "additionalProperties": values}, {**types, "additionalProperties": nullable})


_SPREADS = {"description": "Several of them, in order.", "type": "array", "items": _reference("spread")}

_FORMAT = {"type": "string", "minLength": 1, "examples": ["iso", "seconds", "milliseconds", "%d.%m.%Y %H:%M"]}

EXPRESSION = Kind("[expression](expressions.md)", _reference("expression"))
TEMPLATE = Kind("[template](templates.md)", _reference("template"))
TEXT = Kind("string", {"type": "string"})
FILLED = Kind("string", {"type": "string", "minLength": 1})
REFERENCE = Kind("string", {"type": "string", "pattern": r"^\.|^[^@]+@[0-9]+$"})
"""A mapping: `name@major`, or a path `./...`."""
TEXTS = list_of("list of strings", {"type": "string"})
NAME = Kind("[name](files.md#names)", _reference("name"))
ELEMENT = Kind("[name](files.md#names)", _reference("variable"), defines="an element")
INDEX = Kind("[name](files.md#names)", _reference("variable"), defines="an index")
ENTRY_KEY = Kind("[name](files.md#names)", _reference("variable"), defines="a key")
FLAG = Kind("boolean", {"type": "boolean"})
SIZE = Kind(f"integer from 1 to {MAX_AMOUNT:,}", {"type": "integer", "minimum": 1, "maximum": MAX_AMOUNT})
BYTES = Kind(f"integer from 1 to {MAX_BODY_BYTES:,}", {"type": "integer", "minimum": 1, "maximum": MAX_BODY_BYTES})
DECIMALS = Kind(f"integer from 0 to {MAX_DECIMALS}", {"type": "integer", "minimum": 0, "maximum": MAX_DECIMALS})
NUMBER = Kind("number", {"type": "number"})
FORMATS = Kind(
    "[format](types.md#formats-of-times), or a list",
    {"anyOf": [_FORMAT, {"type": "array", "items": _FORMAT, "minItems": 1}]},
)
ANY = Kind("any value", {})
ANYTHINGS = list_of("list that is not empty", {}, minItems=1)
METHOD = choice("DELETE", "GET", "PATCH", "POST", "PUT")
ON_PROBLEM = choice("omit", "reject", "keep")
PRECISION = choice("seconds", "milliseconds", "microseconds")
TIME = part("time", "object: [times](types.md#times)")
TYPE = Kind("[type](types.md#types)", _reference("type"), choices=tuple(TYPES))
NAMES = _object_of("object of names", {"type": "string"}, {"type": ["string", "null"]})
COMBINATIONS = _object_of(
    "`append` or `merge` by name", {"enum": ["append", "merge"]}, {"enum": ["append", "merge", None]}
)
FIELD = Kind("[field](fields.md)", _reference("field"), _reference("fieldChange"), "field")
LISTED = list_of("list of [fields](fields.md)", _reference("field"), minItems=1)
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
PATH = Kind("[template](templates.md)", _reference("template"))
PARAMETERS = Kind("[fields](fields.md)", _reference("fields"), _reference("fieldsChange"), "fields")
HEADERS = Kind("[fields](fields.md)", _reference("fields"), _reference("fieldsChange"), "fields")
LIST_NAMES = choice(*FORM_LISTS)
BODY = choice("object", "list", "value", "none")
THEN = choice("continue")
_TEMPLATED = {"anyOf": [_reference("template"), _reference("fieldMapping")]}
TEMPLATED = Kind("[template](templates.md) or [field](fields.md)", _TEMPLATED)
SERVER_HEADERS = _object_of(
    "object of [templates](templates.md) or [fields](fields.md)",
    _TEMPLATED,
    {"anyOf": [*_TEMPLATED["anyOf"], _reference("removed")]},
)
SERVER = part("server")
MEMBER_PATH = r"[^.]+(?:\.[^.]+)*"
STATUS_CLASS = r"[1-5]xx"
MEMBER = Kind("name of a member", {"type": "string", "pattern": f"^{MEMBER_PATH}$"})
POSITIVE = Kind(
    f"number above 0, at most {MAX_AMOUNT:,}", {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_AMOUNT}
)
STATUSES = list_of(
    "list of statuses such as `429` or `5xx`",
    {
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"type": "string", "pattern": f"^{STATUS_CLASS}$"},
        ]
    },
)
OUTPUTS = list_of("list of [outputs](outputs.md)", {"type": "string"})
SOME_OUTPUTS = list_of("list of [outputs](outputs.md)", {"type": "string"}, minItems=1)
_REQUEST_PLACE = r"(\*|[^ /]+)( (body|path|query|headers))?( /.*)?"
_PLACE = {"type": "string", "pattern": f"^{_REQUEST_PLACE}$", "examples": ["event", "event /attributes/*", "* headers"]}
REQUEST_PLACES = list_of("list of [places](../privacy.md#assertions)", _PLACE, minItems=1)
REQUEST_PLACE = _REQUEST_PLACE
MESSAGES = "messages"
CATEGORIES = list_of(
    "list of [categories](../privacy.md#marks-in-the-schema), or `any`", {"enum": ["any", *_PERSONAL]}, minItems=1
)
ASSERTIONS = parts(
    "assertion", "name", "Assertions to add, to change, or (null) to remove.", "[assertions](../privacy.md#assertions)"
)
COUNTED = choice("requests", "bodies")
SENT = choice("alone", "in_bulk")
EFFECT = choice("upsert", "append")
UNCERTAIN = choice("repeat", "hold")
WINDOWS = parts("window", "name", "Windows to add, to change, or (null) to remove.", "[windows](#windows)")
ANSWERS = part("answers")
HINTS = part("hints")
RETRY = part("retry")
PING = part("ping")
DELIVERY = part("delivery", "[delivery](delivery.md)")
OWN_DELIVERY = part("outputDelivery", "[delivery](delivery.md)")
REQUEST = part("request")
EXCEPT = part("except")
WARNINGS = list_of("list", _reference("warn"))
ROUTE = Kind("name of a [route](#routes)", {"type": "string"})
OUTPUT = Kind("name of an [output](outputs.md)", {"type": "string"})
