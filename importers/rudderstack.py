"""Imports the JSON mapping files of RudderStack's transformer.

Such a file is a list of objects with `sourceKeys`, `destKey`, `required`, `metadata` and `sourceFromGenericMap`. It
becomes one rule and one output, named after the file. What these keys mean is read from the behaviour of its
`constructPayload`: the first source that is neither null nor an empty string counts, and is converted by `metadata`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from ..engine.authoring.writing import expression_of, name_of
from ..engine.source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from .drafts import Draft, Imported, Reader, put, steps_of

__all__ = ["import_rudderstack"]

_TOOL = "RudderStack"
_ROOT = "message"
_GENERIC = "GenericFieldMapping.json"
_KINDS = ("identify", "track", "page", "screen", "group", "alias")
_TYPES = {"toString": "string", "toFloat": "double", "toInt": "integer"}
_CALLS = {"toLower": "lower", "trim": "trim", "jsonStringifyOnObject": "to_string", "toNumber": "to_number"}
_KNOWN = {"sourceKeys", "destKey", "required", "metadata", "sourceFromGenericMap"}
_METADATA = {"type", "typeFormat", "template", "defaultValue", "excludes", "multikeyMap", "strictMultiMap"}
_OPERATIONS = {"multiplication": "multiply", "addition": "add"}


def import_rudderstack(name: str, paths: Iterable[Path]) -> Imported:
    """A mapping called `name` from mapping files.

    A file called GenericFieldMapping.json is read for what `sourceFromGenericMap` refers to; it becomes no rule.
    """
    files = list(paths)
    importer = _Importer()
    for path in files:
        if path.name == _GENERIC:
            importer.read_generic(path)
    draft = Draft(name, _ROOT, _TOOL, {}, [])
    for path in files:
        if path.name != _GENERIC and (rule := importer.rule(path)) is not None:
            draft.add_output(rule["output"])
            draft.rules.append(rule)
    texts = draft.files() if draft.rules else {}
    return Imported(texts, tuple(importer.reader.problems), importer.reader.sources, importer.converted)


class _Importer:
    def __init__(self) -> None:
        self.reader = Reader()
        self.generic: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self.converted = 0

    def read_generic(self, path: Path) -> None:
        root = self.reader.root(path, _TOOL)
        if isinstance(root, MappingNode):
            for key, value in root.entries:
                sources = plain(value)
                if isinstance(sources, list) and all(isinstance(one, str) for one in sources):
                    self.generic[key.text] = sources
                elif isinstance(sources, str):
                    self.generic[key.text] = [sources]

    def rule(self, path: Path) -> dict[str, Any] | None:
        """The rule that a file becomes."""
        root = self.reader.root(path, _TOOL)
        if isinstance(root, MappingNode):
            self.reader.refuse(root, "the file", "it has an object, not a list of fields")
        if not isinstance(root, SequenceNode):
            return None
        fields: dict[str, Any] = {}
        for entry in root.items:
            if not isinstance(entry, MappingNode):
                self.reader.refuse(entry, "the entry", "it is no object")
                continue
            field = self._field(entry)
            if field is None:
                continue
            target = entry.get("destKey")
            if not isinstance(target, ScalarNode) or not target.text:
                self.reader.refuse(entry, "the entry", "it has no destKey: what it gives is put into the body itself")
                continue
            steps = steps_of(target.text)
            if steps is None or not all(isinstance(step, str) for step in steps):
                self.reader.refuse(target, f"the target {target.text!r}", "it leads into a list", "use `each`")
            elif put(fields, [str(step) for step in steps], field):
                self.converted += 1
            else:
                self.reader.refuse(target, f"the target {target.text!r}", "another entry has it, or something above it")
        if not fields:
            return None
        name = name_of(path.stem.removesuffix("Config"))
        while name in self.names:
            name += "-2"
        self.names.add(name)
        kind = next((kind for kind in _KINDS if kind in path.stem.lower()), None)
        condition = {"when": f"{_ROOT}.type == '{kind}'"} if kind else {}
        return {"rule": name, **condition, "output": name, "fields": fields}

    def _field(self, entry: MappingNode) -> dict[str, Any] | None:
        """The field that an entry becomes, without its target."""
        for key, _ in entry.entries:
            if key.text not in _KNOWN:
                self.reader.refuse(key, f"the key {key.text!r}", "its meaning is not known")
        given = entry.get("sourceKeys")
        if given is None:
            self.reader.refuse(entry, "the entry", "it has no sourceKeys")
            return None
        sources = self._sources(entry, given)
        if not sources:
            return None
        metadata = entry.get("metadata")
        field = self._with_metadata(sources, metadata) if isinstance(metadata, MappingNode) else _of_sources(sources)
        if field is None:
            return None
        required = entry.get("required")
        if isinstance(required, ScalarNode) and required.value is True:
            field["required"] = True
        return field

    def _sources(self, entry: MappingNode, given: Node) -> list[_Source]:
        """The sources of an entry, the first of which that has a value counts."""
        is_generic = entry.get("sourceFromGenericMap")
        if isinstance(is_generic, ScalarNode) and is_generic.value is True and isinstance(given, ScalarNode):
            if given.text not in self.generic:
                hint = f"give {_GENERIC} as another file"
                self.reader.refuse(given, f"the source {given.text!r}", "it stands for a list in another file", hint)
            found = [self._path(given, path) for path in self.generic.get(given.text, ())]
        else:
            nodes = given.items if isinstance(given, SequenceNode) else (given,)
            found = [self._operation(node) if isinstance(node, MappingNode) else self._path(node) for node in nodes]
        return [one for one in found if one is not None]

    def _path(self, node: Node, text: str | None = None) -> _Source | None:
        if text is None and isinstance(node, ScalarNode) and isinstance(node.value, str):
            text = node.value
        steps = None if text is None else steps_of(text)
        if steps:
            source = expression_of(_ROOT, steps)
            return _Source(source, f"{source} != ''")
        self.reader.refuse(node, f"the source {plain(node)!r}", "it is no path")
        return None

    def _operation(self, node: MappingNode) -> _Source | None:
        name, arguments = plain(node.get("operation") or node), node.get("args")
        function = _OPERATIONS.get(name) if isinstance(name, str) else None
        if function is None or not isinstance(arguments, SequenceNode) or not arguments.items:
            self.reader.refuse(node, "the operation", "it is neither a multiplication nor an addition")
            return None
        parts = []
        for argument in arguments.items:
            given = argument.get("sourceKeys") if isinstance(argument, MappingNode) else None
            source = None if given is None else self._path(given)
            if source is None or not isinstance(argument, MappingNode):
                return None
            part = f"to_number({source.text})" if function == "multiply" else source.text
            if (default := argument.get("defaultVal")) is not None:
                part = f"not_null({part}, `{json.dumps(plain(default))}`)"
            parts.append(part)
        return _Source(reduce(lambda whole, part: f"{function}({whole}, {part})", parts), None)

    def _with_metadata(self, sources: list[_Source], metadata: MappingNode) -> dict[str, Any] | None:
        """A field with its conversions; None where one of them is not known, which is reported."""
        for key, _ in metadata.entries:
            if key.text not in _METADATA:
                self.reader.refuse(key, f"the metadata {key.text!r}", "its meaning is not known")
                return None
        options: dict[str, Any] = {}
        kinds = metadata.get("type")
        for kind in kinds.items if isinstance(kinds, SequenceNode) else [kinds] if kinds is not None else []:
            name = plain(kind)
            if name in _CALLS:
                sources = [source.through(_CALLS[name]) for source in sources]
            elif name in _TYPES:
                options["type"] = _TYPES[name]
            elif name == "IsArray":
                sources = [_Source(text, f"type({text}) == 'array'") for text, _ in sources]
            else:
                self.reader.refuse(kind, f"the type {name!r}", "there is no such conversion")
                return None
            if name == "toInt":
                hint = "floor(to_number(...)) cuts it off"
                self.reader.differ(kind, "the type 'toInt'", "a fraction is reported, not cut off", hint)
        if (template := metadata.get("template")) is not None:
            return self._templates(sources, template)
        if (excludes := metadata.get("excludes")) is not None:
            names = plain(excludes)
            if not isinstance(names, list) or not all(isinstance(one, str) and "'" not in one for one in names):
                self.reader.refuse(excludes, "the metadata 'excludes'", "it is no list of names")
                return None
            listed = ", ".join(f"'{one}'" for one in names)
            sources = [_Source(f"omit({text}, [{listed}])", f"type({text}) == 'object'") for text, _ in sources]
        for table_key, unlisted in (("multikeyMap", "omit"), ("strictMultiMap", "reject")):
            if (table := metadata.get(table_key)) is not None:
                entries = _entries(plain(table))
                if entries is None:
                    self.reader.refuse(table, f"the metadata {table_key!r}", "it is no list of sourceVal and destVal")
                    return None
                options["table"] = {"unlisted": unlisted, "entries": entries}
        if (default := metadata.get("defaultValue")) is not None:
            options["default"] = plain(default)
        return {**_of_sources(sources), **options}

    def _templates(self, sources: list[_Source], template: Node) -> dict[str, Any] | None:
        """A field with a template for each source."""
        first, *parts = str(plain(template)).replace("{{{", "{{").replace("}}}", "}}").strip().split("{{")
        texts = [first]
        for part in parts:
            name, closed, rest = part.partition("}}")
            if not closed or name.strip() != "value" or "{%" in rest:
                self.reader.refuse(template, "the template", "it has more in braces than the value itself")
                return None
            texts.append(rest)
        made = [source.field("template", f"{{{{ {source.text} }}}}".join(texts)) for source in sources]
        return made[0] if len(made) == 1 else {"from": made}


class _Source(NamedTuple):
    """An expression, and the condition under which it has a value."""

    text: str
    condition: str | None

    def through(self, function: str) -> _Source:
        """The value that a function makes of this one."""
        text = f"{function}({self.text})"
        if function == "to_number":
            return _Source(text, None)
        if function == "to_string":  # which makes a string of null
            return _Source(text, " && ".join(filter(None, [f"{self.text} != `null`", self.condition])))
        return _Source(text, f"{text} != ''")

    def field(self, key: str, value: str) -> dict[str, Any]:
        """A field with one source, under the condition of this one."""
        return {key: value, **({} if self.condition is None else {"when": self.condition})}


def _of_sources(sources: list[_Source]) -> dict[str, Any]:
    """A field with the first of several sources that is neither null nor an empty string."""
    made = [source.field("from", source.text) for source in sources]
    return made[0] if len(made) == 1 else {"from": made}


def _entries(pairs: Any) -> dict[str, Any] | None:
    """The entries of a table; the first pair that has a value counts, as in the source."""
    entries: dict[str, Any] = {}
    if not isinstance(pairs, list):
        return None
    for pair in pairs:
        if not isinstance(pair, dict) or not isinstance(pair.get("sourceVal"), list) or pair.get("destVal") is None:
            return None
        for value in pair["sourceVal"]:
            if isinstance(value, dict | list) or value is None:
                return None
            entries.setdefault(value if isinstance(value, str) else json.dumps(value), pair["destVal"])
    return entries
