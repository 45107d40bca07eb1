"""Random expressions that fit a type: mostly paths that exist, some that do not."""

from __future__ import annotations

import json
from random import Random

from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError
from moemap.engine.expressions.tree import Expression
from moemap.engine.functions.table import FUNCTIONS
from moemap.engine.inference.expressions import infer
from moemap.engine.types.types import NEVER, Type, constants, union
from moemap.tests.engine.grammar import CONSTANTS

_LITERALS = (
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1.5",
    '""',
    '"a"',
    '"id"',
    "[]",
    "{}",
    '["a", "id"]',
    "[1, true]",
    '{"a": 1}',
)


_COMPARATORS = ("==", "!=", "<", "<=", ">", ">=", "==", "!=")
_KINDS = ("string", "number", "array", "object", "null", "boolean")


_VARIABLES: list[str] = []
"""The roots that the expression being made can use as variables."""


def expression(current: Type, random: Random, depth: int = 4) -> Expression:
    """An expression that can be evaluated at the top."""
    _VARIABLES[:] = _names(current)
    while True:
        try:
            return parse(_any(current, random, depth, top=True))
        except ExpressionError:
            continue


def _type_of(text: str, current: Type) -> Type:
    """The type of a text that was made; only a guide to what to write next."""
    try:
        tree = parse(text.replace("@", "current_")) if text.startswith("@") else parse(text)
    except ExpressionError:
        return NEVER
    return infer(tree.tree, current).type


def _names(type_: Type) -> list[str]:
    return [name for one in type_.parts.objects for name in one.properties]


def _field(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else json.dumps(name)


def _path(current: Type, random: Random, depth: int, top: bool) -> str:
    text, type_ = "", current
    for number in range(random.randint(1, 4)):
        names = _names(type_)
        first = number == 0
        if names and random.random() < 0.92:
            step = _field(random.choice(names))
        elif first and top:
            step = "batch"
        elif type_.parts.array is not None and not first:
            inner = type_.parts.array.element()
            kind = random.randrange(6)
            if kind == 0:
                text += f"[{random.randrange(-2, 3)}]"
            elif kind == 1:
                text += random.choice(("[:2]", "[::-1]", "[1:]"))
            elif kind == 2:
                text += "[]"
            elif kind == 3 and depth > 0:
                text += f"[?{_any(inner, random, depth - 2, False)}]"
            else:
                text += "[*]"
            if random.random() < 0.5 and (names := _names(inner)):
                text += f".{_field(random.choice(names))}"
            break
        elif type_.parts.objects and not first and random.random() < 0.3:
            text += ".*"
            break
        else:
            step = _field(random.choice(("a", "id", "email", "$Age", "nothing", "length")))
        text = step if first else f"{text}.{step}"
        type_ = _type_of(text, current)
        if not first and random.random() < 0.2:
            break
    return text


def _any(current: Type, random: Random, depth: int, top: bool) -> str:
    if depth <= 0 or random.random() < 0.25:
        if random.random() < 0.15:
            return _literal(current, random)
        if not top and random.random() < 0.25:
            return "@"
        if _VARIABLES and random.random() < (0.1 if top else 0.3):
            return f"${random.choice([name for name in _VARIABLES if name.isidentifier()])}"
        return _path(current, random, depth, top)

    def inner(less: int = 1) -> str:
        return _any(current, random, depth - less, top)

    match random.randrange(14):
        case 0:
            return f"({inner()} || {inner()})"
        case 1:
            return f"({inner()} && {inner()})"
        case 2:
            return f"!({inner()})"
        case 3 | 4:
            return f"({inner()} {random.choice(_COMPARATORS)} {_operand(current, random, depth, top)})"
        case 5:
            return f"[{inner()}, {inner()}]{random.choice(('', '[]', '[0]', '[*]', '[?@]', '[1:]'))}"
        case 6:
            return f"{{a: {inner()}, id: {inner()}}}{random.choice(('', '.a', '.*', '.b'))}"
        case 7:
            left = inner()
            return f"({left}) | {_any(_type_of(left, current) if top else NEVER, random, depth - 2, False)}"
        case 8:
            path, kind = _path(current, random, depth, top), random.choice(_KINDS)
            return f"(type({path}) {random.choice(('==', '!='))} '{kind}')"
        case 9:
            return f'contains(`["a", "id", "custom_event", "email"]`, {_path(current, random, depth, top)})'
        case 13:
            _VARIABLES.append(name := f"v{len(_VARIABLES)}")
            bound, body = inner(2), inner()
            _VARIABLES.pop()
            return f"(let ${name} = {bound} in {body})"
        case 10 if random.random() < 0.5:
            path = _path(current, random, depth, top)
            inner_text = random.choice((path, f"trim({path})", f"to_string({path})"))
            if random.random() < 0.4:
                return f"length({inner_text}) {random.choice(_COMPARATORS)} `{random.randrange(4)}`"
            name = random.choice(("starts_with", "like"))
            return random.choice((inner_text, f"{name}({inner_text}, 'a')"))
        case 10:
            function = random.choice(("starts_with", "ends_with", "like"))
            return (
                f"{function}({_path(current, random, depth, top)}, '{random.choice(('a', 'custom', '*e', '?d', ''))}')"
            )
    return _call(current, random, depth, top)


def _operand(current: Type, random: Random, depth: int, top: bool) -> str:
    return _literal(current, random) if random.random() < 0.6 else _any(current, random, depth - 2, top)


def _literal(current: Type, random: Random) -> str:
    known = [
        value
        for one in current.parts.objects
        for prop in one.properties.values()
        for value in constants(prop.type) or ()
    ]
    if known and random.random() < 0.5:
        return f"`{json.dumps(random.choice(known))}`"
    return f"`{random.choice(_LITERALS)}`" if random.random() < 0.8 else "'custom_event'"


def _call(current: Type, random: Random, depth: int, top: bool) -> str:
    function = FUNCTIONS[random.choice(sorted(FUNCTIONS))]
    arguments: list[str | None] = []
    listed = NEVER
    parameters = list(function.parameters)
    if function.variadic:
        parameters += parameters[-1:] * random.randrange(2)
    for parameter in parameters:
        if "expref" in parameter.types:
            arguments.append(None)
            continue
        if parameter.name in CONSTANTS:
            arguments.append(random.choice(CONSTANTS[parameter.name]))
            continue
        best = _any(current, random, depth - 1, top)
        for _ in range(6):
            type_ = _type_of(best, current) if top else NEVER
            wanted = {word.split("-")[0] for word in parameter.types}
            if not wanted or type_.kinds & wanted - {"null"}:
                break
            best = _any(current, random, depth - 1, top)
        arguments.append(best)
        found = _type_of(best, current) if top else NEVER
        if found.parts.array is not None:
            listed = union(listed, found.parts.array.element())
    done = [f"&{_any(listed, random, depth - 2, False)}" if text is None else text for text in arguments]
    return f"{function.name}({', '.join(done)})"
