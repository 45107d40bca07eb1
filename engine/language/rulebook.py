"""The rule language as immutable data: made by `language.reader`, used by all later stages.

Each part declares the keys that it is read from, and keeps its node, so that messages can point to its line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
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
from ..values.coercion import Form, TimeForm
from .keys import (
    ALTERNATIVES,
    ANY,
    ANYTHINGS,
    COMBINATIONS,
    DECIMALS,
    ELEMENT,
    ENTRIES,
    ENTRY_KEY,
    ENTRY_RULES,
    EXCEPT,
    EXPRESSION,
    FIELD,
    FIELDS,
    FILLED,
    FLAG,
    FORMATS,
    LET,
    METHOD,
    NAME,
    NAMES,
    NUMBER,
    ON_PROBLEM,
    OUTPUT,
    PRECISION,
    REQUEST,
    ROUTE,
    SIZE,
    SPREADS,
    STRINGS,
    TABLE,
    TEMPLATE,
    TEXT,
    TEXTS,
    TIME,
    TYPE,
    UNLISTED,
    WARNINGS,
    Key,
    form,
    key,
    keys_of,
    several,
)

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
    "Server",
    "Setting",
    "Spread",
    "Table",
    "Text",
    "Time",
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


_for_people = partial(key, is_note=True)
_description = partial(_for_people, TEXT, "What this is for, in a sentence.", default=None)
_reference = partial(_for_people, TEXTS, "The rows of a specification that this implements.", default=())
_deprecated = partial(_for_people, TEXT, "Why this should no longer be used, and what to use instead.", default=None)
_SCHEMA = ": one of the installed schemas, or `./path` relative to this file."


@form(
    "table",
    "A look-up table for strings; numbers and booleans are looked up by their JSON text.",
    "A table, or a change of the inherited one; an entry that is null is removed.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Table:
    """A look-up table; the keys of `entries` are case-folded with `ignore_case`.

    `unlisted` decides about a value without an entry: omit it, keep it, reject the element, or `("const", value)`.
    """

    name: str | None
    entries: Mapping[str, Any] = key(
        ENTRIES,
        "What each string becomes: any JSON value; null leaves the value out.",
        required=True,
        examples=({"M": "male", "F": "female", "NA": None},),
    )
    unlisted: Literal["omit", "keep", "reject"] | tuple[Literal["const"], Any] = key(
        UNLISTED,
        "What other values become: left out, kept, or a fixed value; or the element is rejected (M507).",
        required=True,
    )
    ignore_case: bool = key(FLAG, "Upper and lower case are the same.", default=False)
    node: Node


@form()
@dataclass(frozen=True, slots=True, eq=False)
class From:
    """A source that gives the first alternative that is not null."""

    alternatives: tuple[Expr | Field, ...] = key(
        ALTERNATIVES,
        "The value of an expression, or the first of a list that is not null.",
        name="from",
        role="choice",
        examples=("event.data.total",),
    )


@form()
@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A source that gives a fixed value."""

    value: Any = key(ANY, "A fixed value: any JSON value.", name="const", role="choice")


@form()
@dataclass(frozen=True, slots=True, eq=False)
class ObjectSource:
    """A source that gives a nested object: its own fields, then the entries of spreads."""

    fields: tuple[Field, ...] = key(
        FIELDS, "The members of an object; with `each`, of the object for each element.", role="choice"
    )
    spreads: tuple[Spread, ...] = key(
        SPREADS, "Passes the entries of an object through, beside `fields`.", name="spread", role="detail", default=()
    )


@form()
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Each:
    """A source that gives a list with a value for each element, or with `key` for each entry of an object."""

    each: Expr = key(
        EXPRESSION,
        "A list or, with `key`, an object: the value is a list with one value for each element.",
        required=True,
        role="choice",
    )
    as_name: str = key(
        ELEMENT,
        "The name of the element of `each` in expressions.",
        name="as",
        required=True,
        role="detail",
        only_with="each",
    )
    key_name: str | None = key(
        ENTRY_KEY,
        "`each` is an object whose entries are the elements; this is the name of the key in expressions.",
        name="key",
        role="detail",
        only_with="each",
    )
    let: tuple[Field, ...] = key(LET, "Named values of each element of `each`.", role="detail", only_with="each")
    value: ObjectSource | Field = key(
        FIELD,
        "The value for each element, where that is not an object with `fields` or `spread`.",
        role="detail",
        only_with="each",
    )


