"""The JSON Schemas of rule files and workspaces, with which editors complete and explain keys.

They are made from the declarations of the keys; conditions on several keys together are declared here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..expressions.parser import MAX_EXPRESSION_CHARS
from ..templates.compiler import MAX_TEMPLATE_CHARS
from ..templates.names import TAKEN
from ..values.coercion import TYPES, ValueType
from ..values.kinds import TYPE_NAMES
from . import kinds
from .decoder import NAME, ROOT
from .file_keys import MAPPING, PART, WORKSPACE
from .keys import FORMS, Form, Key
from .rulebook import Rulebook  # noqa: F401 - its module declares forms
from .settings import BOUNDS

__all__ = ["described", "editor_schemas", "schema_document"]

Json = dict[str, Any]

_ROOT = "https://moemap.dev/schemas/moemap/"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def editor_schemas() -> dict[str, str]:
    """The text of each schema by its path in the folder of schemas."""
    rules, workspace = _rules(), _workspace()
    return {
        f"moemap/{name}.schema.json": json.dumps(schema, indent=2) + "\n"
        for name, schema in (("rules", rules), ("workspace", workspace))
    }


def schema_document(name: str, title: str, description: str) -> Json:
    """The head of a schema document."""
    return {"$schema": _DIALECT, "$id": f"{_ROOT}{name}.schema.json", "title": title, "description": description}


def _rules() -> Json:
    language = {"language": _property(MAPPING, "language")}
    change = {"if": {"required": ["extends"]}, "then": _ref("mappingChange"), "else": _ref("mapping")}
    description = (
        "A mapping (`mapping.yaml`), or a part of one that it includes. A file that one with `extends` includes is "
        "described by workspace.schema.json."
    )
    return {
        **schema_document("rules", "moemap rule file", description),
        "type": "object",
        "properties": language,
        "if": _any_given(key for key in MAPPING.keys if key not in PART.keys),
        "then": change,
        "else": _ref("part"),
        "$defs": {**_values(), **dict(_forms()), **_changes(), "checks": _checks()},
    }


def _workspace() -> Json:
    whole = described(WORKSPACE)
    for name in WORKSPACE.keys:
        if name in PART.keys:
            whole["properties"][name] = _property(PART, name, "partChange")
        elif name in MAPPING.keys and name != "settings":
            whole["properties"][name] = _property(MAPPING, name, "mappingChange" if name == "delivery" else "")
    here = {"$ref": "#/$defs/workspace"}
    description = (
        "A workspace (`workspace.yaml`): a mapping with its own settings and changes. Or a part that it includes."
    )
    schema: Json = {
        **schema_document("workspace", "moemap workspace file", description),
        "type": "object",
        "properties": {"workspace": {"$ref": "#/$defs/workspace/properties/workspace"}},
        "if": _any_given(name for name in WORKSPACE.keys if name not in (*PART.keys, "checks")),
        "then": here,
        "else": _ref("partChange"),
        "$defs": {"workspace": whole},
    }
    return {key: _elsewhere(value) for key, value in schema.items()}


def _elsewhere(value: Any) -> Any:
    """A part of one schema with its references changed to lead there from the other schema."""
    if isinstance(value, list):
        return [_elsewhere(one) for one in value]
    if not isinstance(value, dict):
        return value
    ref = value.get("$ref", "")
    other = ref.startswith("#/") and not ref.startswith("#/$defs/workspace")
    return {
        key: f"rules.schema.json{ref}" if key == "$ref" and other else _elsewhere(one) for key, one in value.items()
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _property(form: Form, key: str, name: str = "") -> Json:
    return _ref(f"{name or form.name}/properties/{key}")


def _any_given(keys: Iterable[str]) -> Json:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _none_given(keys: Iterable[str]) -> Json:
    return {"not": _any_given(keys)}


# --- Forms


def _forms() -> Iterator[tuple[str, Json]]:
    for form in (*FORMS.values(), MAPPING, PART):
        needs = {name: [key.only_with] for name, key in form.keys.items() if key.only_with}
        needed = {"dependentRequired": needs} if needs else {}
        yield form.name, {**described(form), **needed, **_TOGETHER.get(form.name, {})}
        if form.change:
            yield f"{form.name}Change", _change(form)


def described(form: Form) -> Json:
    """The schema of a form."""
    required = [name for name, key in form.keys.items() if key.required and not key.role]
    return {
        "description": form.description,
        "type": "object",
        **({"required": required} if required else {}),
        "additionalProperties": False,
        "properties": {name: _value(key) for name, key in form.keys.items()},
    }


def _value(key: Key) -> Json:
    schema = {**key.kind.schema, **({"description": key.description} if key.description else {})}
    if isinstance(key.default, str | bool) and not key.required:
        schema["default"] = key.default
    if key.examples:
        schema["examples"] = list(key.examples)
    return schema


def _change(form: Form) -> Json:
    """Describes a form where it is inherited: each key with a value or a change of one, or with null."""
    required = {"mapping": ["language", "extends"], "rule": ["rule"]}.get(form.name)
    return {
        "description": form.change,
        "type": "object",
        **({"required": required} if required else {}),
        "additionalProperties": False,
        "properties": {name: _changed(form, key) for name, key in form.keys.items()},
    }


def _changed(form: Form, key: Key) -> Json:
    change = _property(form, key.name) if key.kind.change is None else dict(key.kind.change)
    # Null removes what is inherited; a rule is known by its name, and most keys of a file are joined name by name.
    removable = key.kind.merge == "form" if form in (MAPPING, PART) else key.name != "rule"
    return {"anyOf": [change, _ref("removed")]} if removable else change


# --- Conditions on several keys together


def _json_type(declared: ValueType) -> str:
    if declared.classes == {int}:
        return "integer"
    (type_,) = {TYPE_NAMES[class_] for class_ in declared.classes}
    return type_


def _of_types(types: Iterable[str]) -> Json:
    """The schema of a setting of one of these types, or of a list of such values."""
    choice = {"enum": list(types)}
    alone: Json = {"properties": {"type": choice}, **({} if "string" in types else {"required": ["type"]})}
    return {
        "anyOf": [alone, {"required": ["type", "items"], "properties": {"type": {"const": "array"}, "items": choice}}]
    }


_SOURCES = [name for name in FORMS["fieldMapping"].choices if name != "fields"]
_MEMBERS = ("fields", "spread")
_ARRAY_ITEMS = {"required": ["type"], "properties": {"type": {"const": "array"}}}
_ENDS = FORMS["rule"].choices
_TOGETHER: Mapping[str, Json] = {
    "fieldMapping": {
        "dependentSchemas": {
            "each": {
                "required": ["as"],
                "oneOf": [
                    {"required": ["value"], **_none_given(_MEMBERS)},
                    {**_any_given(_MEMBERS), **_none_given(["value"])},
                ],
            },
            "items": _ARRAY_ITEMS,
            "index": _none_given(["key"]),
            "decimals": {"required": ["type"], "properties": {"type": {"const": "string"}}},
            "time": {"required": ["type"], "properties": {"type": {"const": "datetime"}}},
        },
        "oneOf": [
            *({"required": [name]} for name in _SOURCES),
            {**_any_given(_MEMBERS), **_none_given(["each"])},
        ],
    },
    "route": {"dependentSchemas": {"index": _none_given(["key"])}},
    "entryRule": {
        "dependentSchemas": {
            "skip": _none_given(("reject", "name", "value")),
            "reject": _none_given(("skip", "name", "value")),
        }
    },
    "setting": {
        "dependentSchemas": {
            "items": _ARRAY_ITEMS,
            **{key: _of_types(bound.types) for key, bound in BOUNDS.items()},
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, **({} if name == "string" else {"required": ["type"]})},
                "then": {"properties": {"default": {"type": [_json_type(type_), "null"]}}},
            }
            for name, type_ in TYPES.items()
            if name != "any"
        ],
    },
    "output": {
        "if": {"required": ["body"], "properties": {"body": {"const": "none"}}},
        "then": _none_given(("schema", "limits")),
        "else": {"required": ["schema"]},
        "dependentSchemas": {
            name: {"properties": {"body": {"const": "object"}}} for name in ("fields", "element_of", "combine")
        },
        "anyOf": [
            {"properties": {"body": {"const": "object"}}},
            {"properties": {"request": {"not": {"required": ["form"]}}}},
        ],
    },
    "assertion": {
        "oneOf": [
            {"required": ["no_output"], **_none_given(("category", "unmasked"))},
            *({"required": [name, "category"]} for name in ("never_in", "only_in")),
        ]
    },
    "rule": {
        "dependentSchemas": {"value": _none_given(_MEMBERS)},
        "oneOf": [
            {"required": ["output"]},
            *({"required": [name], **_none_given((*_MEMBERS, "value", "then"))} for name in _ENDS if name != "output"),
            {"required": ["abstract"], "properties": {"abstract": {"const": True}}, **_none_given(_ENDS)},
        ],
    },
}


# --- Values


def _values() -> dict[str, Json]:
    alternatives = [_ref("expression"), _ref("alternatives"), _ref("fieldMapping")]
    return {
        "name": {
            "description": "Lower-case letters and digits, with hyphens or underscores between them.",
            "type": "string",
            "pattern": f"^{NAME.pattern}$",
        },
        "root": {
            "description": "A name that expressions can use: lower-case letters, digits and underscores.",
            "type": "string",
            "pattern": f"^{ROOT.pattern}$",
        },
        "variable": {
            "description": "A name with which expressions and templates can begin: lower-case letters, digits and "
            "underscores.",
            "type": "string",
            "pattern": f"^{ROOT.pattern}$",
            "not": {"enum": sorted(TAKEN)},
        },
        "expression": {
            "description": "A JMESPath expression over the names in scope, such as `event.data.total` or "
            "`settings.currency`.",
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_EXPRESSION_CHARS,
            "examples": ["batch.mpid", "event.event_type == 'purchase'", "to_number(event.data.total)"],
        },
        "template": {
            "description": "A string with {{ values }} in it (a subset of Jinja2).",
            "type": "string",
            "maxLength": MAX_TEMPLATE_CHARS,
            "examples": ["{{ product.brand | upper }} {{ product.name }}"],
        },
        "removed": {"description": "Removes what is inherited.", "type": "null"},
        "type": {"description": "A type of the rule language.", "enum": list(kinds.TYPE.choices)},
        "field": {
            "description": "Where a value of the output comes from: an expression, several of them to try in order, or "
            "a mapping with one source.",
            "anyOf": alternatives,
        },
        "alternatives": {
            "description": "Expressions or fields, tried in order: the first value that is not null counts.",
            "type": "array",
            "items": {"anyOf": alternatives},
            "minItems": 1,
        },
        "fields": {
            "description": "The fields of an object, by name.",
            "type": "object",
            "additionalProperties": _ref("field"),
        },
        "let": {
            "description": "Named values, for the expressions below; each sees those before it.",
            "type": "object",
            "propertyNames": _ref("variable"),
            "additionalProperties": _ref("field"),
        },
        "entryRules": {
            "description": "Rules for entries: the first one whose `when` holds takes the entry.",
            "type": "array",
            "items": _ref("entryRule"),
        },
        "rules": {
            "description": "The rules. A file's own come first, then those of the files that it includes.",
            "type": "array",
            "items": {
                "if": {"type": "object", "required": ["extends"]},
                "then": _ref("ruleChange"),
                "else": _ref("rule"),
            },
        },
    }


def _changes() -> dict[str, Json]:
    return {
        "fieldChange": {
            "description": "A field, or a change of the inherited field of the same name; null removes it.",
            "anyOf": [_ref("expression"), _ref("alternatives"), _ref("fieldMappingChange"), _ref("removed")],
        },
        "fieldsChange": {
            "description": "Fields to add, to change, or (null) to remove.",
            "type": "object",
            "additionalProperties": _ref("fieldChange"),
        },
        "letChange": {
            "description": "Named values to add, to change, or (null) to remove.",
            "type": "object",
            "propertyNames": _ref("variable"),
            "additionalProperties": _ref("fieldChange"),
        },
    }


def _checks() -> Json:
    return {
        "description": "How findings of `moemap check` count here, by the code of the problem: `ignore` leaves them "
        "out, `warning` and `error` set their severity. What loading refuses, and unknown names, cannot be changed.",
        "type": "object",
        "propertyNames": {"pattern": "^M[1234][0-9]{2}$"},
        "additionalProperties": {
            "description": "What findings of this code count as.",
            "enum": ["ignore", "warning", "error"],
        },
    }
