"""Compiles comparisons, with the tests of types among them."""

from __future__ import annotations

from typing import Any

from ...expressions.tree import TreeNode
from ...values.equality import equal
from ..python.kind_tests import FALSE, TRUE, TYPE_KINDS, first_of, is_kind, kinds_equal_to
from ..python.value import BOOLEAN, DICT, LIST, NULL, NUMBER, STRING, Value, bare
from .visitor import Visitor

__all__ = ["ORDER", "comparison", "negated"]

ORDER = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_ORDERED = {"lt": "less", "lte": "less_or_equal", "gt": "greater", "gte": "greater_or_equal"}


def comparison(visitor: Visitor, node: TreeNode, current: Value | None) -> Value:
    """The value of a comparison of two values."""
    below, sign = node["children"], node["value"]
    if sign in ("eq", "ne"):
        value = _type_test(visitor, below, current) or _equal(
            visitor, *(visitor.visit(child, current) for child in below)
        )
        return value if sign == "eq" else negated(value)
    left, right = (visitor.visit(child, current) for child in below)
    if left.is_constant and right.is_constant:
        folded = visitor.folded(node, left, right)
        if folded is not None:
            return folded
    raises = left.raises or right.raises
    if not left.kinds & (NUMBER | STRING) or not right.kinds & (NUMBER | STRING):
        return Value(f"({left.code}, {right.code}, None)[2]", NULL, raises=raises)
    kinds = left.kinds | right.kinds
    mixed = bool(kinds & NUMBER and kinds & STRING)
    if not (left.kinds | right.kinds) & ~NUMBER:
        return Value(f"({left.code} {ORDER[sign]} {right.code})", BOOLEAN, raises=raises)
    if right.is_constant and right.kinds & NUMBER and left.kinds & NUMBER:
        first, again = visitor.writer.once(left)
        plain = f"{again.code} {ORDER[sign]} {right.code}"
        slow = f"{_ORDERED[sign]}({again.code}, {right.code})" if left.kinds & STRING else "None"
        code = f"({plain} if {is_kind(first_of(first, left), again, NUMBER)} else {slow})"
        return Value(code, BOOLEAN | NULL, raises=raises or mixed)
    slow = f"{_ORDERED[sign]}({bare(left.code)}, {bare(right.code)})"
    return Value(slow, BOOLEAN | NULL, raises=raises or mixed)


def _type_test(visitor: Visitor, below: list[TreeNode], current: Value | None) -> Value | None:
    """Compiles `type(x) == 'array'` and the like to a test of kinds."""
    for one, other in (below, below[::-1]):
        if one["type"] == "function_expression" and one["value"] == "type" and other["type"] == "literal":
            wanted = TYPE_KINDS.get(other["value"]) if isinstance(other["value"], str) else None
            value = visitor.visit(one["children"][0], current)
            if wanted is not None and not (value.raises and not value.kinds & wanted):
                first, again = visitor.writer.once_shaped(value)
                code = is_kind(first_of(first, value), again, wanted)
                if code in ("True", "False"):
                    return TRUE if code == "True" else FALSE
                return Value(f"({code})", BOOLEAN, raises=value.raises)
    return None


def _equal(visitor: Visitor, left: Value, right: Value) -> Value:
    if left.is_constant and right.is_constant:
        return TRUE if equal(left.constant, right.constant) else FALSE
    if left.is_constant:
        left, right = right, left
    if (left.shape or right.shape) is not None and right.constant is not None:
        return Value("unusual()", BOOLEAN)  # a rare use is no reason to read all structs as objects
    raises = left.raises or right.raises
    if right.is_constant:
        other = right.constant
        texts = visitor.writer.texts(left.text) if left.stable else None
        if not raises and not left.kinds & (right.kinds | kinds_equal_to(other)):
            return FALSE
        if texts is not None and isinstance(other, str) and (other not in texts or len(texts) == 1):
            return TRUE if other in texts else FALSE
        if other is None and left.kinds == NULL and not raises:
            return TRUE
        if other is None or other is True or other is False:
            return Value(f"({left.text if other is None else left.code} is {other})", BOOLEAN, raises=raises)
        if _is_unmistakable(other):
            return Value(f"({left.code} == {right.code})", BOOLEAN, raises=raises)
        if other in (0, 1) and left.stable:
            word = "False" if other == 0 else "True"
            return Value(f"({left.code} == {right.code} and {left.code} is not {word})", BOOLEAN, raises=raises)
    elif not (left.kinds & right.kinds & (LIST | DICT) or _are_confused(left.kinds | right.kinds)):
        return Value(f"({left.code} == {right.code})", BOOLEAN, raises=raises)
    return Value(f"equal({bare(left.code)}, {bare(right.code)})", BOOLEAN, raises=raises)


def negated(value: Value) -> Value:
    """The value of `not`."""
    if value.is_constant:
        return FALSE if value.constant else TRUE
    return Value(f"(not {value.code})", BOOLEAN, raises=value.raises)


# Nodes


def _is_unmistakable(constant: Any) -> bool:
    """Returns whether Python takes no other JSON values as equal to a constant than JSON does."""
    if isinstance(constant, list | dict):
        return all(map(_is_unmistakable, constant if isinstance(constant, list) else constant.values()))
    return constant is None or isinstance(constant, str) or (not isinstance(constant, bool) and constant not in (0, 1))


def _are_confused(kinds: int) -> bool:
    """Returns whether there can be both booleans and numbers, some of which Python takes as equal."""
    return bool(kinds & BOOLEAN and kinds & NUMBER)
