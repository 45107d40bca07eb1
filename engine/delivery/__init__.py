"""Delivers requests: an outbox that survives crashes, the limits of a destination, answers, and the sender.

Comes in: inputs with the requests that they were mapped to, and the Plan of their mapping. Goes out: calls to the
destination, and the outcome of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .entries import OutboxError
    from .intake import DryRun, TakenInputs
    from .origins import Origins
    from .outbox import Outbox
    from .plan import Plan
    from .secrets import Secrets
    from .sender import Progress, Sender

__all__ = [
    "DryRun",
    "Origins",
    "Outbox",
    "OutboxError",
    "Plan",
    "Progress",
    "Secrets",
    "Sender",
    "TakenInputs",
]

__getattr__ = lazily(__name__)
