"""Reading batches from streams, whatever they come in."""

import gzip
import io
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import compression, records
from moemap.engine.records import MAX_RECORD_BYTES, Record, read_units

GZIPPED = gzip.compress(b'{"a": 1}\n{"a": 2}\n')
WIDE = "the record is not JSON: it is UTF-16 or UTF-32 text; only UTF-8 is read"
NOT_CLOSED = "the record is not JSON: the list is not closed"


def units(text: bytes, size: int, *, lines: bool = False) -> list[list[Record]]:
    return [list(unit) for unit in read_units(io.BytesIO(text), "x", size, lines=lines)]


def read(text: bytes, *, lines: bool = False) -> list[Record]:
    return [record for unit in units(text, 100, lines=lines) for record in unit]


def batch(record: Record) -> Any:
    value, problem = record.parse()
    return value if problem is None else problem.message


def short(record: Record) -> tuple[int, Any]:
    return record.line, batch(record)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": 1}', [(1, {"a": 1})]),
        (b'\xef\xbb\xbf {"a": 1}', [(1, {"a": 1})]),
        (b'{\n  "a": 1\n}', [(1, {"a": 1})]),
        (b'{\n  "a": 1\n}\n{\n  "b": 2}', [(1, {"a": 1}), (2, {"b": 2})]),
        (
            b'[{"a": "],\\"[{"}, {"b": [1, {"c": 2}]} , 5, null]',
            [(1, {"a": '],"[{'}), (2, {"b": [1, {"c": 2}]}), (3, 5), (4, None)],
        ),
        (b'{"a": 1}\n\n{"a": 2}\r\n{"a": 3}', [(1, {"a": 1}), (3, {"a": 2}), (4, {"a": 3})]),
        (
            b'{bad}\n{"a": 2}\n{"a": 3}\n',
            [
                (1, "the record is not JSON: unexpected character, expected a string key (character 2)"),
                (2, {"a": 2}),
                (3, {"a": 3}),
            ],
        ),
        (b"[]", []),
        (b" [ ] \n", []),
        (b"", []),
        (b" \n ", []),
        (b"\xef\xbb\xbf", []),
        (b'[{"a": 1}', [(1, {"a": 1}), (2, NOT_CLOSED)]),
        (
            b'[{"a": 1}, {bad}, {"c": 1}]',
            [
                (1, {"a": 1}),
                (2, "the record is not JSON: unexpected character, expected a string key (character 2)"),
                (3, {"c": 1}),
            ],
        ),
        ('{"a": 1}\n{"a": 2}'.encode("utf-16"), [(1, WIDE)]),
        ('{"a": 1}\n{"a": 2}'.encode("utf-16-be"), [(1, WIDE)]),
        ('[{"a": 1}]'.encode("utf-32-le"), [(1, WIDE)]),
        ('{"name": "José"}'.encode("latin-1"), [(1, "the record is not JSON: it is not UTF-8 text (byte 14)")]),
        (b'[{"a": "\xff"}, {"a": 1}]', [(1, "the record is not JSON: it is not UTF-8 text (byte 8)"), (2, {"a": 1})]),
        (b"5", [(1, 5)]),
        (GZIPPED, [(1, {"a": 1}), (2, {"a": 2})]),
        (GZIPPED + GZIPPED, [(1, {"a": 1}), (2, {"a": 2}), (3, {"a": 1}), (4, {"a": 2})]),
        (GZIPPED[:-6], [(1, {"a": 1}), (2, {"a": 2}), (0, "the record is not JSON: the compressed data breaks off")]),
        (GZIPPED[:12] + b"\0\0\0" + GZIPPED[15:], None),
    ],
)
def test_read(text: bytes, expected: list[tuple[int, Any]] | None) -> None:
    found = [short(record) for record in read(text)]
    if expected is None:
        assert found[-1] == (0, "the record is not JSON: the compressed data is damaged")
    else:
        assert found == expected


