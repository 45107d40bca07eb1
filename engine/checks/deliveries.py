"""Contradictions in the delivery that a mapping declares, and members in it that no body has (M150 to M155)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..language.delivery import VERDICTS, Delivery, Window
from ..language.rulebook import Output, Rulebook
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..types.from_schema import type_of
from ..types.types import NULL, Type, lookup
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M150",
    "error",
    "status with two meanings",
    "the status {status} cannot mean both {one!r} and {other!r}",
    page="""
In `answers`, a status or a class of statuses stands in two lists. What such an answer means would depend on the order
in which they are read.

## How to fix

Leave the status in one list. A status by itself counts before its class: `retry: [5xx]` and `reject: [501]` go well
together.

## Wrong

```yaml title=mapping.yaml
delivery:
  answers:
    retry: [404, 5xx]
    reject: [404]
```

```text title=problem
error[M150]: the status 404 cannot mean both 'retry' and 'reject'
 --> mapping.yaml:4:14
  |
4 |     reject: [404]
  |              ^^^
```

## Right

```yaml title=mapping.yaml
delivery:
  answers:
    retry: [404, 5xx]
    reject: [501]
```
""",
)
declare(
    "M151",
    "error",
    "member that is never there",
    "no {what} has the member {name!r}",
    page="""
`order` and `elements_of` name a member of bodies, and the `id` of `input` a member of inputs. By its schema, there is
no such member, so nothing would be in order, counted or recognised by it.

## How to fix

Correct the name: names with dots between them lead from object to object.

## Wrong

```yaml title=mapping.yaml
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
delivery:
  order: name_of_user
```

```json title=event.schema.json
{"type": "object", "properties": {"name": {"type": "string"}, "user_key": {}}, "additionalProperties": false}
```

```text title=problem
error[M151]: no body of the output 'event' has the member 'name_of_user'
 --> mapping.yaml:4:10
  |
4 |   order: name_of_user
  |          ^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
delivery:
  order: user_key
```
""",
)
declare(
    "M152",
    "error",
    "elements of no list",
    "a window counts the elements of {name!r}, which is never a list in a body of {request!r}",
    page="""
A window counts the elements of a list in each body (`elements_of`). By the schema of the output, this member is none.

## How to fix

Name the list, or leave `elements_of` out if each body counts once.

## Wrong

```yaml title=mapping.yaml
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
delivery:
  windows:
    items: {limit: 1000, seconds: 60, elements_of: name}
```

```json title=event.schema.json
{"type": "object", "properties": {"name": {"type": "string"}}}
```

```text title=problem
error[M152]: a window counts the elements of 'name', which is never a list in a body of 'event'
 --> mapping.yaml:5:52
  |
5 |     items: {limit: 1000, seconds: 60, elements_of: name}
  |                                                    ^^^^
```

## Right

```yaml title=mapping.yaml
delivery:
  windows:
    items: {limit: 1000, seconds: 60, counts: bodies}
```
""",
)
declare(
    "M153",
    "error",
    "window without a key",
    "a window counts for each value of `order`, and no output that it counts has one",
    page="""
A window with `each_key: true` counts for each value of `order` by itself, but neither the mapping nor an output that
the window counts says what that is.

## How to fix

Say with `order` which member of bodies it is, or leave `each_key` out.

## Wrong

```yaml title=mapping.yaml
delivery:
  windows:
    user: {limit: 5000, seconds: 60, each_key: true}
```

```text title=problem
error[M153]: a window counts for each value of `order`, and no output that it counts has one
 --> mapping.yaml:3:48
  |
3 |     user: {limit: 5000, seconds: 60, each_key: true}
  |                                                ^^^^
```

## Right

```yaml title=mapping.yaml
delivery:
  order: user_id
  windows:
    user: {limit: 5000, seconds: 60, each_key: true}
```
""",
)
declare(
    "M154",
    "error",
    "waits of retries that do not grow",
    "the schedule of retries {reason}",
    page="""
The waits of `retry` grow from `base` by `factor` up to `cap`. A cap below the base, or a factor below 1, makes none
that grow.

## How to fix

Correct the number.

## Wrong

```yaml title=mapping.yaml
delivery:
  retry: {base: 60, cap: 30}
```

```text title=problem
error[M154]: the schedule of retries begins with 60 seconds, above its cap of 30
 --> mapping.yaml:2:26
  |
2 |   retry: {base: 60, cap: 30}
  |                          ^^
```

## Right

```yaml title=mapping.yaml
delivery:
  retry: {base: 30, cap: 60}
```
""",
)
declare(
    "M155",
    "error",
    "bulk that is not described",
    "`bulk_from` asks for bulk requests, and the mapping has no `bulk`",
    page="""
`bulk_from` says when bodies are sent in bulk, but `bulk` of the mapping, which says how, is missing.

## How to fix

Describe the bulk request with `bulk`, or leave `bulk_from` out.

