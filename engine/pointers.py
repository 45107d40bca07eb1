"""JSON pointers (RFC 6901), and from which places of the input an expression took its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Index", "escape", "inputs_read", "join", "path_of", "pointer", "shift", "shifted", "value_at"]

_CHAINS = ("subexpression", "index_expression", "pipe")
"""The first child of these is evaluated where the node is, each further one against what the one before it gives."""


def escape(token: str) -> str:
    """An object key as it stands in a pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def pointer(tokens: Iterable[str | int]) -> str:
    """The pointer made of these object keys and list indexes."""
    return "".join(f"/{escape(str(token))}" for token in tokens)


def join(base: str, token: str | int) -> str:
    """The pointer one step below `base`."""
    return f"{base}/{escape(str(token))}"


def value_at(document: Any, place: str) -> Any:
    """The value that the pointer leads to, or None where it leads nowhere."""
    for escaped in place.split("/")[1:]:
        token = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(token)
        elif isinstance(document, list) and token.isdecimal() and int(token) < len(document):
            document = document[int(token)]
        else:
            return None
    return document


class Index:
    """Where in a batch each object and list stands, found by identity. Built at first use: most batches need none."""

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


def path_of(tree: Mapping[str, Any], roots: Mapping[str, str | None]) -> str | None:
    """The pointer that a plain path (`event.data.x`, `batch.events[0]`) stands for; None for any other expression.

    `roots` gives the pointer of each root; a root that is no place of the input has None.
    """
    kind, children = tree["type"], tree["children"]
    if kind == "field":
        return roots.get(tree["value"])
    if kind in _CHAINS:
        place = path_of(children[0], roots)
        for child in children[1:]:
            if place is None:
                return None
            place = _step(place, child)
        return place
    return None


def _step(place: str | None, tree: Mapping[str, Any]) -> str | None:
    """The pointer after one step from `place`, where the step is a plain one."""
    kind = tree["type"]
    if place is None:
        return None
    if kind == "field" or (kind == "index" and tree["value"] >= 0):
        return join(place, tree["value"])
    if kind in ("identity", "current"):
        return place
    if kind in _CHAINS:
        for child in tree["children"]:
            place = _step(place, child)
        return place
    return None


def inputs_read(tree: Mapping[str, Any], roots: Mapping[str, str | None]) -> tuple[str, ...]:
    """The pointers of all paths that the expression reads, in order, each once. Paths inside projections, filters and
    `&expressions` count with the list that they go over."""
    return tuple(dict.fromkeys(_reads(tree, roots)))


def _reads(tree: Mapping[str, Any], roots: Mapping[str, str | None]) -> Iterator[str]:
    place = path_of(tree, roots)
    if place is not None:
        yield place
        return
    kind, children = tree["type"], tree["children"]
    if kind in ("literal", "expref", "field", "index", "slice", "current", "identity"):
        return
    if kind not in _CHAINS and not kind.endswith("projection"):
        for child in children:
            yield from _reads(child, roots)
        return
    base = path_of(children[0], roots)
    if base is None:
        yield from _reads(children[0], roots)
    else:
        yield _reach(base, children[1:] if kind in _CHAINS else [])


def _reach(place: str, steps: Iterable[Mapping[str, Any]]) -> str:
    """How far from `place` the steps lead before something else than a plain step comes."""
    for tree in steps:
        following = _step(place, tree)
        if following is None:
            kind, children = tree["type"], tree["children"]
            goes_over_first = kind == "flatten" or kind.endswith("projection")
            return _reach(place, children[:1] if goes_over_first else children if kind in _CHAINS else [])
        place = following
    return place


def shift(place: str, offsets: Mapping[str, int]) -> str:
    """An output place of an emission alone, as a place of the body that it was joined to."""
    for name, offset in offsets.items():
        place = shifted(place, name, offset)
    return place


def shifted(place: str, name: str, offset: int) -> str:
    """The place with the index below the list `name` moved; "" where that would be before its beginning."""
    prefix = join("", name) + "/"
    if not place.startswith(prefix):
        return place
    index, slash, rest = place.removeprefix(prefix).partition("/")
    moved = int(index) + offset
    return f"{prefix}{moved}{slash}{rest}" if moved >= 0 else ""
