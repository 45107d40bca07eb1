"""Declarations of the delivery of requests: order, limits of the receiver, and how answers are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..source.nodes import Node
from . import kinds
from .fields import description_key
from .keys import form, key

__all__ = ["VERDICTS", "Answers", "Delivery", "Hints", "OwnDelivery", "Ping", "Retry", "Window"]

Statuses = tuple[str, ...]
"""Statuses such as `429`, and classes of them such as `5xx`."""

VERDICTS = ("accept", "retry", "wait", "stop", "reject")


@form("window", "A limit of the receiver: how much in how many seconds.", "A change of a limit of the receiver.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Window:
    """A limit of the receiver: the things that it counts, and how many of them it takes in how many seconds."""

    name: str
    limit: int = key(kinds.SIZE, "The most that is sent in any `seconds` seconds.", required=True, default=1)
    seconds: int = key(kinds.SIZE, "The length of the window.", required=True, default=1)
    counts: str = key(
        kinds.COUNTED, "Counts requests, or bodies, of which a request in bulk has several.", default="requests"
    )
    elements_of: str | None = key(kinds.MEMBER, "The elements of this list in each body count instead.", default=None)
    outputs: tuple[str, ...] = key(kinds.OUTPUTS, "The outputs that count; without it, all.", default=())
    sent: str | None = key(kinds.SENT, "Counts only what is sent in this way; without it, both.", default=None)
    each_key: bool = key(kinds.FLAG, "Each value of `order` has a window of its own.", default=False)
    description: str | None = description_key()
    node: Node | None = None


@form(
    "answers",
    "What the status of an answer means; a status counts before a class such as `5xx`.",
    "A change of what statuses mean.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answers:
    """The statuses of each meaning; those that are not listed are rejected."""

    accept: Statuses = key(kinds.STATUSES, "The request has arrived. By default `[2xx]`.", default=("2xx",))
    retry: Statuses = key(
        kinds.STATUSES,
        "It is sent again later, after those of the same `order` that came before it. By default `[408, 425, 5xx]`.",
        default=("408", "425", "5xx"),
    )
    wait: Statuses = key(
        kinds.STATUSES,
        "Too much was sent: everything waits, and the attempt does not count. By default `[429]`.",
        default=("429",),
    )
    stop: Statuses = key(
        kinds.STATUSES,
        "Nothing would be accepted: sending stops, and all is kept. By default `[3xx, 401, 403, 404, 407]`.",
        default=("3xx", "401", "403", "404", "407"),
    )
    reject: Statuses = key(
        kinds.STATUSES,
        "The request is dead: a person decides. Statuses that are not listed mean the same.",
        default=(),
    )
    node: Node | None = None


@form("hints", "The headers of answers in which the receiver tells its limits.", "A change of these headers.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hints:
    """The names of headers with hints, in any letter case."""

    limit: str | None = key(kinds.FILLED, "The limit of the present window.", default=None)
    remaining: str | None = key(kinds.FILLED, "The number left of it.", default=None)
    reset: str | None = key(
        kinds.FILLED,
        "The end of the window: seconds from now, or since 1970 if the number is that large.",
        default=None,
    )
    retry_after: str = key(kinds.FILLED, "How long to wait: seconds, or a date.", default="Retry-After")
    node: Node | None = None


@form("retry", "When a request is sent again: each wait is chosen at random up to its bound.", "A change of that.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Retry:
    """The schedule of attempts: the bound of the n-th wait is `base * factor ** n`, at most `cap`."""

    base: float = key(kinds.POSITIVE, "The bound of the first wait, in seconds. By default 2.", default=2.0)
    factor: float = key(kinds.POSITIVE, "Each bound is the last one times this. By default 2.", default=2.0)
    cap: float = key(kinds.POSITIVE, "The largest bound, in seconds. By default 300.", default=300.0)
    attempts: int = key(kinds.SIZE, "After this number, the request is dead. By default 10.", default=10)
    node: Node | None = None


@form(
    "ping",
    "A request that changes nothing, with which `moemap ping` tries host and credentials.",
    "A change of this request.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ping:
    """A harmless request to the mapping's server. Its path and the strings of its body can have {placeholders}."""

    method: str = key(kinds.METHOD, "The HTTP method.", default="POST")
    path: str = key(kinds.FILLED, "The path of the URL.", required=True, default="/")
    body: Any = key(kinds.ANY, "The body; none without it.", default=None)
    node: Node | None = None


@form("outputDelivery", "How requests of this output are delivered, where that differs.", "A change of how they are.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OwnDelivery:
    """The delivery of one output, where it differs from that of the mapping; None stands for the same."""

    effect: str | None = key(
        kinds.EFFECT, "What a second delivery does: nothing (`upsert`), or the same again (`append`).", default=None
    )
    order: str | None = key(kinds.MEMBER, "The `order` of these bodies.", default=None)
    bulk: bool = key(kinds.FLAG, "`false` never sends these bodies in bulk.", default=True)
    node: Node | None = None


@form(
    "delivery",
    "How `moemap send` delivers requests: in order, within the limits of the receiver, and as it answers.",
    "A change of how requests are delivered.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Delivery:
    """The delivery of requests: defaults for outputs, and the limits and answers of the receiver as a whole."""

    effect: str = key(
        kinds.EFFECT,
        "What a second delivery of a request does: nothing (`upsert`), or the same again (`append`).",
        default="append",
    )
    order: str | None = key(
        kinds.MEMBER,
        "The member of bodies whose requests keep their order: with the same value, one is sent after the other.",
        default=None,
        examples=("user_id", "user.id"),
    )
    uncertain: str = key(
        kinds.UNCERTAIN,
        "An `append` that may have arrived is sent again (`repeat`), or held for a person (`hold`).",
        default="repeat",
    )
    windows: Mapping[str, Window] = key(kinds.WINDOWS, "The limits of the receiver, by name; all hold at once.")
    answers: Answers = key(kinds.ANSWERS, "What the statuses of answers mean.", default=Answers())
    hints: Hints = key(kinds.HINTS, "The headers in which the receiver tells its limits.", default=Hints())
    retry: Retry = key(kinds.RETRY, "When a request is sent again.", default=Retry())
    bulk_from: int | None = key(
        kinds.SIZE, "The number of ready bodies from which on they are sent in `bulk`; without it, never.", default=None
    )
    keep_alive: float = key(
        kinds.POSITIVE, "The seconds after which an unused connection is closed. By default 4.", default=4.0
    )
    ping: Ping | None = key(kinds.PING, "The request of `moemap ping`.", default=None)
    description: str | None = description_key()
    node: Node | None = None
