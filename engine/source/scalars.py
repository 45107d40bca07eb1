"""The scalars of YAML: the JSON value of a plain one, and the place of each character in the file.

YAML reads `no`, `1:30` and `2026-01-01` as a boolean, a number and a date, depending on its version. Here a plain
scalar is null, true, false or a number only if JSON writes it the same way; a scalar that any version of YAML reads as
something other than a string is refused rather than guessed.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from itertools import islice

from ..values.numbers import MAX_DIGITS, integer_of, is_wide

__all__ = ["BREAKS", "NOT_IN_JSON", "JsonScalar", "NotJson", "character_spans", "quoted", "resolve"]

JsonScalar = None | bool | int | float | str

BREAKS = "\n\r\x85\u2028\u2029"
"""The characters that end a line in YAML 1.1."""


# --- values ---


NOT_IN_JSON = "which JSON does not have"


@dataclass(frozen=True, slots=True)
class NotJson:
    """The reason to refuse a plain scalar: its meaning in YAML, how to write it instead, and what is wrong with it."""

    what: str
    hint: str
    why: str = NOT_IN_JSON


_CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")

_SHOWN = 40
_NOT_READ = "which readers of JSON refuse"
_QUOTE = "quote it: {}"
_DECIMAL = "write it in plain decimal digits, or quote it: {}"
_AMBIGUOUS = tuple(
    (re.compile(pattern), what, hint)
    for pattern, what, hint in (
        ("yes|Yes|YES|on|On|ON|True|TRUE", "a YAML 1.1 boolean", "write true, or quote it: {}"),
        ("no|No|NO|off|Off|OFF|False|FALSE", "a YAML 1.1 boolean", "write false, or quote it: {}"),
        ("Null|NULL", "a YAML 1.1 null", "write null, or quote it: {}"),
        ("<<", "a merge key", "use `extends`, or quote it: {}"),
        ("=", "a YAML 1.1 default value", _QUOTE),
        (r"[-+]?\.(?:inf|Inf|INF)", "an infinite number", _QUOTE),
        (r"\.(?:nan|NaN|NAN)", "not a number", _QUOTE),
        (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
            r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
            r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?",
            "a YAML date",
            _QUOTE,
        ),
        (r"[-+]?0b[01_]+", "a binary number", _DECIMAL),
        (r"[-+]?0x[0-9a-fA-F_]+", "a hexadecimal number", _DECIMAL),
        (r"[-+]?0(?:o[0-7_]+|[0-7_]*[0-7])", "an octal number", _DECIMAL),
        (r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", "a sexagesimal number", _DECIMAL),
        (
            r"[-+]?(?:\.[0-9][0-9_]*|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?",
            "a number in a notation of YAML",
            _DECIMAL,
        ),
    )
)


def resolve(text: str, *, wide: bool = False) -> JsonScalar | NotJson:
    """The JSON value of a plain scalar, or why it has none; with `wide`, integers may have more than 64 bits."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        number = integer_of(text)
        if number is None:
            return NotJson(f"an integer of more than {MAX_DIGITS} digits", _QUOTE.format(quoted(text)), _NOT_READ)
        if isinstance(number, int) and is_wide(number) and not wide:
            why = "which most readers of JSON round"
            return NotJson("an integer of more than 64 bits", _QUOTE.format(quoted(text)), why)
        return number
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            return NotJson("a number beyond the range of a double", _QUOTE.format(quoted(text)), _NOT_READ)
        return number
    for pattern, what, hint in _AMBIGUOUS:
        if pattern.fullmatch(text):
            return NotJson(what, hint.format(quoted(text)))
    return text


