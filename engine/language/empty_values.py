"""Passes `omit_empty` of an output or the mapping on to its fields."""

from __future__ import annotations

from dataclasses import replace

from ..expressions.parser import parse
from ..source.nodes import ScalarNode, synthetic
from .rulebook import Each, EntryRule, Expr, Field, From, Listed, ObjectSource, Output, Rule, Spread

__all__ = ["omitting_output", "omitting_rule"]


def omitting_output(output: Output) -> Output:
    """The output, changed so that its fields leave empty values out."""
    line = output.request
    request = replace(line, query=_fields(line.query), headers=_fields(line.headers))
    return replace(output, fields=_fields(output.fields), request=request)


def omitting_rule(rule: Rule) -> Rule:
    """The rule, changed so that its fields leave empty values out."""
    body = rule.body
    return replace(rule, body=_object(body) if isinstance(body, ObjectSource) else _field(body))


def _fields(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(map(_field, fields))


def _field(field: Field) -> Field:
    source = field.source
    if isinstance(source, ObjectSource):
        source = _object(source)
    elif isinstance(source, Listed):
        source = Listed(_fields(source.items))
    elif isinstance(source, Each):
        value = source.value
        source = replace(source, value=_object(value) if isinstance(value, ObjectSource) else _field(value))
    return replace(field, source=source, omit_empty=field.omit_empty is not False)


def _object(source: ObjectSource) -> ObjectSource:
    return replace(source, fields=_fields(source.fields), spreads=tuple(map(_spread, source.spreads)))


def _spread(spread: Spread) -> Spread:
    # The entry rules of a policy are copied, since other spreads may use them unchanged.
    return replace(spread, entries=tuple(_entry(rule, spread.as_name) for rule in spread.entries), policy=None)


def _entry(rule: EntryRule, as_name: str) -> EntryRule:
    if rule.skip is not None or rule.reject is not None:
        return rule
    if rule.value is not None:
        return replace(rule, value=_field(rule.value))
    name = synthetic(as_name, rule.node)
    assert isinstance(name, ScalarNode)  # noqa: S101  synthetic text is a scalar
    whole = From((Expr(parse(as_name), name),))
    return replace(rule, value=Field(name=None, source=whole, node=rule.node, omit_empty=True))
