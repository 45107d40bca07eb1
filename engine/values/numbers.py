"""The numbers of the language: integers of 64 bits, finite doubles, and wide integers.

A wide integer fits neither 64 bits nor a double: most likely it is an id. All its digits are kept for conversions to
text; nothing calculates with it, and it is never sent as a number.
"""

from __future__ import annotations

import math
import re

__all__ = [
    "MAX_DECIMALS",
    "MAX_DIGITS",
    "MAX_INTEGER",
    "MIN_INTEGER",
    "as_read",
    "decimal_text",
    "fixed_text",
    "integer_of",
    "is_wide",
    "parse_decimal",
    "parse_number",
    "whole_of",
]

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**64 - 1
MAX_DIGITS = 400
"""The maximum number of digits of a wide integer, and of characters of a text that is parsed as a number."""
_FEW_DIGITS = 18  # whatever they are, the number has less than 64 bits
MAX_DECIMALS = 20
"""The maximum number of decimals that a number is written with."""

_NUMBER = re.compile(r"[ \t\r\n]*(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?[ \t\r\n]*")


def is_wide(number: int) -> bool:
    """Returns whether an integer needs more than 64 bits."""
    return not MIN_INTEGER <= number <= MAX_INTEGER


def as_read(number: int) -> int | float:
    """The value that an integer is read as: a double if it has more than 64 bits and a double has the same digits.

    Programs that know doubles only, such as those in JavaScript, write large doubles as integers.
    """
    if is_wide(number):
        try:
            double = float(number)
        except OverflowError:
            return number
        if decimal_text(double) == str(number):
            return double
    return number


def integer_of(digits: str) -> int | float | None:
    """Parses the digits of a JSON integer; None if there are too many."""
    if len(digits) > MAX_DIGITS + digits.startswith("-"):
        return None
    return as_read(int(digits))


def parse_number(text: str) -> int | float | None:
    """Parses a text as a number in the grammar of JSON, with surrounding blanks; None if it is none.

    A text of more than 400 characters is never a number.
    """
    if len(text) <= _FEW_DIGITS and text.isdecimal() and text.isascii() and text[0] != "0":
        return int(text)
    match = _NUMBER.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None:
        return None
    digits, fraction, exponent = match.groups()
    if fraction is None and exponent is None:
        return integer_of(digits)
    double = float(text)
    return double if math.isfinite(double) else None


def parse_decimal(text: str) -> int | float | None:
    """Parses a number without an exponent; one whose fraction is all zeros is an exact integer. None if it is none.

    A number beyond the range of doubles becomes infinite.
    """
    match = _NUMBER.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None or match[3] is not None:
        return None
    digits, fraction, _ = match.groups()
    if fraction is None or not fraction.strip(".0"):
        return int(digits)
    return float(text)


def decimal_text(number: int | float) -> str:
    """The shortest decimal text that reads back as the same finite number: no exponent, no trailing `.0`, no `-0`."""
    text = repr(number)
    if "e" in text:
        from decimal import Decimal  # imported late: hardly any number needs it

        text = format(Decimal(text), "f")
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def fixed_text(number: int | float | str, decimals: int) -> str:
    """A number, or a text that is one, with exactly that many decimals; a half is rounded away from 0."""
    from decimal import ROUND_HALF_UP, Context, Decimal  # imported late: few numbers need it

    exact = Decimal(number.strip() if isinstance(number, str) else repr(number))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=1_000))
    return format(abs(rounded) if rounded == 0 else rounded, "f")


def whole_of(number: int | float) -> int | None:
    """The number as an integer; None if it has a fraction."""
    return int(number) if isinstance(number, int) or number.is_integer() else None
