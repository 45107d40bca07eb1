"""Times: reading and writing in formats and zones; random times read back as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.values.coercion import CoercionError, TimeForm, coerce
from moemap.engine.values.times import TimeError, format_flaw, formatted, parsed, zone_of


def form(*reads: str, zone: str | None = None, writes: str = "iso", to: str = "UTC", precision: Any = None) -> TimeForm:
    return reads or ("iso",), zone, writes, to, precision


BERLIN = form("%d.%m.%Y %H:%M", zone="Europe/Berlin")
CONVERTED: list[tuple[Any, TimeForm, Any]] = [
    ("31.01.2026 18:30", BERLIN, "2026-01-31T17:30:00Z"),
    ("31.07.2026 18:30", BERLIN, "2026-07-31T16:30:00Z"),
    ("25.10.2026 02:30", BERLIN, "2026-10-25T00:30:00Z"),  # comes twice: the first
    ("29.03.2026 02:30", BERLIN, "there is no such time in this zone: clocks were set forward"),
    ("31.02.2026 00:00", BERLIN, "there is no such time"),
    ("31.1.2026 00:00", BERLIN, "it does not have the format %d.%m.%Y %H:%M"),
    (7, BERLIN, "it is an integer, not a string"),
    ("2026-07-04T12:00:00+02:00", form(to="keep"), "2026-07-04T12:00:00+02:00"),
    ("2026-07-04T12:00:00+02:00", form(to="America/New_York"), "2026-07-04T06:00:00-04:00"),
    ("2026-07-04T12:00:00.123456Z", form(precision="milliseconds"), "2026-07-04T12:00:00.123Z"),
    ("2026-07-04T12:00:00Z", form(precision="microseconds"), "2026-07-04T12:00:00.000000Z"),
    ("1969-12-31T23:59:59.5Z", form(writes="seconds"), -1),
    ("1969-12-31T23:59:59.5Z", form(writes="milliseconds"), -500),
    (1.5, form("seconds", precision="milliseconds"), "1970-01-01T00:00:01.500Z"),
    ("1.5", form("milliseconds"), "1970-01-01T00:00:00.001500Z"),
    (0.0000001, form("seconds"), "it is more precise than a microsecond"),
    (10**30, form("seconds"), "it is not in the years 1 to 9999"),
    (True, form("seconds"), "it is a boolean"),
    ("x", form("seconds"), "it is not a decimal number"),
    ("x", form("seconds", "iso"), "it is none of seconds, iso"),
    ("2026-060", form("%Y-%j", zone="UTC"), "2026-03-01T00:00:00Z"),
    ("2026-366", form("%Y-%j", zone="UTC"), "there is no such time"),
    ("Mon 2 Mar 2026 12 AM", form("%a %-d %b %Y %I %p", zone="UTC"), "2026-03-02T00:00:00Z"),
    ("Tue 2 Mar 2026 12 AM", form("%a %-d %b %Y %I %p", zone="UTC"), "there is no such time"),
    ("Mon 2 Mar 2026 13 AM", form("%a %-d %b %Y %I %p", zone="UTC"), "there is no such time"),
    ("2026-03-02 +0530", form("%Y-%m-%d %z"), "2026-03-01T18:30:00Z"),
    ("2026-03-02 Z", form("%Y-%m-%d %:z"), "2026-03-02T00:00:00Z"),
    ("0001-01-01", form("%Y-%m-%d", zone="+01:00"), "it is not in the years 1 to 9999"),
    ("2026-03-02T00:00:00Z", form(writes="%% %j %p %B", to="-01:00"), "% 060 PM March"),
]


@pytest.mark.parametrize(("value", "given_form", "expected"), CONVERTED)
def test_converted(value: Any, given_form: TimeForm, expected: Any) -> None:
    try:
        found = coerce(value, "datetime", form=given_form)
    except CoercionError as error:
        found = str(error)
    assert found == expected


@pytest.mark.parametrize(
    ("text", "reads", "flaw"),
    [
        ("%Y-%m-%d", True, None),
        ("%d %H", False, None),
        ("%d %H", True, "it needs %Y with %j, or with %d and one of %m, %b and %B"),
        ("%Y-%m-%d %I", True, "%I and %p belong together"),
        ("%Y-%m-%d %-d", True, "it has %d twice"),
        ("%Y %q", False, "'%q' is no part of a format; known are "),
        ("100%", False, "'%' is no part of a format; known are "),
        ("", False, "it is empty"),
        ("x" * 201, False, "a format has at most 200 characters"),
    ],
)
def test_formats_that_cannot_be_used(text: str, reads: bool, flaw: str | None) -> None:
    found = format_flaw(text, reads=reads)
    assert found == flaw or (flaw is not None and found is not None and found.startswith(flaw))


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../UTC", "Europe", "", "+25:00", "Europe/Berlin\0"])
def test_zones_that_do_not_exist(name: str) -> None:
    with pytest.raises(TimeError, match="there is no time zone"):
        zone_of(name)


@pytest.mark.fuzz
@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "+05:30", "UTC"]),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S.%f %z", "%A, %-d %B %Y %-I:%-M:%-S %p %f %:z", "%j/%Y %H %M %S %f %z"]),
)
def test_what_is_written_reads_back(moment: datetime, zone: str, text: str) -> None:
    local = moment.replace(tzinfo=UTC, second=0).astimezone(zone_of(zone))
    offset = local.utcoffset()
    assert offset is not None
    if offset.seconds % 60 == 0:  # old offsets had seconds
        assert parsed(formatted(local, text), text, UTC) == local
