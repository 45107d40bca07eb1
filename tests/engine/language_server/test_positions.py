"""Positions of an editor and those of the engine: there and back, in every encoding, whatever the line holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from moemap.engine.editing.data import Position, Span
from moemap.engine.language_server.positions import Positions

ENCODINGS = ("utf-8", "utf-16", "utf-32")
TEXT = "a\n\u00e9 e\u0301 \U0001f600 \U0001f469\u200d\U0001f4bb z\r\nb\rc\u2028d\x85e"
"""An accent in one character and in two, an emoji, one made of three characters; ends of lines, and what is none."""


@pytest.mark.parametrize(
    ("encoding", "text", "units"),
    [
        ("utf-8", "\u00e9", 2),
        ("utf-8", "e\u0301", 3),
        ("utf-8", "\U0001f600", 4),
        ("utf-8", "\U0001f469\u200d\U0001f4bb", 11),
        ("utf-16", "\u00e9", 1),
        ("utf-16", "e\u0301", 2),
        ("utf-16", "\U0001f600", 2),
        ("utf-16", "\U0001f469\u200d\U0001f4bb", 5),
        ("utf-32", "\u00e9", 1),
        ("utf-32", "e\u0301", 2),
        ("utf-32", "\U0001f600", 1),
        ("utf-32", "\U0001f469\u200d\U0001f4bb", 3),
    ],
)
def test_units(encoding: str, text: str, units: int) -> None:
    positions = Positions(f"x: {text} y\n", encoding)
    assert positions.position(Position(1, 4 + len(text))) == types.Position(0, 3 + units)
    assert positions.from_editor(types.Position(0, 3 + units)) == Position(1, 4 + len(text))
    assert positions.length(1, 4, len(text)) == units


@pytest.mark.fuzz
@given(
    text=st.text(st.sampled_from("a\u00e9\u0301\U0001f600\u2028\x85\n\r \ud800")), encoding=st.sampled_from(ENCODINGS)
)
def test_there_and_back(text: str, encoding: str) -> None:
    positions = Positions(text, encoding)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line, content in enumerate(lines, start=1):
        for column in range(1, len(content) + 2):
            there = positions.position(Position(line, column))
            assert (there.line, positions.from_editor(there)) == (line - 1, Position(line, column))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_no_position_is_the_nearest_one(encoding: str) -> None:
    positions = Positions(TEXT, encoding)
    assert positions.from_editor(types.Position(0, 99)) == Position(1, 2)
    assert positions.from_editor(types.Position(99, 99)) == Position(100, 1)
    assert positions.position(Position(1, 99)) == types.Position(0, 1)
    assert positions.position(Position(99, 99)) == types.Position(98, 0)
    assert positions.range(Span(Position(3, 1), Position(4, 1))) == types.Range(
        types.Position(2, 0), types.Position(3, 0)
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_inside_of_a_character_is_before_it(encoding: str) -> None:
    assert Positions("\U0001f600", encoding).from_editor(types.Position(0, 1)) == Position(1, 1)
