"""Reads what a mapping declares of the delivery of its requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..source.nodes import Node, ScalarNode
from . import kinds
from .decoder import Keys, each_named, found
from .delivery import Answers, Delivery, Hints, OwnDelivery, Ping, Retry, Window
from .keys import Key
from .kinds import Kind
from .request_reader import RequestReader

__all__ = ["DeliveryReader"]

_STATUS = re.compile(kinds.STATUS_CLASS)
_MEMBER = re.compile(kinds.MEMBER_PATH)


class DeliveryReader(RequestReader):
    """Reads the parts of a `delivery`, each by the keys that it declares."""

    def value(self, keys: Keys, key: Key) -> Any:
        read = _READERS.get(key.kind)
        return super().value(keys, key) if read is None else read(self, keys, key)

    def delivery(self, keys: Keys, key: Key) -> Any:
        """The part of a delivery under a key, in the form that its kind names."""
        node = keys.take(key.name)
        if node is None:
            return None
        where = "the delivery of an output" if key.kind is kinds.OWN_DELIVERY else key.name
        return self.part(self.keys(node, where, key.kind.form), _PARTS[key.kind], node=node)

    def windows(self, keys: Keys, key: Key) -> dict[str, Window]:
        def read(name: ScalarNode, node: Node) -> Window | None:
            inner = self.keys(node, f"the window {name.text!r}", "window")
            window = self.part(inner, Window, name=name.text, node=node)
            if window is not None and window.elements_of is not None and "counts" in inner:
                place = inner.node.place
                inner.report("M104", place, where=inner.where, keys="counts and elements_of", found="both are given")
            return window

        return each_named(keys, key.name, read, root=False, what="window")

    def outputs_named(self, keys: Keys, key: Key) -> tuple[str, ...]:
        result = []
        for node in keys.items(key.name):
            if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
                keys.wrong(key.name, node, "a list of names of outputs")
            elif self.named("output", node, self.outputs) is not None:
                result.append(node.text)
        return tuple(result)

    def statuses(self, keys: Keys, key: Key) -> tuple[str, ...] | None:
        node = keys.take(key.name)
        if node is None:
            return None
        result = []
        for item in keys.items(key.name):
            value = item.value if isinstance(item, ScalarNode) else None
            is_status = type(value) is int and 100 <= value <= 599
            if is_status or (isinstance(value, str) and _STATUS.fullmatch(value)):
                result.append(str(value))
            else:
                text = item.text if isinstance(item, ScalarNode) else found(item)
                given = repr(value) if isinstance(value, str) else text
                wanted = "a status from 100 to 599 or a class of them such as 5xx"
                keys.report("M114", item.place, what=f"a status of {key.name!r}", found=given, wanted=wanted)
        return tuple(result)

    def member(self, keys: Keys, key: Key) -> str | None:
        node = keys.scalar(key.name, required=key.required)
        if node is None or _MEMBER.fullmatch(node.text):
            return None if node is None else node.text
        wanted = "the name of a member, or names with dots between them"
        keys.report("M114", node.place, what=repr(key.name), found=repr(node.text), wanted=wanted)
        return None

    def positive(self, keys: Keys, key: Key) -> float | None:
        value = keys.number(key.name)
        if value is None or 0 < value <= kinds.MAX_AMOUNT:
            return None if value is None else float(value)
        node = keys.take(key.name)
        assert node is not None  # noqa: S101  it has a value
        keys.wrong(key.name, node, f"a number above 0 and at most {kinds.MAX_AMOUNT}")
        return None


_PARTS: dict[Kind, type] = {
    kinds.DELIVERY: Delivery,
    kinds.OWN_DELIVERY: OwnDelivery,
    kinds.ANSWERS: Answers,
    kinds.HINTS: Hints,
    kinds.RETRY: Retry,
    kinds.PING: Ping,
}
_READERS: dict[Kind, Callable[[DeliveryReader, Keys, Key], Any]] = {
    **dict.fromkeys(_PARTS, DeliveryReader.delivery),
    kinds.WINDOWS: DeliveryReader.windows,
    kinds.OUTPUTS: DeliveryReader.outputs_named,
    kinds.SOME_OUTPUTS: DeliveryReader.outputs_named,
    kinds.STATUSES: DeliveryReader.statuses,
    kinds.MEMBER: DeliveryReader.member,
    kinds.POSITIVE: DeliveryReader.positive,
}
