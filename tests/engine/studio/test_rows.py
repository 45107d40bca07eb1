"""JSON values as lines: exact, bounded, and each with its pointer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moemap.engine.studio.frames import frame, length_of
from moemap.engine.studio.rows import MOST_ROWS, part_of, printed, rows_of


def text_of(rows: list[Any]) -> str:
    """The text that a page shows."""
    return "\n".join(
        "  " * row["depth"] + (f"{row['key']}: " if row["key"] else "") + row["value"] + "," * row["comma"]
        for row in rows
    )


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": [1.0, -0.0, 1e300, True, None, ""], "c": {}, "d": [], "e/f~g": {"h": [[]]}},
        [7346244611012968789, 66.90, '\u2028 \U0001f600 "quoted"', [[1], [2]]],
        "text",
        12,
        None,
        {},
        [],
    ],
)
def test_lines_are_the_text_of_the_value(value: Any) -> None:
    rows = rows_of(value)
    assert text_of(rows) == json.dumps(value, indent=2, ensure_ascii=False)


def test_pointers_and_kinds() -> None:
    rows = [(row["pointer"], row["kind"]) for row in rows_of({"a/b": [1, "x"], "c": None, "d": True})]
    assert rows == [
        ("", "object"),
        ("/a~1b", "array"),
        ("/a~1b/0", "number"),
        ("/a~1b/1", "string"),
        ("/a~1b", "end"),
        ("/c", "null"),
        ("/d", "boolean"),
        ("", "end"),
    ]


def test_masked_values_show_their_kinds() -> None:
    assert text_of(rows_of({"name": "Ada", "n": 1, "l": []}, is_masked=True)) == (
        '{\n  "name": (string),\n  "n": (integer),\n  "l": (list)\n}'
    )


def test_large_values_are_cut_and_their_parts_are_exact() -> None:
    value = {"list": [{"n": number} for number in range(100_000)], "deep": [[0] * 100] * 100, "text": "x" * 10_000}
    rows = rows_of(value)
    assert len(rows) < MOST_ROWS + 300
    assert max(len(row["value"]) for row in rows) < 2_100
    more = next(row for row in rows if row["kind"] == "more")
    found = part_of(value["list"], "/list", more["start"], 3)
    assert text_of(found).startswith('{\n  "n": 100\n},\n')
    assert (found[-1]["start"], found[-1]["count"]) == (103, 99_897)
    assert part_of(value["list"], "/list", 200_000, 3) == []
    assert text_of(part_of({"a": 1, "b": 2}, "", 1, 5)) == '"b": 2'


def test_printed_values_are_short() -> None:
    assert printed({"a": "x" * 1_000}).endswith("...")
    assert len(printed(["x"] * 1_000)) == 400


def test_halves_of_characters_reach_the_page() -> None:
    message = frame(rows_of({"a": "\ud800"}))
    assert length_of(message[:4]) == len(message) - 4
    assert json.loads(message[4:])[1]["value"] == '"\ud800"'
