"""Times: RFC 3339, formats such as `%d.%m.%Y %H:%M`, milliseconds since 1970, and time zones by name.

Formats are those of strftime, without anything that depends on the locale or has to be guessed: names are English,
there are no years of two digits, and a number has all its digits unless the format says `%-d`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "UNITS",
    "TimeError",
    "format_flaw",
    "formatted",
    "iso_text",
    "of_iso",
    "of_milliseconds",
    "of_unix",
    "parsed",
    "zone_flaw",
    "zone_of",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST_MS = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
LAST_MS = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
MAX_FORMAT = 200
UNITS = frozenset({"iso", "seconds", "milliseconds"})
"""The ways of writing a time that are not formats."""

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))"
)
_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_YEARS = "it is not in the years 1 to 9999"
_NONE = "there is no such time"


class TimeError(ValueError):
    """A time that cannot be read or written; the text is the reason, such as "there is no such time"."""


def of_iso(text: str) -> datetime:
    """The time that a text of RFC 3339 gives, in its own offset. Raises TimeError."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise TimeError("it is not a time with a zone such as 2026-01-31T23:59:59Z")
    local, fraction, sign, hours, minutes = match.groups()
    try:
        # The zone is normalised by hand: Python before 3.12 does not parse an offset without a colon.
        moment = datetime.fromisoformat(f"{local}{f'{sign}{hours}:{minutes}' if sign else '+00:00'}")
    except ValueError:
        raise TimeError(_NONE) from None
    _in_utc(moment)
    if fraction is not None and fraction[6:].strip("0"):
        raise TimeError("it is more precise than a microsecond")
    return moment.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6]))


def of_milliseconds(number: int) -> datetime:
    """The time so many milliseconds after 1970 began, in UTC. Raises TimeError."""
    if not FIRST_MS <= number <= LAST_MS:
        raise TimeError(_YEARS)
    return EPOCH + number * MILLISECOND


def of_unix(number: int | float | str, unit: str) -> datetime:
    """The time so many "seconds" or "milliseconds" after 1970 began, in UTC. Raises TimeError."""
    from decimal import Decimal  # imported late: few numbers need it

    micros = Decimal(
        number if isinstance(number, int) else repr(number) if isinstance(number, float) else number.strip()
    )
    micros = micros.scaleb(6 if unit == "seconds" else 3)
    if not FIRST_MS * 1000 <= micros <= LAST_MS * 1000:
        raise TimeError(_YEARS)
    if micros != int(micros):
        raise TimeError("it is more precise than a microsecond")
    return EPOCH + timedelta(microseconds=int(micros))


def iso_text(moment: datetime, precision: str | None = None) -> str:
    """A time as `2026-01-31T23:59:59Z` or with its offset, with three or six digits for a fraction of a second, if any.

    With a precision ("seconds", "milliseconds" or "microseconds") always to that; what is finer is cut off.
    """
    if precision is None:
        digits = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
        precision = digits if moment.microsecond else "seconds"
    offset = moment.utcoffset()
    text = moment.replace(tzinfo=None).isoformat(timespec=precision)
    return f"{text}{_offset_text(offset, ':') if offset else 'Z'}"


