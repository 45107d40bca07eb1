"""The importers by the name of their tool."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from .data_plan import import_data_plan
from .drafts import Imported
from .rudderstack import import_rudderstack
from .segment import import_segment

__all__ = ["IMPORTERS"]

IMPORTERS: Mapping[str, Callable[[str, Iterable[Path]], Imported]] = {
    "rudderstack": import_rudderstack,
    "segment": import_segment,
    "data-plan": import_data_plan,
}
