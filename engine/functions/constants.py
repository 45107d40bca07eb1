"""Constant arguments that a function would always refuse: patterns, formats of times and time zones."""

from __future__ import annotations

from ..patterns.matching import matcher_of
from ..patterns.parser import PatternError
from ..patterns.searching import prepared
from ..values.times import format_flaw, zone_flaw

__all__ = ["flaw_of_constant"]


def flaw_of_constant(function: str, parameter: str, text: str) -> str | None:
    """The reason why a function refuses a text for the parameter of this name, whatever its other arguments are."""
    try:
        match parameter:
            case "pattern" if function == "matches":
                prepared(text)
            case "pattern":
                matcher_of(text)
            case "format":
                return format_flaw(text, reads=function == "parse_time")
            case "zone":
                return zone_flaw(text)
    except PatternError as error:
        return str(error)
    return None
