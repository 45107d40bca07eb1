"""Compiles calls of short functions to inline Python code.

Inline code handles arguments of the right kinds; for any other argument it calls the function, whose error is part of
the language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...functions.table import FUNCTIONS
from ...patterns.searching import only_match
from ..python.kind_tests import first_of, is_kind
from ..python.string_sources import time_texts
from ..python.value import ANY, BOOLEAN, DICT, INTEGER, LIST, NULL, NUMBER, STRING, Value, bare
from .visitor import Visitor

__all__ = ["INLINE", "Inline", "bare_elements", "spelled"]


_SHORT = 1000  # with a replacement of as many characters, the result is never too long


_SCALAR = NULL | BOOLEAN | NUMBER | STRING


Inline = Callable[[Visitor, list[Value]], Value | None]


def _of_one(name: str, kinds: int, form: str, returned: int) -> Inline:
    """A function of one argument that the code `form` computes for the given kinds."""

    def inline(compiler: Visitor, arguments: list[Value]) -> Value | None:
        (value,) = arguments
        if not value.kinds & kinds:
            return None
        return _guarded(compiler, name, value, kinds, form.format, returned)

    return inline


def _of_texts(name: str, form: str) -> Inline:
    """A function of two strings, the second of which needs no evaluation."""

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
    """The code that `form` makes of the first argument if it is of these kinds, else a call of the function."""
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
    if value.stable and not value.is_constant:
        return compiler.writer.shared(value, "number", f"{value.code}_number", lambda: (code, NUMBER | NULL))
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
    plain = not search.kinds & ~(STRING | NULL)  # for these, equality in Python is that of JSON
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
    """Code for an iterable of a list's elements, without creating a list first."""
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
    """A comparison of the first characters, which is faster than a call."""
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
    owner = spelled(compiler, target, name.constant)
    code = f"{owner.code}.get({name.code})"
    found = Value("", texts=target.texts)
    wish = f"{target.code}_{name.constant}"
    return compiler.writer.shared(target, f"~{name.constant}", wish, lambda: (code, ANY), found)


def spelled(compiler: Visitor, target: Value, name: str) -> Value:
    """A copy of an object in which the names that expressions look up have the spelling used in them."""
    writer, exact = compiler.writer, compiler.object_of(target)
    spellings = writer.pool.name("SPELLINGS", "Spellings()")
    writer.pool.name("ASKED", f"{spellings}.asked({name!r})")
    made = f"{exact.code} if {are_known(compiler, target, spellings).code} else {spellings}.of({exact.code})"
    return writer.shared(target, "spelled", f"{target.code}_spelled", lambda: (made, DICT))


def are_known(compiler: Visitor, target: Value, spellings: str) -> Value:
    """The test that no names of an object differ in letter case only, and requested ones are spelt as requested."""
    writer, made = compiler.writer, f"{spellings}.issuperset({target.code} or ())"
    is_object = not writer.declared.get(target.text, ANY) & ~(DICT | NULL)  # wherever it is known
    return writer.shared(target, "are known", f"{target.code}_are_known", lambda: (made, BOOLEAN), early=is_object)


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
    if not isinstance(replaced.constant, str) or not isinstance(replacement.constant, str):
        return None
    if len(replacement.constant) > _SHORT or not text.kinds & STRING:
        return None
    first, again = compiler.writer.once(text)
    is_text = "" if text.kinds == STRING else is_kind(first_of(first, text), again, STRING)
    first = again.code if is_text else first
    table = compiler.writer.pool.name("CHARACTERS", f"characters({replaced.code}, {replacement.code})")
    slow = f"call_replace_any({again.code}, {replaced.code}, {replacement.code})"
    if any(f"a{character}".isidentifier() for character in replaced.constant):
        code = f"{again.code}.translate({table}) if len({first}) < {_SHORT} else {slow}"
    else:  # most strings have none of the characters, and for most of those one fast test decides
        code = f"{again.code}.translate({table}) if len({again.code}) < {_SHORT} else {slow}"
        code = f"{again.code} if {first}.isidentifier() else {code}"
    if not is_text:
        return Value(f"({code})", STRING, raises=True)
    return Value(f"(({code}) if {is_text} else {slow})", STRING | NULL, raises=True)


def _replace_matches(compiler: Visitor, arguments: list[Value]) -> Value | None:
    """Code for a pattern that is a single string, such as `^abc$`: a comparison."""
    text, pattern, replacement = arguments
    whole = only_match(pattern.constant) if isinstance(pattern.constant, str) else None
    if whole is None or not isinstance(replacement.constant, str) or text.kinds & ~(STRING | NULL):
        return None
    if len(whole) + len(replacement.constant) > _SHORT or "$" in replacement.constant:
        return None
    first, again = compiler.writer.once(text)
    return Value(f"({replacement.code} if {first} == {whole!r} else {again.code})", text.kinds, raises=text.raises)


def _of_numbers(name: str) -> Inline:
    def inline(compiler: Visitor, arguments: list[Value]) -> Value | None:
        codes = ", ".join(bare(argument.code) for argument in arguments)
        return Value(f"{name}({codes})", NUMBER | NULL, raises=True)

    return inline


def _distinct(compiler: Visitor, arguments: list[Value]) -> Value | None:
    (value,) = arguments
    if value.kinds == LIST and value.items == STRING:
        return Value(f"list(dict.fromkeys({bare_elements(value.code)}))", LIST, raises=value.raises, items=STRING)
    return Value(f"distinct({bare(value.code)})", LIST, raises=True, items=value.items)


def bare_elements(code: str) -> str:
    """Code for the same elements without an enclosing list, as an argument."""
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


INLINE: dict[str, Inline] = {
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
    "replace_matches": _replace_matches,
    "subtract": _of_numbers("subtract"),
    "starts_with": _starts_with,
    "to_number": _to_number,
    "to_string": _to_string,
    "trim": _of_one("trim", STRING, "{}.strip()", STRING),
    "type": _type,
    "upper": _of_one("upper", STRING, "{}.upper()", STRING),
    "values": _of_one("values", DICT, "list({}.values())", LIST),
}
