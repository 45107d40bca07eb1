"""The numbers of the language: integers of 64 bits, finite doubles, and wide integers, of which the digits alone count.

A wide integer is one that neither 64 bits nor a double hold: an id, most likely. It is kept to the last digit, for
where text is wanted; nothing calculates with it, and nothing sends it as a number.
"""

from __future__ import annotations

import math
import re

__all__ = [
    "MAX_DIGITS",
    "MAX_INTEGER",
    "MIN_INTEGER",
    "as_read",
    "decimal_text",
    "integer_of",
    "is_wide",
    "parse_decimal",
    "parse_number",
]

MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**64 - 1
MAX_DIGITS = 400
"""How many digits a wide integer has at most; a text has to be as short to be read as a number."""

_NUMBER = re.compile(r"[ \t\r\n]*(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?[ \t\r\n]*")


def is_wide(number: int) -> bool:
    """Whether an integer needs more than 64 bits."""
    return not MIN_INTEGER <= number <= MAX_INTEGER


def as_read(number: int) -> int | float:
    """An integer as it is read: a double where 64 bits do not hold it and the double is written with the same digits.

    Programs that know doubles alone, such as those in JavaScript, write large ones as integers.
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
    """The number that the digits of an integer of JSON stand for; None where they are too many."""
    if len(digits) > MAX_DIGITS + digits.startswith("-"):
        return None
    return as_read(int(digits))


def parse_number(text: str) -> int | float | None:
    """The number that a text stands for by the grammar of JSON, blanks around it aside; None where it stands for none.

    At most 400 characters are read as a number.
    """
    match = _NUMBER.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None:
        return None
    digits, fraction, exponent = match.groups()
    if fraction is None and exponent is None:
        return integer_of(digits)
    double = float(text)
    return double if math.isfinite(double) else None


def parse_decimal(text: str) -> int | float | None:
    """The same for numbers that are written without an exponent; with a fraction of zeros, too, it is an exact integer.

    A number beyond the range of doubles is infinite.
    """
    match = _NUMBER.fullmatch(text) if len(text) <= MAX_DIGITS else None
    if match is None or match[3] is not None:
        return None
    digits, fraction, _ = match.groups()
    if fraction is None or not fraction.strip(".0"):
        return int(digits)
    return float(text)


def decimal_text(number: int | float) -> str:
    """The shortest decimal form that reads back as the same finite number; no exponent, no trailing `.0`, no `-0`."""
    text = repr(number)
    if "e" in text:
        from decimal import Decimal  # only here: hardly any number needs it

        text = format(Decimal(text), "f")
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text
