"""Words in braces that are sent as they stand, since they do not have the form of a placeholder (M143)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.rulebook import Const, Field, Rulebook, Text
from ..language.traversal import fields_in
from ..values.placeholders import PLACEHOLDER
from .shared.registry import checks_rules
from .shared.template_values import TEMPLATE_VALUES

__all__ = ["check"]

declare(
    "M143",
    "warning",
    "braces that are no placeholder",
    "{text!r} is no placeholder, and is sent as it stands",
    page="""
In the URL and the headers of a server, and in the path, the query and the headers of a request, a name in braces stands
for a value that is filled in by whoever sends the request, such as a secret. Such a name consists of lower-case
letters, digits and underscores; anything else in braces is sent as it stands.

## How to fix

Write the name in lower case, as in `{api_key}`.

## Wrong

```yaml title=mapping.yaml
server:
  url: https://example.com
  headers: {Authorization: "Bearer {API-KEY}"}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
warning[M143]: '{API-KEY}' is no placeholder, and is sent as it stands
 --> mapping.yaml:3:28
  |
3 |   headers: {Authorization: "Bearer {API-KEY}"}
  |                            ^^^^^^^^^^^^^^^^^^
  = help: did you mean '{api_key}'?
```

## Right

```yaml title=mapping.yaml
server:
  url: https://example.com
  headers: {Authorization: "Bearer {api_key}"}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

_IN_BRACES = re.compile(r"\{[A-Za-z][A-Za-z0-9_.\- ]*\}", re.ASCII)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each part of a request with a name in braces that is not a placeholder."""
    servers = [rulebook.server, *(output.server for output in rulebook.outputs.values())]
    requests = [output.request for output in rulebook.outputs.values()]
    requests += [rulebook.bulk.request] if rulebook.bulk is not None else []
    parts = [part for server in servers if server is not None for part in (server.url, *server.headers)]
    parts += [part for request in requests for part in request.parts]
    for field in fields_in(tuple(parts)):
        for found in _IN_BRACES.findall(TEMPLATE_VALUES.sub("", _written(field))):
            if not PLACEHOLDER.fullmatch(found):
                name = re.sub(r"[^a-z0-9]+", "_", found.strip("{} ").lower()).strip("_")
                yield Problem.of("M143", field.place, hint=f"did you mean '{{{name}}}'?", text=found)


def _written(field: Field) -> str:
    """The text of a template or of a constant."""
    match field.source:
        case Text(template=template):
            return template.text
        case Const(value=str() as text):
            return text
    return ""
