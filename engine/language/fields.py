"""Fields of the rule language as immutable data, with their sources, tables and spreads.

Each part declares the keys that it is read from, and keeps its node, so that messages can point to its line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ..diagnostics.problem import Place
from ..expressions.tree import Expression
from ..source.nodes import Node, ScalarNode
from ..templates.template import Template
from ..values.coercion import TYPES, Form, TimeForm
from . import kinds
from .keys import Key, form, key, keys_of, several

__all__ = [
    "ABSENT",
    "Const",
    "Each",
    "EntryRule",
    "Except",
    "Expr",
    "Field",
    "From",
    "Listed",
    "ObjectSource",
    "OverElements",
    "Spread",
    "Table",
    "Text",
    "Time",
    "deprecated_key",
    "description_key",
    "reference_key",
]

OnProblem = Literal["omit", "reject", "keep"]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        """Unpickles as the one object of this module."""
        return "ABSENT"


ABSENT = _Absent()
"""Stands for "no default", since null would be a value."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
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
description_key = partial(_for_people, kinds.TEXT, "What this is for, in a sentence.", default=None)
reference_key = partial(_for_people, kinds.TEXTS, "The rows of a specification that this implements.", default=())
deprecated_key = partial(
    _for_people, kinds.TEXT, "Why this should no longer be used, and what to use instead.", default=None
)


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
        kinds.ENTRIES,
        "The value that each string becomes: any JSON value; null leaves it out.",
        required=True,
        examples=({"M": "male", "F": "female", "NA": None},),
    )
    unlisted: Literal["omit", "keep", "reject"] | tuple[Literal["const"], Any] = key(
        kinds.UNLISTED,
        "Other values are left out, kept or replaced by a fixed value, or the element is rejected (M507).",
        required=True,
    )
    ignore_case: bool = key(kinds.FLAG, "Upper and lower case are the same.", default=False)
    node: Node


@form()
@dataclass(frozen=True, slots=True, eq=False)
class From:
    """A source that gives the first alternative that is not null."""

    alternatives: tuple[Expr | Field, ...] = key(
        kinds.ALTERNATIVES,
        "The value of an expression, or the first of a list that is not null.",
        name="from",
        role="choice",
        examples=("event.data.total",),
    )


@form()
@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A source that gives a fixed value."""

    value: Any = key(kinds.ANY, "A fixed value: any JSON value.", name="const", role="choice")


@form()
@dataclass(frozen=True, slots=True, eq=False)
class ObjectSource:
    """A source that gives a nested object: its own fields, then the entries of spreads."""

    fields: tuple[Field, ...] = key(
        kinds.FIELDS, "The members of an object; with `each`, of the object for each element.", role="choice"
    )
    spreads: tuple[Spread, ...] = key(
        kinds.SPREADS,
        "Passes the entries of an object through, beside `fields`.",
        name="spread",
        role="detail",
        default=(),
    )


class OverElements:
    """A part of the rules that iterates over what `each` gives."""

    __slots__ = ()
    key_name: str | None

    @property
    def each_type(self) -> Literal["array", "object"]:
        """The type that `each` must give, in the words of JMESPath."""
        return "array" if self.key_name is None else "object"


@form()
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Each(OverElements):
    """A source that gives a list with a value for each element, or with `key` for each entry of an object."""

    each: Expr = key(
        kinds.EXPRESSION,
        "A list or, with `key`, an object: the value is a list with one value for each element.",
        required=True,
        role="choice",
    )
    as_name: str = key(
        kinds.ELEMENT,
        "The name of the element of `each` in expressions.",
        name="as",
        required=True,
        role="detail",
        only_with="each",
    )
    key_name: str | None = key(
        kinds.ENTRY_KEY,
        "`each` is an object whose entries are the elements; this is the name of the key in expressions.",
        name="key",
        role="detail",
        only_with="each",
    )
    index_name: str | None = key(
        kinds.INDEX,
        "The name of the element's index in expressions, from 0; not with `key`.",
        name="index",
        role="detail",
        only_with="each",
    )
    let: tuple[Field, ...] = key(kinds.LET, "Named values of each element of `each`.", role="detail", only_with="each")
    value: ObjectSource | Field = key(
        kinds.FIELD,
        "The value for each element, where that is not an object with `fields` or `spread`.",
        role="detail",
        only_with="each",
    )


@form()
@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A source that gives a list with the values of these fields, without those that have none."""

    items: tuple[Field, ...] = key(
        kinds.LISTED, "A list written by hand; elements without a value are left out.", name="list", role="choice"
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
        kinds.FORMATS,
        "How the value is written: `iso`, `seconds`, `milliseconds` or a format; of several, the first that fits.",
        default=("iso",),
    )
    zone: str | None = key(kinds.FILLED, "The zone of times that a format without `%z` reads.", default=None)
    writes: str = key(kinds.FILLED, "How to write it: `iso`, `seconds`, `milliseconds`, or a format.", default="iso")
    writes_zone: str = key(
        kinds.FILLED,
        "The zone in which it is written; with `keep`, the offset or zone that it was read in.",
        default="UTC",
    )
    precision: str | None = key(
        kinds.PRECISION, "With `writes: iso`, the precision of all times; anything finer is cut off.", default=None
    )

    @property
    def form(self) -> TimeForm:
        """The keys as a TimeForm, for `values.coercion`."""
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
    source: From | Const | Text | ObjectSource | Each | Listed = several(
        *keys_of(From),
        *keys_of(Const),
        Key(
            "template",
            kinds.TEMPLATE,
            "A string with values in it; absent where one of the values is null.",
            role="choice",
        ),
        *keys_of(Listed),
        *keys_of(Each),
        *keys_of(ObjectSource),
    )
    node: Node
    when: Expr | None = key(
        kinds.EXPRESSION, "Unless this holds, the field is left out, whatever else it says.", default=None
    )
    table: Table | None = key(kinds.TABLE, "Looks the value up.", default=None)
    type: str | None = key(kinds.TYPE, "Converts the value; one that cannot be is reported (M505).", default=None)
    items: str | None = key(kinds.TYPE, "With `type: array`, the type of the elements.", default=None)
    decimals: int | None = key(
        kinds.DECIMALS,
        "With `type: string`, the exact number of decimals of a number; a half is rounded away from 0.",
        default=None,
    )
    time: Time | None = key(kinds.TIME, "With `type: datetime`, how the time is read and written.", default=None)
    omit_empty: bool | None = key(
        kinds.FLAG, "Null, `''`, `[]` and `{}` count as no value; without it, as the output says.", default=None
    )
    default: Any = key(kinds.ANY, "The value if there is no other: any JSON value.", default=ABSENT)
    keep_null: bool = key(
        kinds.FLAG, "Without a value, the member of an object or a list written by hand is null.", default=False
    )
    required: bool = key(
        kinds.FLAG, "Without a value, the element that is being mapped is rejected (M506).", default=False
    )
    on_problem: OnProblem = key(
        kinds.ON_PROBLEM,
        "What happens when a value cannot be evaluated or converted: it is left out, the element is rejected, or the "
        "value is kept unchanged.",
        default="omit",
    )
    description: str | None = description_key()
    reference: tuple[str, ...] = reference_key()
    deprecated: str | None = deprecated_key()
    name_node: Node | None = None

    @property
    def form(self) -> Form | None:
        """The form of its string or datetime, where it is not the usual one."""
        return self.decimals if self.time is None else self.time.form

    @property
    def place(self) -> Place:
        return self.node.place

    @property
    def inner(self) -> Field:
        """The field itself; for a parameter or a header, the field whose value is converted to one that can be sent."""
        inner = self.source.alternatives[0] if isinstance(self.source, From) else None
        return inner if isinstance(inner, Field) and self.type not in (None, *TYPES) else self

    @property
    def written(self) -> Field:
        """The field as it is written in the rules."""
        if self.inner is self:
            return self
        return replace(self.inner, when=self.when, default=self.default, required=self.required)

    @property
    def holds_others(self) -> bool:
        """True if the field must be a list or an object: a value of another kind loses all that should be in it."""
        return self.type in ("array", "object") and self.on_problem != "keep"

    @property
    def applied(self) -> frozenset[str]:
        """The given keys that are neither the source nor notes for people."""
        keys = (key for key in keys_of(Field) if not key.is_note)
        return frozenset(key.name for key in keys if getattr(self, key.attribute) != key.default)


