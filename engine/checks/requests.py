"""Parts of requests that cannot be sent: paths (M138), methods (M142), headers (M140), emissions that do not fit their
output (M135), empty emissions (M136), and keys without effect (M137)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.rulebook import Field, ObjectSource, Output, RequestLine, Rule, Rulebook, Text
from ..source.nodes import MappingNode, Node
from .shared.registry import checks_rules
from .shared.template_values import TEMPLATE_VALUES

__all__ = ["HEADER_NAME", "check"]

declare(
    "M135",
    "error",
    "body that the output does not take",
    "the output {request!r} takes no {key!r}: its body is {body}",
    page="""
A rule gives its output something that it has no place for. An output with `body: none` takes nothing, one with
`body: value` takes a `value`, and one whose body is an object takes `fields` and `spread`. With `element_of` or
`body: list`, a rule gives an element, which may be either.

## How to fix

Give the rule the key that the output takes, or change the `body` of the output.

## Wrong

```yaml title=mapping.yaml
outputs:
  event:
    body: none
    request: {method: DELETE, path: "/v1/events/{{ event.id }}"}
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: event.id
```

```text title=problem
error[M135]: the output 'event' takes no 'fields': its body is empty
 --> mapping.yaml:9:5
  |
9 |     fields:
  |     ^^^^^^
  = rule: event
```

## Right

```yaml title=mapping.yaml
outputs:
  event:
    body: none
    request: {method: DELETE, path: "/v1/events/{{ event.id }}"}
rules:
  - rule: event
    route: events
    output: event
```
""",
)

declare(
    "M136",
    "error",
    "rule that emits nothing",
    "the rule gives the output {request!r} nothing to send: it has no {keys}",
    page="""
A rule names an output and gives it nothing, so it can never make a request. The `fields` of an output alone make none.
A rule with `warn` may give nothing: it is there to warn.

## How to fix

Give the rule `fields`, or `body: none` to an output whose requests have no body.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
```

```text title=problem
error[M136]: the rule gives the output 'event' nothing to send: it has no 'fields' or 'spread'
 --> mapping.yaml:2:11
  |
2 |   - rule: event
  |           ^^^^^
  = rule: event
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

declare(
    "M137",
    "warning",
    "key without effect",
    "{key!r} has no effect: {reason}",
    page="""
A key stands where it changes nothing: `max_items` in an output that adds nothing to a list, or `then` in a rule without
a route, since every rule without a route is applied anyway.

## How to fix

Remove the key, or say what it was meant for: `element_of`, `combine`, `body: list`, or a `route`.

## Wrong

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event}
    max_items: 100
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
warning[M137]: 'max_items' has no effect: nothing is added to a list of this output
 --> mapping.yaml:5:16
  |
5 |     max_items: 100
  |                ^^^
```

## Right

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event}
    element_of: events
    max_items: 100
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

declare(
    "M138",
    "error",
    "path of a request",
    "the path {path!r} {reason}",
    page="""
The path of a request is added to the URL of the server. It begins with `/`, and has no `?` and no `#`: parameters stand
under `query`. Only `{{ }}` is replaced by values of the batch, each percent-encoded as one segment; `{placeholders}`
are left to whoever sends the requests.

## How to fix

Write the path as `/v1/users/{{ user.id }}`, and parameters under `query`.

## Wrong

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: v1/event?source=shop}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
error[M138]: the path 'v1/event?source=shop' does not begin with '/'
 --> mapping.yaml:4:21
  |
4 |     request: {path: v1/event?source=shop}
  |                     ^^^^^^^^^^^^^^^^^^^^
  = help: write /v1/event?source=shop
```

## Right

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event, query: {source: {const: shop}}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

declare(
    "M140",
    "error",
    "name of a header",
    "the header {name!r} {reason}",
    page="""
The name of a header consists of letters, digits and a few signs such as `-`, and header names that differ in letter
case only are the same name.

## How to fix

Correct the name, or remove one of the two.

## Wrong

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event, headers: {X-Source: batch.source, x-source: {const: shop}}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
error[M140]: the header 'x-source' is given twice: 'X-Source' is the same
 --> mapping.yaml:4:66
  |
4 |     request: {path: /v1/event, headers: {X-Source: batch.source, x-source: {const: shop}}}
  |                                                                  ^^^^^^^^
```

## Right

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event, headers: {X-Source: {from: batch.source, default: shop}}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