@form(
    "time",
    "How a time is read and written.",
    "A change of how a time is read and written.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Time:
    """The ways in which a time is read and written."""

    reads: tuple[str, ...] = key(
        FORMATS,
        "What the value is: `iso`, `seconds`, `milliseconds` or a format; of several, the first that fits.",
        default=("iso",),
    )
    zone: str | None = key(FILLED, "The zone of local times, which formats without `%z` read.", default=None)
    writes: str = key(FILLED, "What it becomes: `iso`, `seconds`, `milliseconds`, or a format.", default="iso")
    writes_zone: str = key(
        FILLED, "The zone in which it is written; with `keep`, the offset or zone that it was read in.", default="UTC"
    )
    precision: str | None = key(
        PRECISION, "With `writes: iso`, always so many digits; what is finer is cut off.", default=None
    )

    @property
    def form(self) -> TimeForm:
        """The same as conversions take it."""
        return self.reads, self.zone, self.writes, self.writes_zone, self.precision


@form(
    "fieldMapping",
    "A field with exactly one source: `from`, `const`, `template`, `each`, or `fields` and `spread`.",
    "A field, or a change of the inherited one. Another source takes the place of the inherited source.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Field:
    """A member of an output, or a `let`; `name` is None for a value without a name, such as an element of a list."""

    name: str | None
    source: From | Const | Text | ObjectSource | Each = several(
        *keys_of(From),
        *keys_of(Const),
        Key("template", TEMPLATE, "A string with values in it; absent where one of the values is null.", role="choice"),
        *keys_of(Each),
        *keys_of(ObjectSource),
    )
    node: Node
    when: Expr | None = key(
        EXPRESSION, "Unless this holds, the field is left out, whatever else it says.", default=None
    )
    table: Table | None = key(TABLE, "Looks the value up.", default=None)
    type: str | None = key(TYPE, "Converts the value; one that cannot be is reported (M505).", default=None)
    items: str | None = key(TYPE, "With `type: array`, the type of the elements.", default=None)
    decimals: int | None = key(
        DECIMALS,
        "With `type: string`, a number is written with exactly so many decimals; a half is rounded away from 0.",
        default=None,
    )
    time: Time | None = key(TIME, "With `type: datetime`, how the time is read and written.", default=None)
    default: Any = key(ANY, "The value where there is none: any JSON value.", default=ABSENT)
    required: bool = key(FLAG, "Without a value, the element that is being mapped is rejected (M506).", default=False)
    on_problem: OnProblem = key(
        ON_PROBLEM,
        "What happens when a value cannot be evaluated or converted: it is left out, the element is rejected, or the "
        "value is kept unchanged.",
        default="omit",
    )
    description: str | None = _description()
    reference: tuple[str, ...] = _reference()
    deprecated: str | None = _deprecated()
    name_node: Node | None = None

    @property
    def form(self) -> Form | None:
        """The form of its string or datetime, where it is not the usual one."""
        return self.decimals if self.time is None else self.time.form

    @property
    def place(self) -> Place:
        return self.node.place

    @property
    def holds_others(self) -> bool:
        """True for a list or an object: with a value of another kind, all that should be in it is lost."""
        return self.type in ("array", "object") and self.on_problem != "keep"

    @property
    def applied(self) -> frozenset[str]:
        """The keys beside the source that are given, but for those that are for people."""
        keys = (key for key in keys_of(Field) if not key.is_note)
        return frozenset(key.name for key in keys if getattr(self, key.attribute) != key.default)


@form("warn", "A warning (M512) that a rule gives; the element is mapped nevertheless.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Warn:
    """A warning that a rule gives while it maps an element; without `when`, always."""

    when: Expr | None = key(EXPRESSION, "The warning is given where this holds; without it, always.", default=None)
    message: Text = key(TEMPLATE, "The text of the warning.", required=True)


@form(
    "except",
    "Names that are mapped elsewhere: they are not passed through, and not listed as skipped.",
    "A change of the names that are not passed through.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Except:
    """Names that a spread leaves out, because they are mapped elsewhere. Patterns are globs (`*`, `?`)."""

    names: frozenset[str] = key(TEXTS, "These names.", default=frozenset())
    prefixes: tuple[str, ...] = key(TEXTS, "All names that begin with one of these.", default=())
    patterns: tuple[str, ...] = key(
        TEXTS, "All names that match one of these: `*` is any characters, `?` any one character.", default=()
    )
    ignore_case: bool = key(FLAG, "Upper and lower case are the same.", default=False)


@form(
    "entryRule",
    "A rule for entries. Without `name`, `value`, `skip` and `reject`, an entry is passed through as it is.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EntryRule:
    """A rule for the entries of a spread; the first one whose `when` holds decides."""

    node: Node
    when: Expr | None = key(
        EXPRESSION, "The rule takes the entries for which this holds; without it, all.", default=None
    )
    let: tuple[Field, ...] = key(LET, "Named values, which `when` does not see.", default=())
    name: Field | None = key(FIELD, "The name in the output; without it, the entry's own, renamed.", default=None)
    value: Field | None = key(FIELD, "The value in the output; without it, the entry's own.", default=None)
    skip: Text | None = key(TEMPLATE, "Leaves the entry out, for this reason.", default=None)
    reject: Text | None = key(
        TEMPLATE, "Leaves the entry out and reports an error (M511) with this text.", default=None
    )
    warn: Text | None = key(TEMPLATE, "Reports a warning (M512) with this text; the entry is mapped.", default=None)
    description: str | None = _description()
    reference: tuple[str, ...] = _reference()


@form(
    "spread",
    "Passes the entries of an object through. A name that `fields` has given a value is not overwritten.",
    "A spread, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spread:
    """Passes the entries of an object through to an output."""

    from_: Expr = key(EXPRESSION, "The object; null counts as empty, anything else is reported (M508).", required=True)
    as_name: str = key(ELEMENT, "The name of an entry's value in expressions.", name="as", default="value")
    key_name: str = key(ENTRY_KEY, "The name of an entry's key in expressions.", name="key", default="name")
    except_: Except = key(EXCEPT, "Entries that are mapped elsewhere.", default=Except())
    rename: Mapping[str, str] = key(NAMES, "New names of entries by their old ones.")
    let: tuple[Field, ...] = key(LET, "Named values of each entry.")
    entries: tuple[EntryRule, ...] = key(ENTRY_RULES, "What happens to each entry; without it, all are kept.")
    policy: str | None
    node: Node


@form("request", "The request that carries a body.", "A change of the request that carries a body.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RequestLine:
    """Method, path and query of a request. `path` keeps its {placeholders} for the sender to fill."""

    method: str = key(METHOD, "The HTTP method.", default="POST")
    path: str = key(
        FILLED,
        "The path of the URL; {placeholders} are filled in by whoever sends it.",
        required=True,
        default="/",
        examples=("/v1/event/{app_id}",),
    )
    query: tuple[Field, ...] = key(
        FIELDS, "The parameters of the URL; they see what the fields of the output see.", default=()
    )


@form("output", "A kind of request that rules may emit.", "An output, or a change of the inherited one.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Output:
    """A kind of request that rules may emit."""

    name: str
    schema: str = key(
        TEXT,
        f"The JSON Schema of the body{_SCHEMA} A body that does not conform is never sent (M509).",
        required=True,
        default="",
        examples=("moengage/event.schema.json", "./event.schema.json"),
    )
    limits: str | None = key(TEXT, "A second schema, whose violations are only reported (M513).", default=None)
    request: RequestLine = key(REQUEST, "How a body is sent.", required=True, default=RequestLine())
    fields: tuple[Field, ...] = key(
        FIELDS, "What every body has; they see the input, `settings` and the mapping's `let`."
    )
    element_of: str | None = key(
        TEXT, "The fields of a rule make one element of this list; without it, they are fields of the body itself."
    )
    combine: Mapping[str, Combine] = key(
        COMBINATIONS,
        "Lists to append and objects to merge: bodies that agree in everything else become one.",
        examples=({"actions": "append"}, {"attributes": "merge"}),
    )
    max_bytes: int | None = key(
        SIZE, "No body grows past this by combining; one that is larger by itself is rejected (M510)."
    )
    description: str | None = _description()
    node: Node


@form(
    "bulk",
    "How bodies are sent together on demand: as a list in one body.",
    "A change of how bodies are sent together.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bulk:
    """How bodies are sent in bulk: as the list `elements` of one body."""

    schema: str = key(TEXT, f"The JSON Schema of the joined body{_SCHEMA}", required=True, default="")
    request: RequestLine = key(REQUEST, "How the joined body is sent.", required=True, default=RequestLine())
    fields: tuple[Field, ...] = key(FIELDS, "What the joined body has beside the list; they see only `settings`.")
    elements: str = key(TEXT, "The name of the list that holds the bodies.", required=True, default="")
    max_bytes: int = key(SIZE, "The most bytes that a joined body may have.", required=True, default=1)
    node: Node


@form(
    "route",
    "Offers the elements of a list, one by one, to its rules: the first rule whose `when` holds takes the element.",
    "A route, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Route:
    """An iteration over a list, or with `key` over an object: each element goes to the first rule that takes it."""

    name: str
    each: Expr = key(EXPRESSION, "The list; null counts as empty, anything else is reported (M508).", required=True)
    as_name: str = key(ELEMENT, "The name of the element in expressions.", name="as", required=True)
    key_name: str | None = key(
        ENTRY_KEY,
        "`each` is an object whose entries are the elements; this is the name of the key in expressions.",
        name="key",
    )
    let: tuple[Field, ...] = key(LET, "Named values of each element.")
    description: str | None = _description()
    node: Node


@form(
    "rule",
    "A rule: it emits an output, skips or rejects. Rules of a route are tried in order.",
    "A rule that inherits: from the rule of the same name in what the file extends, or the one that it extends. Null "
    "removes what is inherited.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rule:
    """A rule that emits an output, skips or rejects: exactly one of `output`, `skip` and `reject` is given.

    `bases` are the names of the rules that it extends, the nearest first.
    """

    name: str = several(
        Key("rule", NAME, "The name of the rule, unique in the mapping.", required=True, inherited=False),
        Key("abstract", FLAG, "The rule exists only to be extended.", default=False, inherited=False),
        Key("enabled", FLAG, "`false` switches the rule off.", default=True, inherited=False),
        Key(
            "extends", NAME, "A rule of the same mapping: what is not given here is inherited from it.", inherited=False
        ),
    )
    route: str | None = key(
        ROUTE, "The route whose elements the rule takes; without it, the rule is evaluated once for the input."
    )
    output: str | None = key(OUTPUT, "The output to emit.", role="choice")
    when: Expr | None = key(EXPRESSION, "The condition under which the rule takes an element; without it, every one.")
    let: tuple[Field, ...] = key(LET, "Named values, which `when` does not see.")
    skip: Text | None = key(
        TEMPLATE, "Leaves the element out, for this reason; without a route, the whole input.", role="choice"
    )
    reject: Text | None = key(
        TEMPLATE,
        "Leaves the element out and reports an error (M511) with this text; without a route, the whole input.",
        role="choice",
    )
    body: ObjectSource = several(
        Key("fields", FIELDS, "What is emitted; only with `output`.", role="detail"),
        Key("spread", SPREADS, "Entries that pass through, beside `fields`; only with `output`.", role="detail"),
    )
    warn: tuple[Warn, ...] = key(
        WARNINGS,
        "Warnings (M512), each a `message` and perhaps `when` it is given; the element is mapped nevertheless.",
        role="detail",
    )
    node: Node
    name_node: Node
    description: str | None = _description(inherited=False)
    reference: tuple[str, ...] = _reference(inherited=False)
    deprecated: str | None = _deprecated(inherited=False)
    bases: tuple[Node, ...] = ()

    @property
    def place(self) -> Place:
        return self.name_node.place


@form(
    "setting",
    "A value that users of the mapping can choose. Expressions read it as `settings.<name>`.",
    "A setting, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Setting:
    """A declared setting. With the default ABSENT, a value must be given."""

    name: str
    type: str = key(TYPE, "The type of the value, which is not converted.", default="string")
    items: str | None = key(TYPE, "With `type: array`, the type of the elements.", default=None)
    enum: tuple[Any, ...] | None = key(ANYTHINGS, "The allowed values.", default=None)
    pattern: str | None = key(
        TEXT, "A regular expression that is found in a string: the value, or each element of a list.", default=None
    )
    min_length: int | None = key(SIZE, "The fewest characters of such a string.", default=None)
    max_length: int | None = key(SIZE, "The most characters of such a string.", default=None)
    minimum: float | None = key(NUMBER, "The least number: the value, or each element of a list.", default=None)
    maximum: float | None = key(NUMBER, "The greatest such number.", default=None)
    default: Any = key(
        ANY, "The value where none is given; without it, one must be given (M117). Null is allowed.", default=ABSENT
    )
    description: str | None = _description()
    node: Node

    @property
    def scalar_type(self) -> str:
        """The type of the value, or of the elements of a list."""
        return (self.items or "any") if self.type == "array" else self.type


@form("input", "What is mapped.", "A change of what is mapped.")
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Input:
    """The root that refers to the batch, and the schema of the batch."""

    as_name: str = key(ELEMENT, "The name of the input in expressions.", name="as", required=True, examples=("batch",))
    schema: str = key(TEXT, f"The JSON Schema of the input{_SCHEMA}", required=True)
    description: str | None = _description()
    node: Node


@form(
    "server",
    "Where the requests go; {placeholders} are filled in by whoever sends them.",
    "A change of where the requests go.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Server:
    """The server that requests go to, with {placeholders} for the sender to fill."""

    url: str | None = key(
        TEXT, "Stands before the path of each request.", required=True, examples=("https://api-{dc}.example.com",)
    )
    headers: Mapping[str, str] = key(STRINGS, "The headers of each request.")


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
    server: Server | None
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
