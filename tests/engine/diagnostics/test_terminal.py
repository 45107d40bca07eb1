"""Text for terminals and logs."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.diagnostics.terminal import is_lively, printable, printable_lines, styled, takes_color


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Zoë 購入 😀", "Zoë 購入 😀"),
        ("\x00\x1b[31m\n\t\x7f", "\\u0000\\u001b[31m\\n\\t\\u007f"),
        ("a\u202eb\u2066c\u200b", "a\\u202eb\\u2066c\\u200b"),
        ("\x9b2J\u0085\u2028\u00a0", "\\u009b2J\\u0085\\u2028\\u00a0"),
        ("\ud800 \U000e0001", "\\ud800 \\udb40\\udc01"),
    ],
)
def test_printable(raw: str, shown: str) -> None:
    assert printable(raw) == shown


@pytest.mark.fuzz
@given(st.text(st.characters()))
def test_printable_is_harmless_and_the_same_json(raw: str) -> None:
    assert printable(raw).isprintable()
    assert json.loads(printable(json.dumps(raw, ensure_ascii=False))) == raw
    assert printable(printable(raw)) == printable(raw)


def test_lines_stay_lines() -> None:
    assert printable_lines("a\n\rb\u2028\n") == "a\n\\rb\\u2028\n"


def test_styled() -> None:
    assert (styled("1;31", "x", color=True), styled("1;31", "x", color=False)) == ("\x1b[1;31mx\x1b[0m", "x")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "on_terminal", "in_file"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "3", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_who_gets_colours(
    environment: dict[str, str], on_terminal: bool, in_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (takes_color(Terminal()), takes_color(io.StringIO()), takes_color(None)) == (on_terminal, in_file, False)
    assert is_lively(Terminal()) == (environment.get("TERM") != "dumb")
