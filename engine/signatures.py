"""What is known of a function: its signature, its documentation and its examples, from one declaration.

The checks of expressions, the function reference and the tests all come from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, NoneType
from typing import Any

__all__ = [
    "BODIES",
    "DECLARED",
    "TYPE_NAMES",
    "Example",
    "Function",
    "Parameter",
    "declare",
    "example",
    "function",
    "reference",
]

_WORDS = {
    "string": "a string",
    "number": "a number",
    "boolean": "a boolean",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "expref": "an expression (&)",
    "array-string": "a list of strings",
    "array-number": "a list of numbers",
}
_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (NoneType,),
}
TYPE_NAMES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    NoneType: "null",
}
"""What the function `type` says of a value, by its class."""
_SIGNATURE = re.compile(r"(\w+)\((.*?)(, \.\.\.)?\) -> (\S+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter and the JMESPath types it takes, such as "string" or "array-number"; no types: any value."""

    name: str
    types: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """What the parameter takes, in words: "a string or null"."""
        return " or ".join(_WORDS[type_] for type_ in self.types) or "any value"

    def takes(self, argument: Any) -> bool:
        """Whether an evaluated argument is of one of the types."""
        return not self.types or any(_is_of_type(argument, type_) for type_ in self.types)


def _is_of_type(argument: Any, type_: str) -> bool:
    if type_ == "expref":
        return callable(argument)
    # Exact classes: for Python, but not for JSON, a boolean is an integer.
    if type_ in _CLASSES:
        return type(argument) in _CLASSES[type_]
    return type(argument) is list and all(
        type(element) in _CLASSES[type_.removeprefix("array-")] for element in argument
    )


@dataclass(frozen=True, slots=True)
class Example:
    """An expression, the context it is evaluated in, and what it gives."""

    expression: str
    given: Mapping[str, Any]
    result: Any


@dataclass(frozen=True, slots=True)
class Function:
    """A function; its last parameter can be given any number of times when it is `variadic`."""

    name: str
    parameters: tuple[Parameter, ...]
    variadic: bool
    returns: str
    description: str
    examples: tuple[Example, ...]
    builtin: bool

    @property
    def signature(self) -> str:
        """`get(object: object|null, name: string|null) -> any`."""
        parts = [f"{parameter.name}: {'|'.join(parameter.types) or 'any'}" for parameter in self.parameters]
        return f"{self.name}({', '.join(parts)}{', ...' if self.variadic else ''}) -> {self.returns}"


def declare(signature: str, description: str, *examples: Example, builtin: bool = False) -> Function:
    """A function from its signature, in the form that `Function.signature` has."""
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise ValueError(signature)
    name, listed, variadic, returns = match.groups()
    parameters = []
    for parameter in listed.split(", "):
        label, _, types = parameter.partition(": ")
        parameters.append(Parameter(label, () if types == "any" else tuple(types.split("|"))))
    return Function(name, tuple(parameters), variadic is not None, returns, description, examples, builtin)


DECLARED: dict[str, Function] = {}
BODIES: dict[str, Callable[..., Any]] = {}
"""The functions of the language and their bodies by name, as `function` has added them."""


def function(
    signature: str, description: str, *examples: Example, builtin: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes the decorated function one of the language; its arguments are checked before it is called."""

    def added(body: Callable[..., Any]) -> Callable[..., Any]:
        declared = declare(signature, description, *examples, builtin=builtin)
        DECLARED[declared.name], BODIES[declared.name] = declared, body
        return body

    return added


def example(expression: str, result: Any, **given: Any) -> Example:
    """An example; the roots that its expression reads are given by name."""
    return Example(expression, MappingProxyType(given), result)


def reference(functions: Iterable[Function]) -> str:
    """The function reference, in Markdown."""
    ours = [function for function in functions if not function.builtin]
    own = [function for function in functions if function.builtin]
    lines = [_INTRODUCTION]
    sections = (("Functions of this language", ours), ("Functions of JMESPath", own))
    for title, listed in sections:
        names = ", ".join(f"[{function.name}](#{function.name})" for function in listed)
        lines.append(f"**{title}:** {names}\n")
    for title, listed in sections:
        lines.append(f"## {title}\n")
        lines.extend(map(_entry, listed))
    return "\n".join(lines)


_INTRODUCTION = """\
<!-- Written by `moemap.engine.functions.reference()`; a test holds this page against it. -->

# Functions

All functions that expressions can use. `array|null` is a list or null, `array-string` a list of strings, `any` any
value, `expref` an expression that is evaluated for each element of a list, written with `&` before it: `&price`.
A function whose parameter takes null gives null for it. A function refuses arguments of other types, and results that
JSON does not have: the expression then fails with problem M504, and the field is left out.
"""


def _entry(function: Function) -> str:
    lines = [f"### {function.name}\n", f"`{function.signature}`\n", f"{function.description}\n"]
    lines.append("| Expression | Given | Result |\n|---|---|---|")
    for case in function.examples:
        given = ", ".join(f"`{name}`: {_cell(value)}" for name, value in case.given.items())
        lines.append(f"| {_code(case.expression)} | {given} | {_cell(case.result)} |")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    return _code(json.dumps(value, ensure_ascii=False))


def _code(text: str) -> str:
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"
