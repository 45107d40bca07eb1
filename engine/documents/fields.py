"""The values that rules give, one after another, each with its place in the output and its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..diagnostics.problem import Place
from ..language.rulebook import (
    ABSENT,
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    RequestLine,
    Rule,
    Spread,
    Text,
)
from ..source.text import one_line
from ..values.kinds import shown

__all__ = ["OutputValue", "entry_end", "path_of", "rule_end", "source_of", "values_in", "values_of"]


@dataclass(frozen=True, slots=True)
class OutputValue:
    """A value of an output: its place (`-` is any element of a list, `*` any other name) and its source in words.

    `part` is the part of the rules that gives it, `roots` the names of the elements around it, with their lists.
    """

    way: tuple[str, ...]
    source: str
    type: str | None
    place: Place
    part: Field | Spread
    roots: tuple[tuple[str, Expr], ...] = ()


def values_of(rule: Rule) -> Iterator[OutputValue]:
    """The values that a rule gives its output."""
    yield from values_in(rule.body) if isinstance(rule.body, ObjectSource) else _field(rule.body, (), ())


def values_in(source: ObjectSource) -> Iterator[OutputValue]:
    """The values of an object."""
    return _object(source, (), ())


def _object(source: ObjectSource, way: tuple[str, ...], roots: tuple[tuple[str, Expr], ...]) -> Iterator[OutputValue]:
    for field in source.fields:
        yield from _field(field, (*way, field.name or ""), roots)
    for spread in source.spreads:
        policy = f", policy {spread.policy}" if spread.policy else ""
        text = f"every entry of {one_line(spread.from_.text)}{_exceptions(spread)}{policy}"
        yield OutputValue((*way, "*"), text, None, spread.node.place, spread, roots)


def _exceptions(spread: Spread) -> str:
    except_ = spread.except_
    names = [*sorted(except_.names), *(f"{prefix}*" for prefix in except_.prefixes), *except_.patterns]
    return f" except {', '.join(names)}" if names else ""


def _field(field: Field, way: tuple[str, ...], roots: tuple[tuple[str, Expr], ...]) -> Iterator[OutputValue]:
    source = field.source
    if isinstance(source, ObjectSource):
        yield from _object(source, way, roots)
    elif isinstance(source, Listed):
        for number, item in enumerate(source.items):
            yield from _field(item, (*way, str(number)), roots)
    elif isinstance(source, Each):
        yield OutputValue(way, _each(source), "array", field.place, field, roots)
        roots = (*roots, (source.as_name, source.each))
        inner = (*way, "-")
        yield from (
            _object(source.value, inner, roots)
            if isinstance(source.value, ObjectSource)
            else _field(source.value, inner, roots)
        )
    else:
        yield OutputValue(way, source_of(field), field.type, field.place, field, roots)


def _each(source: Each) -> str:
    return f"each {one_line(source.each.text)} as {source.as_name}"


def source_of(field: Field) -> str:
    """The source of a field in words, with its table and default."""
    source = field.source
    if isinstance(source, From):
        words = " else ".join(
            one_line(part.text) if isinstance(part, Expr) else source_of(part) for part in source.alternatives
        )
    elif isinstance(source, Const):
        words = f"always {shown(source.value)}"
    elif isinstance(source, Text):
        words = f"template {source.template.text}"
    elif isinstance(source, Each):
        words = _each(source)
    elif isinstance(source, Listed):
        words = f"a list of {', '.join(map(source_of, source.items))}"
    else:
        words = "an object"
    if field.table is not None:
        words += f", table {field.table.name or ''}".rstrip()
    if field.default is not ABSENT:
        words += f", default {shown(field.default)}"
    return words


def rule_end(rule: Rule) -> str:
    """The outcome of a rule: its output, or the reason why it leaves elements out."""
    if rule.skip is not None:
        return f"skip: {rule.skip.template.text}"
    if rule.reject is not None:
        return f"reject: {rule.reject.template.text}"
    return f"output {rule.output}" if rule.convert is None else f"convert: {rule.convert.text}"


def entry_end(entry: EntryRule) -> str:
    """The outcome of an entry rule in words."""
    if entry.skip is not None:
        return f"left out: {one_line(entry.skip.template.text)}"
    if entry.reject is not None:
        return f"rejected: {one_line(entry.reject.template.text)}"
    parts = [f"named {source_of(entry.name)}"] if entry.name is not None else []
    if entry.value is not None:
        parts.append(f"{source_of(entry.value)}{f' as {entry.value.type}' if entry.value.type else ''}")
    if entry.warn is not None:
        parts.append(f"warning: {one_line(entry.warn.template.text)}")
    return "; ".join(parts) or "passes through"


def path_of(line: RequestLine) -> str:
    """The path of a request as it is written in the rules."""
    return line.path.source.template.text if isinstance(line.path.source, Text) else ""
