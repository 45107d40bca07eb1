"""Reading batches from streams, in every format and division into chunks."""

import gzip
import io
import json
import os
import signal
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.jobs import compression
from moemap.engine.jobs import input as records
from moemap.engine.jobs.input import MAX_RECORD_BYTES, MOST_RECORDS, SampledUnit, read_units, sampled
from moemap.engine.runtime.batch import Record

GZIPPED = gzip.compress(b'{"a": 1}\n{"a": 2}\n', mtime=0)
WIDE = "the record is not JSON: it is UTF-16 or UTF-32 text; only UTF-8 is read"
NOT_CLOSED = "the record is not JSON: the list is not closed"
EMPTY = "the record is not JSON: it is empty"
NO_VALUE = "the record is not JSON: invalid literal, expected 'null' (character 1)"
CUT = "the record is not JSON: unexpected end of data (character 6)"
COMMA = "it ends with a comma (character %d), which is allowed between the elements of a list only"
ENDS_IN_COMMA = "the record is not JSON: " + COMMA % 9

SEPARATOR = (
    "the record is not JSON: it has a record separator (U+001E, character %d), which is read in files and "
    "streams that begin with one"
)
ANY_CHARACTER = "the record is not JSON: unexpected character, expected a JSON value (character 1)"
LACKS_COMMA = "the record is not JSON: there is no comma before it in the list"


def units(text: bytes, size: int, *, lines: bool = False, most: int = MAX_RECORD_BYTES) -> list[list[Record]]:
    return [list(unit) for unit in read_units(io.BytesIO(text), "x", size, lines=lines, most=most)]


