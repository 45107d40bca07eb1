"""Values that were written like names, so that expressions read members of these names (M233).

In a filter, `true`, `"open"` and `open` are members of the element. If its schema allows no others, that is a path that
cannot exist (M203). Otherwise such members are possible, but these are reported unless the schema lists them:
`true`, `false` and `null`; names in quotes that are compared with something; and bare words that are compared with a
string, if the schema lists other members of the same object.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..expressions.tree import TreeNode
from ..inference.facts import EvaluatedPart, Flow
from ..types.types import ANY, Type
from .shared.findings import in_every_use, part_key, path_to, span_of, text_of
from .shared.registry import checks_facts
from .shared.words import literal_meant

__all__ = ["check"]

declare(
    "M233",
    "warning",
    "value that is read as a member",
    "{text} is read as a member of {where}, and the schema lists no such member",
    cause=True,
    page="""
A word in an expression is the name of a member, but most likely a value is meant. In JMESPath `true`, `"open"` and `open`
are names; inside of a filter, they are members of the element. Such a member is absent, so it is null, and the
comparison never holds.

Members that the input schema lists are never reported, whatever their names.

## How to fix

Strings are in single quotes: `'open'`. Numbers, booleans and null are in backticks: `` `true` ``, `` `null` ``. If there
really is a member of that name, add it to the schema.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: {from: "event.items[?active == true].id"}
```

```text title=problem
warning[M233]: true is read as a member of an element of 'event.items', and the schema lists no such member
 --> mapping.yaml:6:42
  |
6 |       id: {from: "event.items[?active == true].id"}
  |                                          ^^^^
  = help: numbers, booleans and null are in backticks: `true`
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: {from: "event.items[?active == `true`].id"}
```
""",  # noqa: E501  a message is one line
)

_PARTS = {"comparator", "function_expression", "or_expression", "and_expression", "not_expression"}
_PARTS |= {"multi_select_list", "multi_select_dict"}


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each name that most likely stands for a value in all of its uses."""
    for part, name in in_every_use(_names(flow), _key, lambda one: _is_value(*one)):
        text, (_, where) = text_of(part.expr, name), path_to(part.expr, name)
        yield Problem.of("M233", span_of(part.expr, name), hint=_hint(part, name), text=text, where=where)


def _names(flow: Flow) -> Iterator[tuple[EvaluatedPart, TreeNode]]:
    """The names that stand alone as operands, arguments or selected values, each with the part that contains it."""
    for part in flow.of(EvaluatedPart):
        if part.seen.node["type"] in _PARTS and not part.seen.current.never:
            roots = {root.start for root in part.expr.expression.roots}
            for name in _children(part.seen.node):
                if name["type"] == "field" and name["start"] not in roots:
                    yield part, name


def _children(node: TreeNode) -> list[TreeNode]:
    if node["type"] == "multi_select_dict":
        return [pair["children"][0] for pair in node["children"]]
    return list(node["children"])


def _key(one: tuple[EvaluatedPart, TreeNode]) -> Hashable:
    return part_key(*one)


def _is_value(part: EvaluatedPart, name: TreeNode) -> bool:
    objects = part.seen.current.parts.objects
    if not any(one.knows(name["value"]) for one in objects) or any(name["value"] in one.properties for one in objects):
        return False  # a path that cannot exist is reported there
    written = text_of(part.expr, name)
    is_quoted = written.startswith('"')
    if literal_meant(written) is not None and not is_quoted:
        return True
    is_described = any(one.properties and one.origin is not None for one in objects)  # not by conditions alone
    compared = [type_ for type_ in _before(part, name) if _can_be_string(type_)]
    if is_quoted:
        return bool(compared) and (is_described or name["value"].isidentifier())
    return is_described and any(type_ != ANY for type_ in compared)


def _before(part: EvaluatedPart, name: TreeNode) -> Iterator[Type]:
    """The types of the operands or arguments before a name, without literals."""
    node = part.seen.node
    if node["type"] in ("comparator", "function_expression"):
        for child, type_ in zip(node["children"], part.seen.operands, strict=True):
            if child is name:
                return
            if child["type"] not in ("expref", "literal"):
                yield type_


def _can_be_string(type_: Type) -> bool:
    array = type_.parts.array
    return type_.parts.string is not None or (array is not None and array.element().parts.string is not None)


def _hint(part: EvaluatedPart, name: TreeNode) -> str | None:
    return literal_meant(text_of(part.expr, name), operand=True)
