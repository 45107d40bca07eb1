"""Problems rendered, one module a format.

Comes in: a Report. Goes out: text; printing it is the command's part. Each module beside `report` is a format under its
own name, with a function `render`. What a message quotes comes from files and payloads that nobody vouches for, so no
character that a terminal or a CI log could obey goes out as it is.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .report import Report

__all__ = ["Report", "formats", "render"]


def formats() -> tuple[str, ...]:
    """The formats that there are, `text` first."""
    names = {module.name for module in iter_modules(__path__)} - {"report"}
    return tuple(sorted(names, key=lambda name: (name != "text", name)))


def render(format_: str, report: Report) -> str:
    """The report in one of the formats."""
    text: str = import_module(f".{format_}", __name__).render(report)
    return text
