"""Renders templates without Jinja2, for compiled mappings.

A template is a tuple of parts, which `templates.parser` makes from Jinja's tree. A part is a text, `("put",
expression)` or `("if", ((condition, parts), ...), parts)`; an expression is a tuple of its kind and its operands. Tests
hold the output equal to that of Jinja2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .filters import FILTERS, GUARDS, compared, concatenated, member, put_out
from .template import MAX_TEMPLATE_RESULT, NullValue, too_long

__all__ = ["Parts", "rendered"]

Parts = tuple[Any, ...]
RootValues = Mapping[str, Any]


def rendered(parts: Parts, roots: RootValues, null_as_word: bool) -> str | None:
    """Renders a template; None if a value in it is null, unless `null_as_word` is set. Raises TemplateFailure."""
    texts: list[str] = []
    size = 0
    try:
        for text in _texts(parts, roots, null_as_word):
            size += len(text)
            if size > MAX_TEMPLATE_RESULT:
                raise too_long()
            texts.append(text)
    except NullValue:
        return None
    return "".join(texts)


def _texts(parts: Parts, roots: RootValues, null_as_word: bool) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif part[0] == "put":
            yield put_out(_operand(part[1], roots, null_as_word), null_as_word)
        else:
            _, branches, otherwise = part
            taken = (inner for condition, inner in branches if _operand(condition, roots, null_as_word))
            yield from _texts(next(taken, otherwise), roots, null_as_word)


def _operand(expression: Parts, roots: RootValues, null_as_word: bool) -> Any:
    """Evaluates an expression."""

    def value(part: Parts) -> Any:
        return _operand(part, roots, null_as_word)

    match expression:
        case ("name", name):
            return roots.get(name)
        case ("const", constant):
            return constant
        case ("list", elements):
            return [value(element) for element in elements]
        case ("member", target, name):
            return member(value(target), value(name))
        case ("filter", name, arguments):
            return FILTERS[name][0](*map(value, arguments))
        case ("guard", name, guarded):
            return GUARDS[name](value(guarded))
        case ("concat", operands):
            return concatenated([value(operand) for operand in operands], null_as_word)
        case ("is null", tested):
            return value(tested) is None
        case ("compare", operators, operands):
            return compared([value(operand) for operand in operands], operators)
        case ("and", first, second):
            return value(first) and value(second)
        case ("or", first, second):
            return value(first) or value(second)
    _, negated = expression
    return not value(negated)
