"""Characters that look like a blank, or are invisible, and are none in YAML, expressions and templates."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ODD_BLANKS", "blank_in_words", "odd_blank_in"]

ODD_BLANKS = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u200b\u2060\ufeff"
)
_ODD_BLANK = re.compile(f"[{ODD_BLANKS}]")


def blank_in_words(character: str) -> str:
    """Such a character by its name, such as "the no-break space U+00A0"."""
    return f"the {unicodedata.name(character).lower()} U+{ord(character):04X}"


def odd_blank_in(text: str) -> str | None:
    """A hint about the first of these characters in a text, or None."""
    found = _ODD_BLANK.search(text)
    return None if found is None else f"{blank_in_words(found[0])} is not a space: write a space instead"
