"""Arithmetic in decimal numbers: results are exact, or the double that is nearest to the exact result."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from ...values.numbers import MAX_DECIMALS, fixed_text, parse_decimal, parse_number, whole_of
from ..errors import FunctionError, calculated, json_of
from ..registry import example, function, null_gives_null

__all__: list[str] = []

_SUMS = Context(prec=1_500)
"""A precision that no sum or product of two doubles exceeds, so that none is rounded."""


def _operated(
    name: str, a: Any, b: Any, whole: Callable[[int, int], Any], exact: Callable[[Decimal, Decimal], Any]
) -> Any:
    """Calculates with two numbers: by `whole` if both are integers, else by `exact`."""
    if isinstance(a, int) and isinstance(b, int):
        return calculated(name, lambda: whole(a, b))
    return calculated(name, lambda: float(exact(Decimal(repr(a)), Decimal(repr(b)))))


@function(
    "add(a: number|null, b: number|null) -> number|null",
    "The sum of two numbers.",
    example("add(`1`, `2.5`)", 3.5),
    example("add(`0.1`, `0.2`)", 0.3),
)
@null_gives_null
def _func_add(a: Any, b: Any) -> Any:
    return _operated("add", a, b, int.__add__, _SUMS.add)


@function(
    "subtract(a: number|null, b: number|null) -> number|null",
    "The first number minus the second.",
    example("subtract(`1`, `3`)", -2),
)
@null_gives_null
def _func_subtract(a: Any, b: Any) -> Any:
    return _operated("subtract", a, b, int.__sub__, _SUMS.subtract)


@function(
    "multiply(a: number|null, b: number|null) -> number|null",
    "The product of two numbers.",
    example("multiply(hours, `3600`)", -18000, hours=-5),
    example("multiply(`1.1`, `3`)", 3.3),
)
@null_gives_null
def _func_multiply(a: Any, b: Any) -> Any:
    return _operated("multiply", a, b, int.__mul__, _SUMS.multiply)


@function(
    "divide(a: number|null, b: number|null) -> number|null",
    "The first number divided by the second, which is not 0.",
    example("divide(`7`, `2`)", 3.5),
    example("divide(cents, `100`)", 12.3, cents=1230),
)
@null_gives_null
def _func_divide(a: Any, b: Any) -> Any:
    _not_zero("divide", b)
    return _operated("divide", a, b, _quotient, lambda one, other: Fraction(one) / Fraction(other))


@function(
    "modulo(a: number|null, b: number|null) -> number|null",
    "What is left of the first number when it is divided by the second, which is not 0; it has the sign of the second.",
    example("modulo(`7`, `3`)", 1),
    example("modulo(`-1`, `7`)", 6),
    example("modulo(`1.5`, `0.4`)", 0.3),
)
@null_gives_null
def _func_modulo(a: Any, b: Any) -> Any:
    _not_zero("modulo", b)
    return _operated("modulo", a, b, int.__mod__, lambda one, other: Fraction(one) % Fraction(other))


def _quotient(a: int, b: int) -> int | float:
    return a // b if a % b == 0 else a / b


def _not_zero(name: str, number: Any) -> None:
    if number == 0:
        raise FunctionError(f"{name}() cannot divide by 0")


@function(
    "round(number: number|null, decimals: number) -> number|null",
    "The number with at most that many decimals (0 to 20); a half is rounded away from 0.",
    example("round(`2.345`, `2`)", 2.35),
    example("round(`-2.5`, `0`)", -3),
)
@null_gives_null
def _func_round(number: Any, decimals: Any) -> Any:
    count = _decimals("round", decimals)
    if isinstance(number, int):
        return number
    text = fixed_text(number, count)
    return calculated("round", lambda: float(text) if count else int(text))


@function(
    "format_number(number: number|string|null, decimals: number) -> string|null",
    "The number, or the number that a string gives, as a string with exactly that many decimals (0 to 20); a half is "
    "rounded away from 0.",
    example("format_number(`40`, `2`)", "40.00"),
    example("format_number('2.345', `2`)", "2.35"),
)
@null_gives_null
def _func_format_number(number: Any, decimals: Any) -> str:
    count = _decimals("format_number", decimals)
    if isinstance(number, str) and parse_decimal(number) is None:
        number = parse_number(number)  # may have an exponent
        if number is None:
            raise FunctionError("format_number() cannot read the string as a decimal number")
    return fixed_text(number, count)


def _decimals(name: str, decimals: Any) -> int:
    count = whole_of(decimals)
    if count is None or not 0 <= count <= MAX_DECIMALS:
        raise FunctionError(f"the decimals of {name}() must be a whole number from 0 to {MAX_DECIMALS}, not {decimals}")
    return count


@function(
    "size(value: any) -> number",
    "The number of bytes of a value as compact JSON in UTF-8.",
    example("size(user)", 15, user={"name": "Zoë"}),
)
def _func_size(value: Any) -> int:
    return len(json_of("size", value).encode())