## Wrong

```yaml title=mapping.yaml
delivery:
  bulk_from: 50
```

```text title=problem
error[M155]: `bulk_from` asks for bulk requests, and the mapping has no `bulk`
 --> mapping.yaml:2:14
  |
2 |   bulk_from: 50
  |              ^^
```

## Right

```yaml title=mapping.yaml
bulk:
  schema: ./event.schema.json
  request: {path: /v1/bulk}
  elements: events
  max_bytes: 100000
delivery:
  bulk_from: 50
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports contradictions in the delivery, and members that no body has."""
    given = rulebook.input.id
    if given is not None and rulebook.input.schema in rulebook.schemas:
        type_ = type_of(rulebook.schemas[rulebook.input.schema])
        yield from _member(type_, given, _value(rulebook.input.node, "id"), "input")
    yield from _orders(rulebook)
    if rulebook.delivery is not None:
        own = rulebook.delivery
        yield from _answers(own)
        yield from _retry(own)
        for window in own.windows.values():
            yield from _window(window, rulebook)
        if own.bulk_from is not None and rulebook.bulk is None:
            yield Problem.of("M155", _value(own.node, "bulk_from").place)


def _value(node: Node | None, key: str) -> Node:
    """The node under a key that certainly exists."""
    value = node.get(key) if isinstance(node, MappingNode) else None
    assert value is not None  # noqa: S101  what was read from it has a value
    return value


def _answers(own: Delivery) -> Iterator[Problem]:
    meanings: dict[str, str] = {}
    for verdict in VERDICTS:
        nodes = own.answers.node.get(verdict) if isinstance(own.answers.node, MappingNode) else None
        for item in nodes.items if isinstance(nodes, SequenceNode) else ():
            status = str(item.value) if isinstance(item, ScalarNode) else ""
            before = meanings.setdefault(status, verdict)
            if before != verdict:
                yield Problem.of("M150", item.place, status=status, one=before, other=verdict)


def _retry(own: Delivery) -> Iterator[Problem]:
    retry = own.retry
    if retry.cap < retry.base:
        node = retry.node if isinstance(retry.node, MappingNode) else None
        place = _value(node, "cap" if node is not None and node.get("cap") is not None else "base").place
        reason = f"begins with {retry.base:g} seconds, above its cap of {retry.cap:g}"
        yield Problem.of("M154", place, reason=reason)
    if retry.factor < 1:
        place = _value(retry.node, "factor").place
        yield Problem.of("M154", place, reason=f"shrinks by its factor of {retry.factor:g}")


def _orders(rulebook: Rulebook) -> Iterator[Problem]:
    own = rulebook.delivery
    inherited: list[list[Problem]] = []
    for output in rulebook.outputs.values():
        if output.delivery is not None and output.delivery.order is not None:
            yield from _missing(output, rulebook, output.delivery.order, _value(output.delivery.node, "order"))
        elif own is not None and own.order is not None:
            inherited.append(list(_missing(output, rulebook, own.order, _value(own.node, "order"))))
    if inherited and all(inherited):  # some outputs may well have no order
        yield inherited[0][0]


def _missing(output: Output, rulebook: Rulebook, name: str, node: Node) -> Iterator[Problem]:
    yield from _member(_body(output, rulebook), name, node, f"body of the output {output.name!r}")


def _window(window: Window, rulebook: Rulebook) -> Iterator[Problem]:
    own = rulebook.delivery
    counted = [one for one in rulebook.outputs.values() if not window.outputs or one.name in window.outputs]
    orders = [(one.delivery and one.delivery.order) or (own and own.order) for one in counted]
    if window.each_key and counted and not any(orders):
        yield Problem.of("M153", _value(window.node, "each_key").place)
    name = window.elements_of
    if name is None:
        return
    node = _value(window.node, "elements_of")
    missing = []
    for output in counted:
        type_ = _reached(_body(output, rulebook), name)
        if type_.kinds <= {"null"}:
            missing.append(output)
        elif "array" not in type_.kinds:
            yield Problem.of("M152", node.place, name=name, request=output.name)
    if counted and len(missing) == len(counted):
        yield from _missing(missing[0], rulebook, name, node)


def _body(output: Output, rulebook: Rulebook) -> Type | None:
    schema = rulebook.schemas.get(output.schema or "")
    return None if schema is None else type_of(schema)


def _reached(type_: Type | None, name: str) -> Type:
    """The type of the member that a path of names leads to."""
    if type_ is None:
        return NULL
    for step in name.split("."):
        type_ = lookup(type_, step)
    return type_


def _member(type_: Type | None, name: str, node: Node, what: str) -> Iterator[Problem]:
    if _reached(type_, name).kinds <= {"null"}:
        known = {known for one in type_.parts.objects for known in one.properties} if type_ is not None else set()
        yield Problem.of("M151", node.place, hint=did_you_mean(name, known), what=what, name=name)
