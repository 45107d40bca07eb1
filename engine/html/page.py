"""Renders pages of HTML from the templates of this folder."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics.terminal import printable_lines
from ..values.kinds import shown

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render", "spans"]

_HERE = Path(__file__).parent


def render(name: str, **content: Any) -> str:
    """The page of the template `name`, with the script of the same name if there is one.

    All content is escaped. The policy of the page forbids every request, and scripts and styles not in the file.
    """
    style, script = _text("base.css") + _text("style.css"), _text(f"{name}.js")
    return _environment().get_template(f"{name}.html").render(style=style, script=script, **content) + "\n"


def spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a text between backticks, which are code, and the others."""
    parts = text.split("`") if text.count("`") % 2 == 0 else [text]
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


@cache
def _text(name: str) -> str:
    path = _HERE / name
    return path.read_text("utf-8") if path.exists() else ""


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    made = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(_HERE),
        finalize=lambda value: printable_lines(value) if type(value) is str else value,
    )
    made.filters["breakable"] = lambda text, after=".[(": Markup("<wbr>").join(  # where a long path may be broken
        escape(printable_lines(part)) for part in re.split(rf"(?<=[{re.escape(after)}])(?=\w)", text)
    )
    made.filters["words"] = lambda text: Markup("").join(  # with code between backticks
        Markup("<code>{}</code>").format(printable_lines(part)) if is_code else escape(printable_lines(part))
        for part, is_code in spans(text)
    )
    made.filters["compact"] = shown
    made.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    made.filters["hash"] = lambda text: b64encode(sha256(text.encode()).digest()).decode()
    return made
