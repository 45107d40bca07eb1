"""Imports mappings of Segment's destination actions: objects whose directives, such as `@path`, read a payload.

A file has such an object, or a subscription with its `trigger` (or `subscribe`) and its `settings` (or `mapping`), or a
list of these. Each becomes one rule and one output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..engine.authoring.writing import expression_of, literal, name_of
from ..engine.source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from .drafts import Draft, Imported, ImportReader, steps_of, template_path
from .triggers import TriggerError, condition_of

__all__ = ["import_segment"]

_TOOL = "Segment"
_ROOT = "payload"
_PLACEHOLDER = re.compile(r"\{\{\{?\s*([^{}]*?)\s*\}?\}\}")
_NULL: dict[str, Any] = {"const": None, "keep_null": True}
_CASES = {"lower": "lower", "upper": "upper"}


def import_segment(name: str, paths: Iterable[Path]) -> Imported:
    """A mapping called `name` from files of mappings or subscriptions."""
    reader = ImportReader()
    draft = Draft(name, _ROOT, _TOOL, {}, [])
    converted = 0
    for path in paths:
        root = reader.root(path, _TOOL)
        if root is None:
            continue
        several = root.items if isinstance(root, SequenceNode) else (root,)
        for index, node in enumerate(several):
            if not isinstance(node, MappingNode):
                reader.refuse(node, "the mapping", "it is no object")
                continue
            title = plain(node.get("name") or node.get("partnerAction") or node) if _mapping(node) is not node else None
            rule = name_of(
                title if isinstance(title, str) else path.stem if len(several) == 1 else f"{path.stem}-{index + 1}"
            )
            while any(one["rule"] == rule for one in draft.rules):
                rule += "-2"
            found = _Directives(reader)
            made = found.rule(node)
            if made is None:
                continue
            draft.add_output(rule)
            draft.rules.append({"rule": rule, **made["condition"], "output": rule, **made["body"]})
            converted += found.converted
    return Imported(
        draft.files() if draft.rules else {}, tuple(reader.problems), reader.sources, converted, is_draft=True
    )


def _mapping(node: MappingNode) -> MappingNode:
    """The mapping in a subscription, or the object itself."""
    for key in ("mapping", "settings", "fields"):
        inner = node.get(key)
        if isinstance(inner, MappingNode) and (node.get("trigger") or node.get("subscribe")):
            return inner
    return node


class _Directives:
    """Turns directives into fields."""

    def __init__(self, reader: ImportReader) -> None:
        self.reader = reader
        self.converted = 0

    def rule(self, node: MappingNode) -> dict[str, Any] | None:
        """The condition and the body of a rule; None if nothing of the mapping can be converted."""
        condition: dict[str, Any] = {}
        trigger = node.get("trigger") or node.get("subscribe")
        if isinstance(trigger, ScalarNode) and _mapping(node) is not node:
            try:
                condition = {"when": condition_of(_ROOT, trigger.text)}
            except TriggerError as error:
                self.reader.refuse(trigger, f"the trigger {trigger.text!r}", str(error))
        mapping = _mapping(node)
        if _directive(mapping) is not None:
            field = self._field(mapping, _ROOT)
            source = field.get("from") if isinstance(field, dict) else field
            if not isinstance(source, str):
                return None
            return {"condition": condition, "body": {"spread": {"from": source}}}
        fields = self._members(mapping, _ROOT)
        return {"condition": condition, "body": {"fields": fields}} if fields else None

    def _members(self, node: MappingNode, root: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, value in node.entries:
            field = self._field(value, root)
            if field is not None:
                fields[key.text] = field
                self.converted += not (isinstance(field, dict) and "fields" in field)
        return fields

    def _field(self, node: Node, root: str) -> Any:
        """The field that a value of a mapping becomes; None, with a Problem, if it cannot be converted."""
        if isinstance(node, MappingNode):
            if (directive := _directive(node)) is not None:
                name, argument = directive
                convert = _DIRECTIVES.get(name)
                if convert is None:
                    self.reader.refuse(node.key(name) or node, f"the directive {name}", "there is nothing like it")
                    return None
                return convert(self, argument, root)
            return {"fields": fields} if (fields := self._members(node, root)) else None
        value = plain(node)
        if value is None:
            return dict(_NULL)
        if isinstance(node, SequenceNode) and any(map(_has_directives, node.items)):
            elements = [self._field(element, root) for element in node.items]
            return None if None in elements else {"list": [_kept(element) for element in elements]}
        return {"const": value}

    def _expression(self, node: Node, root: str) -> str | None:
        """The expression of a value that is a single expression; else None."""
        field = self._field(node, root)
        if isinstance(field, str):
            return field
        if isinstance(field, dict) and set(field) == {"from"} and isinstance(field["from"], str):
            return field["from"]
        if isinstance(field, dict) and set(field) == {"const"}:
            return literal(field["const"])
        if isinstance(field, dict) and set(field) == {"fields"} and isinstance(node, MappingNode):
            members = {key.text: self._expression(value, root) for key, value in node.entries}
            if any(text is None for text in members.values()):
                return None
            return "{" + ", ".join(f"{json.dumps(key)}: {text}" for key, text in members.items()) + "}"
        if field is not None:
            self.reader.refuse(node, "the value", "it is more than an expression")
        return None

    def _path(self, node: Node, root: str) -> str | None:
        value = plain(node)
        steps: list[str | int] | None = None
        if isinstance(value, str):
            steps = steps_of(value.removeprefix("$").removeprefix("."))
        elif isinstance(value, list) and value and all(isinstance(step, str) for step in value):
            steps = value
        if steps is None:
            self.reader.refuse(node, f"the path {json.dumps(value)}", "it is no path")
            return None
        return expression_of(root, steps)

    def _template(self, node: Node, root: str) -> Any:
        text = plain(node)
        if not isinstance(text, str):
            self.reader.refuse(node, "the directive @template", "it is no string")
            return None
        parts: list[str] = []
        at = 0
        for found in _PLACEHOLDER.finditer(text):
            steps = steps_of(found[1].removeprefix("$."))
            if not steps or found[1][0] in "#/^&!>":  # blocks, partials and comments
                self.reader.refuse(node, f"the template {text!r}", "it has more in braces than paths")
                return None
            parts += [text[at : found.start()], f"{{{{ {template_path(root, steps)} | default('') }}}}"]
            at = found.end()
        rest = "".join([*parts, text[at:]])
        if "{%" in rest or rest.count("{{") * 2 != len(parts):
            self.reader.refuse(node, f"the template {text!r}", "it has more in braces than paths")
            return None
        return {"template": rest} if parts else {"const": text}

    def _literal(self, node: Node, root: str) -> Any:
        return self._field(node, root)

    def _case(self, node: Node, root: str) -> Any:
        value = node.get("value") if isinstance(node, MappingNode) else None
        function = _CASES.get(str(plain(node).get("operator"))) if isinstance(node, MappingNode) else None
        if value is None or function is None:
            self.reader.refuse(node, "the directive @case", "it has no value, or an unknown operator")
            return None
        text = self._expression(value, root)
        if text is None:
            return None
        return [{"from": f"{function}({text})", "when": f"type({text}) == 'string'"}, text]

    def _if(self, node: Node, root: str) -> Any:
        tested = (node.get("exists") or node.get("blank")) if isinstance(node, MappingNode) else None
        if tested is None or not isinstance(node, MappingNode):
            self.reader.refuse(node, "the directive @if", "it has neither `exists` nor `blank`")
            return None
        text = self._expression(tested, root)
        if text is None:
            return None
        has_value = f"{text} != `null`" if node.get("exists") is not None else f"{text} != `null` && {text} != ''"
        found = []
        for key, condition in (("then", has_value), ("else", f"!({has_value})")):
            branch = node.get(key)
            if branch is None or (key == "else" and plain(branch) in (False, None, "", 0)):
                continue  # in the source an `else` that is false gives nothing
            field = self._field(branch, root)
            if field is None:
                return None
            found.append(_under(condition, field))
        return {"from": found} if len(found) > 1 else (found[0] if found else None)

    def _array_path(self, node: Node, root: str) -> Any:
        items = node.items if isinstance(node, SequenceNode) else ()
        if not items or len(items) > 2:
            self.reader.refuse(node, "the directive @arrayPath", "it is no path with the shape of an element")
            return None
        path = self._path(items[0], root) if isinstance(items[0], ScalarNode) else self._expression(items[0], root)
        if path is None or len(items) == 1:
            return path
        shape = items[1]
        if not isinstance(shape, MappingNode) or not shape.entries:
            return path
        depth = 1 if root == _ROOT else int(root.removeprefix("item") or 1) + 1
        name = "item" if depth == 1 else f"item{depth}"
        if _directive(shape) is not None:
            field = self._field(shape, name)
            return None if field is None else {"each": path, "as": name, "value": field}
        fields = self._members(shape, name)
        return {"each": path, "as": name, "fields": fields} if fields else None

    def _merge(self, node: Node, root: str) -> Any:
        objects = node.get("objects") if isinstance(node, MappingNode) else None
        if not isinstance(objects, SequenceNode) or not isinstance(node, MappingNode):
            self.reader.refuse(node, "the directive @merge", "it has no list of objects")
            return None
        known: list[str] = []
        for one in objects.items:
            text = self._expression(one, root)
            if text is None:
                return None
            known.append(f"not_null({text}, `{{}}`)" if _directive(one) else text)
        if plain(node).get("direction") == "left":
            known.reverse()
        return {"from": f"merge({', '.join(known)})"}

    def _json(self, node: Node, root: str) -> Any:
        value = node.get("value") if isinstance(node, MappingNode) else None
        if value is None or not isinstance(node, MappingNode) or plain(node).get("mode") != "encode":
            self.reader.refuse(node, "the directive @json", "only the mode 'encode' can be converted")
            return None
        text = self._expression(value, root)
        return None if text is None else {"from": f"to_string({text})", "when": f"{text} != `null`"}

    def _flatten(self, node: Node, root: str) -> Any:
        value = node.get("value") if isinstance(node, MappingNode) else None
        given = plain(node) if isinstance(node, MappingNode) else {}
        separator = given.get("separator")
        if value is None or not isinstance(separator, str) or not separator:
            self.reader.refuse(node, "the directive @flatten", "it has no value, or no separator that is a string")
            return None
        text = self._expression(value, root)
        if text is None:
            return None
        self.reader.differ(node, "the directive @flatten", "objects and lists inside that are empty are kept")
        lists = "keep" if given.get("omitArrays") else "index"
        return {"from": f"flatten({text}, {literal(separator)}, '{lists}')", "when": f"type({text}) == 'object'"}

    def _replace(self, node: Node, root: str) -> Any:
        value = node.get("value") if isinstance(node, MappingNode) else None
        given = plain(node) if isinstance(node, MappingNode) else {}
        pairs = [(given.get("pattern"), given.get("replacement") or "")]
        pairs += [(given["pattern2"], given.get("replacement2") or "")] if given.get("pattern2") else []
        texts = [(one, by) for one, by in pairs if isinstance(one, str) and isinstance(by, str) and "$" not in by]
        if value is None or texts != pairs:
            self.reader.refuse(node, "the directive @replace", "it has no value and texts without a dollar")
            return None
        text = self._expression(value, root)
        if text is None:
            return None
        made = f"to_string({text})"
        before, first = (r"^([\s\S]*?)", "$1") if given.get("global") is False else ("", "")  # up to the first one
        for one, by in texts:
            pattern = "".join(_of_letter(letter, either=given.get("ignorecase") is True) for letter in one)
            made = f"replace_matches({made}, {literal(before + pattern)}, {literal(first + by)})"
        return f"if(contains(['string', 'number', 'boolean'], type({text})), {made}, '')"


_DIRECTIVES: dict[str, Callable[[_Directives, Node, str], Any]] = {
    "@path": _Directives._path,
    "@template": _Directives._template,
    "@literal": _Directives._literal,
    "@case": _Directives._case,
    "@if": _Directives._if,
    "@arrayPath": _Directives._array_path,
    "@merge": _Directives._merge,
    "@json": _Directives._json,
    "@flatten": _Directives._flatten,
    "@replace": _Directives._replace,
    "@excludeWhenNull": _Directives._field,  # null is left out anyway
}


def _kept(field: Any) -> Any:
    """A field of an element of a list, which is null if it has no value."""
    return {**(field if isinstance(field, dict) else {"from": field}), "keep_null": True}


def _of_letter(letter: str, *, either: bool) -> str:
    """The pattern of a letter, with `either` in both letter cases."""
    cases = dict.fromkeys((letter, letter.lower(), letter.upper()))
    if either and len(cases) > 1 and all(len(one) == 1 for one in cases):
        return f"[{''.join(cases)}]"
    return rf"\{letter}" if letter in r"\.^$*+?{}[]()|" else letter


def _under(condition: str, field: Any) -> dict[str, Any]:
    """A field with one more condition."""
    whole = {"from": field} if isinstance(field, str | list) else dict(field)
    inner = whole.pop("when", None)
    return {**whole, "when": condition if inner is None else f"({condition}) && ({inner})"}


def _directive(node: Node) -> tuple[str, Node] | None:
    """The name and argument of a directive; None for another value."""
    if not isinstance(node, MappingNode):
        return None
    found = [(key.text, value) for key, value in node.entries if key.text.startswith("@")]
    return found[0] if len(found) == 1 else None


def _has_directives(node: Node) -> bool:
    if isinstance(node, MappingNode):
        return any(key.text.startswith("@") or _has_directives(value) for key, value in node.entries)
    return isinstance(node, SequenceNode) and any(map(_has_directives, node.items))
