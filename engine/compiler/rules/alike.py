"""Compiles fields that differ in nothing but the member that they copy to one loop: little code is fast code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...language.rulebook import Expr, Field, From
from ..expressions.compiler import ExpressionCompiler
from ..expressions.inline import spelled
from ..python.struct_layouts import StructShape
from ..python.value import ANY, DICT, NULL, Texts, Value, bare
from .conversions import converted
from .emitter import Emitter
from .scope import CodeScope

__all__ = ["Copy", "grouped", "write"]

_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Copy:
    """A field that copies a member: code for the object that has it, how it is read, and the facts known of it."""

    field: Field
    owner: str
    reader: str
    name: str
    kinds: int
    texts: tuple[Texts, ...]


def grouped(fields: Emitter, members: Sequence[Field], scope: CodeScope) -> Iterator[Field | list[Copy]]:
    """The fields of an object in order; those to be written as one loop together."""
    group: list[Copy] = []
    before = None
    for field in members:
        copy = _copy(fields, field, scope)
        contract = scope.under(field.name or "").contract
        alike = copy and (copy.owner, copy.reader, field.type, field.items, field.form, contract and contract.key)
        if alike != before:
            yield from _parts(group)
            group, before = [], alike
        if copy is None:
            yield field
        else:
            group.append(copy)
    yield from _parts(group)


def _parts(group: list[Copy]) -> Iterator[Field | list[Copy]]:
    if len(group) >= _FEWEST:
        yield group
    else:
        yield from (copy.field for copy in group)


def _copy(fields: Emitter, field: Field, scope: CodeScope) -> Copy | None:
    """The member that a field copies as it is or converted; None for any other field."""
    source = field.source
    if not fields.mode.of_structs or field.applied - {"type", "items", "on_problem"} or not isinstance(source, From):
        return None
    part = source.alternatives[0]
    if len(source.alternatives) > 1 or not isinstance(part, Expr) or id(field) in fields.mode.repeated:
        return None
    tree = fields.counted(part).tree
    below = tree["children"]
    compiler = fields.reading(part, scope)
    if tree["type"] == "subexpression" and below[-1]["type"] == "field":
        owner = compiler.stable_path({**tree, "children": below[:-1]} if len(below) > 2 else below[0], None)
        return None if owner is None else _member(compiler, field, owner, below[-1]["value"])
    if tree["type"] == "function_expression" and tree["value"] == "get_ignore_case":
        owner, name = compiler.stable_path(below[0], None), below[1]["value"]
        if owner is None or owner.kinds & ~(DICT | NULL) or below[1]["type"] != "literal" or not isinstance(name, str):
            return None
        return Copy(field, spelled(compiler, owner, name).code, "get", name, ANY, owner.texts)
    return None


def _member(compiler: ExpressionCompiler, field: Field, owner: Value, name: str) -> Copy | None:
    if isinstance(owner.shape, StructShape):
        member = owner.shape.member(name)
        if member is None or member.shape is not None:
            return None
        reader = compiler.object_of(owner).text
        return Copy(field, reader, "attrgetter", member.attribute, member.kinds | NULL, member.texts)
    if owner.shape is not None or not owner.kinds & DICT:
        return None
    return Copy(field, compiler.object_of(owner).code, "get", name, ANY, owner.texts)


def write(fields: Emitter, target: str, group: Sequence[Copy], scope: CodeScope) -> None:
    """Writes the loop that copies the members."""
    writer, first = fields.writer, group[0]
    names = writer.pool.name("NAMES", repr(tuple(copy.field.name for copy in group)))
    read = ", ".join(repr(copy.name) for copy in group)
    if first.reader == "get":
        values = f"map({first.owner}.get, {writer.pool.name('NAMES', f'({read})')})"
    else:
        values = f"{writer.pool.name('GETTER', f'attrgetter({read})')}({first.owner})"
    kinds = 0
    for copy in group:
        kinds |= copy.kinds
    texts = tuple(dict.fromkeys(text for copy in group for text in copy.texts))
    inside = scope.under(first.field.name or "")
    with writer.loop(("name", "value"), f"zip({names}, {values})") as (name, variable):
        value = replace(writer.declare(variable, kinds), texts=texts if all(copy.texts for copy in group) else ())

        def keep(found: Value) -> None:
            writer.line(f"{target}[{name}] = {bare(fields.validated(found, inside.contract).code)}")

        converted(fields, value, replace(first.field, name=None), inside, keep)
