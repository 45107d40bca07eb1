"""Calls of functions in expressions: short ones in line, all others through the function itself.

Code in line covers arguments of the right kinds; for any other argument it hands over to the function, whose refusal is
part of the language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..expressions import Node
from ..functions import FUNCTIONS
from .code import ANY, BOOLEAN, DICT, INTEGER, LIST, NULL, NUMBER, STRING, Value, bare
from .kind_tests import first_of, is_kind
from .projections import Small, key, mapping, sorting
from .texts import time_texts
from .visitor import Visitor

__all__ = ["call"]

_RETURNED = {"string": STRING, "number": NUMBER, "boolean": BOOLEAN, "array": LIST, "object": DICT, "null": NULL}
_SHORT = 1000  # with a replacement of as many characters, the result is never too long
_SCALAR = NULL | BOOLEAN | NUMBER | STRING

Inline = Callable[[Visitor, list[Value]], Value | None]


def call(compiler: Visitor, node: Node, current: Value | None) -> Value:
    """The call of a function, with its arguments evaluated in order."""
    name = node["value"]
    of_elements = _kinds_of_elements(compiler, node, current) or _count_of_spellings(compiler, node, current)
    if of_elements is not None:
        return of_elements
    if any(child["type"] == "expref" for child in node["children"]):
        return _with_keys(compiler, node, current)
    arguments = [compiler.visit(child, current) for child in node["children"]]
    if all(argument.is_constant for argument in arguments):
        folded = compiler.folded(node, *arguments)
        if folded is not None:
            return folded
    inline = _INLINE.get(name)
    value = inline(compiler, arguments) if inline is not None else None
    return _plain(name, arguments) if value is None else value


def _kinds_of_elements(compiler: Visitor, node: Node, current: Value | None) -> Value | None:
    """`contains(map(&type(@), list), 'array')` and `length(distinct(map(&type(@), list)))`, by the set of the types.

    Only where the value is known to be a list, and only for one that has a name: the set is made once.
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


def _count_of_spellings(compiler: Visitor, node: Node, current: Value | None) -> Value | None:
    """`length(distinct(map(&lower(@), keys(object))))`: most objects have each name in one spelling."""
    for name in ("length", "distinct", "map", "keys"):
        if node["type"] != "function_expression" or node["value"] != name:
            return None
        if name == "map" and _method_of_element(node["children"][0]) != "str.lower":
            return None
        node = node["children"][-1]
    value = compiler.stable_path(node, current)
    if value is None or value.kinds != DICT:
        return None
    spellings = compiler.writer.pool.name("SPELLINGS", "Spellings()")
    test = f"{spellings}.issuperset({value.code})"
    return Value(f"(len({value.code}) if {test} else {spellings}.count({value.code}))", INTEGER)


def _kinds(compiler: Visitor, node: Node, current: Value | None) -> str | None:
    """Code for the set of the types that `map(&type(@), list)` has, for a list or for `list[*]`, which has no null."""
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
    return sum(_RETURNED.get(word, 0) for word in FUNCTIONS[name].returns.split("|")) or ANY


def _with_keys(compiler: Visitor, node: Node, current: Value | None) -> Value:
    """A call with `&expressions`."""
    name = node["value"]
    children = node["children"]
    items = [compiler.visit(child, current) for child in children if child["type"] != "expref"]
    keys = [key(compiler, child, items[0].items) for child in children if child["type"] == "expref"]
    if name == "map":
        return _mapped(compiler, children[0], keys[0], items[0])
    raises = any(value.raises for value in items) or any(made.raises for made in keys)
    if name in ("to_object", "sort_by_number"):
        names = [made.name for made in keys]
        make, kept = (mapping, ANY) if name == "to_object" else (sorting, items[0].items)
        function = make(compiler, [child for child in children if child["type"] == "expref"], names, items[0].items)
        raises = raises or bool(items[0].kinds & ~(LIST | NULL))
        kinds = _returned(name) & ~(0 if items[0].kinds & NULL else NULL)
        return Value(f"{function}({bare(items[0].code)})", kinds, raises=raises, items=kept)
    values, made = iter(items), iter(keys)
    return _plain(name, [_expression(next(made)) if is_key(child) else next(values) for child in children])


