"""Declarations of functions: signature, documentation and examples of each, in one place.

The checks of expressions, the function reference and the tests all come from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from ..values.kinds import TYPE_CLASSES, type_with_article

__all__ = [
    "BODIES",
    "DECLARED",
    "Example",
    "Function",
    "Parameter",
    "declare",
    "example",
    "function",
    "null_gives_null",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_WORDS = {"expref": "an expression (&)", "array-string": "a list of strings", "array-number": "a list of numbers"}
"""The types of parameters that are not single JSON types, in words."""
_SIGNATURE = re.compile(r"(\w+)\((.*?)(, \.\.\.)?\) -> (\S+)")


class Parameter(NamedTuple):
    """A parameter and the JMESPath types it takes, such as "string" or "array-number"; no types: any value."""

    name: str
    types: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The types that the parameter accepts, in words: "a string or null"."""
        return " or ".join(_WORDS.get(type_) or type_with_article(type_) for type_ in self.types) or "any value"

    def takes(self, argument: Any) -> bool:
        """Returns whether an evaluated argument is of one of the types."""
        return not self.types or any(_is_of_type(argument, type_) for type_ in self.types)


def _is_of_type(argument: Any, type_: str) -> bool:
    if type_ == "expref":
        return callable(argument)
    # Exact classes: for Python, but not for JSON, a boolean is an integer.
    if type_ in TYPE_CLASSES:
        return type(argument) in TYPE_CLASSES[type_]
    return type(argument) is list and all(
        type(element) in TYPE_CLASSES[type_.removeprefix("array-")] for element in argument
    )


class Example(NamedTuple):
    """An expression, the context it is evaluated in, and what it gives."""

    expression: str
    given: Mapping[str, Any]
    result: Any


class Function(NamedTuple):
    """The declaration of a function. With `variadic`, its last parameter can be given any number of times.

    With `masks`, its result does not reveal its arguments, as that of a hash.
    """

    name: str
    parameters: tuple[Parameter, ...]
    variadic: bool
    returns: str
    description: str
    examples: tuple[Example, ...]
    builtin: bool
    masks: bool

    @property
    def told(self) -> str:
        """The description where its links lead nowhere: outside of the page of functions."""
        return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", self.description)

    @property
    def signature(self) -> str:
        """`get(object: object|null, name: string|null) -> any`."""
        parts = [f"{parameter.name}: {'|'.join(parameter.types) or 'any'}" for parameter in self.parameters]
        return f"{self.name}({', '.join(parts)}{', ...' if self.variadic else ''}) -> {self.returns}"


def declare(
    signature: str, description: str, *examples: Example, builtin: bool = False, masks: bool = False
) -> Function:
    """A function from its signature, in the form that `Function.signature` has."""
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise ValueError(signature)
    name, listed, variadic, returns = match.groups()
    parameters = []
    for parameter in listed.split(", "):
        label, _, types = parameter.partition(": ")
        parameters.append(Parameter(label, () if types == "any" else tuple(types.split("|"))))
    return Function(name, tuple(parameters), variadic is not None, returns, description, examples, builtin, masks)


DECLARED: dict[str, Function] = {}
BODIES: dict[str, Callable[..., Any]] = {}
"""The functions of the language and their bodies by name, as `function` has added them."""


def function(
    signature: str, description: str, *examples: Example, builtin: bool = False, masks: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes the decorated function one of the language; its arguments are checked before it is called."""

    def added(body: Callable[..., Any]) -> Callable[..., Any]:
        declared = declare(signature, description, *examples, builtin=builtin, masks=masks)
        DECLARED[declared.name], BODIES[declared.name] = declared, body
        return body

    return added


def example(expression: str, result: Any, **given: Any) -> Example:
    """An example; the roots that its expression reads are given by name."""
    return Example(expression, MappingProxyType(given), result)


def null_gives_null(body: _F) -> _F:
    """Makes a function return null if any argument is null, so that calls on optional fields need no guard."""

    @wraps(body)
    def checked(*arguments: Any) -> Any:
        return None if None in arguments else body(*arguments)

    return cast("_F", checked)
