"""The keywords of JSON Schema: the form of their values, and the drafts that have them.

Where a keyword of an older draft has an equivalent in 2020-12, `normal_form` replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..diagnostics.suggestions import closest
from ..values.kinds import JSON_TYPES, shown
from ..values.pointers import join

__all__ = [
    "COUNTS",
    "DIALECTS",
    "FLAWS",
    "LIST",
    "NAMED",
    "ONE",
    "WORDS",
    "draft_with",
    "draft_words",
    "is_annotation",
    "is_known",
    "keyword_meant",
    "keywords_in",
    "words_of",
]

DIALECTS: Mapping[str, int] = {
    "draft-04": 4,
    "draft-06": 6,
    "draft-07": 7,
    "draft/2019-09": 2019,
    "draft/2020-12": 2020,
}
"""The drafts, by the part of their URI that names them."""

ONE = frozenset(
    {
        *("additionalProperties", "items", "contains", "propertyNames", "not", "if", "then", "else"),
        *("unevaluatedProperties", "unevaluatedItems", "additionalItems"),
    }
)
"""Keywords whose value is a schema."""
LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords whose value is a list of schemas."""
NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Keywords whose value has schemas by name."""
COUNTS = frozenset(
    f"{bound}{counted}" for bound in ("min", "max") for counted in ("Length", "Items", "Contains", "Properties")
)
"""Keywords whose value is a count."""

_ANNOTATIONS = frozenset(
    {"$comment", "title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"}
)

_SINCE = {
    **dict.fromkeys(("const", "contains", "propertyNames"), 6),
    **dict.fromkeys(("if", "then", "else"), 7),
    **dict.fromkeys(("dependentRequired", "dependentSchemas", "minContains", "maxContains", "$anchor"), 2019),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems", "$recursiveRef", "$recursiveAnchor"), 2019),
    **dict.fromkeys(("prefixItems", "$dynamicRef", "$dynamicAnchor"), 2020),
}
_UNTIL = {"additionalItems": 2019, "$recursiveRef": 2019, "$recursiveAnchor": 2019}
_TYPES = JSON_TYPES | {"integer"}
_ANCHOR = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


def is_annotation(keyword: str) -> bool:
    """Returns whether a keyword never refuses a value; that includes all keywords of other programs, `x-...`."""
    return keyword in _ANNOTATIONS or keyword.startswith("x-")


def is_known(keyword: str, dialect: int) -> bool:
    """Returns whether the draft has the keyword, as far as drafts differ in that."""
    return _SINCE.get(keyword, 0) <= dialect <= _UNTIL.get(keyword, dialect)


def _type(value: Any) -> str | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        return f"{shown(value)} is not a type"
    return next(
        (f"{shown(name)} is not a type" for name in names if not (isinstance(name, str) and name in _TYPES)), None
    )


def _texts(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return None
    return f"{shown(value)} is not a list of names"


def _is(words: str, holds: Callable[[Any], bool]) -> Callable[[Any], str | None]:
    return lambda value: None if holds(value) else f"{shown(value)} is not {words}"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _by_name(flaw: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
    def of_all(value: Any) -> str | None:
        if not isinstance(value, dict):
            return f"{shown(value)} is not an object"
        return next(filter(None, map(flaw, value.values())), None)

    return of_all


_COUNT = _is("a count", lambda value: _is_number(value) and value >= 0 and value == int(value))
_NUMBER = _is("a number", _is_number)
_TEXT = _is("a string", lambda value: isinstance(value, str))
_BOOLEAN = _is("true or false", lambda value: isinstance(value, bool))

FLAWS: Mapping[str, Callable[[Any], str | None]] = {
    "type": _type,
    "enum": _is("a list", lambda value: isinstance(value, list)),
    **dict.fromkeys(COUNTS, _COUNT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    "multipleOf": _is("a number above 0", lambda value: _is_number(value) and value > 0),
    "uniqueItems": _BOOLEAN,
    "required": _texts,
    "dependentRequired": _by_name(_texts),
    **dict.fromkeys(("pattern", "format", "$ref", "$id", "id", "$schema", "$dynamicRef", "$recursiveRef"), _TEXT),
    **dict.fromkeys(
        ("$anchor", "$dynamicAnchor"),
        _is("an anchor", lambda value: isinstance(value, str) and _ANCHOR.fullmatch(value) is not None),
    ),
    "$recursiveAnchor": _BOOLEAN,
    **dict.fromkeys(LIST, _is("a list of schemas", lambda value: isinstance(value, list) and bool(value))),
    **dict.fromkeys(NAMED, _is("an object", lambda value: isinstance(value, dict))),
}
"""For each keyword, a function that returns what is wrong with its value, or None."""

_CONDITIONS = FLAWS.keys() | ONE | {"const", "dependencies"}
WORDS = _CONDITIONS | _ANNOTATIONS | {"contentMediaType", "contentEncoding", "contentSchema", "$vocabulary"}
"""The keywords of all drafts."""
_NOT_LETTERS = re.compile(r"[\W_]+")
_LONG = 5
_NEAR, _VERY_NEAR = 0.75, 0.85


def words_of(dialect: int) -> frozenset[str]:
    """All keywords of a draft, and those of others that are read in it."""
    return frozenset(word for word in WORDS if is_known(word, dialect))


def draft_words(dialect: int) -> str:
    """The name of a draft in messages, such as "draft 2020-12"."""
    return next(words for words, known in DIALECTS.items() if known == dialect).replace("/", " ")


def draft_with(keyword: str) -> str | None:
    """The name of the newest draft that has a keyword which others do not have; None if no draft or each has it."""
    if keyword not in _SINCE and keyword not in _UNTIL:
        return None
    return draft_words(max(dialect for dialect in DIALECTS.values() if is_known(keyword, dialect)))


def keyword_meant(word: str, value: Any, dialect: int) -> str | None:
    """The keyword of a draft that an unknown word seems to mean, or None: other words are annotations.

    Of a word that is only similar, the value must have the form that the keyword takes. Annotations are never meant.
    """
    known = words_of(dialect)
    letters = {_NOT_LETTERS.sub("", one).casefold(): one for one in sorted(known, reverse=True)}
    if (same := letters.get(_NOT_LETTERS.sub("", word).casefold())) is not None:
        return same if same in _CONDITIONS else None
    near = closest(word, known) or closest(word.lower(), known)
    if near not in _CONDITIONS:
        return None
    from difflib import SequenceMatcher

    similarity = max(SequenceMatcher(None, one, near).ratio() for one in (word, word.lower()))
    is_misspelt = (similarity >= _VERY_NEAR or _is_swapped(word, near)) and (
        len(near) >= _LONG or (word[0], near[0]) == ("$", "$")
    )
    return near if is_misspelt or (similarity >= _NEAR and _suits(near, value)) else None


def _is_swapped(word: str, keyword: str) -> bool:
    """Returns whether a word is the keyword with two letters next to each other in the wrong order."""
    differing = [at for at, (one, other) in enumerate(zip(word, keyword, strict=False)) if one != other]
    if len(word) != len(keyword) or len(differing) != 2 or differing[1] != differing[0] + 1:
        return False
    first, second = differing
    return word[first] == keyword[second] and word[second] == keyword[first]


def _suits(keyword: str, value: Any) -> bool:
    """Returns whether a keyword takes such a value, and not just any string."""
    if keyword in ONE:
        return isinstance(value, dict | bool)
    flaw = FLAWS.get(keyword, _TEXT)
    return flaw is not _TEXT and flaw(value) is None


def keywords_in(content: Any) -> Iterator[tuple[str, str, Any]]:
    """All keywords of a document as it is written, with their pointers and values; not those inside of constants."""
    pending: list[tuple[str, Any]] = [("", content)]
    while pending:
        at, part = pending.pop()
        for keyword, value in part.items() if isinstance(part, dict) else ():
            here = join(at, keyword)
            yield here, keyword, value
            if keyword in ONE:
                pending.append((here, value))
            elif keyword in LIST and isinstance(value, list):
                pending += [(join(here, number), one) for number, one in enumerate(value)]
            elif keyword in NAMED and isinstance(value, dict):
                pending += [(join(here, name), one) for name, one in value.items()]
