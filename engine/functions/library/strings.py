"""Functions of strings: letters, parts, patterns with wildcards."""

from __future__ import annotations

from ...values.numbers import whole_of
from ..errors import FunctionError, bounded
from ..globs import GlobError, matches_glob
from ..registry import example, function, null_gives_null

__all__: list[str] = []


@function("lower(text: string|null) -> string|null", "The string in lower case.", example("lower('Zoë M.')", "zoë m."))
@null_gives_null
def _func_lower(text: str) -> str:
    return text.lower()


@function("upper(text: string|null) -> string|null", "The string in upper case.", example("upper('Zoë M.')", "ZOË M."))
@null_gives_null
def _func_upper(text: str) -> str:
    return text.upper()


@function(
    "trim(text: string|null) -> string|null",
    "The string without the blanks around it.",
    example("trim(' a b ')", "a b"),
)
@null_gives_null
def _func_trim(text: str) -> str:
    return text.strip()


@function(
    "replace_any(text: string|null, characters: string, replacement: string) -> string|null",
    "The string with each character that is one of `characters` replaced.",
    example("replace_any('Data Sale/EU', ' /', '_')", "Data_Sale_EU"),
    example("replace_any('+49 (0)30', ' ()+', '')", "49030"),
)
@null_gives_null
def _func_replace_any(text: str, characters: str, replacement: str) -> str:
    replaced = set(characters)
    hits = sum(character in replaced for character in text)
    bounded("replace_any", len(text) + hits * len(replacement))
    return text.translate(dict.fromkeys(map(ord, replaced), replacement))


@function(
    "split(text: string|null, separator: string) -> array|null",
    "The parts of the string between the separators.",
    example("split('a,b,', ',')", ["a", "b", ""]),
)
@null_gives_null
def _func_split(text: str, separator: str) -> list[str]:
    if not separator:
        raise FunctionError("the separator of split() is empty")
    return text.split(separator)


@function(
    "like(text: string|null, glob: string) -> boolean|null",
    "True if the whole string matches the pattern; `*` stands for any number of characters, `?` for one.",
    example("like('gdpr_ads', 'gdpr_*')", True),
    example("like('v10', 'v?')", False),
)
@null_gives_null
def _func_like(text: str, glob: str) -> bool:
    try:
        return matches_glob(text, glob)
    except GlobError as error:
        raise FunctionError(f"like() cannot take the pattern: {error}") from None


@function(
    "substring(text: string|null, start: number, length: number) -> string|null",
    "At most `length` characters of the string, from the one with the number `start` on; the first one is 0, and a "
    "negative number counts from the end.",
    example("substring('2026-01-31', `5`, `2`)", "01"),
    example("substring('SKU-1042', `-4`, `9`)", "1042"),
    example("substring('ab', `5`, `1`)", ""),
)
@null_gives_null
def _func_substring(text: str, start: float, length: float) -> str:
    first, count = _whole("substring", 2, start), _whole("substring", 3, length)
    if first < 0:
        first = max(0, len(text) + first)
    return text[first : first + max(0, count)]


@function(
    "truncate(text: string|null, length: number, ending: string) -> string|null",
    "The string cut to at most `length` characters, the last of which are `ending` where something was cut off.",
    example("truncate('Harbour Tee', `7`, '')", "Harbour"),
    example("truncate('Harbour Tee', `8`, '...')", "Harbo..."),
    example("truncate('Tee', `8`, '...')", "Tee"),
)
@null_gives_null
def _func_truncate(text: str, length: float, ending: str) -> str:
    most = _whole("truncate", 2, length)
    if most < len(ending):
        raise FunctionError(f"truncate() cannot end a string of {most} characters with {len(ending)}")
    return text if len(text) <= most else text[: most - len(ending)] + ending


@function(
    "normalize_email(text: string|null) -> string|null",
    "An e-mail address as it is compared and hashed: without the blanks around it, in lower case.",
    example("normalize_email(' Ada@Example.ORG ')", "ada@example.org"),
)
@null_gives_null
def _func_normalize_email(text: str) -> str:
    return text.strip().lower()


def _whole(name: str, number: int, value: float) -> int:
    whole = whole_of(value)
    if whole is None:
        raise FunctionError(f"argument {number} of {name}() must be a whole number, not {value}")
    return whole
