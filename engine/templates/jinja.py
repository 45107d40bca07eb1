"""Renders templates with Jinja2: a sandbox that has the filters of the language and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .filters import FILTERS, GUARDS, compared, concatenated, member, put_out

__all__ = ["COMPARE", "CONCAT", "TESTS", "given_value", "jinja_environment", "renderer"]


TESTS: dict[str, Callable[[Any], bool]] = {
    "defined": lambda value: given_value(value) is not None,
    "none": lambda value: given_value(value) is None,
}


# Names that no template can contain: the filters that replace `~` and comparisons, and the output of null.
CONCAT = " concat"


COMPARE = " compare"


_NULL_AS_WORD = " null"


def renderer(tree: nodes.Template) -> Callable[[Mapping[str, Any], bool], Iterator[str]]:
    """A function that takes the roots and `null_as_word`, and yields the pieces of the rendered text.

    It raises NullValue for null unless `null_as_word` is set, and TemplateFailure.
    """
    template = jinja_environment().from_string(tree)

    def parts(context: Mapping[str, Any], null_as_word: bool) -> Iterator[str]:
        # Not `generate()`, which rewrites the tracebacks of exceptions.
        yield from template.root_render_func(template.new_context({**context, _NULL_AS_WORD: null_as_word}))

    return parts


@lru_cache(maxsize=1)
def jinja_environment() -> ImmutableSandboxedEnvironment:
    """The sandbox that renders templates, with the filters and tests of the language and nothing else."""
    environment = _Environment(autoescape=False, optimized=False, finalize=_put_out)
    environment.globals.clear()
    environment.filters = {name: _on_values(function) for name, (function, _, _) in FILTERS.items()}
    environment.filters |= {name: _on_values(function) for name, function in GUARDS.items()}
    environment.filters[CONCAT] = _concat
    environment.filters[COMPARE] = _compare
    environment.tests = dict(TESTS)
    return environment


class _Environment(ImmutableSandboxedEnvironment):
    """An environment in which members are those of objects by key and of lists by index; others are null."""

    def getitem(self, obj: Any, argument: Any) -> Any:
        return member(given_value(obj), given_value(argument))

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)


def given_value(value: Any) -> Any:
    """Replaces Jinja's undefined value of an absent root by None."""
    return None if isinstance(value, jinja2.Undefined) else value


@jinja2.pass_context
def _put_out(context: Context, value: Any) -> str:
    return put_out(given_value(value), context.parent[_NULL_AS_WORD])


@jinja2.pass_context
def _concat(context: Context, operands: list[Any]) -> str:
    return concatenated([given_value(operand) for operand in operands], context.parent[_NULL_AS_WORD])


def _compare(operands: list[Any], operators: tuple[str, ...]) -> bool:
    return compared([given_value(operand) for operand in operands], operators)


def _on_values(filter_: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: filter_(*map(given_value, arguments))