@pytest.mark.parametrize(
    "flood",
    [b"[" * 5_000_000, b"[" * 2_500_000 + b"]" * 2_500_000, b"{}" + b"]" * 5_000_000, b'["' + b"\\" * 5_000_000],
    ids=["opened", "closed again", "closed too often", "backslashes"],
)
@pytest.mark.parametrize("lines", [False, True])
def test_a_flood_is_read_in_no_time(flood: bytes, lines: bool) -> None:
    start = time.process_time()
    assert all(batch(record) == {} or record.problem or record.parse()[1] for record in read(flood, lines=lines))
    assert time.process_time() - start < 0.5


def test_a_record_that_is_too_large_is_one_problem_and_is_not_kept() -> None:
    large = b'{"a": "' + b"x" * MAX_RECORD_BYTES + b'"}'
    for text, lines in ((large + b'\n{"a": 1}\n', True), (b"[" + large + b', {"a": 1}]', False)):
        first, second = read(text, lines=lines)
        assert first.problem is not None
        assert (first.problem.code, first.problem.message) == (
            "M503",
            "the record is refused: it has more than 10000000 bytes",
        )
        assert (first.text, batch(second)) == (b"", {"a": 1})


LINES = [b'{"a": 1}', b"", b'{"a": "' + b"x" * 30 + b'"}', b" \r", b'{"a": 3}\r', b"\t", b'{"a": 4}', b""]


@given(st.lists(st.sampled_from(LINES), max_size=12), st.integers(4, 60), st.integers(1, 200), st.booleans())
def test_units_are_cut_between_lines(lines: list[bytes], chunk: int, size: int, ended: bool) -> None:
    """Wherever chunks of the stream end: each line is in one unit, under its number; what is too large is a problem."""
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "CHUNK", chunk)
        patch.setattr(records, "CHUNK", chunk)
        patch.setattr(records, "MAX_RECORD_BYTES", 20)
        for packed in (text, gzip.compress(text)):
            found = [record for unit in units(packed, size, lines=True) for record in unit]
            assert [(record.line, record.text, record.problem is None) for record in found] == [
                (number, line.strip() if len(line) <= 20 else b"", len(line) <= 20)
                for number, line in enumerate(lines, 1)
                if line.strip()
            ]


def test_a_unit_has_about_the_size_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "CHUNK", 100)
    monkeypatch.setattr(records, "CHUNK", 100)
    batches = [b'{"a": %10d}' % number for number in range(1_000)]
    for text in (b"\n".join(batches), b"[%s]" % b",".join(batches)):
        found = units(text, 1_000)
        assert [record.text for unit in found for record in unit] == batches
        assert {len(unit) for unit in found[:-1]} <= set(range(50, 70))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BATCHES = st.lists(st.dictionaries(st.text(), JSON, min_size=1, max_size=3), min_size=1, max_size=5)


@given(BATCHES, st.integers(4, 40), st.sampled_from([None, 0, 2]), st.booleans())
def test_every_form_gives_the_same_batches(batches: list[Any], chunk: int, indent: int | None, ascii_: bool) -> None:
    """Whatever the form, and wherever chunks of the stream end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "CHUNK", chunk)
        patch.setattr(records, "CHUNK", chunk)
        a_list = json.dumps(batches, indent=indent, ensure_ascii=ascii_).encode()
        a_line_each = "\n".join(json.dumps(batch, ensure_ascii=ascii_) for batch in batches).encode()
        one_after_the_other = "\n".join(json.dumps(batch, indent=1) for batch in batches).encode()
        for text, lines in (
            (a_list, False),
            (a_line_each, True),
            (one_after_the_other, False),
            (gzip.compress(a_list), False),
        ):
            assert [batch(record) for record in read(text, lines=lines)] == batches


@given(st.binary(max_size=200))
def test_anything_is_read_without_an_exception(text: bytes) -> None:
    for record in read(text):
        assert record.problem is None or record.problem.code in ("M501", "M503")
        record.parse()
