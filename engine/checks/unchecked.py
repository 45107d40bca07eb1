"""Keywords in the schemas of outputs that are annotations here, although drafts and libraries differ on that (M229)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem, Related
from ..language.rulebook import Rulebook
from ..schemas.formats import FORMATS_OF_TEXT
from ..schemas.positions import Locator
from ..source.nodes import MappingNode
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M229",
    "warning",
    "part of a schema that is not checked",
    "strings are not checked against parts of the schema {schema!r}: {found}",
    page="""
The schema of an output has a keyword for strings that is an annotation only: since draft 2019-09 `format` is not a
condition, and `contentEncoding` and `contentMediaType` are not conditions in any draft here. Bodies that violate it are
sent.

## How to fix

Express it as a `pattern`, or name draft-07 in `$schema` if the rest of the schema is written for it: there the
[listed formats](../language/schemas.md) are conditions. If the receiver is to decide, remove the keyword.

## Wrong

```yaml title=mapping.yaml
rules:
  - {rule: event, route: events, output: event, fields: {day: event.day}}
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
```

```json title=event.schema.json
{"properties": {"day": {"type": "string", "format": "date"}}}
```

```text title=problem
warning[M229]: strings are not checked against parts of the schema './event.schema.json': format 'date'
 --> mapping.yaml:4:19
  |
4 |   event: {schema: ./event.schema.json, request: {path: /v1/event}}
  |                   ^^^^^^^^^^^^^^^^^^^
  = help: say it by `pattern`, or name draft-07 in `$schema`, where formats are conditions
  = see: event.schema.json:1:43: format 'date'
```

## Right

```json title=event.schema.json
{"properties": {"day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}}}
```
""",
)

_HINT = "say it by `pattern`"
_DRAFT_07 = ", or name draft-07 in `$schema`, where formats are conditions"
_SHOWN = 5


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each schema of an output with keywords for strings that are not validated."""
    locator = Locator()
    for output in rulebook.outputs.values():
        for key, name in (("schema", output.schema), ("limits", output.limits)):
            node = output.node.get(key) if isinstance(output.node, MappingNode) else None
            if name is None or node is None or not rulebook.is_own(node.source):
                continue
            unchecked = rulebook.schemas[name].unchecked
            found = [f"{one.keyword} {one.value!r}" for one in unchecked]
            if found:
                more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
                listed = ", ".join(found[:_SHOWN]) + more
                is_newer = any(one.keyword == "format" and one.value in FORMATS_OF_TEXT for one in unchecked)
                hint = _HINT + _DRAFT_07 * is_newer
                places = [locator.at(one.path, one.pointer) for one in unchecked[:_SHOWN]]
                related = [Related(place, words) for place, words in zip(places, found, strict=False) if place]
                yield Problem.of("M229", node.place, hint=hint, related=related, schema=name, found=listed)
