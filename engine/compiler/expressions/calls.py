"""Compiles calls of functions: short ones inline, all others as calls.

Inline code handles arguments of the right kinds; for any other argument it calls the function, whose error is part of
the language.
"""

from __future__ import annotations

from ...expressions.tree import TreeNode, free_variables
from ...functions.table import FUNCTIONS
from ..python.kind_tests import TYPE_KINDS, first_of, is_kind
from ..python.string_sources import common
from ..python.value import ANY, BOOLEAN, DICT, INTEGER, LIST, NULL, STRING, Value, bare
from .inline import INLINE, are_known, bare_elements
from .projections import BY_KEYS, Small, by_keys, key, mapping
from .visitor import Visitor

__all__ = ["call"]


def call(compiler: Visitor, node: TreeNode, current: Value | None) -> Value:
    """The call of a function, with its arguments evaluated in order."""
    if node["value"] == "if":
        return _chosen(compiler, node, current)
    for short in (_kinds_of_elements, _count_of_names, _any_of_booleans):
        if (found := short(compiler, node, current)) is not None:
            return found
    return _called(compiler, node, current)


def _called(compiler: Visitor, node: TreeNode, current: Value | None) -> Value:
    name = node["value"]
    if any(child["type"] == "expref" for child in node["children"]):
        return _with_keys(compiler, node, current)
    arguments = [compiler.visit(child, current) for child in node["children"]]
    if all(argument.is_constant for argument in arguments):
        folded = compiler.folded(node, *arguments)
        if folded is not None:
            return folded
    inline = INLINE.get(name)
    value = inline(compiler, arguments) if inline is not None else None
    return _plain(name, arguments) if value is None else value


def _chosen(compiler: Visitor, node: TreeNode, current: Value | None) -> Value:
    """A call that returns one of two arguments, of which only that one is evaluated."""
    test, first, second = node["children"]
    condition = compiler.condition(test, current)
    if condition.is_constant:
        return compiler.visit(first if condition.constant else second, current)
    with compiler.writer.assuming(compiler.facts(test, current)):
        then = compiler.visit(first, current)
    otherwise = compiler.visit(second, current)
    code = f"({then.code} if {condition.code} else {otherwise.code})"
    raises = condition.raises or then.raises or otherwise.raises
    return Value(code, then.kinds | otherwise.kinds, raises=raises, texts=common((then, otherwise)))


def _kinds_of_elements(compiler: Visitor, node: TreeNode, current: Value | None) -> Value | None:
    """Compiles `contains(map(&type(@), list), 'array')` and `length(distinct(map(&type(@), list)))` by a set of types.

    Only for a value known to be a list and with a name, so that the set is computed once.
    """
    arguments = node["children"]
    if node["value"] == "contains" and arguments[1]["type"] == "literal":
        kinds = _kinds(compiler, arguments[0], current)
        if kinds is not None and isinstance(arguments[1]["value"], str):
            return Value(f"({arguments[1]['value']!r} in {kinds})", BOOLEAN)
    if node["value"] == "length" and arguments[0].get("value") == "distinct":
        kinds = _kinds(compiler, arguments[0]["children"][0], current)
        if kinds is not None:
            return Value(f"len({kinds})", INTEGER)
    return None


def _any_of_booleans(compiler: Visitor, node: TreeNode, current: Value | None) -> Value | None:
    """Compiles `contains([test, ...], `true`)` to a disjunction of the tests."""
    listed, wanted = node["children"][0], node["children"][-1]
    is_test = node["value"] == "contains" and listed["type"] == "multi_select_list" and current is None
    if not is_test or wanted["type"] != "literal" or wanted["value"] is not True:
        return None
    values = [compiler.visit(child, None) for child in listed["children"]]
    if any(value.kinds != BOOLEAN or value.raises for value in values):
        return None
    return Value(f"({' or '.join(value.code for value in values)})", BOOLEAN)


def _count_of_names(compiler: Visitor, node: TreeNode, current: Value | None) -> Value | None:
    """Compiles `length(distinct(map(&lower(@), keys(object))))`, also for other functions of the name: in most objects,
    each name has one spelling.
    """
    length, expref = node, node
    for name in ("length", "distinct", "map", "keys"):
        if node["type"] != "function_expression" or node["value"] != name:
            return None
        if name == "map":
            expref = node["children"][0]
        node = node["children"][-1]
    value = compiler.stable_path(node, current)
    if value is None or value.kinds != DICT:
        return None
    pool = compiler.writer.pool
    if _method_of_element(expref) == "str.lower":
        spellings = pool.name("SPELLINGS", "Spellings()")
        test = are_known(compiler, value, spellings).code
        return Value(f"(len({value.code}) if {test} else {spellings}.count({value.code}))", INTEGER)
    made = key(compiler, expref, STRING)
    if made.kinds != STRING or made.function is None:
        return None
    forms = pool.name("FORMS", f"Forms({made.function})")
    test = f"{forms}.issuperset({value.code}) or {forms}.learn_all({value.code})"
    counted = _called(compiler, length, current)
    return Value(f"(len({value.code}) if {test} else {bare(counted.code)})", INTEGER, raises=counted.raises)


