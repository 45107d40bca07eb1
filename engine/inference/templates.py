"""Infers the types of templates' results."""

from __future__ import annotations

import re

from ..language.rulebook import Text
from ..patterns.joining import joined_patterns
from ..templates.template import MAX_TEMPLATE_RESULT
from ..types.types import ANY_STRING, NEVER, NULL, StringType, Type, constants, literal, lookup, union, without_null
from .fields import to_string

__all__ = ["rendered"]


_NOTHING = literal("")


def rendered(text: Text, context: Type) -> Type:
    """The type of a template's result; it can be null unless all values in it are plain paths."""
    if not text.template.roots:
        return literal(text.template.fixed)
    if text.template.guard is not None:
        return union(ANY_STRING, NULL)
    written = re.sub(r"\r\n?", "\n", text.template.text).removesuffix("\n")  # as Jinja reads it
    pieces = re.split(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}", written)
    if any("{" in piece for piece in pieces[::2]):
        return union(ANY_STRING, NULL)
    made = literal("")
    for number, piece in enumerate(pieces):
        part = literal(piece) if number % 2 == 0 else _put_out(piece.split("."), context)
        made = _concatenated(made, part)
    return made


def _put_out(path: list[str], context: Type) -> Type:
    for name in path:
        context = lookup(context, name)
    if context.kinds & {"array", "object"}:
        return union(ANY_STRING, NULL)
    texts = to_string(without_null(context)).type
    return union(texts, NULL) if context.parts.null else texts


def _concatenated(a: Type, b: Type) -> Type:
    if _NOTHING in (a, b):
        return a if b == _NOTHING else b
    one, other = constants(a), constants(b)
    if one is not None and other is not None and len(one) * len(other) <= 100:
        return union(*(literal(None if x is None or y is None else x + y) for x in one for y in other))
    x, y = a.parts.string, b.parts.string
    null = NULL if a.parts.null or b.parts.null else NEVER
    if x is None or y is None:
        return null
    most = None if x.most is None or y.most is None else x.most + y.most
    too_long = NULL if most is None or most > MAX_TEMPLATE_RESULT else NEVER
    patterns = joined_patterns(
        () if x.also else x.patterns, None if x.also else x.values, () if y.also else y.patterns, y.values
    )
    return union(Type(string=StringType(least=x.least + y.least, most=most, patterns=patterns)), null, too_long)
