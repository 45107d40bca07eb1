"""Servers whose URL is invalid, whatever the settings (M141)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..inference.facts import Flow
from ..language.rulebook import ABSENT, Field, Rulebook, Setting, Text
from ..templates.template import TemplateFailure
from ..types.types import constants, without_null
from ..values.kinds import shown
from .shared.registry import checks_types
from .shared.template_values import TEMPLATE_VALUES

__all__ = ["check"]

declare(
    "M141",
    "error",
    "server",
    "the URL of the server {reason}",
    page="""
The URL of a server begins with `https://` or `http://` and does not end with `/`, since every path begins with one. It
is made of the settings, and must be a URL whatever they are.

## How to fix

Correct the template or the table, or give it a `default`.

## Wrong

```yaml title=mapping.yaml
server:
  url: example.com/api/
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
error[M141]: the URL of the server can be "example.com/api/", which does not begin with https:// or http://
 --> mapping.yaml:2:8
  |
2 |   url: example.com/api/
  |        ^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
server:
  url: https://example.com/api
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)


_LEAST = {"integer": 0, "double": 0, "number": 0, "boolean": False, "array": [], "object": {}}


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each server whose URL is invalid, whatever the settings."""
    for server, type_ in flow.servers.items():
        found = [reason for url in constants(without_null(type_)) or () if (reason := _flaw_of_url(url))]
        if type_.parts.null and _can_be_null(server.url, flow.rulebook):
            found.append("may have no value, depending on the settings")
        if isinstance(server.url.source, Text) and (start := TEMPLATE_VALUES.split(server.url.source.template.text)[0]):
            found += [] if found or re.match(r"https?://", start) else ["does not begin with https:// or http://"]
        if found:
            yield Problem.of("M141", server.url.place, reason=found[0])


def _can_be_null(url: Field, rulebook: Rulebook) -> bool:
    """Returns whether a setting can make the URL null; a template is also null if its result would be too long."""
    if not isinstance(url.source, Text) or {root.name for root in url.source.template.roots} != {"settings"}:
        return True
    settings = {name: _least_value(setting) for name, setting in rulebook.settings.items()}
    try:
        return url.source.template.render({"settings": settings}) is None
    except TemplateFailure:
        return True


def _least_value(setting: Setting) -> Any:
    """A value that the declaration of a setting allows: null if possible."""
    if setting.default is not ABSENT:
        return setting.default
    return setting.enum[0] if setting.enum else _LEAST.get(setting.type, "")


def _flaw_of_url(url: Any) -> str | None:
    if not isinstance(url, str) or not re.match(r"https?://[^/]", url):
        return f"can be {shown(url)}, which does not begin with https:// or http://"
    if url.endswith("/"):
        return f"can be {shown(url)}, which ends with '/', as every path begins with one"
    return f"can be {shown(url)}, which is not a URL" if re.search(r"[^\x21-\x7e]|[?#]", url) else None