def quoted(text: str) -> str:
    """The text between quotes, cut where it is long."""
    return json.dumps(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...", ensure_ascii=False)


# --- places ---


@dataclass(slots=True)
class _Decoded:
    """The characters decoded so far, each with its span in the file."""

    characters: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def put(self, character: str, start: int, end: int) -> None:
        self.characters.append(character)
        self.spans.append((start, end))

    def put_run(self, run: str, start: int) -> None:
        self.characters.extend(run)
        self.spans.extend((at, at + 1) for at in range(start, start + len(run)))


def character_spans(text: str, start: int, end: int, style: str, value: str) -> list[tuple[int, int]] | None:
    """The span of each character of a scalar in the file, as `(start, end)` offsets into `text`.

    `start` and `end` are the span of the scalar (a block scalar from its `|` or `>`); `style` is the way it is written:
    "" for plain, a quote, "|" or ">"; `value` is its text as the parser decoded it. The scalar is decoded a second time
    here; if the result differs from `value`, None is returned, so that a place is never wrong.
    """
    decoded = _Decoded()
    if style == "":
        _decode_flow(decoded, text, start, end, _PLAIN)
    elif style == "'":
        _decode_flow(decoded, text, start + 1, end - 1, _SINGLE)
    elif style == '"':
        _decode_flow(decoded, text, start + 1, end - 1, _DOUBLE)
    else:
        _decode_block(decoded, text, start, style == ">", value)
    # A block scalar is decoded with all its final line ends; its chomping drops those in excess.
    same = "".join(islice(decoded.characters, len(value))) == value
    return decoded.spans[: len(value)] if same else None


_BREAK_PATTERN = rf"(?:\r\n|[{BREAKS}])"
_BREAK = re.compile(_BREAK_PATTERN)
_LINE_ENDS = rf"(?:{_BREAK_PATTERN}[ \t]*)+"


def _flow(special: str, *escapes: str) -> re.Pattern[str]:
    """A regular expression for the pieces of a plain or quoted scalar; `special` characters stand only in `escapes`."""
    pieces = (rf"(?P<fold>[ \t]*{_LINE_ENDS})", rf"(?P<run>[ \t]+|[^ \t{BREAKS}{special}]+)", *escapes)
    return re.compile("|".join(pieces))


_PLAIN = _flow("")
_SINGLE = _flow("'", "(?P<quote>'')")
_DOUBLE = _flow(
    r"\\",
    rf"(?P<join>\\{_LINE_ENDS})",
    r"\\x(?P<hex>[0-9A-Fa-f]{2})|\\u(?P<hex4>[0-9A-Fa-f]{4})|\\U(?P<hex8>[0-9A-Fa-f]{8})",
    r"\\(?P<letter>.)",
)
_LETTERS = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def _break(found: re.Match[str]) -> tuple[str, int, int]:
    """A line end as YAML decodes it, with its span."""
    raw = found.group()
    return raw if raw in "\u2028\u2029" else "\n", found.start(), found.end()


def _decode_flow(decoded: _Decoded, text: str, start: int, end: int, pieces: re.Pattern[str]) -> None:
    for piece in pieces.finditer(text, start, end):
        at, until = piece.span()
        match piece.lastgroup:
            case "run":
                decoded.put_run(piece.group(), at)
            case "fold":
                first, *more = map(_break, _BREAK.finditer(text, at, until))
                if first[0] != "\n":
                    decoded.put(*first)
                elif not more:
                    decoded.put(" ", at, until)
                for line_end in more:
                    decoded.put(*line_end)
            case "join":
                for found in islice(_BREAK.finditer(text, at, until), 1, None):
                    decoded.put(*_break(found))
            case "quote":
                decoded.put("'", at, until)
            case "letter":
                decoded.put(_LETTERS.get(piece["letter"], piece["letter"]), at, until)
            case group:
                decoded.put(chr(int(piece[group or 0], 16)), at, until)


_HEADER = re.compile(rf"[|>][^{BREAKS}]*(?:{_BREAK_PATTERN}|\Z)")
_LINE = re.compile(rf"[^{BREAKS}]*")
_VISIBLE = re.compile(rf"[^ {BREAKS}]")


def _decode_block(decoded: _Decoded, text: str, start: int, folded: bool, value: str) -> None:
    header = _HEADER.match(text, start)
    if header is None:
        return
    at = header.end()
    indent = _indent(text, at, value)
    last: tuple[str, int, int] | None = None  # the end of the last line with content, not decoded yet
    empty: list[tuple[str, int, int]] = []  # the ends of the empty lines after it
    was_indented = False
    while len(decoded.spans) < len(value):
        line = _LINE.match(text, at)
        stop = at if line is None else line.end()
        content = at
        while content < min(stop, at + indent) and text[content] == " ":
            content += 1
        found = _BREAK.match(text, stop)
        if content < stop:
            if content < at + indent:
                break
            is_indented = text[content] in " \t"
            if last is not None:
                if not folded or last[0] != "\n" or was_indented or is_indented:
                    decoded.put(*last)
                elif not empty:
                    decoded.put(" ", last[1], content)
            for line_end in empty:
                decoded.put(*line_end)
            decoded.put_run(text[content:stop], content)
            empty.clear()
            last, was_indented = (_break(found) if found else None), is_indented
        elif found:
            empty.append(_break(found))
        if found is None:
            break
        at = found.end()
    for line_end in [last, *empty] if last else empty:
        decoded.put(*line_end)


def _indent(text: str, start: int, value: str) -> int:
    """The indentation of a block scalar's lines in the file, computed from the blanks that the parser left."""
    in_file, in_value = _VISIBLE.search(text, start), _VISIBLE.search(value)
    if in_value is None:
        return _longest(text[start : in_file.start() if in_file else len(text)]) - _longest(value)
    if in_file is None:
        return 0
    return _blanks_before(text, in_file.start()) - _blanks_before(value, in_value.start())


def _longest(blank_lines: str) -> int:
    return max(map(len, _BREAK.split(blank_lines)))


def _blanks_before(text: str, end: int) -> int:
    at = end
    while at > 0 and text[at - 1] == " ":
        at -= 1
    return end - at
