"""The rule language as immutable data: made by `language.reader`, used by all later stages.

Each part declares the keys that it is read from, and keeps its node, so that messages can point to its line and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place
from ..schemas.schema import Schema
from ..source.nodes import Node, Removal, ScalarNode
from ..source.paths import lies_inside
from ..source.text import Source
from . import kinds
from .assertions import Assertion, RequestPlace
from .delivery import Delivery, OwnDelivery
from .fields import (
    ABSENT,
    Const,
    Each,
    EntryRule,
    Except,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    OverElements,
    Spread,
    Table,
    Text,
    Time,
    deprecated_key,
    description_key,
    reference_key,
)
from .keys import Key, form, key, several

__all__ = [
    "ABSENT",
    "Assertion",
    "BodyKind",
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
    "Listed",
    "ObjectSource",
    "Output",
    "RequestLine",
    "RequestPlace",
    "Route",
    "Rule",
    "Rulebook",
    "Server",
    "Setting",
    "Spread",
    "Table",
    "Text",
    "Time",
    "Warn",
]

BodyKind = Literal["object", "list", "value", "none"]
Combine = Literal["append", "merge"]
_SCHEMA = ": one of the installed schemas, or `./path` relative to this file."


@form("warn", "A warning (M512) that a rule gives; the element is mapped nevertheless.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Warn:
    """A warning that a rule gives while it maps an element; without `when`, always."""

    when: Expr | None = key(
        kinds.EXPRESSION, "The warning is given where this holds; without it, always.", default=None
    )
    message: Text = key(kinds.TEMPLATE, "The text of the warning.", required=True)


@form("request", "The request that carries a body.", "A change of the request that carries a body.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RequestLine:
    """Method and target of a request: the fields that a `runtime.outputs.Target` is made from.

    `form` is the convention for the names of lists, if bodies are sent as forms. A mapping without a path cannot be
    used.
    """

    method: str = key(kinds.METHOD, "The HTTP method.", default="POST")
    path: Field = key(
        kinds.PATH,
        "The path of the URL. Each value in `{{ }}` becomes one segment of it; {placeholders} are filled in by whoever "
        "sends it.",
        required=True,
        default=None,
        examples=("/v1/event/{app_id}", "/users/{{ user.id }}/events"),
    )
    query: tuple[Field, ...] = key(
        kinds.PARAMETERS, "The parameters of the URL; a list repeats a parameter.", default=()
    )
    headers: tuple[Field, ...] = key(kinds.HEADERS, "Headers, beside those of the server.", default=())
    form: str | None = key(
        kinds.LIST_NAMES,
        "Sends the body as `application/x-www-form-urlencoded`: an element of a list `a` is named `a[]`, `a[0]`, or "
        "`a` again.",
        default=None,
    )

    @property
    def parts(self) -> tuple[Field, ...]:
        """All fields, in the order of their evaluation."""
        return tuple(field for field in (self.path, *self.query, *self.headers) if field is not None)


@form(
    "server",
    "Where the requests go. It sees `settings` alone; {placeholders} are filled in by whoever sends requests.",
    "A change of where the requests go.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Server:
    """The server that requests go to, with {placeholders} for the sender to fill. The fields see the settings alone."""

    url: Field = key(
        kinds.TEMPLATED,
        "The beginning of each URL, before the path of the request.",
        required=True,
        examples=("https://api-{dc}.example.com", "https://{{ settings.region }}.example.com"),
    )
    headers: tuple[Field, ...] = key(kinds.SERVER_HEADERS, "The headers of each request.", default=())


@form("output", "A kind of request that rules may emit.", "An output, or a change of the inherited one.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Output:
    """A kind of request that rules may emit."""

    name: str
    body: BodyKind = key(
        kinds.BODY,
        "The body: an object, a list with an element for each emission of a rule, the `value` of a rule, or none.",
        default="object",
    )
    schema: str | None = key(
        kinds.TEXT,
        f"The JSON Schema of the body{_SCHEMA} A body that does not conform is never sent (M509). Required unless "
        "there is no body.",
        default=None,
        examples=("shop/event.schema.json", "./event.schema.json"),
    )
    limits: str | None = key(kinds.TEXT, "A second schema, whose violations are only reported (M513).", default=None)
    request: RequestLine = key(kinds.REQUEST, "How a body is sent.", required=True, default=RequestLine())
    server: Server | None = key(kinds.SERVER, "Where these requests go, instead of the mapping's server.", default=None)
    delivery: OwnDelivery | None = key(
        kinds.OWN_DELIVERY, "How these requests are delivered, where that differs from the mapping's.", default=None
    )
    fields: tuple[Field, ...] = key(
        kinds.FIELDS, "The members that every body has; they see the input, `settings` and the mapping's `let`."
    )
    element_of: str | None = key(kinds.TEXT, "Each emission is one element of this list; without it, a whole body.")
    combine: Mapping[str, Combine] = key(
        kinds.COMBINATIONS,
        "Lists to append and objects to merge: bodies that agree in everything else become one.",
        examples=({"actions": "append"}, {"attributes": "merge"}),
    )
    omit_empty: bool | None = key(
        kinds.FLAG,
        "In bodies and the query, at any depth, null, `''`, `[]` and `{}` count as no value; without it, as the "
        "mapping says.",
    )
    max_bytes: int | None = key(
        kinds.BYTES, "The most bytes of combined bodies; a body that is larger by itself is rejected (M510)."
    )
    max_items: int | None = key(
        kinds.SIZE,
        "The most elements of combined lists, which never exceed the `maxItems` of the schema; a list that is longer "
        "by itself is rejected (M530).",
    )
    description: str | None = description_key()
    node: Node

    @property
    def is_joined(self) -> bool:
        """Returns whether emissions are elements of a list in the body, not whole bodies."""
        return self.body == "list" or self.element_of is not None


@form(
    "bulk",
    "How bodies are sent together on demand: as a list in one body.",
    "A change of how bodies are sent together.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bulk:
    """Bulk requests: bodies are sent as the list `elements` of one body."""

    schema: str = key(kinds.TEXT, f"The JSON Schema of the joined body{_SCHEMA}", required=True, default="")
    request: RequestLine = key(kinds.REQUEST, "How the joined body is sent.", required=True, default=RequestLine())
    fields: tuple[Field, ...] = key(kinds.FIELDS, "What the joined body has beside the list; they see only `settings`.")
    elements: str = key(kinds.TEXT, "The name of the list that holds the bodies.", required=True, default="")
    max_bytes: int = key(kinds.BYTES, "The most bytes that a joined body may have.", required=True, default=1)
    node: Node


@form(
    "route",
    "Offers the elements of a list, one by one, to its rules: the first rule whose `when` holds takes the element.",
    "A route, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Route(OverElements):
    """An iteration over a list, or with `key` over an object: each element goes to the first rule that takes it."""

    name: str
    each: Expr = key(
        kinds.EXPRESSION, "The list; null counts as empty, anything else is reported (M508).", required=True
    )
    as_name: str = key(kinds.ELEMENT, "The name of the element in expressions.", name="as", required=True)
    key_name: str | None = key(
        kinds.ENTRY_KEY,
        "`each` is an object whose entries are the elements; this is the name of the key in expressions.",
        name="key",
    )
    index_name: str | None = key(
        kinds.INDEX, "The name of the element's index in expressions, from 0; not with `key`.", name="index"
    )
    let: tuple[Field, ...] = key(kinds.LET, "Named values of each element.")
    description: str | None = description_key()
    node: Node


@form(
    "rule",
    "A rule: it emits an output, skips or rejects. Rules of a route are tried in order.",
    "A rule that inherits: from the rule of the same name in what the file extends, or the one that it extends. Null "
    "removes what is inherited.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rule:
    """A rule that emits an output, skips, rejects or converts, by which one of these keys is given.

    `body` is the source of its emission: an object, or a value. With `goes_on`, an element goes on to the rules that
    follow. `bases` are the names of the rules that it extends, the nearest first.
    """

    name: str = several(
        Key("rule", kinds.NAME, "The name of the rule, unique in the mapping.", required=True, inherited=False),
        Key("abstract", kinds.FLAG, "The rule exists only to be extended.", default=False, inherited=False),
        Key("enabled", kinds.FLAG, "`false` switches the rule off.", default=True, inherited=False),
        Key(
            "extends",
            kinds.NAME,
            "A rule of the same mapping: what is not given here is inherited from it.",
            inherited=False,
        ),
    )
    route: str | None = key(
        kinds.ROUTE, "The route whose elements the rule takes; without it, the rule is evaluated once for the input."
    )
    output: str | None = key(kinds.OUTPUT, "The output to emit.", role="choice")
    when: Expr | None = key(
        kinds.EXPRESSION, "The condition under which the rule takes an element; without it, every one."
    )
    let: tuple[Field, ...] = key(kinds.LET, "Named values, which `when` does not see.")
    skip: Text | None = key(
        kinds.TEMPLATE, "Leaves the element out, for this reason; without a route, the whole input.", role="choice"
    )
    reject: Text | None = key(
        kinds.TEMPLATE,
        "Leaves the element out and reports an error (M511) with this message; without a route, the whole input.",
        role="choice",
    )
    convert: ScalarNode | None = key(
        kinds.REFERENCE,
        "The mapping, `name@major` or `./path`, that turns the input into one that this mapping reads; only without a "
        "route.",
        role="choice",
        examples=("shop-webhook@1",),
    )
    body: ObjectSource | Field = several(
        Key("fields", kinds.FIELDS, "The members that are emitted; only with `output`.", role="detail"),
        Key("spread", kinds.SPREADS, "Entries that pass through, beside `fields`; only with `output`.", role="detail"),
        Key(
            "value",
            kinds.FIELD,
            "The emitted value, if the `body` of the output is a `value` or a `list`; instead of `fields`.",
            role="detail",
        ),
    )
    goes_on: bool = key(
        kinds.THEN,
        "The element goes on to the rules that follow, as if this rule had not taken it; only with `output`.",
        name="then",
        default=False,
        role="detail",
    )
    warn: tuple[Warn, ...] = key(
        kinds.WARNINGS,
        "Warnings (M512), each with a `message` and perhaps a condition `when`; the element is mapped nevertheless.",
        role="detail",
    )
    node: Node
    name_node: Node
    description: str | None = description_key(inherited=False)
    reference: tuple[str, ...] = reference_key(inherited=False)
    deprecated: str | None = deprecated_key(inherited=False)
    bases: tuple[Node, ...] = ()

    @property
    def place(self) -> Place:
        return self.name_node.place

    @property
    def end(self) -> Literal["output", "skip", "reject", "convert"]:
        """The key that says what the rule does with an element."""
        if self.output is not None:
            return "output"
        return "skip" if self.skip is not None else "reject" if self.reject is not None else "convert"

    @property
    def is_empty(self) -> bool:
        """Returns whether the emission of the rule is empty, whatever the batch."""
        return isinstance(self.body, ObjectSource) and not self.body.fields and not self.body.spreads


@form(
    "setting",
    "A value that users of the mapping can choose. Expressions read it as `settings.<name>`.",
    "A setting, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Setting:
    """A declared setting. With the default ABSENT, a value must be given."""

    name: str
    type: str = key(kinds.TYPE, "The type of the value, which is not converted.", default="string")
    items: str | None = key(kinds.TYPE, "With `type: array`, the type of the elements.", default=None)
    enum: tuple[Any, ...] | None = key(kinds.ANYTHINGS, "The allowed values.", default=None)
    pattern: str | None = key(
        kinds.TEXT,
        "A regular expression that is found in a string: the value, or each element of a list.",
        default=None,
    )
    min_length: int | None = key(kinds.SIZE, "The least length of a string, in characters.", default=None)
    max_length: int | None = key(kinds.SIZE, "The greatest length of a string, in characters.", default=None)
    minimum: float | None = key(kinds.NUMBER, "The least number: the value, or each element of a list.", default=None)
    maximum: float | None = key(kinds.NUMBER, "The greatest number.", default=None)
    default: Any = key(
        kinds.ANY,
        "The value where none is given; without it, one must be given (M117). Null is allowed.",
        default=ABSENT,
    )
    secret: bool = key(
        kinds.FLAG, "The value is only used as the key of `hmac_sha256()` (M148), and never shown.", default=False
    )
    description: str | None = description_key()
    node: Node

    @property
    def scalar_type(self) -> str:
        """The type of the value, or of the elements of a list."""
        return (self.items or "any") if self.type == "array" else self.type


@form("input", "The input: its name in expressions and its schema.", "A change of the input.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Input:
    """The root that refers to the batch, and the schema of the batch."""

    as_name: str = key(
        kinds.ELEMENT, "The name of the input in expressions.", name="as", required=True, examples=("batch",)
    )
    schema: str = key(kinds.TEXT, f"The JSON Schema of the input{_SCHEMA}", required=True)
    id: str | None = key(
        kinds.MEMBER,
        "The member that identifies an input, which `moemap send` takes once; without it, the whole text does.",
        default=None,
        examples=("batch_id", "meta.message_id"),
    )
    description: str | None = description_key()
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class SeverityOverride:
    """The severity that a mapping gives the problems of a code, and the node of that code."""

    severity: Severity | Literal["ignore"]
    name_node: ScalarNode


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Rulebook:
    """A whole mapping, with all files joined and all references resolved.

    `rules` are the ones to evaluate, in order; `values` has the value of each setting; `sources` each file that was
    read, by its name in messages; `schemas` the schemas by their name in the rules; `severities` the severities of
    problems by code; `converters` the mappings that rules convert the input with, by their name in the rules.
    """

    name: str
    version: str
    workspace: str | None
    description: str | None
    input: Input
    server: Server | None
    settings: Mapping[str, Setting]
    values: Mapping[str, Any]
    outputs: Mapping[str, Output]
    bulk: Bulk | None
    delivery: Delivery | None
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
    converters: Mapping[str, Rulebook]
    missing: tuple[Path, ...]
    """Files that were looked for and do not exist: if one appears, the mapping must be loaded again."""
    assertions: Mapping[str, Assertion] = field(default_factory=dict)
    in_vain: tuple[Removal, ...] = ()
    """The removals that removed nothing."""

    def with_all_converters(self) -> Iterator[Rulebook]:
        """This and all mappings that convert its input, or theirs."""
        yield self
        for converter in self.converters.values():
            yield from converter.with_all_converters()

    def is_own(self, source: Source) -> bool:
        """Returns whether a file belongs to the mapping itself, not to the mapping that it extends."""
        own, path = self.main.path, source.path
        return own is None or path is None or lies_inside(path, own.parent)
