"""Bodies as `application/x-www-form-urlencoded`: nested names in brackets, and lists in one of several conventions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

__all__ = ["FORM_LISTS", "FORM_TYPE", "form_of", "parameter_text"]

FORM_LISTS = ("brackets", "indices", "repeat")
"""The names of the elements of a list `a`: `a[]`, `a[0]`, or `a` again."""
FORM_TYPE = "application/x-www-form-urlencoded"
_BRACKET, _BRACKET_END = quote_plus("["), quote_plus("]")


def form_of(body: dict[str, Any], form: str, most: int) -> tuple[bytes, int]:
    """The text of a form, and its size; the text is empty if it has more than `most` bytes.

    The size is counted before anything is written, since each name is repeated for every value below it.
    """
    size = max(_form_size(body, form, None) - 1, 0)
    return ("&".join(_form_pairs(body, form, None)).encode() if size <= most else b""), size


def parameter_text(value: Any) -> str:
    """A value of a form or a query as text: strings as they are, null as nothing, everything else as JSON."""
    if type(value) is str:
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _form_entries(value: Any, form: str, is_top: bool) -> Iterator[tuple[str, Any]]:
    """The suffix that the name of an object or a list gets for each of its members, and the member."""
    if type(value) is dict:
        for key, member in value.items():
            yield quote_plus(key) if is_top else f"{_BRACKET}{quote_plus(key)}{_BRACKET_END}", member
    else:
        for number, element in enumerate(value):
            index = {"brackets": "", "indices": number}.get(form)
            yield "" if index is None else f"{_BRACKET}{index}{_BRACKET_END}", element


def _form_size(value: Any, form: str, name: int | None) -> int:
    """The size of the pairs of a value with a separator after each; `name` is the size of its name."""
    if type(value) is not dict and type(value) is not list:
        return (name or 0) + len(quote_plus(parameter_text(value))) + 2
    entries = _form_entries(value, form, name is None)
    return sum(_form_size(member, form, (name or 0) + len(step)) for step, member in entries)


def _form_pairs(value: Any, form: str, name: str | None) -> Iterator[str]:
    if type(value) is not dict and type(value) is not list:
        yield f"{name}={quote_plus(parameter_text(value))}"
        return
    for step, member in _form_entries(value, form, name is None):
        yield from _form_pairs(member, form, (name or "") + step)
