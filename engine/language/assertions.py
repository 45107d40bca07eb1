"""Assertions about all requests of a mapping: a form of the rule language, which checks prove."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..diagnostics.problem import Place
from ..source.nodes import Node, ScalarNode
from . import kinds
from .fields import Expr, description_key
from .keys import form, key

__all__ = ["MAX_PROVEN_RULES", "Assertion", "RequestPlace", "assertion_beyond"]

MAX_PROVEN_RULES = 10_000
"""The rules that conditions of assertions can be about, each as often as there are different conditions."""


@dataclass(frozen=True, slots=True, eq=False)
class RequestPlace:
    """A place in requests of an output, with all values in it; None stands for any output, and for all parts.

    A step `*` stands for any name or index. The part "message" is not sent: it is the text of warnings and reasons.
    """

    output: str | None
    part: Literal["body", "path", "query", "headers", "message"] | None
    steps: tuple[str, ...]
    node: ScalarNode

    @property
    def text(self) -> str:
        return self.node.text


@form(
    "assertion",
    "Something that holds of all requests, whatever the input: `moemap check` proves it.",
    "An assertion, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Assertion:
    """An assertion about all requests: which outputs are not sent, or where personal data is not sent to."""

    name: str
    no_output: tuple[str, ...] = key(
        kinds.SOME_OUTPUTS, "No request of these outputs is sent.", default=(), role="choice"
    )
    never_in: tuple[RequestPlace, ...] = key(
        kinds.REQUEST_PLACES,
        "Personal data of the `category` is never sent to these places.",
        default=(),
        role="choice",
    )
    only_in: tuple[RequestPlace, ...] = key(
        kinds.REQUEST_PLACES,
        "Personal data of the `category` is sent to these places only.",
        default=(),
        role="choice",
    )
    category: tuple[str, ...] = key(
        kinds.CATEGORIES,
        "Categories of personal data, or `any`, with `never_in` and `only_in`.",
        default=(),
        role="detail",
    )
    unmasked: bool = key(
        kinds.FLAG, "Values that a hash has masked do not count.", default=False, role="detail", only_with="category"
    )
    without: Expr | None = key(
        kinds.EXPRESSION,
        "A condition, such as a consent: the assertion is about inputs for which it does not hold; without it, about "
        "all. It sees the input, `settings` and the mapping's `let`.",
        default=None,
    )
    description: str | None = description_key()
    node: Node
    name_node: Node

    @property
    def place(self) -> Place:
        return self.name_node.place


def assertion_beyond(assertions: Iterable[Assertion], rules: int) -> Assertion | None:
    """The first assertion with whose condition the proofs would look at more than `MAX_PROVEN_RULES` rules."""
    conditions: set[str] = set()
    for one in assertions:
        if one.without is not None:
            conditions.add(one.without.text)
        if len(conditions) * max(rules, 1) > MAX_PROVEN_RULES:
            return one
    return None