def is_key(node: Node) -> bool:
    return bool(node["type"] == "expref")


def _expression(made: Small) -> Value:
    """An `&expression` as the functions of the language take it."""
    return Value(made.name, stable=True)


def _mapped(compiler: Visitor, expref: Node, made: Small, items: Value) -> Value:
    expression = _expression(made) if items.kinds != LIST else None
    if not items.kinds & LIST and expression is not None:
        return _plain("map", [expression, items])
    function = "type_of" if is_type_of_element(expref) else made.name
    if items.items == STRING:
        function = _method_of_element(expref) or function
    if items.kinds == LIST:
        code = f"list(map({function}, {_bare_elements(items.code)}))"
        return Value(code, LIST, raises=made.raises or items.raises, items=made.kinds)
    first, again = compiler.writer.once(items)
    test = is_kind(first_of(first, items), again, LIST)
    slow = f"call_map({expression.code if expression else ''}, {again.code})"
    return Value(f"(list(map({function}, {again.code})) if {test} else {slow})", LIST, raises=True, items=made.kinds)


def _method_of_element(expref: Node) -> str | None:
    """The method of Python's texts that is all that an `&expression` does with a text."""
    body = expref["children"][0]
    if body["type"] != "function_expression" or body["children"][0]["type"] != "current":
        return None
    return {"lower": "str.lower", "upper": "str.upper", "trim": "str.strip"}.get(body["value"])


def is_type_of_element(expref: Node) -> bool:
    body = expref["children"][0]
    return bool(body["type"] == "function_expression" and body["value"] == "type") and (
        body["children"][0]["type"] == "current"
    )


# --- functions in line: None where the arguments do not allow it


def _of_one(name: str, kinds: int, form: str, returned: int) -> Inline:
    """A function of one argument that `form` computes for the given kinds."""

    def inline(compiler: Visitor, arguments: list[Value]) -> Value | None:
        (value,) = arguments
        if not value.kinds & kinds:
            return None
        return _guarded(compiler, name, value, kinds, form.format, returned)

    return inline


def _of_texts(name: str, form: str) -> Inline:
    """A function of two texts, of which the second one is at hand."""

    def inline(compiler: Visitor, arguments: list[Value]) -> Value | None:
        value, other = arguments
        if other.kinds != STRING or not other.stable or not value.kinds & STRING:
            return None
        return _guarded(compiler, name, value, STRING, lambda code: form.format(code, other.code), BOOLEAN, other.code)

    return inline


def _guarded(
    compiler: Visitor,
    name: str,
    value: Value,
    kinds: int,
    form: Callable[[str], str],
    returned: int,
    *others: str,
) -> Value:
    """The code that `form` makes of the first argument where it is of these kinds, else the call of the function."""
    if not value.kinds & ~kinds:
        return Value(form(value.code), returned, raises=value.raises)
    first, again = compiler.writer.once(value)
    test = is_kind(first_of(first, value), again, kinds)
    if not value.kinds & ~(kinds | NULL) and "null" in FUNCTIONS[name].parameters[0].types:
        return Value(f"({form(again.code)} if {test} else None)", returned | NULL, raises=value.raises)
    slow = f"call_{name}({', '.join((again.code, *others))})"
    returned |= NULL if "null" in FUNCTIONS[name].parameters[0].types else 0
    return Value(f"({form(again.code)} if {test} else {slow})", returned, raises=True)


def _type(compiler: Visitor, arguments: list[Value]) -> Value | None:
    return Value(f"type_of({bare(arguments[0].code)})", STRING, raises=arguments[0].raises)


def _to_string(compiler: Visitor, arguments: list[Value]) -> Value | None:
    (value,) = arguments
    raises = value.raises or bool(value.kinds & ~_SCALAR)
    if not value.kinds & STRING:
        return Value(f"to_string({bare(value.code)})", STRING, raises=raises)
    if value.kinds == STRING:
        return value
    first, again = compiler.writer.once(value)
    return Value(f"({again.code} if type({bare(first)}) is str else to_string({again.code}))", STRING, raises=raises)


