"""Imports a data plan of mParticle: the input schema of the shipped mapping, narrowed to the planned events.

A plan is a list of data points, each with `match` (the type of event, and criteria such as its name) and `validator`
(a JSON Schema of the event, or of the user attributes). The result is a mapping that extends the shipped one and has an
input schema of its own, so that `moemap check` proves the rules against planned events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..engine.authoring.writing import yaml_text
from ..engine.source.homes import SCHEMAS
from ..engine.source.nodes import MappingNode, Node, SequenceNode, plain
from .drafts import Imported, ImportReader

__all__ = ["import_data_plan"]

_TOOL = "mParticle's data plans"
_BASE = "mparticle-moengage@1"
_CONVERTING = "firehose-message"
_BATCH = "mparticle/batch.schema.json"
_VERSIONS = ("data_plan_versions", "versions")
_DOCUMENTS = ("version_document", "document")
_NAMED = {
    "custom_event": {"event_name": "event_name", "custom_event_type": "custom_event_type"},
    "screen_view": {"screen_name": "screen_name"},
    "application_state_transition": {"application_transition_type": "application_transition_type"},
}
"""The types of events, and for each criterion the member of `data` that it tests."""
_COMMERCE = {"product_action": "product_action", "promotion_action": "promotion_action"}
_PLAIN = ("session_start", "session_end", "first_run", "crash_report", "opt_out", "push_message", "push_registration")
_USER = {"user_attributes": "user_attributes", "user_identities": "user_identities"}


def import_data_plan(name: str, paths: Iterable[Path]) -> Imported:
    """A mapping called `name` whose input schema accepts the planned events; `paths` is the one file with the plan."""
    reader = ImportReader()
    schema = json.loads((SCHEMAS / _BATCH).read_text("utf-8"))
    planned: dict[str, list[dict[str, Any]]] = {}
    converted = 0
    for path in paths:
        root = reader.root(path, _TOOL)
        points = None if root is None else _points(root)
        if root is not None and points is None:
            reader.refuse(root, "the file", "it has no list of data points")
        for point in points.items if points is not None else ():
            converted += _add(point, schema, planned, reader)
    if not converted:
        return Imported({}, tuple(reader.problems), reader.sources, 0)
    _narrow_events(schema, planned)
    schema["$id"] = f"https://moemap.dev/schemas/plans/{name}.schema.json"
    mapping = {
        "language": 1,
        "name": name,
        "version": "0.1.0",
        "description": "The shipped mapping over the events of a data plan.",
        "extends": _BASE,
        "input": {"schema": "./batch.schema.json"},
        "checks": {"M203": "warning", "M220": "warning"},
        "rules": [{"rule": _CONVERTING, "enabled": False}],  # it gives any batch, not only what is planned
    }
    texts = {
        "mapping.yaml": yaml_text(mapping),
        "batch.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
    }
    return Imported(texts, tuple(reader.problems), reader.sources, converted)


def _points(root: Node) -> SequenceNode | None:
    """The list of data points of a plan; of several versions, that of the last one."""
    if isinstance(root, SequenceNode):
        return root
    if not isinstance(root, MappingNode):
        return None
    for key in _VERSIONS:
        versions = root.get(key)
        if isinstance(versions, SequenceNode) and versions.items:
            return _points(versions.items[-1])
    for key in _DOCUMENTS:
        document = root.get(key)
        if isinstance(document, MappingNode):
            return _points(document)
    points = root.get("data_points")
    return points if isinstance(points, SequenceNode) else None


def _add(point: Node, schema: dict[str, Any], planned: dict[str, list[dict[str, Any]]], reader: ImportReader) -> bool:
    """Adds a data point to the schema, or to the planned events by type; returns whether that was possible."""
    value = plain(point)
    match = value.get("match") if isinstance(value, dict) else None
    kind = match.get("type") if isinstance(match, dict) else None
    if not isinstance(value, dict) or not isinstance(match, dict) or not isinstance(kind, str):
        reader.refuse(point, "the data point", "it has no match with a type")
        return False
    given = match.get("criteria")
    criteria: Mapping[str, Any] = given if isinstance(given, dict) else {}
    validator = value.get("validator")
    definition = validator.get("definition") if isinstance(validator, dict) else None
    definition = definition if isinstance(definition, dict) else {}
    title = {"title": value["description"]} if value.get("description") else {}
    if kind in _USER:
        inner = schema["properties"][_USER[kind]]
        schema["properties"][_USER[kind]] = {"allOf": [inner, {**definition, "type": ["object", "null"]}]}
    elif kind in _COMMERCE and isinstance(action := criteria.get("action"), str):
        data = _having({_COMMERCE[kind]: _having({"action": {"const": action}})})
        planned.setdefault("commerce_event", []).append({**title, "allOf": [definition, _having({"data": data})]})
    elif kind == "product_impression":
        data = _having({"product_impressions": {"type": "array"}})
        planned.setdefault("commerce_event", []).append({**title, "allOf": [definition, _having({"data": data})]})
    elif kind in _NAMED:
        named = {_NAMED[kind][key]: {"const": value} for key, value in criteria.items() if key in _NAMED[kind]}
        planned.setdefault(kind, []).append({**title, "allOf": [definition, _having({"data": _having(named)})]})
    elif kind in _PLAIN:
        planned.setdefault(kind, []).append({**title, "allOf": [definition]})
    else:
        reader.refuse(point, f"the data point of the type {kind!r}", "no such type, or criterion, is known")
        return False
    return True


def _having(members: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with members."""
    return {"type": "object", "properties": dict(members), "required": list(members)}


def _narrow_events(schema: dict[str, Any], planned: Mapping[str, list[dict[str, Any]]]) -> None:
    """Replaces each type of events by its planned events; types without a plan stay as they are."""
    events = schema["$defs"]["event"]
    events["anyOf"] = [
        one
        for whole in events["anyOf"]
        for one in [
            {**point, "allOf": [whole, *point["allOf"]]} for point in planned.get(whole["$ref"].rpartition("/")[2], ())
        ]
        or [whole]
    ]