def _kinds(compiler: Visitor, node: TreeNode, current: Value | None) -> str | None:
    """Code for the set of types in `map(&type(@), list)`, for a list or for `list[*]`, which has no null."""
    if node["type"] != "function_expression" or node["value"] != "map" or not is_type_of_element(node["children"][0]):
        return None
    items, without = node["children"][1], ""
    if items["type"] == "projection" and items["children"][1]["type"] == "identity":
        items, without = items["children"][0], " - {'null'}"
    value = compiler.stable_path(items, current)
    if value is None or value.kinds != LIST:
        return None
    code = f"kinds_in({value.code})"
    kinds = compiler.writer.shared(value, "kinds", f"{value.code}_kinds", lambda: (code, ANY)).code
    return f"({kinds}{without})" if without else kinds


def _plain(name: str, arguments: list[Value]) -> Value:
    codes = ", ".join(bare(argument.code) for argument in arguments)
    return Value(f"call_{name}({codes})", _returned(name), raises=True)


def _returned(name: str) -> int:
    return sum(TYPE_KINDS.get(word, 0) for word in FUNCTIONS[name].returns.split("|")) or ANY


def _with_keys(compiler: Visitor, node: TreeNode, current: Value | None) -> Value:
    """A call with `&expressions`."""
    name = node["value"]
    children = node["children"]
    items = [compiler.visit(child, current) for child in children if child["type"] != "expref"]
    keys = [key(compiler, child, items[0].items) for child in children if child["type"] == "expref"]
    if name == "map":
        return _mapped(compiler, children[0], keys[0], items[0])
    raises = any(value.raises for value in items) or any(made.raises for made in keys)
    has_variables = bool(free_variables(*(child for child in children if child["type"] == "expref")))
    is_in_order = name != "last_by" or not keys[0].raises  # what fails first: one of its keys, or comparing them
    if not has_variables and (name == "to_object" or (name in BY_KEYS and is_in_order)):
        names, exprefs = [made.name for made in keys], [child for child in children if child["type"] == "expref"]
        if name == "to_object":
            function, kept = mapping(compiler, exprefs, names, items[0].items), ANY
        else:
            function, kept = by_keys(compiler, name, exprefs[0], names[0], items[0].items), items[0].items
        raises = raises or bool(items[0].kinds & ~(LIST | NULL))
        kinds = _returned(name) & ~(0 if items[0].kinds & NULL else NULL)
        return Value(f"{function}({bare(items[0].code)})", kinds, raises=raises, items=kept)
    values, made = iter(items), iter(keys)
    return _plain(name, [_expression(next(made)) if is_key(child) else next(values) for child in children])


def is_key(node: TreeNode) -> bool:
    return bool(node["type"] == "expref")


def _expression(made: Small) -> Value:
    """An `&expression` in the form that the functions of the language take."""
    return Value(made.name, stable=True)


def _mapped(compiler: Visitor, expref: TreeNode, made: Small, items: Value) -> Value:
    expression = _expression(made) if items.kinds != LIST else None
    if not items.kinds & LIST and expression is not None:
        return _plain("map", [expression, items])
    function = "type_of" if is_type_of_element(expref) else made.name
    if items.items == STRING:
        function = _method_of_element(expref) or function
    if items.kinds == LIST:
        code = f"list(map({function}, {bare_elements(items.code)}))"
        return Value(code, LIST, raises=made.raises or items.raises, items=made.kinds)
    first, again = compiler.writer.once(items)
    test = is_kind(first_of(first, items), again, LIST)
    slow = f"call_map({expression.code if expression else ''}, {again.code})"
    return Value(f"(list(map({function}, {again.code})) if {test} else {slow})", LIST, raises=True, items=made.kinds)


def _method_of_element(expref: TreeNode) -> str | None:
    """The method of Python strings that an `&expression` consists of; None for any other."""
    body = expref["children"][0]
    if body["type"] != "function_expression" or body["children"][0]["type"] != "current":
        return None
    return {"lower": "str.lower", "upper": "str.upper", "trim": "str.strip"}.get(body["value"])


def is_type_of_element(expref: TreeNode) -> bool:
    body = expref["children"][0]
    return bool(body["type"] == "function_expression" and body["value"] == "type") and (
        body["children"][0]["type"] == "current"
    )


# --- inline functions: None if the arguments do not allow it
