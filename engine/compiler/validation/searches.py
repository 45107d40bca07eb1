"""The conditions on a string as Python code; many patterns need no regular expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...patterns.parser import Alternation, Anchor, CharacterSet, Concatenation, PatternError, PatternNode, read
from ...patterns.python import fits_all, is_one
from ...patterns.searching import is_linear, python_text
from ..python.pool import Pool
from ..python.value import Texts
from .conditions import ALWAYS, NEVER, DoubtError, bounds

__all__ = ["of_text", "search_code"]


def of_text(node: Mapping[str, Any], value: str, texts: Sequence[Texts], pool: Pool) -> Iterator[str]:
    """The conditions of a subschema on the string in the variable, of these origins. Raises DoubtError."""
    most = node.get("maxLength")
    known = most is not None and bool(texts) and all(one.within(int(most)) for one in texts)
    yield from bounds(f"len({value})", node.get("minLength"), None if known else most)
    if "pattern" in node:
        answers = {one.language and fits_all(one.language, node["pattern"]) for one in texts}
        if len(answers) == 1 and (answer := answers.pop()) is not None:
            yield ALWAYS if answer else NEVER
            return
        found = search_code(node["pattern"], value, pool)
        if found is None:
            raise DoubtError
        yield found


def search_code(pattern: str, text: str, pool: Pool) -> str | None:
    """Code for "the pattern is found in the string", which the variable `text` holds.

    None if the pattern is not supported here, or if the search could take more than linear time.
    """
    try:
        part = read(pattern)
    except PatternError:
        return None
    parts = part.parts if isinstance(part, Concatenation) else (part,)
    if not parts:
        return "True"
    literal = _literal(parts)
    if literal is not None:
        return f"({literal!r} in {text})"
    start = _literal(parts[1:]) if parts[0] == Anchor(True) else None
    if start is not None:
        return f"({text}[:{len(start)}] == {start!r})"
    words = _words(parts)
    if words is not None:
        return f"({text}.isascii() and {text}.lower() in {pool.texts(words)})"
    if not is_linear(part):
        return None
    found = f"{pool.name('SEARCH', f'pattern({python_text(part)!r})')}({text}) is not None"
    # Most texts begin with a character that such a class of a few others takes: two comparisons find that out.
    return f"('!' <= {text} < '\\x7f' or {found})" if _takes_printable(parts) else f"({found})"


def _literal(parts: tuple[PatternNode, ...]) -> str | None:
    """The literal that the nodes match, if they match one string only; else None."""
    codes = [part.ranges[0][0] for part in parts if isinstance(part, CharacterSet) and is_one(part.ranges)]
    return "".join(map(chr, codes)) if parts and len(codes) == len(parts) else None


def _words(parts: tuple[PatternNode, ...]) -> frozenset[str] | None:
    """The words in lower case of which the nodes match one as the whole string, in any letter case; None for others."""
    if len(parts) != 3 or parts[0] != Anchor(True) or parts[2] != Anchor(False):
        return None
    found = set()
    for one in parts[1].parts if isinstance(parts[1], Alternation) else ():
        letters = [_letter(each) for each in (one.parts if isinstance(one, Concatenation) else (one,))]
        if "" in letters:
            return None
        found.add("".join(letters))
    return frozenset(found) or None


def _letter(node: PatternNode) -> str:
    """The character in lower case that a node matches in both letter cases; empty for any other node."""
    ranges = node.ranges if isinstance(node, CharacterSet) else ()
    taken = {chr(low) for low, high in ranges if low == high}
    letter = min(taken, default="").lower()
    return letter if letter.isascii() and len(taken) == len(ranges) and taken == {letter, letter.upper()} else ""


def _takes_printable(parts: tuple[PatternNode, ...]) -> bool:
    """Returns whether it is one set of characters that contains all printable ASCII but the blank."""
    (part, *more) = parts
    return (
        not more
        and isinstance(part, CharacterSet)
        and any(low <= ord("!") and ord("~") <= high for low, high in part.ranges)
    )
