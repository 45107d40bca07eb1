"""Invalid limits of distinct names in the schemas of outputs (M618)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem, Related
from ..language.rulebook import Rulebook
from ..schemas.distinct import marks_in
from ..schemas.positions import Locator
from ..source.homes import SCHEMAS
from ..values.kinds import shown
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M618",
    "error",
    "limit of distinct names that is none",
    "{value} at {where} of the schema {schema!r} is no number of distinct names",
    page="""
In the schema of an output, [`x-distinct`](../language/schemas.md) says how many distinct names an object, or how
many distinct values a string, may have in all requests together; `moemap lost --limits` counts them. Here its value is
no whole number above 0, so nothing is counted.

## How to fix

Write the number that the receiver keeps.

## Wrong

```yaml title=mapping.yaml
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
```

```json title=event.schema.json
{"properties": {"name": {"x-distinct": "500"}}}
```

```text title=problem
error[M618]: "500" at /properties/name/x-distinct of the schema './event.schema.json' is no number of distinct names
 --> mapping.yaml:2:10
  |
2 |   event: {schema: ./event.schema.json, request: {path: /v1/event}}
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = see: event.schema.json:1:26: it stands here
```

## Right

```json title=event.schema.json
{"properties": {"name": {"x-distinct": 500}}}
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each invalid limit in the files of the schemas of outputs. The tests check the installed schemas."""
    locator, seen = Locator(), set()
    for output in rulebook.outputs.values():
        for name in (output.schema, output.limits):
            for section in () if name is None else rulebook.schemas[name].sections:
                document = section.document
                if document.path in seen or document.path.resolve().is_relative_to(SCHEMAS):
                    continue
                seen.add(document.path)
                for pointer, value in marks_in(document.content):
                    if type(value) is int and value > 0:
                        continue
                    there = locator.at(document.path, pointer)
                    yield Problem.of(
                        "M618",
                        output.node.place,
                        related=() if there is None else (Related(there, "it stands here"),),
                        value=shown(value),
                        where=pointer,
                        schema=name,
                    )