def _offset_text(offset: timedelta, colon: str) -> str:
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise TimeError(_YEARS) from None


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same time in another zone. Raises TimeError."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise TimeError(_YEARS) from None


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The time zone with a name such as "Europe/Berlin", "UTC" or "+01:00". Raises TimeError."""
    if (match := _OFFSET.fullmatch(name)) is not None:
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-offset if sign == "-" else offset)
    if name == "UTC":
        return UTC
    # Few mappings need them, and they are slow to import.
    from importlib.resources import files
    from zoneinfo import ZoneInfo

    try:
        if _ZONE_NAME.fullmatch(name) is None:
            raise OSError(name)
        try:
            # The package before the system, whose zones differ from machine to machine.
            with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
                return ZoneInfo.from_file(file, key=name)
        except ModuleNotFoundError:
            return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise TimeError(f"there is no time zone {name!r}; names are such as Europe/Berlin, UTC or +01:00") from None


# --- formats


_MONTHS = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class _Directive(NamedTuple):
    """A code for a part of a time in a format: the texts that it reads, and how it is written."""

    reads: str
    writes: Callable[[datetime], str]


def _digits(digits: int, value: Callable[[datetime], int]) -> _Directive:
    return _Directive(f"[0-9]{{{digits}}}", lambda moment: f"{value(moment):0{digits}}")


def _bare(value: Callable[[datetime], int]) -> _Directive:
    return _Directive("[1-9][0-9]|[0-9]", lambda moment: str(value(moment)))


def _word(names: tuple[str, ...], length: int | None, number: Callable[[datetime], int]) -> _Directive:
    return _Directive("|".join(name[:length] for name in names), lambda moment: names[number(moment)][:length])


def _zone(colon: str) -> _Directive:
    return _Directive(
        "Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]", lambda moment: _offset_text(moment.utcoffset() or timedelta(), colon)
    )


def _twelve(moment: datetime) -> int:
    return moment.hour % 12 or 12


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "d": lambda moment: moment.day,
    "m": lambda moment: moment.month,
    "H": lambda moment: moment.hour,
    "I": _twelve,
    "M": lambda moment: moment.minute,
    "S": lambda moment: moment.second,
}
_DIRECTIVES: dict[str, _Directive] = {
    **{letter: _digits(2, value) for letter, value in _NUMBERS.items()},
    **{f"-{letter}": _bare(value) for letter, value in _NUMBERS.items()},
    "Y": _digits(4, lambda moment: moment.year),
    "L": _digits(3, lambda moment: moment.microsecond // 1000),
    "f": _digits(6, lambda moment: moment.microsecond),
    "j": _digits(3, lambda moment: moment.timetuple().tm_yday),
    "b": _word(_MONTHS, 3, lambda moment: moment.month - 1),
    "B": _word(_MONTHS, None, lambda moment: moment.month - 1),
    "a": _word(_DAYS, 3, datetime.weekday),
    "A": _word(_DAYS, None, datetime.weekday),
    "p": _Directive("AM|PM", lambda moment: "AM" if moment.hour < 12 else "PM"),
    "z": _zone(""),
    ":z": _zone(":"),
}
_PART = re.compile(r"%([-:]?[A-Za-z])|%%|[^%]+|%")


@lru_cache(maxsize=256)
def _parts(form: str) -> tuple[tuple[str, bool], ...]:
    """The directives of a format (without the `%`) and the texts between them. Raises TimeError."""
    if len(form) > MAX_FORMAT:
        raise TimeError(f"a format has at most {MAX_FORMAT} characters")
    if not form:
        raise TimeError("it is empty")
    parts = []
    for found in _PART.finditer(form):
        letter = found[1]
        if found[0] == "%" or (letter is not None and letter not in _DIRECTIVES):
            known = ", ".join(f"%{name}" for name in sorted(_DIRECTIVES, key=lambda name: (name[-1].lower(), name)))
            raise TimeError(f"{found[0]!r} is no part of a format; known are {known}, %%")
        parts.append((letter, True) if letter is not None else (found[0].replace("%%", "%"), False))
    return tuple(parts)


def format_flaw(form: str, *, reads: bool = False) -> str | None:
    """The reason why a format cannot be used to write times (with `reads`, to read them); None if it can."""
    try:
        letters = [text.lstrip("-") for text, is_directive in _parts(form) if is_directive]
    except TimeError as error:
        return str(error)
    if not reads:
        return None
    twice = next((letter for letter in letters if letters.count(letter) > 1), None)
    if twice is not None:
        return f"it has %{twice} twice"
    has = set(letters)
    if "Y" not in has or not ("j" in has or (has & {"m", "b", "B"} and "d" in has)):
        return "it needs %Y with %j, or with %d and one of %m, %b and %B"
    if ("I" in has) != ("p" in has):
        return "%I and %p belong together"
    return None


def zone_flaw(name: str) -> str | None:
    """The reason why a time zone cannot be used; None if it can."""
    try:
        zone_of(name)
    except TimeError as error:
        return str(error)
    return None


def formatted(moment: datetime, form: str) -> str:
    """A time in a format. Raises TimeError."""
    return "".join(_DIRECTIVES[text].writes(moment) if is_directive else text for text, is_directive in _parts(form))


@lru_cache(maxsize=256)
def _reader(form: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    if (flaw := format_flaw(form, reads=True)) is not None:
        raise TimeError(f"the format {form!r} cannot be read: {flaw}")
    parts = _parts(form)
    written = (f"({_DIRECTIVES[text].reads})" if is_directive else re.escape(text) for text, is_directive in parts)
    return re.compile("".join(written)), tuple(text.lstrip("-:") for text, is_directive in parts if is_directive)


def parsed(text: str, form: str, zone: tzinfo) -> datetime:
    """The time that a text gives in a format; where that has no `%z`, in this zone. Raises TimeError.

    A local time that occurs twice, when clocks are set back, is the first of the two; one that is skipped is refused.
    """
    pattern, letters = _reader(form)
    match = pattern.fullmatch(text)
    if match is None:
        raise TimeError(f"it does not have the format {form}")
    found = dict(zip(letters, match.groups(), strict=True))
    try:
        moment = _local(found)
    except ValueError:
        raise TimeError(_NONE) from None
    for letter in ("a", "A"):
        if letter in found and _DIRECTIVES[letter].writes(moment) != found[letter]:
            raise TimeError(_NONE)
    if "z" in found:
        offset = found["z"].replace(":", "")
        zone = UTC if offset == "Z" else zone_of(f"{offset[:3]}:{offset[3:]}")
    moment = moment.replace(tzinfo=zone)
    if in_zone(_in_utc(moment), zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise TimeError(f"{_NONE} in this zone: clocks were set forward")
    return moment


def _local(found: dict[str, str]) -> datetime:
    """The local time that the parts read from a text make up. Raises ValueError."""
    year = int(found["Y"])
    if "j" in found:
        number = int(found["j"])
        day = date(year, 1, 1) + timedelta(days=number - 1)
        if day.year != year:
            raise ValueError(number)
    else:
        month = int(found["m"]) if "m" in found else 0
        for letter, length in (("b", 3), ("B", None)):
            if letter in found:
                month = [name[:length] for name in _MONTHS].index(found[letter]) + 1
        day = date(year, month, int(found["d"]))
    hour = int(found.get("H", 0))
    if "I" in found:
        twelve = int(found["I"])
        if not 1 <= twelve <= 12:
            raise ValueError(twelve)
        hour = twelve % 12 + (12 if found["p"] == "PM" else 0)
    micro = int(found["f"]) if "f" in found else 1000 * int(found.get("L", 0))
    return datetime(day.year, day.month, day.day, hour, int(found.get("M", 0)), int(found.get("S", 0)), micro)
