"""The errors of YAML parsers in plain words, each with what helps in most cases.

The parsers differ in their words: with libyaml they are those of its scanner, without it those of PyYAML.
"""

from __future__ import annotations

import re

__all__ = ["in_words"]

_INDENTED = "indent the line like those beside it"
_ESCAPE = "escapes are \\x, \\u and \\U with 2, 4 and 8 hexadecimal digits; write \\\\ for a \\"
_DIRECTIVE = "quote a string that starts with %, or remove the line"
_TAG = ("! begins a tag of YAML, which is not supported", "quote a string that starts with !")
_QUOTED = "put all of it in quotes"

_WORDS = [
    (re.compile(pattern), reason, hint)
    for pattern, reason, hint in (
        ("an alias$", "* begins an alias of YAML, whose name has letters, digits, - and _ only", None),
        ("an anchor$", "& begins an anchor of YAML, whose name has letters, digits, - and _ only", None),
        ("(a tag|tag handle.*)$", *_TAG),
        ("incompatible YAML doc|version number", "%YAML names no version of YAML that is known", "remove the line"),
        ("duplicate %YAML", "%YAML stands here twice", "remove the line"),
        ("a (%YAML )?directive$", "% begins a directive at the start of a line, and this is none", _DIRECTIVE),
        ("comment or (a )?line break|chomping or ", "after {context}, a text begins on a line of its own", None),
        ("indentation indicator", "the number after {context} is from 1 to 9", "leave it out, or quote the string"),
        ("unexpected end of stream", "the string does not end", None),
        ("document (indicator|separator)", "the string does not end before this line", "close the quote, or indent it"),
        ("unknown escape character", "{two} stands for nothing in double quotes", _ESCAPE),
        ("hexa?decimal num", "hexadecimal digits are missing here", _ESCAPE),
        ("invalid Unicode character escape", "the escape stands for no character", _ESCAPE),
        ("^mapping values", "the : makes what is before it a key, which cannot stand here", None),
        ("^mapping keys", "? begins a key, which cannot stand here", "quote a string that starts with ?"),
        (
            "sequence entries",
            "- begins an element of a list, which cannot stand behind a key",
            "write the list on lines of its own, or quote a string that starts with -",
        ),
        ("a simple key$", "no : follows to make this a key", "write ': ' after a key, and indent what is none"),
        ("[,'] or '?\\]", "',' or ']' is missing here to go on with the list{where}, or to end it", None),
        ("[,'] or '?}", "',' or '}}' is missing here to go on with the mapping{where}, or to end it", None),
        ("a plain scalar$", "a string without quotes cannot have this : here", "quote a string that contains :"),
        ("node content", "a value is missing here", "quote a string that starts with {character}"),
        ("block (mapping|collection|end.*) after a value$", "nothing can follow the value here", _QUOTED),
        ("block collection$", "an element of the list{where} is missing here, which begins with '-'", _INDENTED),
        ("(block mapping|block end.*)$", "a key of the mapping{where} is missing here", _INDENTED),
        ("document start", "the file goes on after its end", "remove the line ..., or quote it"),
        ("found a tab|tab character", "a tab cannot stand here", "YAML indents with spaces"),
    )
]  # fmt: skip


def in_words(error: str, **shown: str) -> tuple[str, str | None]:
    """The reason and the hint for an error, given as the parser says it, with its context.

    `shown` are the character where it was found, two from there, that where the context begins, and `where` that is.
    """
    for pattern, reason, hint in _WORDS:
        if pattern.search(error):
            is_shown = hint is not None and ("{" not in hint or shown["character"].strip() != "")
            return reason.format(**shown), hint.format(**shown) if hint is not None and is_shown else None
    return f"this cannot be read: {error}", None