def _to_number(compiler: Visitor, arguments: list[Value]) -> Value | None:
    (value,) = arguments
    if not value.kinds & INTEGER:
        return Value(f"to_number({bare(value.code)})", NUMBER | NULL, raises=value.raises)
    first, again = compiler.writer.once(value)
    code = f"({again.code} if type({bare(first)}) is int else to_number({again.code}))"
    return Value(code, NUMBER | NULL, raises=value.raises)


def _contains(compiler: Visitor, arguments: list[Value]) -> Value | None:
    subject, search = arguments
    if subject.is_constant and isinstance(subject.constant, list):
        if all(isinstance(item, str) for item in subject.constant):
            texts = compiler.writer.pool.texts(frozenset(subject.constant))
            if not search.kinds & (LIST | DICT):
                return Value(f"({search.code} in {texts})", BOOLEAN, raises=search.raises)
            first, again = compiler.writer.once(search)
            return Value(f"(type({first}) is str and {again.code} in {texts})", BOOLEAN, raises=search.raises)
        return Value(f"included({subject.code}, {bare(search.code)})", BOOLEAN, raises=search.raises)
    if not search.stable or not subject.kinds & LIST:
        return None
    plain = not search.kinds & ~(STRING | NULL)  # what Python finds equal as JSON does
    if subject.kinds == LIST:
        items = _listed(subject.code)
        code = f"({search.code} in {items})" if plain else f"included({bare(items)}, {search.code})"
        return Value(code, BOOLEAN, raises=subject.raises)
    if not plain:
        return Value(f"call_contains({bare(subject.code)}, {search.code})", BOOLEAN, raises=True)
    first, again = compiler.writer.once(subject)
    slow = f"call_contains({again.code}, {search.code})"
    return Value(f"({search.code} in {again.code} if type({first}) is list else {slow})", BOOLEAN, raises=True)


def _listed(code: str) -> str:
    """What has the same elements as a list, without making a list of it first."""
    return code.removeprefix("list").strip() if code.startswith("list(") and bare(code[4:]) != code[4:] else code


def _like(compiler: Visitor, arguments: list[Value]) -> Value | None:
    glob = arguments[1].constant
    if not isinstance(glob, str) or glob.count("*") != 1 or not glob.endswith("*") or "?" in glob:
        return None
    start = compiler.writer.pool.constant(glob[:-1])
    return _beginning("like", compiler, [arguments[0], start])


def _starts_with(compiler: Visitor, arguments: list[Value]) -> Value | None:
    return _beginning("starts_with", compiler, arguments)


def _beginning(name: str, compiler: Visitor, arguments: list[Value]) -> Value | None:
    """A comparison with the first characters, which is quicker than a call."""
    start = arguments[1].constant
    form = f"({{}}[:{len(start)}] == {{}})" if isinstance(start, str) else "{}.startswith({})"
    return _of_texts(name, form)(compiler, arguments)


def _get(compiler: Visitor, arguments: list[Value]) -> Value | None:
    target, name = arguments
    if not target.stable or target.is_constant or target.kinds & ~(DICT | NULL):
        return None
    if isinstance(name.constant, str):
        return compiler.member(target, name.constant)
    if name.constant is None:
        return name
    if name.kinds & ~(STRING | NULL):
        return None
    code = f"{compiler.object_of(target).code}.get({bare(name.code)})"
    return Value(code, ANY, raises=name.raises, texts=target.texts)


def _get_ignore_case(compiler: Visitor, arguments: list[Value]) -> Value | None:
    target, name = arguments
    if not isinstance(name.constant, str) or not target.stable or target.is_constant or target.kinds & ~(DICT | NULL):
        return None
    spelling, writer = name.constant, compiler.writer
    exact = compiler.object_of(target)
    spellings = writer.pool.name("SPELLINGS", "Spellings()")
    writer.pool.name("ASKED", f"{spellings}.asked({spelling!r})")
    made = f"{exact.code} if {spellings}.issuperset({exact.code}) else {spellings}.of({exact.code})"
    spelled = writer.shared(target, "spelled", f"{target.code}_spelled", lambda: (made, DICT))
    code = f"{spelled.code}.get({spelling!r})"
    found = Value("", texts=target.texts)
    return writer.shared(target, f"~{spelling}", f"{target.code}_{spelling}", lambda: (code, ANY), found)


