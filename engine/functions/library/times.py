"""Functions of times."""

from __future__ import annotations

import math
from datetime import UTC
from decimal import Decimal
from typing import Any

from ...values.kinds import shown
from ...values.numbers import parse_decimal, parse_number
from ...values.times import (
    EPOCH,
    FIRST_MS,
    LAST_MS,
    MILLISECOND,
    TimeError,
    formatted,
    in_zone,
    iso_text,
    of_iso,
    of_milliseconds,
    parsed,
    zone_of,
)
from ..errors import FunctionError
from ..registry import example, function, null_gives_null

__all__: list[str] = []


@function(
    "from_unix_ms(moment: number|string|null, precision: string) -> string|null",
    "A time given in milliseconds since 1970, as a number or a decimal string, as a string in UTC; `precision` is "
    "'seconds' or 'milliseconds', and what is finer is cut off.",
    example("from_unix_ms(`1700000000123`, 'seconds')", "2023-11-14T22:13:20Z"),
    example("from_unix_ms('1700000000123', 'milliseconds')", "2023-11-14T22:13:20.123Z"),
    example("from_unix_ms(event.time, 'seconds')", None, event={}),
)
def _func_from_unix_ms(moment: int | float | str | None, precision: str) -> str | None:
    if precision not in {"seconds", "milliseconds"}:
        raise FunctionError(
            f"the precision of from_unix_ms() must be 'seconds' or 'milliseconds', not {shown(precision)}"
        )
    if moment is None:
        return None
    whole = math.floor(_milliseconds(moment) if isinstance(moment, str) else moment)
    if not FIRST_MS <= whole <= LAST_MS:
        raise FunctionError(f"from_unix_ms() takes times in the years 1 to 9999 only, not {shown(moment)}")
    return iso_text(of_milliseconds(whole), precision)


def _milliseconds(text: str) -> int | float | Decimal:
    if parse_decimal(text) is not None:
        return Decimal(text.strip())  # as a double would round a long text up
    number = parse_number(text)
    if number is None:
        raise FunctionError(f"from_unix_ms() cannot read {shown(text)} as a number of milliseconds")
    return number


@function(
    "to_unix_ms(moment: string|null) -> number|null",
    "The milliseconds since 1970 of a time with a zone such as `2026-01-31T23:59:59Z`; what is finer is cut off.",
    example("to_unix_ms('2023-11-14T22:13:20.123Z')", 1700000000123),
    example("to_unix_ms('2023-11-14T23:13:20+01:00')", 1700000000000),
)
@null_gives_null
def _func_to_unix_ms(moment: str) -> int:
    try:
        return (of_iso(moment) - EPOCH) // MILLISECOND
    except TimeError as error:
        raise FunctionError(f"to_unix_ms() cannot read {shown(moment)}: {error}") from None


@function(
    "parse_time(text: string|null, format: string, zone: string) -> string|null",
    "The time that a string gives in a [format](language/types.md#formats-of-times), as a string in UTC. Where the "
    "format has no `%z`, it is a local time of the zone: a name such as 'Europe/Berlin', 'UTC' or '+01:00'. Of an hour "
    "that comes twice the first is meant.",
    example("parse_time('31.01.2026 18:30', '%d.%m.%Y %H:%M', 'Europe/Berlin')", "2026-01-31T17:30:00Z"),
    example("parse_time('7/4/2026 1:05 PM', '%-m/%-d/%Y %-I:%M %p', 'America/New_York')", "2026-07-04T17:05:00Z"),
)
@null_gives_null
def _func_parse_time(text: str, form: str, zone: str) -> str:
    try:
        return iso_text(in_zone(parsed(text, form, zone_of(zone)), UTC))
    except TimeError as error:
        raise FunctionError(f"parse_time() cannot read {shown(text)}: {error}") from None


@function(
    "format_time(moment: string|number|null, format: string, zone: string) -> string|null",
    "A time (a string with a zone such as `2026-01-31T23:59:59Z`, or milliseconds since 1970) in a "
    "[format](language/types.md#formats-of-times), as clocks in the zone show it.",
    example("format_time('2026-07-04T17:05:00Z', '%d.%m.%Y %H:%M', 'Europe/Berlin')", "04.07.2026 19:05"),
    example("format_time(`1700000000123`, '%a, %-d %b %Y', 'UTC')", "Tue, 14 Nov 2023"),
)
@null_gives_null
def _func_format_time(moment: Any, form: str, zone: str) -> str:
    try:
        read = of_iso(moment) if isinstance(moment, str) else of_milliseconds(math.floor(moment))
        return formatted(in_zone(read, zone_of(zone)), form)
    except TimeError as error:
        raise FunctionError(f"format_time() cannot take {shown(moment)}: {error}") from None
