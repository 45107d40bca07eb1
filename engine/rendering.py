"""Renders templates without Jinja2: what compiled mappings do with those that are more than values in a text.

A template is a tuple of parts, which `jinja_subset` makes of Jinja's tree. A part is a text, `("put", expression)` or
`("if", ((condition, parts), ...), parts)`; an expression is a tuple of its kind and its operands. Tests hold the texts
equal to those of Jinja2.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .filters import FILTERS, UNCOMPARABLE, concatenated, member, put_out
from .templates import MAX_TEMPLATE_RESULT, NullValue, TemplateFailure, too_long

__all__ = ["Parts", "rendered"]

Parts = tuple[Any, ...]
Roots = Mapping[str, Any]

_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda one, other: one in other,
    "notin": lambda one, other: one not in other,
}


def rendered(parts: Parts, roots: Roots, null_as_word: bool) -> str | None:
    """The text of a template; None where a value in it is null, unless that is put out as a word.

    Raises TemplateFailure.
    """
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
    except TypeError:
        raise TemplateFailure(UNCOMPARABLE) from None
    return "".join(texts)


def _texts(parts: Parts, roots: Roots, null_as_word: bool) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif part[0] == "put":
            yield put_out(_operand(part[1], roots, null_as_word), null_as_word)
        else:
            _, branches, otherwise = part
            taken = (inner for condition, inner in branches if _operand(condition, roots, null_as_word))
            yield from _texts(next(taken, otherwise), roots, null_as_word)


def _operand(expression: Parts, roots: Roots, null_as_word: bool) -> Any:
    """The value of an expression."""

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
        case ("concat", operands):
            return concatenated([value(operand) for operand in operands], null_as_word)
        case ("is null", tested):
            return value(tested) is None
        case ("compare", first, comparisons):
            one = value(first)
            for name, second in comparisons:
                other = value(second)
                holds = _COMPARED[name](one, other)
                if not holds:
                    return holds
                one = other
            return True
        case ("and", first, second):
            return value(first) and value(second)
        case ("or", first, second):
            return value(first) or value(second)
    _, negated = expression
    return not value(negated)
