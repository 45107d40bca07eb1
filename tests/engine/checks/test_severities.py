"""Severities can be set for the codes that checks report, and for no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.diagnostics.catalogue import CATALOGUE, is_settable
from moemap.tests.conftest import MAIN

HEAD = MAIN.replace("checks: {M237: ignore, M238: ignore}\n", "")

KNOWN = ", ".join(sorted(filter(is_settable, CATALOGUE)))


def found(main: Path) -> list[str]:
    problems = api.inspect(main).problems
    return [
        f"{one.place and one.place.line}:{one.place and one.place.column} {one.message} ({one.hint})"
        for one in problems
    ]


def test_what_checks_report_can_be_set() -> None:
    assert {code for code, entry in CATALOGUE.items() if entry.page is not None} - set(KNOWN.split(", ")) == {
        *("M120", "M135", "M136", "M138", "M140", "M141"),  # faults in the structure of the rules
        *("M150", "M151", "M152", "M153", "M154", "M155"),  # the same of the delivery
        "M124",  # a fault of a schema
        "M204",  # nothing runs with a name that is unknown
        "M618",  # the same, of those of outputs
        *("M554", "M555"),  # an assertion that is not held says nothing
    }
    assert not any(is_settable(code) for code in ("M101", "M202", "M205", "M504", "M601", "M299"))


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("M204", "the severity of M204 cannot be changed"),
        ("M504", "the severity of M504 cannot be changed"),
        ("M3O4", "did you mean 'M304'?"),
        ("M300", f"known here: {KNOWN}"),
        ("nothing", f"known here: {KNOWN}"),
    ],
)
@pytest.mark.parametrize("rest", ["", "surplus: 1\n"])
def test_a_code_whose_severity_cannot_be_set_has_a_hint(
    write: Callable[..., Path], code: str, hint: str, rest: str
) -> None:
    main = write({"mapping.yaml": f"{HEAD}checks: {{M206: ignore, {code}: ignore}}\n{rest}"})
    assert found(main)[0] == f"11:24 unknown key {code!r} in checks ({hint})"


def test_a_severity_that_is_none(write: Callable[..., Path]) -> None:
    main = write({"mapping.yaml": f"{HEAD}checks: {{M206: erorr}}\n"})
    assert found(main) == ["11:16 'M206' must be one of ignore, warning, error, not 'erorr' (did you mean 'error'?)"]
