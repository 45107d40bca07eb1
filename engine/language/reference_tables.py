"""The tables of keys and types in the reference of the rule language, made from their declarations."""

from __future__ import annotations

import json
import re

from ..values.coercion import TYPES
from .file_keys import MAPPING, PART, WORKSPACE
from .keys import FORMS, Key

__all__ = ["with_tables"]

_TABLE = re.compile(
    r"^(<!-- (?:types|keys of (\w+)(?: without (\w+))?) -->\n).*?^(<!-- end -->)$", re.MULTILINE | re.DOTALL
)
_CODE = re.compile(r"\bM\d{3}\b")


def with_tables(page: str) -> str:
    """The text of a page, in which the table between each pair of marks is replaced by the present one.

    `<!-- types -->` or `<!-- keys of mapping without part -->` begins a table, `<!-- end -->` ends it.
    """
    return _TABLE.sub(lambda marks: f"{marks[1]}\n{_table(marks[2], marks[3])}\n{marks[4]}", page)


def _table(name: str | None, without: str | None) -> str:
    if name is None:
        rows = [f"| `{type_}` | {declared.description} |" for type_, declared in TYPES.items()]
        return "".join(f"{row}\n" for row in ("| Type | Accepts |", "| --- | --- |", *rows))
    forms = {**FORMS, **{form.name: form for form in (MAPPING, PART, WORKSPACE)}}
    left_out = forms[without].keys if without else ()
    rows = [_row(key) for key in forms[name].keys.values() if key.name not in left_out]
    return "".join(f"{row}\n" for row in ("| Key | Value | |", "| --- | --- | --- |", *rows))


def _row(key: Key) -> str:
    value = key.kind.words
    if key.required and not key.only_with:
        value += "; required" if not key.role else ""
    elif isinstance(key.default, str | bool):
        value += f"; by default `{key.default if isinstance(key.default, str) else json.dumps(key.default)}`"
    meaning = _CODE.sub(lambda code: f"[{code[0]}](../problems/{code[0]}.md)", key.description)
    return f"| `{key.name}` | {value} | {meaning} |"
