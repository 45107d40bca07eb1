"""The delivery that a mapping declares for its requests, as plain JSON for those who send them."""

from __future__ import annotations

from typing import Any

from .delivery import VERDICTS, Delivery
from .keys import keys_of
from .rulebook import Rulebook

__all__ = ["declared"]


def declared(rulebook: Rulebook) -> dict[str, Any]:
    """The delivery that a mapping declares, as JSON, with defaults for missing keys."""
    own = rulebook.delivery or Delivery(windows={})
    return {
        **_plain(own),
        "windows": [{"name": one.name, **_plain(one)} for one in own.windows.values()],
        "answers": {status: verdict for verdict in VERDICTS for status in getattr(own.answers, verdict)},
        "hints": _plain(own.hints),
        "retry": _plain(own.retry),
        "ping": None if own.ping is None else _plain(own.ping),
        "id": rulebook.input.id,
        "outputs": {
            name: {
                "effect": (output.delivery and output.delivery.effect) or own.effect,
                "order": (output.delivery and output.delivery.order) or own.order,
                "bulk": output.delivery is None or output.delivery.bulk,
            }
            for name, output in rulebook.outputs.items()
        },
    }


def _plain(part: Any) -> dict[str, Any]:
    found = {one.attribute: getattr(part, one.attribute) for one in keys_of(type(part)) if one.name != "description"}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
