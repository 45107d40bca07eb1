"""The rule language as immutable data: made by `language.reader`, used by all later stages.

Each part keeps its node, so that messages can point to its line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place
from ..expressions.tree import Expression
from ..schemas.schema import Schema
from ..source.nodes import Node, ScalarNode
from ..source.paths import lies_inside
from ..source.text import Source
from ..templates.template import Template

__all__ = [
    "ABSENT",
    "Bulk",
    "Combine",
    "Const",
    "Each",
    "EntryRule",
    "Except",
    "Expr",
    "Field",
    "From",
    "Input",
    "ObjectSource",
    "Output",
    "RequestLine",
    "Route",
    "Rule",
    "Rulebook",
    "Setting",
    "Spread",
    "Table",
    "Text",
    "Warn",
]

Combine = Literal["append", "merge"]
OnProblem = Literal["omit", "reject", "keep"]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""Stands for "no default", since null would be a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """An expression, and the scalar that contains it."""

    expression: Expression
    node: ScalarNode

    @property
    def text(self) -> str:
        return self.expression.text

    @property
    def place(self) -> Place:
        return self.node.place

    def span(self, start: int, end: int) -> Place:
        return self.node.span(start, end)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A template, and the scalar that contains it."""

    template: Template
    node: ScalarNode

    @property
    def place(self) -> Place:
        return self.node.place

    def span(self, start: int, end: int) -> Place:
        return self.node.span(start, end)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A look-up table; the keys of `entries` are case-folded with `ignore_case`.

    `unlisted` decides about a value without an entry: omit it, keep it, reject the element, or `("const", value)`.
    """

    name: str | None
    entries: Mapping[str, Any]
    ignore_case: bool
    unlisted: Literal["omit", "keep", "reject"] | tuple[Literal["const"], Any]
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class From:
    """A source that gives the first alternative that is not null."""

    alternatives: tuple[Expr | Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A source that gives a fixed value."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class ObjectSource:
    """A source that gives a nested object: its own fields, then the entries of spreads."""

    fields: tuple[Field, ...]
    spreads: tuple[Spread, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """A source that gives a list with a value for each element, or with `key` for each entry of an object."""

    each: Expr
    as_name: str
    key_name: str | None
    let: tuple[Field, ...]
    value: ObjectSource | Field


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A member of an output, or a `let`; `name` is None for a value without a name, such as an element of a list."""

    name: str | None
    source: From | Const | Text | ObjectSource | Each
    node: Node
    when: Expr | None = None
    table: Table | None = None
    type: str | None = None
    items: str | None = None
    default: Any = ABSENT
    required: bool = False
    on_problem: OnProblem = "omit"
    description: str | None = None
    reference: tuple[str, ...] = ()
    deprecated: str | None = None
    name_node: Node | None = None

    @property
    def place(self) -> Place:
        return self.node.place


@dataclass(frozen=True, slots=True, eq=False)
class Warn:
    """A warning that a rule gives while it maps an element; without `when`, always."""

    when: Expr | None
    message: Text


@dataclass(frozen=True, slots=True, eq=False)
class Except:
    """Names that a spread leaves out, because they are mapped elsewhere. Patterns are globs (`*`, `?`)."""

    names: frozenset[str]
    prefixes: tuple[str, ...]
    patterns: tuple[str, ...]
    ignore_case: bool


@dataclass(frozen=True, slots=True, eq=False)
class EntryRule:
    """A rule for the entries of a spread; the first one whose `when` holds decides."""

    node: Node
    when: Expr | None
    let: tuple[Field, ...]
    name: Field | None
    value: Field | None
    skip: Text | None
    reject: Text | None
    warn: Text | None
    reference: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Passes the entries of an object through to an output."""

    from_: Expr
    key_name: str
    as_name: str
    except_: Except
    rename: Mapping[str, str]
    let: tuple[Field, ...]
    entries: tuple[EntryRule, ...]
    node: Node
    policy: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RequestLine:
    """Method, path and query of a request. `path` keeps its {placeholders} for the sender to fill."""

    method: str
    path: str
    query: tuple[Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """A kind of request that rules may emit."""

    name: str
    schema: str
    limits: str | None
    request: RequestLine
    fields: tuple[Field, ...]
    element_of: str | None
    combine: Mapping[str, Combine]
    max_bytes: int | None
    node: Node
    description: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """How bodies are sent in bulk: as the list `elements` of one body."""

    schema: str
    request: RequestLine
    fields: tuple[Field, ...]
    elements: str
    max_bytes: int
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """An iteration over a list, or with `key` over an object: each element goes to the first rule that takes it."""

    name: str
    each: Expr
    as_name: str
    key_name: str | None
    let: tuple[Field, ...]
    node: Node
    description: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule that emits an output, skips or rejects: exactly one of `output`, `skip` and `reject` is given.

    `bases` are the names of the rules that it extends, the nearest first.
    """

    name: str
    route: str | None
    when: Expr | None
    let: tuple[Field, ...]
    output: str | None
    skip: Text | None
    reject: Text | None
    body: ObjectSource
    warn: tuple[Warn, ...]
    node: Node
    name_node: Node
    description: str | None = None
    reference: tuple[str, ...] = ()
    deprecated: str | None = None
    bases: tuple[Node, ...] = ()

    @property
    def place(self) -> Place:
        return self.name_node.place


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A declared setting. With the default ABSENT, a value must be given."""

    name: str
    type: str
    items: str | None
    enum: tuple[Any, ...] | None
    default: Any
    description: str | None
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """The root that refers to the batch, and the schema of the batch."""

    as_name: str
    schema: str
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class SeverityOverride:
    """The severity that a mapping gives the findings of a code, and the node of that code."""

    severity: Severity | Literal["ignore"]
    name_node: ScalarNode


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """A whole mapping, with all files joined and all references resolved.

    `rules` are the ones to evaluate, in order; `values` has the value of each setting; `sources` each file that was
    read, by its name in messages; `schemas` the documents of schemas by the path in the rules; `severities` the
    severities of findings by code.
    """

    name: str
    version: str
    workspace: str | None
    description: str | None
    input: Input
    server_url: str | None
    server_headers: Mapping[str, str]
    settings: Mapping[str, Setting]
    values: Mapping[str, Any]
    outputs: Mapping[str, Output]
    bulk: Bulk | None
    routes: Mapping[str, Route]
    tables: Mapping[str, Table]
    policies: Mapping[str, tuple[EntryRule, ...]]
    let: tuple[Field, ...]
    rules: tuple[Rule, ...]
    table_names: Mapping[str, Node]
    policy_names: Mapping[str, Node]
    used_tables: frozenset[str]
    used_policies: frozenset[str]
    sources: Mapping[str, Source]
    schemas: Mapping[str, Schema]
    severities: Mapping[str, SeverityOverride]
    main: Source
    missing: tuple[Path, ...]
    """Files that were searched for and do not exist: with one of them, this would be another mapping."""

    def is_own(self, source: Source) -> bool:
        """Returns whether a file belongs to the mapping itself, not to the mapping that it extends."""
        own, path = self.main.path, source.path
        return own is None or path is None or lies_inside(path, own.parent)
