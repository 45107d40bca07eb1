"""JSON pointers (RFC 6901): building, following and shifting them, and finding values in a batch by identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Index", "above", "escape", "index_of", "join", "leaves", "pointer", "shift", "shifted", "value_at"]

_ELEMENT = re.compile("0|[1-9][0-9]{0,17}")


def escape(token: str) -> str:
    """Escapes an object key for a pointer."""
    return token if token.isidentifier() else token.replace("~", "~0").replace("/", "~1")


def pointer(tokens: Iterable[str | int]) -> str:
    """The pointer made of object keys and list indexes."""
    return "".join(f"/{escape(str(token))}" for token in tokens)


def join(base: str, token: str | int) -> str:
    """The pointer one step below `base`."""
    return f"{base}/{escape(str(token))}"


def above(place: str) -> Iterator[str]:
    """The place itself, then all places around it, the nearest first."""
    yield place
    while place:
        place = place.rpartition("/")[0]
        yield place


def value_at(document: Any, place: str) -> Any:
    """The value that a pointer leads to, or None if it leads nowhere."""
    for escaped in place.split("/")[1:]:
        token = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(token)
        elif isinstance(document, list) and (index := index_of(token)) is not None and index < len(document):
            document = document[index]
        else:
            return None
    return document


def index_of(token: str) -> int | None:
    """The index that a step of a pointer writes, in ASCII digits without leading zeros as RFC 6901 has it, or None."""
    return int(token) if _ELEMENT.fullmatch(token) else None


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a document that are no objects or lists, and the empty ones, with their pointers, in order."""
    pending = [(place, value)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, dict | list) and value:
            entries = list(value.items() if isinstance(value, dict) else enumerate(value))
            pending += [(join(place, token), part) for token, part in reversed(entries)]
        else:
            yield place, value


class Index:
    """Finds the pointer of an object or list of a batch by identity.

    The index is built at first use: most batches need none.
    """

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self._places: dict[int, str] | None = None

    def find(self, value: Any) -> str | None:
        """The pointer of an object or list of the batch; None for scalars and for values made by an expression."""
        if not isinstance(value, dict | list):
            return None
        if self._places is None:
            self._places = {}
            pending = [("", self.batch)]
            while pending:
                place, node = pending.pop()
                if isinstance(node, dict | list) and id(node) not in self._places:
                    self._places[id(node)] = place
                    entries = node.items() if isinstance(node, dict) else enumerate(node)
                    pending += [(join(place, key), child) for key, child in entries if isinstance(child, dict | list)]
        return self._places.get(id(value))


def shift(place: str, offsets: Mapping[str | None, int]) -> str:
    """Turns a pointer into the body of one emission into one into the body that combines several.

    `offsets` are added to the indexes of its lists: by the name of a member, or None for a body that is a list.
    """
    for name, offset in offsets.items():
        place = shifted(place, name, offset)
    return place


def shifted(place: str, name: str | None, offset: int) -> str:
    """Adds an offset to the list index right after the member `name` in a pointer; with None, to its first token.

    Other pointers are returned as they are; "" if the index would become negative.
    """
    prefix = "/" if name is None else join("", name) + "/"
    if not place.startswith(prefix):
        return place
    index, slash, rest = place.removeprefix(prefix).partition("/")
    moved = int(index) + offset
    return f"{prefix}{moved}{slash}{rest}" if moved >= 0 else ""
