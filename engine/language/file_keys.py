"""Declarations of the keys at the top of rule files."""

from __future__ import annotations

import re
from dataclasses import replace

from . import kinds
from .keys import Form, Key
from .kinds import Kind, list_of, part, parts

__all__ = ["MAPPING", "PART", "SEMANTIC_VERSION", "WORKSPACE"]

SEMANTIC_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.(?:0|[1-9][0-9]{0,8})){2}")
"""A version of three numbers, each of at most nine digits."""
_VERSION = Kind("string", {"type": "string", "pattern": f"^{SEMANTIC_VERSION.pattern}$"})
_POLICIES = {"type": "object", "propertyNames": {"$ref": "#/$defs/root"}}
_ENTRY_RULES = {"$ref": "#/$defs/entryRules"}
_REMOVABLE = {"anyOf": [_ENTRY_RULES, {"$ref": "#/$defs/removed"}]}

_FIRST = (
    Key("language", Kind("`1`", {"const": 1}), "The version of the rule language.", required=True),
    Key("name", kinds.NAME, "The name of the mapping.", required=True),
    Key("workspace", kinds.NAME, "The name of the workspace.", required=True),
    Key(
        "extends",
        kinds.REFERENCE,
        "The mapping that this file changes: `name@major`, or `./path` of a folder or a file.",
        examples=("shop@1", "./base"),
    ),
    Key("version", _VERSION, "The version of the mapping (semantic versioning).", required=True, examples=("1.0.0",)),
    Key("checks", Kind("object", {"$ref": "#/$defs/checks"}), "Severities of findings, by code."),
)
_HEADERS = (
    Key("input", part("input"), "The input: its name in expressions and its schema.", required=True),
    Key("server", part("server"), "Where the requests go."),
    Key(
        "settings",
        parts("setting", "root", "Settings to add, to change, or (null) to remove.", "object"),
        "The values that users of the mapping can choose, by name.",
    ),
    Key(
        "outputs",
        parts("output", "name", "Outputs to add, to change, or (null) to remove.", "object"),
        "The requests that rules may emit, by name; they are sent in this order.",
        required=True,
    ),
    Key("bulk", part("bulk"), "How bodies are sent together on demand."),
    Key("delivery", kinds.DELIVERY, "How requests are delivered: their order, limits and answers."),
    Key("omit_empty", kinds.FLAG, "In all outputs, null, `''`, `[]` and `{}` count as no value.", default=False),
)
_VALUES = Kind(
    "object",
    {"type": "object", "propertyNames": {"$ref": "rules.schema.json#/$defs/root"}, "additionalProperties": True},
)
_PARTS = (
    Key(
        "tables",
        parts("table", "root", "Tables to add, to change, or (null) to remove.", "object"),
        "Look-up tables, by name.",
    ),
    Key(
        "policies",
        Kind(
            "object",
            {**_POLICIES, "additionalProperties": _ENTRY_RULES},
            {
                "description": "Policies to add, to replace, or (null) to remove.",
                **_POLICIES,
                "additionalProperties": _REMOVABLE,
            },
        ),
        "Lists of entry rules for spreads, by name.",
    ),
    Key("let", kinds.LET, "Named values, for the whole mapping."),
    Key(
        "routes",
        parts("route", "name", "Routes to add, to change, or (null) to remove.", "object"),
        "Iterations whose elements are offered to rules one by one, by name.",
    ),
    Key(
        "rules",
        Kind(
            "list",
            {"$ref": "#/$defs/rules"},
            {
                "description": "Rules of the same name are changed; new ones come before all that are inherited.",
                "type": "array",
                "items": {"$ref": "#/$defs/ruleChange"},
            },
        ),
        "The rules. A file's own come first, then those of the files that it includes.",
    ),
    Key("assert", kinds.ASSERTIONS, "Assertions about all requests, by name; `moemap check` proves them."),
    Key(
        "include",
        list_of("list of strings", {"type": "string", "minLength": 1}),
        "Files of the mapping's folder that belong to the mapping, relative to this one.",
        examples=(["user.yaml", "events.yaml"],),
    ),
    Key("description", kinds.TEXT, "The subject of the file, in a sentence."),
)


def _of(name: str, description: str, change: str, *keys: Key) -> Form:
    return Form(name, description, change, {one.name: one for one in keys})


MAPPING = _of(
    "mapping",
    "A mapping: the main file, `mapping.yaml`.",
    "A mapping that extends another one. What it does not say is inherited; null removes what is inherited.",
    *(one for one in _FIRST if one.name != "workspace"),
    *_HEADERS,
    *_PARTS,
)
PART = _of(
    "part",
    "A part of a mapping, which another file includes.",
    "A part of a workspace, or of a mapping that extends another one.",
    *_PARTS,
)
WORKSPACE = _of(
    "workspace",
    "A mapping with settings and changes of one's own.",
    "",
    *(replace(one, required=True) for one in _FIRST if one.name in ("language", "workspace", "extends")),
    next(one for one in _FIRST if one.name == "checks"),
    Key("settings", _VALUES, "The values of the mapping's settings, by name."),
    next(one for one in _HEADERS if one.name == "delivery"),
    *_PARTS,
)