def _from_unix_ms(compiler: Visitor, arguments: list[Value]) -> Value | None:
    moment, precision = arguments
    if precision.constant not in ("seconds", "milliseconds"):
        return None
    code = f"utc_{precision.constant}({bare(moment.code)})"
    texts = (time_texts(precision.constant),)
    return Value(code, STRING | NULL, raises=moment.raises or moment.kinds != NULL, texts=texts)


def _omit(compiler: Visitor, arguments: list[Value]) -> Value | None:
    target, names = arguments
    return Value(f"omit({bare(target.code)}, {bare(names.code)})", DICT, raises=True)


def _replace_any(compiler: Visitor, arguments: list[Value]) -> Value | None:
    text, replaced, replacement = arguments
    if not isinstance(replaced.constant, str) or not isinstance(replacement.constant, str) or text.kinds != STRING:
        return None
    if len(replacement.constant) > _SHORT or not text.stable:
        return None
    table = compiler.writer.pool.name("CHARACTERS", f"characters({replaced.code}, {replacement.code})")
    slow = f"call_replace_any({text.code}, {replaced.code}, {replacement.code})"
    code = f"({text.code}.translate({table}) if len({text.code}) < {_SHORT} else {slow})"
    if not any(f"a{character}".isidentifier() for character in replaced.constant):
        # Most texts have none of the characters, and for most of those that is quickly told.
        code = f"({text.code} if {text.code}.isidentifier() else {bare(code)})"
    return Value(code, STRING, raises=True)


def _of_numbers(name: str) -> Inline:
    def inline(compiler: Visitor, arguments: list[Value]) -> Value | None:
        codes = ", ".join(bare(argument.code) for argument in arguments)
        return Value(f"{name}({codes})", NUMBER | NULL, raises=True)

    return inline


def _distinct(compiler: Visitor, arguments: list[Value]) -> Value | None:
    (value,) = arguments
    if value.kinds == LIST and value.items == STRING:
        return Value(f"list(dict.fromkeys({_bare_elements(value.code)}))", LIST, raises=value.raises, items=STRING)
    return Value(f"distinct({bare(value.code)})", LIST, raises=True, items=value.items)


def _bare_elements(code: str) -> str:
    """The same for code that is an argument."""
    return bare(_listed(bare(code)))


def _keys(compiler: Visitor, arguments: list[Value]) -> Value | None:
    value = _of_one("keys", DICT, "list({})", LIST)(compiler, arguments)
    return None if value is None else replace(value, items=STRING)


def _not_null(compiler: Visitor, arguments: list[Value]) -> Value | None:
    kinds = 0
    for argument in arguments:
        kinds |= argument.kinds
    codes = ", ".join(bare(argument.code) for argument in arguments)
    return Value(f"not_null({codes})", kinds, raises=any(argument.raises for argument in arguments))


_INLINE: dict[str, Inline] = {
    "contains": _contains,
    "add": _of_numbers("add"),
    "distinct": _distinct,
    "ends_with": _of_texts("ends_with", "{}.endswith({})"),
    "from_unix_ms": _from_unix_ms,
    "get": _get,
    "get_ignore_case": _get_ignore_case,
    "keys": _keys,
    "length": _of_one("length", STRING | LIST | DICT, "len({})", INTEGER),
    "like": _like,
    "lower": _of_one("lower", STRING, "{}.lower()", STRING),
    "not_null": _not_null,
    "omit": _omit,
    "multiply": _of_numbers("multiply"),
    "replace_any": _replace_any,
    "subtract": _of_numbers("subtract"),
    "starts_with": _starts_with,
    "to_number": _to_number,
    "to_string": _to_string,
    "trim": _of_one("trim", STRING, "{}.strip()", STRING),
    "type": _type,
    "upper": _of_one("upper", STRING, "{}.upper()", STRING),
    "values": _of_one("values", DICT, "list({}.values())", LIST),
}
