"""Arguments of a kind that a function always refuses (M211)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ..diagnostics.problem import Problem
from ..functions.registry import Parameter
from ..functions.table import FUNCTIONS
from ..inference.calls import accepted
from ..inference.facts import EvaluatedPart, Flow
from ..types.description import describe
from ..types.narrowing import truthy
from ..types.types import Type, without_null
from .shared.findings import in_every_use, part_key, span_of, text_of
from .shared.registry import checks_facts

__all__ = ["check"]


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each argument that is refused in all of its uses."""
    arguments = (
        (part, number)
        for part in flow.of(EvaluatedPart)
        if part.seen.node["type"] == "function_expression"
        for number in range(len(part.seen.operands))
    )
    for part, number in in_every_use(arguments, _key, lambda one: _is_refused(*one)):
        node, argument, parameter = part.seen.node, part.seen.operands[number], _parameter(part, number)
        written = node["children"][number]
        yield Problem.of(
            "M211",
            span_of(part.expr, written),
            hint=_hint(argument, parameter, text_of(part.expr, written)),
            number=number + 1,
            name=node["value"],
            wanted=parameter.wanted,
            found=describe(argument),
        )


def _key(one: tuple[EvaluatedPart, int]) -> Hashable:
    return part_key(one[0]), one[1]


def _parameter(part: EvaluatedPart, number: int) -> Parameter:
    parameters = FUNCTIONS[part.seen.node["value"]].parameters
    return parameters[min(number, len(parameters) - 1)]


def _is_refused(part: EvaluatedPart, number: int) -> bool:
    """Returns whether the function accepts no values of the argument but null and empty lists, though it has others."""
    argument = part.seen.operands[number]
    taken, _ = accepted(argument, _parameter(part, number))
    return _says_something(argument) and not _says_something(taken)


def _says_something(type_: Type) -> bool:
    rest = without_null(type_)
    return not rest.never and (rest.kinds != {"array"} or not truthy(rest).never) if not type_.never else False


def _hint(argument: Type, parameter: Parameter, text: str) -> str | None:
    if "string" in parameter.types and argument.kinds & {"number", "boolean"}:
        return f"to_string({text}) makes it a string"
    return (
        f"to_number({text}) makes it a number" if "number" in parameter.types and "string" in argument.kinds else None
    )
