"""Imports the JSON mapping files of RudderStack's transformer.

Such a file is a list of objects with `sourceKeys`, `destKey`, `required`, `metadata` and `sourceFromGenericMap`. It
becomes one rule and one output, named after the file. The meaning of these keys is that of `constructPayload`: the
first source that is neither null nor an empty string counts, and is converted by `metadata`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from ..engine.authoring.writing import expression_of, literal, name_of
from ..engine.source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from .drafts import Draft, Imported, ImportReader, put, steps_of

__all__ = ["import_rudderstack"]

_TOOL = "RudderStack"
_ROOT = "message"
_GENERIC = "GenericFieldMapping.json"
_KINDS = ("identify", "track", "page", "screen", "group", "alias")
_TYPES = {"toString": "string", "toFloat": "double"}
_CALLS = {"toLower": "lower", "trim": "trim", "jsonStringifyOnObject": "to_string", "toNumber": "to_number"}
_JSON = "substring(to_string([VALUE]), `1`, subtract(length(to_string([VALUE])), `2`))"
"""The expression for the JSON text of a value, even of a string: that of a list with it, without the brackets."""
_MADE = {
    "dobInMMDD": (r"replace_matches(substring(to_string(VALUE), `5`, `99`), '^([^-]*)-', '$1/')", "VALUE != `null`"),
    "domainUrl": (r"replace_matches(VALUE, '^https?://', '')", "type(VALUE) == 'string'"),
    "encodeURIComponent": (f"url_encode({_JSON})", "VALUE != `null`"),
    "flatJson": ("flatten(VALUE, '.', 'brackets')", "type(VALUE) == 'object'"),
    "hashToSha256": ("sha256(to_string(VALUE))", "VALUE != `null`"),
    "jsonStringify": (_JSON, "VALUE != `null`"),
    "jsonStringifyOnFlatten": ("to_string(flatten(VALUE, '.', 'brackets'))", "type(VALUE) == 'object'"),
    "microSecondTimestamp": (
        "multiply(floor(divide(to_unix_ms(VALUE), `1000`)), `1000000`)", "type(VALUE) == 'string'",
    ),
    "numberForRevenue": (r"round(to_number(replace_matches(to_string(VALUE), '^\$', '')), `2`)", "VALUE != `null`"),
    "toInt": (r"to_number(extract(to_string(VALUE), '^\s*[+]?(-?[0-9]+)'))", "VALUE != `null`"),
}  # fmt: skip
"""Types, each with the expression that converts a VALUE, and the condition for that."""
_TIMES = {"timestamp": "milliseconds", "secondTimestamp": "seconds"}
_READ = ["iso", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "milliseconds"]
_MOMENT = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "SSS": "%L", "T": "T"}
_MOMENT_PART = re.compile(r"\[(?P<text>[^\]]*)\]|(?P<name>([A-Za-z])\3*)|(?P<sign>[^A-Za-z\[])")
_KNOWN = {"sourceKeys", "destKey", "required", "metadata", "sourceFromGenericMap"}
_METADATA = {"type", "typeFormat", "template", "defaultValue", "excludes", "multikeyMap", "strictMultiMap"}
_METADATA |= {"validateTimestamp", "allowedKeyCheck"}
_OPERATIONS = {"multiplication": "multiply", "addition": "add"}


def import_rudderstack(name: str, paths: Iterable[Path]) -> Imported:
    """A mapping called `name` from mapping files.

    A file called GenericFieldMapping.json has the targets of `sourceFromGenericMap`; it does not become a rule.
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
    return Imported(texts, tuple(importer.reader.problems), importer.reader.sources, importer.converted, is_draft=True)