@form(
    "except",
    "Names that are mapped elsewhere: they are not passed through, and not listed as skipped.",
    "A change of the names that are not passed through.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Except:
    """Names that a spread leaves out, because they are mapped elsewhere. Patterns are globs (`*`, `?`)."""

    names: frozenset[str] = key(kinds.TEXTS, "These names.", default=frozenset())
    prefixes: tuple[str, ...] = key(kinds.TEXTS, "All names that begin with one of these.", default=())
    patterns: tuple[str, ...] = key(
        kinds.TEXTS, "All names that match one of these: `*` is any characters, `?` any one character.", default=()
    )
    ignore_case: bool = key(kinds.FLAG, "Upper and lower case are the same.", default=False)


@form(
    "entryRule",
    "A rule for entries. Without `name`, `value`, `skip` and `reject`, an entry is passed through as it is.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EntryRule:
    """A rule for the entries of a spread; the first one whose `when` holds decides."""

    node: Node
    when: Expr | None = key(
        kinds.EXPRESSION, "The rule takes the entries for which this holds; without it, all.", default=None
    )
    let: tuple[Field, ...] = key(kinds.LET, "Named values, which `when` does not see.", default=())
    name: Field | None = key(kinds.FIELD, "The name in the output; without it, the entry's own, renamed.", default=None)
    value: Field | None = key(kinds.FIELD, "The value in the output; without it, the entry's own.", default=None)
    skip: Text | None = key(kinds.TEMPLATE, "Leaves the entry out, for this reason.", default=None)
    reject: Text | None = key(
        kinds.TEMPLATE, "Leaves the entry out and reports an error (M511) with this message.", default=None
    )
    warn: Text | None = key(
        kinds.TEMPLATE, "Reports a warning (M512) with this message; the entry is mapped.", default=None
    )
    description: str | None = description_key()
    reference: tuple[str, ...] = reference_key()


@form(
    "spread",
    "Passes the entries of an object through. A name that `fields` has given a value is not overwritten.",
    "A spread, or a change of the inherited one.",
)
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spread:
    """Passes the entries of an object through to an output."""

    from_: Expr = key(
        kinds.EXPRESSION, "The object; null counts as empty, anything else is reported (M508).", required=True
    )
    as_name: str = key(kinds.ELEMENT, "The name of an entry's value in expressions.", name="as", default="value")
    key_name: str = key(kinds.ENTRY_KEY, "The name of an entry's key in expressions.", name="key", default="name")
    except_: Except = key(kinds.EXCEPT, "Entries that are mapped elsewhere.", default=Except())
    rename: Mapping[str, str] = key(kinds.NAMES, "New names of entries by their old ones.")
    let: tuple[Field, ...] = key(kinds.LET, "Named values of each entry.")
    entries: tuple[EntryRule, ...] = key(kinds.ENTRY_RULES, "What happens to each entry; without it, all are kept.")
    policy: str | None
    node: Node