declare(
    "M142",
    "warning",
    "body of a request that should have none",
    "a {method} request has no body, but this output gives it one",
    page="""
Receivers, and what lies on the way to them, ignore the body of a GET request or refuse it.

## How to fix

Write `body: none`, and what is to be sent under `query`; or choose another method.

## Wrong

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {method: GET, path: /v1/event}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
warning[M142]: a GET request has no body, but this output gives it one
 --> mapping.yaml:4:23
  |
4 |     request: {method: GET, path: /v1/event}
  |                       ^^^
  = help: write `body: none`, and the values under `query`
```

## Right

```yaml title=mapping.yaml
outputs:
  event:
    body: none
    request: {method: GET, path: /v1/event, query: {name: event.name}}
rules:
  - rule: event
    route: events
    output: event
```
""",
)

_BODIES = {"object": "an object", "list": "a list", "value": "a single value", "none": "empty"}
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each part of a request that cannot be sent as it is written."""
    for server in (rulebook.server, *(output.server for output in rulebook.outputs.values())):
        yield from _headers(server.headers) if server is not None else ()
    for output in rulebook.outputs.values():
        yield from _line(output.request)
        yield from _output(output)
    if rulebook.bulk is not None:
        yield from _line(rulebook.bulk.request)
    for rule in rulebook.rules:
        if rule.goes_on and rule.route is None:
            reason = "without a route, every rule is applied"
            yield Problem.of("M137", _place(rule.node, "then"), rule=rule.name, key="then", reason=reason)
        if rule.output is not None:
            yield from _given(rule, rulebook.outputs[rule.output])


def _place(node: Node, key: str, *, of_name: bool = False) -> Any:
    """The place of a key of a node, or of its value."""
    name = node.key(key) if isinstance(node, MappingNode) else None
    value = node.get(key) if isinstance(node, MappingNode) else None
    return ((name if of_name else value) or node).place


def _given(rule: Rule, output: Output) -> Iterator[Problem]:
    """Reports the keys of a rule that do not fit its output, and an empty emission."""
    takes = {"none": [], "value": ["value"]}.get(output.body, ["fields", "spread"])
    takes += ["value"] if output.is_joined else []
    if isinstance(rule.body, ObjectSource):
        given = [key for key, parts in (("fields", rule.body.fields), ("spread", rule.body.spreads)) if parts]
    else:
        given = ["value"]
    for key in given:
        if key not in takes:
            hint = f"the output takes {' and '.join(map(repr, takes))}" if takes else None
            place = _place(rule.node, key, of_name=True)
            body = _BODIES[output.body]
            yield Problem.of("M135", place, rule=rule.name, hint=hint, request=output.name, key=key, body=body)
    if takes and not given and not rule.warn:
        keys = " or ".join(map(repr, takes))
        yield Problem.of("M136", rule.place, rule=rule.name, request=output.name, keys=keys)


def _output(output: Output) -> Iterator[Problem]:
    if output.max_items is not None and output.body != "list" and "append" not in output.combine.values():
        reason = "nothing is added to a list of this output"
        yield Problem.of("M137", _place(output.node, "max_items"), key="max_items", reason=reason)
    if output.request.method == "GET" and output.body != "none":
        request = output.node.get("request") if isinstance(output.node, MappingNode) else None
        hint = "write `body: none`, and the values under `query`"
        yield Problem.of("M142", _place(request or output.node, "method"), hint=hint, method="GET")


def _line(line: RequestLine) -> Iterator[Problem]:
    source = line.path.source
    path = source.template.text if isinstance(source, Text) else ""
    if reason := _flaw_of_path(path):
        hint = f"write /{path}" if not path.startswith("/") and not path.startswith("{{") else None
        yield Problem.of("M138", line.path.place, hint=hint, path=path, reason=reason)
    yield from _headers(line.headers)


def _flaw_of_path(path: str) -> str | None:
    if not path.startswith("/"):
        return "does not begin with '/'"
    written = TEMPLATE_VALUES.sub("x", path)
    if sign := re.search(r"[?#]", written):
        return f"has the sign {sign[0]!r}" + (": parameters stand under `query`" if sign[0] == "?" else "")
    if sign := re.search(r"[^\x21-\x7e]", written):
        return f"has the character {sign[0]!r}, which must be percent-encoded"
    if any(segment in (".", "..") for segment in written.split("/")):
        return "has a segment that leads elsewhere"
    return None


def _headers(headers: tuple[Field, ...]) -> Iterator[Problem]:
    known: dict[str, str] = {}
    for header in headers:
        name = header.name or ""
        place = (header.name_node or header.node).place
        if not HEADER_NAME.fullmatch(name):
            reason = "can have letters, digits and - only"
            yield Problem.of("M140", place, name=name, reason=reason)
        elif (other := known.setdefault(name.lower(), name)) != name:
            yield Problem.of("M140", place, name=name, reason=f"is given twice: {other!r} is the same")
