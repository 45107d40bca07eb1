"""Texts for drafts of rule files: names, expressions, YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..golden.rewrite import inline

__all__ = ["expression_of", "file_name", "literal", "name_of", "placeholder", "yaml_text"]

_WIDTH = 100
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def expression_of(root: str, steps: Iterable[str | int]) -> str:
    """The expression that reads a path of names and list indexes from a root."""
    parts = [root]
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append("." + (step if _PLAIN_NAME.fullmatch(step) else json.dumps(step, ensure_ascii=False)))
    return "".join(parts)


def literal(value: Any) -> str:
    """The expression of a JSON value."""
    if isinstance(value, str) and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "\\`") + "`"


def file_name(text: str) -> str:
    """A name for a file, of lower-case words with hyphens."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "unnamed"


def name_of(text: str) -> str:
    """A name for a mapping, a rule or an output: lower-case words with hyphens, the first of which has letters."""
    name = file_name(text)
    return name if name[0].isalpha() else f"x-{name}"


def placeholder(text: str) -> str:
    """The name of a placeholder, such as `api_key`."""
    return name_of(text).replace("-", "_")


def yaml_text(value: Any) -> str:
    """A value as YAML for people: lists and objects that are short and have no objects inside are on one line."""
    return "\n".join(_lines(value, 0)) + "\n"


def _lines(value: Any, indent: int) -> list[str]:
    margin = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, member in value.items():
            lines += _entry(f"{margin}{inline(key)}:", member, indent)
    else:
        for element in value:
            if _is_short(element, indent + 2):
                lines.append(f"{margin}- {inline(element)}")
            else:
                first, *rest = _lines(element, indent + 2)
                lines += [f"{margin}- {first.lstrip()}", *rest]
    return lines


def _entry(head: str, member: Any, indent: int) -> list[str]:
    if _is_short(member, len(head) + 1):
        return [f"{head} {inline(member)}"]
    return [head, *_lines(member, indent + 2)]


def _is_short(value: Any, used: int) -> bool:
    if not isinstance(value, dict | list) or not value:
        return True
    inner = value.values() if isinstance(value, dict) else value
    is_flat = not any(isinstance(one, dict) or (isinstance(one, list) and one) for one in inner)
    return is_flat and used + len(inline(value)) <= _WIDTH
