"""Declarations of the keys of test files, from which their reader and their schema for editors are made."""

from __future__ import annotations

import json
from typing import Any

from ..language import kinds
from ..language.editor_schemas import described, schema_document
from ..language.keys import Form, Key
from ..language.kinds import Kind, list_of

__all__ = ["EXPECTATION", "OTHER_PARTS", "PARTS", "PROBLEM_KEYS", "RULE_NAME", "TEST", "TEST_FILE", "editor_schema"]

RULE_NAME = Kind("string or null", {"type": ["string", "null"]})
_INPUT = Kind("any JSON value", {})
_SETTINGS = Kind("object", {"type": "object"})


def _form(name: str, description: str, *keys: Key) -> Form:
    return Form(name, description, "", {key.name: key for key in keys})


def _as_in_results(name: str, *keys: str) -> list[Key]:
    """Keys whose values are those of a part of a result."""
    place = f"result.schema.json#/$defs/{name}/properties"
    return [Key(key, Kind("as in a result", {"$ref": f"{place}/{key}"}), "") for key in keys]


def _elements(form: Form) -> Kind:
    return list_of("list", {"$ref": f"#/$defs/{form.name}"})


_REQUEST = _form(
    "request",
    "A request.",
    *_as_in_results("request", "output", "method", "path", "query", "server", "headers", "body"),
)
_SKIPPED = _form(
    "skipped",
    "A value of the input that no request carries.",
    *_as_in_results("skipped", "pointer", "rule", "reason"),
)
_PROBLEM = _form(
    "problem",
    "A problem.",
    *_as_in_results("problem", "code", "severity", "message"),
    Key("rule", RULE_NAME, "The name of the rule."),  # the name alone, since lines change
    *_as_in_results("problem", "input", "output", "hint"),
)
_SERVER = _form(
    "server",
    "The server that requests go to.",
    Key("url", kinds.TEXT, "The beginning of each URL, with its {placeholders}."),
    Key("headers", Kind("object of strings", {"type": "object"}), "The headers of each request."),
)
_BULK = _form(
    "bulkRequest",
    "A bulk request.",
    *_as_in_results("request", "output", "method", "path", "query", "headers", "body"),
)
OTHER_PARTS = {"server": _SERVER, "bulk": _BULK}
"""Parts of an expectation that are no part of a result, each with its form, or that of its elements."""
PARTS = {"requests": _REQUEST, "skipped": _SKIPPED, "problems": _PROBLEM}
"""The parts of an expectation, each with the form of its elements."""
PROBLEM_KEYS = tuple(_PROBLEM.keys)
"""The keys that can be expected of a problem."""

EXPECTATION = _form(
    "expectation",
    "What an input must become. With `match: exact`, what is not given must be empty.",
    Key("requests", _elements(_REQUEST), "The requests, in order."),
    Key("skipped", _elements(_SKIPPED), "What no request carries, in order."),
    Key("problems", _elements(_PROBLEM), "The problems, in order; only the keys that are given are compared."),
    Key(
        "server",
        Kind("object", {"$ref": f"#/$defs/{_SERVER.name}"}),
        "Where the requests go, if the mapping says so. Not compared unless it is given.",
    ),
    Key(
        "bulk",
        _elements(_BULK),
        "The bulk requests that the bodies become, as `moemap transform --format bulk` writes them. Not compared "
        "unless they are given.",
    ),
)
_ONE = {"$ref": "#/$defs/expectation"}
_MANY = {"description": "One for each input.", "type": "array", "items": _ONE}
TEST = _form(
    "test",
    "An input, and what it must become.",
    Key("test", kinds.FILLED, "What the test shows.", required=True),
    Key("covers", kinds.TEXTS, "The rows of the specification that the test shows."),
    Key("settings", _SETTINGS, "Values of settings, by name."),
    Key(
        "input",
        _INPUT,
        "The input: any JSON value. A list is a list of inputs, each with its own `expect`.",
        role="choice",
    ),
    Key(
        "input_file",
        kinds.TEXT,
        "A JSON file with the input: a path from this file.",
        examples=("../../../examples/purchase.json",),
        role="choice",
    ),
    Key(
        "match",
        kinds.choice("exact", "partial"),
        "`exact`: all must be equal. `partial`: objects may have more members, and what `expect` does not name is not "
        "compared.",
        default="exact",
    ),
    Key(
        "expect",
        Kind("expectation, or a list", {"anyOf": [_ONE, _MANY]}),
        "What the input must become; for a list of inputs a list.",
        required=True,
    ),
)
TEST_FILE = _form(
    "file",
    "Tests of a mapping or a workspace: inputs, and what they must become.",
    Key("description", kinds.TEXT, "What the tests are about, in a sentence."),
    Key(
        "mapping",
        kinds.TEXT,
        "The mapping to test: a path from this file, or `name@major`; else the one whose folder the file lies in.",
        role="choice",
    ),
    Key("workspace", kinds.TEXT, "The workspace to test: a path from this file.", role="choice"),
    Key(
        "tests",
        list_of("list of tests", {"$ref": "#/$defs/test"}, minItems=1),
        "The tests.",
        required=True,
    ),
)


def editor_schema() -> dict[str, str]:
    """The text of the schema of test files, by its path in the folder of schemas."""
    mapping, workspace = TEST_FILE.choices
    document: dict[str, Any] = {
        **schema_document("tests", "moemap test file", TEST_FILE.description),
        **described(TEST_FILE),
        "dependentSchemas": {workspace: {"not": {"required": [mapping]}}},
        "$defs": {form.name: described(form) for form in (TEST, EXPECTATION, *PARTS.values(), *OTHER_PARTS.values())},
    }
    document["$defs"]["test"]["oneOf"] = [{"required": [name]} for name in TEST.choices]
    return {"moemap/tests.schema.json": json.dumps(document, indent=2) + "\n"}
