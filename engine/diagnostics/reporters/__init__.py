"""Reporters: one module for each format that Problems are rendered in.

Comes in: a Report. Goes out: text, which the command prints. Each module beside `report` is a format under its own
name, with a function `render`. Messages quote files and payloads from untrusted sources, so control characters that a
terminal or a CI log would obey are always escaped.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .report import Report

__all__ = ["Report", "formats", "render"]


def formats() -> tuple[str, ...]:
    """The names of the formats, `text` first."""
    names = {module.name for module in iter_modules(__path__)} - {"report"}
    return tuple(sorted(names, key=lambda name: (name != "text", name)))


def render(format_: str, report: Report) -> str:
    """Renders a report in one of the formats."""
    text: str = import_module(f".{format_}", __name__).render(report)
    return text