class _Importer:
    def __init__(self) -> None:
        self.reader = ImportReader()
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
        """The sources of an entry; the first one with a value counts."""
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
        """A field with its conversions; None, with a Problem, if one of them is not known."""
        for key, _ in metadata.entries:
            if key.text not in _METADATA:
                self.reader.refuse(key, f"the metadata {key.text!r}", "its meaning is not known")
                return None
        if (timed := metadata.get("validateTimestamp")) is not None:
            self.reader.differ(timed, "the metadata 'validateTimestamp'", "no time is compared with that of the clock")
        options: dict[str, Any] = {}
        given = metadata.get("type")
        kinds = given.items if isinstance(given, SequenceNode) else [] if given is None else [given]
        for kind in kinds:
            name = plain(kind)
            if name in _CALLS:
                sources = [source.through(_CALLS[name]) for source in sources]
            elif name in _MADE:
                sources = [source.made(*_MADE[name]) for source in sources]
            elif name in _TYPES:
                options["type"] = _TYPES[name]
            elif name in _TIMES and kind is kinds[-1]:
                written = self._time(metadata.get("typeFormat"), _TIMES[name])
                if written is None:
                    return None
                options |= {"type": "datetime", "time": {"reads": _READ, "zone": "UTC", "writes": written}}
            elif name == "IsArray":
                sources = [_Source(text, f"type({text}) == 'array'") for text, _ in sources]
            elif name != "IsBoolean":  # which has no effect
                self.reader.refuse(kind, f"the type {name!r}", "there is no such conversion")
                return None
        if (template := metadata.get("template")) is not None:
            return self._templates(sources, template)
        if (excludes := metadata.get("excludes")) is not None:
            names = plain(excludes)
            if not isinstance(names, list) or not all(isinstance(one, str) and "'" not in one for one in names):
                self.reader.refuse(excludes, "the metadata 'excludes'", "it is no list of names")
                return None
            listed = ", ".join(f"'{one}'" for one in names)
            sources = [_Source(f"omit({text}, [{listed}])", f"type({text}) == 'object'") for text, _ in sources]
        if (allowed := metadata.get("allowedKeyCheck")) is not None:
            checked_sources = [_allowed(source, plain(allowed)) for source in sources]
            if None in checked_sources:
                self.reader.refuse(allowed, "the metadata 'allowedKeyCheck'", "it is not one list of values")
                return None
            sources = [one for one in checked_sources if one is not None]
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

    def _time(self, given: Node | None, usual: str) -> str | None:
        """The format in which a time is written: the given one of moment.js, or the usual one."""
        if given is None or usual != "milliseconds":
            return usual
        parts, text = [], str(plain(given))
        for found in _MOMENT_PART.finditer(text):
            part = found["sign"] or found["text"] or _MOMENT.get(found["name"] or "")
            parts.append(part.replace("%", "%%") if part is not None and found["name"] is None else part)
        if None in parts or sum(len(found[0]) for found in _MOMENT_PART.finditer(text)) != len(text):
            self.reader.refuse(given, f"the format {text!r}", "some of its parts have no counterpart")
            return None
        return "".join(part for part in parts if part is not None)

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
        """The result of a function for this value."""
        text = f"{function}({self.text})"
        if function == "to_number":
            return _Source(text, None)
        if function == "to_string":  # which makes a string of null
            return _Source(text, " && ".join(filter(None, [f"{self.text} != `null`", self.condition])))
        return _Source(text, f"{text} != ''")

    def made(self, text: str, condition: str) -> _Source:
        """The value of an expression with this one as its VALUE."""
        made, when = (one.replace("VALUE", self.text) for one in (text, condition))
        is_object = condition.endswith("'object'")  # so it is no empty string
        return _Source(made, " && ".join(filter(None, [when, None if is_object else self.condition])))

    def field(self, key: str, value: str) -> dict[str, Any]:
        """A field with one source, under the condition of this one."""
        return {key: value, **({} if self.condition is None else {"when": self.condition})}


def _allowed(source: _Source, checks: Any) -> _Source | None:
    """The source, restricted to values of a list, in the given letter case."""
    match checks:
        case [{"sourceVal": [*values]} as check] if not any(isinstance(value, dict | list) for value in values):
            function = {"toLowerCase": "lower", "toUpperCase": "upper"}.get(str(check.get("type")))
            text = source.text if function is None else f"{function}({source.text})"
            return _Source(text, f"contains({literal(values)}, {text})")
    return None


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