def read(text: bytes, *, lines: bool = False, most: int = MAX_RECORD_BYTES) -> list[Record]:
    return [record for unit in units(text, 100, lines=lines, most=most) for record in unit]


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
        (b'{\n  "a": 1\n}\n{\n  "b": 2}', [(1, {"a": 1}), (4, {"b": 2})]),
        (
            b'[{"a": "],\\"[{"}, {"b": [1, {"c": 2}]} , 5, null]',
            [(1, {"a": '],"[{'}), (1, {"b": [1, {"c": 2}]}), (1, 5), (1, None)],
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
        (b'[{"a": 1}', [(1, {"a": 1}), (1, NOT_CLOSED)]),
        (
            b'[{"a": 1}, {bad}, {"c": 1}]',
            [
                (1, {"a": 1}),
                (1, "the record is not JSON: unexpected character, expected a string key (character 2)"),
                (1, {"c": 1}),
            ],
        ),
        ('{"a": 1}\n{"a": 2}'.encode("utf-16"), [(1, WIDE)]),
        ('{"a": 1}\n{"a": 2}'.encode("utf-16-be"), [(1, WIDE)]),
        ('[{"a": 1}]'.encode("utf-32-le"), [(1, WIDE)]),
        ('[{"a": 1}]'.encode("utf-32-be"), [(1, WIDE)]),
        (b'{"a": 1}\n\0\0\0\0\0', [(1, {"a": 1}), (2, ANY_CHARACTER)]),
        ('{"name": "José"}'.encode("latin-1"), [(1, "the record is not JSON: it is not UTF-8 text (byte 14)")]),
        (b'[{"a": "\xff"}, {"a": 1}]', [(1, "the record is not JSON: it is not UTF-8 text (byte 8)"), (1, {"a": 1})]),
        (b"5", [(1, 5)]),
        (b'null\n{"a": 1}\n', [(1, None), (2, {"a": 1})]),
        (b'no JSON\n{"a": 1}\n', [(1, NO_VALUE), (2, {"a": 1})]),
        (b'{"a": 1},\n{"a": 2},\n{"a": 3}\n', [(1, ENDS_IN_COMMA), (2, ENDS_IN_COMMA), (3, {"a": 3})]),
        (b'\n{"a": "\xc3\xa9"},\n', [(2, "the record is not JSON: " + COMMA % 11)]),
        (b'{"a": 1}, {"a": 2}', [(1, {"a": 1}), (1, "the record is not JSON: " + COMMA.replace("ends", "begins") % 1)]),
        (
            b'\x1e{"a": 1}\n\x1e{"a":\n 2}\n\x1e{"a":\n\x1e\x1e{"a": 3}',
            [(1, {"a": 1}), (2, {"a": 2}), (4, CUT), (5, {"a": 3})],
        ),
        (b"\x1e1\n", [(1, 1)]),
        (b" \n\x1e", []),
        (
            b'{"a": 1}\n\x1e{"a": 2}\n\n\x1e\n\x1e{bad\n{"a": 3}\x1e\n{"a": 4}\x1e{"a": 5}\n',
            [
                *[(1, {"a": 1}), (2, SEPARATOR % 1), (4, SEPARATOR % 1), (5, SEPARATOR % 1)],
                *[(6, SEPARATOR % 9), (7, SEPARATOR % 9)],
            ],
        ),
        (b'[{"a": 1},\n\x1e{"a": 2}]', [(1, {"a": 1}), (2, SEPARATOR % 1)]),
        (b'{\n"a": 1}\x1e{"a": 2}\n', [(1, {"a": 1}), (2, SEPARATOR % 1)]),
        (
            b'{"a": 1}\n{"a": "\x1e"}\n',
            [(1, {"a": 1}), (2, "the record is not JSON: unexpected control character in string (character 8)")],
        ),
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


def test_a_line_that_ends_in_a_comma_has_words_of_its_own() -> None:
    found = [short(record) for record in read(b'{"a": 1},\n{"a": 2}\r\n{"a": 3} ,\r\n5,\n')]
    assert [place for place, _ in found] == [1, 2, 3, 4]
    assert [value for _, value in found] == [
        f"the record is not JSON: {COMMA % 9}",
        {"a": 2},
        f"the record is not JSON: {COMMA % 10}",
        f"the record is not JSON: {COMMA % 2}",
    ]


def test_a_json_text_sequence_is_read_with_any_line_ends_and_without() -> None:
    """RFC 7464: a separator before each record; lines count on within records."""
    text = b'\x1e{"a": 1}\x1e{"a":\r\n 2}\r\n\x1e\x1e\n\x1e{"a": 3}'
    assert [short(record) for record in read(text)] == [(1, {"a": 1}), (1, {"a": 2}), (4, {"a": 3})]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            b'\n\n[\n{"a": 1},\n\n{"a":\n\n2}, {"a": 3}\n,\n4\n]\n',
            ["x:4", "x:6 (record 2)", "x:8 (record 3)", "x:10 (record 4)"],
        ),
        (b"[\n\n1,\n2", ["x:3", "x:4 (record 2)", "x:4 (record 3)"]),
        (b'{\n"a": 1\n} {\n"a": 2\n}\n\n3', ["x:1", "x:3 (record 2)", "x:7 (record 3)"]),
        (b"\x1e{\n}\n\x1e\n{}\n", ["x:1", "x:4 (record 2)"]),
        (b"\n{}\n\n{}\n", ["x:2", "x:4"]),
        (gzip.compress(b"{}\n{}\n", mtime=0)[:-6], ["x:1", "x:2", "x"]),
    ],
)
@pytest.mark.parametrize("chunk", [4, 5, 7, 65536])
def test_a_place_is_a_line_of_the_file(
    text: bytes, places: list[str], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds for all forms of records, and wherever chunks of the stream end."""
    monkeypatch.setattr(compression, "CHUNK", chunk)
    assert [record.where for record in read(text)] == places


def test_the_line_after_what_is_too_large() -> None:
    large = b'{"a": [\n' + b"1,\n" * 50 + b"1]}"
    for text in (b"[%s,\n{}]" % large, b"\x1e%s\n\x1e{}" % large):
        assert [(record.where, record.problem is None) for record in read(text, most=20)] == [
            ("x:1", False),
            ("x:53 (record 2)", True),
        ]


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Both ends of a pipe: to read from, and to write to. A test that blocks is interrupted."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(10)
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as reading, open(write_end, "wb", buffering=0) as writing:
        yield reading, writing
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "steps",
    [
        [(b'{"a": 1}\n', [1]), (b'{"a": 2}\n{"a": 3}\n{"a"', [2, 3]), (b": 4}\n", [4])],
        [(b'\n{"a": 1},', []), (b'\n\n{"a": 2}\n', [ENDS_IN_COMMA, 2]), (b'{"a": 3}\r\n', [3])],
        [(b'[{"a": 1}, {"a"', [1]), (b': 2}, {"a": 3},', [2, 3]), (b'{"a": 4}', []), (b"]", [4])],
        [(b'[{"a": 1}', [1]), (b' \n, "x" ', ["x"]), (b', [{"a": "]},"}', []), (b"]", [[{"a": "]},"}]]), (b"]", [])],
        [(b'[{"a": 1}', [1]), (b' {"a": 2}', []), (b", 3", [LACKS_COMMA]), (b",,5]", [3, EMPTY, 5])],
        [(b'[{"a": 1}', [1]), (b' 2] {"a": 3}', [LACKS_COMMA, 3]), (b'[{"a": 4}', [4]), (b"]", [])],
        [(b'{\n"a":\n1}', [1]), (b'{"a": 2} {', [2]), (b'"a": 3}', [3])],
        [(b'\x1e{"a": 1}\n', [1]), (b'\x1e{"a": 2}\n\x1e', [2]), (b'{"a":\n', []), (b"3}\n", [3])],
        [(gzip.compress(b'{"a": 1}\n', mtime=0), [1]), (gzip.compress(b'{"a": 2}\n', mtime=0), [2])],
        [(b"{", []), (b'"a"', []), (b': 1}\n{"a": 2}\n', [1, 2])],
    ],
    ids=[
        *("lines", "a broken line", "a list", "a list without commas", "commas that are missing", "several lists"),
        *("documents", "a sequence", "gzip", "a few bytes"),
    ],
)
def test_what_comes_through_a_pipe_is_handed_on_while_more_is_to_come(
    pipe: tuple[BinaryIO, BinaryIO], steps: list[tuple[bytes, list[Any]]]
) -> None:
    reading, writing = pipe
    units = read_units(reading, "x", 1 << 19)
    for written, expected in steps:
        writing.write(written)
        found: list[Any] = []
        while len(found) < len(expected):
            values = [batch(record) for record in next(units)]
            found += [value["a"] if isinstance(value, dict) else value for value in values]
        assert found == expected
    writing.close()
    assert [record for unit in units for record in unit] == []


def test_a_fast_pipe_gives_whole_units(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    """A unit ends early only if no data comes for a while."""
    reading, writing = pipe
    text = b'{"a": 1}\n' * 200_000

    def write() -> None:
        written = 0
        while written < len(text):  # a signal ends a call early
            written += writing.write(text[written:])
        writing.close()

    writer = threading.Thread(target=write)
    writer.start()
    sizes = [sum(1 for _ in unit) for unit in read_units(reading, "x", 1 << 19)]
    writer.join()
    assert sum(sizes) == 200_000
    assert sizes == [MOST_RECORDS] * (200_000 // MOST_RECORDS)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rest", "lines", "values"),
    [
        (b"", False, []),
        (b"", True, []),
        (b'{"a": 1}\n{"a": 2}', False, [(101, 1), (102, 2)]),
        (b'{"a": 1}\n{"a": 2}', True, [(101, 1), (102, 2)]),
        (b'[{"a": 1},\n{"a": 2}]', False, [(101, 1), (102, 2)]),
        (b'\x1e{"a": 1}\n\x1e{"a": 2}', False, [(101, 1), (102, 2)]),
    ],
)
def test_a_flood_of_blanks_is_read_in_no_time_and_not_kept(
    rest: bytes, lines: bool, values: list[tuple[int, int]]
) -> None:
    blank = gzip.compress(b" " * 499_999 + b"\n", mtime=0) * 100
    start = time.process_time()
    tracemalloc.start()
    found = read(blank + gzip.compress(rest, mtime=0), lines=lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(record.line, batch(record)["a"]) for record in found] == values
    assert time.process_time() - start < 10
    assert peak < 10_000_000


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


@pytest.mark.fuzz
@given(st.lists(st.sampled_from(LINES), max_size=12), st.integers(4, 60), st.integers(1, 200), st.booleans())
def test_units_are_cut_between_lines(lines: list[bytes], chunk: int, size: int, ended: bool) -> None:
    """Each line is in one unit, under its number, wherever chunks of the stream end; one too large is a Problem."""
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "CHUNK", chunk)
        patch.setattr(records, "CHUNK", chunk)
        for packed in (text, gzip.compress(text, mtime=0)):
            found = [record for unit in units(packed, size, lines=True, most=20) for record in unit]
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


@pytest.mark.slow
@pytest.mark.fuzz
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
            (gzip.compress(a_list, mtime=0), False),
        ):
            assert [batch(record) for record in read(text, lines=lines)] == batches


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.lists(JSON, max_size=5), st.integers(1, 40), st.sampled_from([None, 0, 2]))
def test_pauses_do_not_change_a_list(batches: list[Any], chunk: int, indent: int | None) -> None:
    """Wherever a pipe pauses, an element is read once, under the same number and line."""
    text = json.dumps(batches, indent=indent).encode()

    def paused(*_: object) -> Iterator[bytes]:
        for start in range(0, len(text), chunk):
            yield from (text[start : start + chunk], compression.PAUSE)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "decompressed", paused)
        found = [record for unit in read_units(io.BytesIO(), "x", 100) for record in unit]
    assert [record.parse() for record in found] == [(batch, None) for batch in batches]
    assert found == read(text)


@pytest.mark.parametrize("text", [b"{}\n", b"5\n", b"[{}", b"\x1e1\n", b"\n1\n", b"{}\n{}", b'{"a": 1}\n'])
def test_the_first_record_does_not_wait_for_more(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def paused(*_: object) -> Iterator[bytes]:
        yield from (text, compression.PAUSE)
        raise AssertionError("the pipe is read again")

    monkeypatch.setattr(records, "decompressed", paused)
    (record,) = next(iter(read_units(io.BytesIO(), "x", 100)))
    assert record.problem is None


@pytest.mark.fuzz
@given(st.binary(max_size=200))
def test_anything_is_read_without_an_exception(text: bytes) -> None:
    for record in read(text):
        assert record.problem is None or record.problem.code in ("M501", "M503")
        record.parse()


@pytest.mark.parametrize("text", [b"[" + b"," * 9_999, b"1\n" * 10_000, b"\x1e1\n" * 10_000])
def test_tiny_records_make_no_large_units(text: bytes) -> None:
    found = units(text, 1 << 30)
    assert sum(map(len, found)) == 10_000
    assert max(map(len, found)) == MOST_RECORDS
    lines = [record.line for unit in found for record in unit]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("sizes", "count", "sample"),
    [([2, 3], 4, [2, 2]), ([2, 3], 0, []), ([700_000, 700_000, 1], 9, [1, 1]), ([2_000_000, 1], 9, [1])],
)
def test_the_first_records_are_the_sample(sizes: list[int], count: int, sample: list[int]) -> None:
    """A size below 10 is a unit of so many small records, another one a record of so many bytes."""
    own = [[Record("f", 1, b"1")] * size if size < 10 else [Record("f", 1, b"1" * size)] for size in sizes]
    found = list(sampled(own, count))
    assert [list(unit) for unit in found] == own
    assert [unit.count for unit in found if isinstance(unit, SampledUnit)] == sample
