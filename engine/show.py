"""A mapping as tables for people, and as JSON for programs. The same tables make generated pages of the docs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from .diagnostics.terminal import printable, printable_lines
from .expressions.tree import walk
from .functions.table import FUNCTIONS
from .language.rulebook import (
    ABSENT,
    Const,
    Each,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    RequestLine,
    Rule,
    Rulebook,
    Spread,
    Text,
)
from .values.kinds import shown

__all__ = ["as_json", "markdown", "text"]


@dataclass(frozen=True, slots=True)
class _Listing:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_HIDDEN = "(secret)"


def text(rulebook: Rulebook, *, color: bool, width: int = 160) -> str:
    """The tables for a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Styled

    console = Console(file=io.StringIO(), width=width, force_terminal=color, color_system="standard" if color else None)
    console.print(Styled(printable(_title(rulebook)), style="bold"))
    for table in _tables(rulebook):
        shape = Table(title=table.title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in table.columns:
            shape.add_column(column, overflow="fold")
        for row in table.rows:
            shape.add_row(*(Styled(printable(cell)) for cell in row))
        console.print()
        console.print(shape)
    printed = console.file
    return (
        "\n".join(line.rstrip() for line in printed.getvalue().splitlines()) if isinstance(printed, io.StringIO) else ""
    )


def markdown(rulebook: Rulebook) -> str:
    """The tables as a page of Markdown."""
    parts = [f"# {_title(rulebook)}\n"]
    if rulebook.description:
        parts.append(f"{rulebook.description}\n")
    for table in _tables(rulebook):
        rows = [table.columns, tuple("---" for _ in table.columns), *table.rows]
        parts.append(f"## {table.title}\n")
        parts.append("\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows) + "\n")
    return "\n".join(parts)


def as_json(rulebook: Rulebook) -> str:
    """`{name, version, workspace, description, input, settings, outputs, routes, rules, tables, functions}` as JSON."""
    document = {
        "name": rulebook.name,
        "version": rulebook.version,
        "workspace": rulebook.workspace,
        "description": rulebook.description,
        "input": {"as": rulebook.input.as_name, "schema": rulebook.input.schema},
        "settings": {
            name: {
                "type": setting.type,
                "value": _HIDDEN if setting.secret else rulebook.values[name],
                "default": None if setting.default is ABSENT else _HIDDEN if setting.secret else setting.default,
                "enum": setting.enum,
                "description": setting.description,
            }
            for name, setting in rulebook.settings.items()
        },
        "outputs": {
            name: {"method": output.request.method, "path": _path(output.request), "schema": output.schema}
            for name, output in rulebook.outputs.items()
        },
        "routes": {name: {"each": route.each.text, "as": route.as_name} for name, route in rulebook.routes.items()},
        "rules": [_rule_json(rule) for rule in rulebook.rules],
        "tables": {name: table.entries for name, table in rulebook.tables.items()},
        "functions": sorted(_functions(rulebook)),
    }
    return printable_lines(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _title(rulebook: Rulebook) -> str:
    of = f"{rulebook.name} {rulebook.version}"
    return of if rulebook.workspace is None else f"{rulebook.workspace} ({of})"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _tables(rulebook: Rulebook) -> Iterator[_Listing]:
    outputs = [
        (name, _line(output.request), output.schema or "(no body)", _one_line(output.description or ""))
        for name, output in rulebook.outputs.items()
    ]
    yield _Listing("Outputs", ("output", "request", "schema", "description"), tuple(outputs))
    settings = [
        (
            name,
            setting.type,
            _HIDDEN if setting.secret else shown(rulebook.values[name]),
            _one_line(setting.description or ""),
        )
        for name, setting in rulebook.settings.items()
    ]
    yield _Listing("Settings", ("setting", "type", "value", "description"), tuple(settings))
    routes = [
        (name, f"each {_one_line(route.each.text)} as {route.as_name}") for name, route in rulebook.routes.items()
    ]
    yield _Listing("Routes", ("route", "takes"), tuple(routes))
    rules = [_rule_row(rule) for rule in rulebook.rules]
    yield _Listing("Rules, in order", ("rule", "route", "when", "then", "place"), tuple(rules))
    fields = [(rule.name, *row) for rule in rulebook.rules if rule.output is not None for row in _body_rows(rule)]
    yield _Listing("Fields", ("rule", "output place", "from", "type"), tuple(fields))
    tables = [
        (name, shown(key), shown(value) if value is not None else "(left out)")
        for name, table in rulebook.tables.items()
        for key, value in table.entries.items()
    ]
    yield _Listing("Tables", ("table", "value", "becomes"), tuple(tables))
    functions = [(FUNCTIONS[name].signature, FUNCTIONS[name].description) for name in sorted(_functions(rulebook))]
    yield _Listing("Functions used", ("function", "description"), tuple(functions))


def _rule_row(rule: Rule) -> tuple[str, ...]:
    return (
        rule.name,
        rule.route or "",
        _one_line(rule.when.text) if rule.when is not None else "",
        _end(rule),
        str(rule.place),
    )


def _end(rule: Rule) -> str:
    if rule.skip is not None:
        return f"skip: {rule.skip.template.text}"
    if rule.reject is not None:
        return f"reject: {rule.reject.template.text}"
    return f"output {rule.output}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(line: RequestLine) -> str:
    return f"{line.method} {_path(line)}"


def _path(line: RequestLine) -> str:
    return line.path.source.template.text if isinstance(line.path.source, Text) else ""


def _body_rows(rule: Rule) -> Iterator[tuple[str, str, str]]:
    return _object_rows(rule.body, "") if isinstance(rule.body, ObjectSource) else _field_rows(rule.body, "")


def _object_rows(source: ObjectSource, place: str) -> Iterator[tuple[str, str, str]]:
    for field in source.fields:
        yield from _field_rows(field, f"{place}/{field.name}")
    for spread in source.spreads:
        yield f"{place}/*", f"every entry of {_one_line(spread.from_.text)}{_exceptions(spread)}", ""


def _exceptions(spread: Spread) -> str:
    except_ = spread.except_
    names = [*sorted(except_.names), *(f"{prefix}*" for prefix in except_.prefixes), *except_.patterns]
    return f" except {', '.join(names)}" if names else ""


def _field_rows(field: Field, place: str) -> Iterator[tuple[str, str, str]]:
    source = field.source
    if isinstance(source, ObjectSource):
        yield from _object_rows(source, place)
    elif isinstance(source, Listed):
        for number, item in enumerate(source.items):
            yield from _field_rows(item, f"{place}/{number}")
    elif isinstance(source, Each):
        yield place, f"each {_one_line(source.each.text)} as {source.as_name}", "array"
        if isinstance(source.value, ObjectSource):
            yield from _object_rows(source.value, f"{place}/-")
        else:
            yield from _field_rows(source.value, f"{place}/-")
    else:
        yield place, _source(field), field.type or ""


def _source(field: Field) -> str:
    source = field.source
    words = ""
    if isinstance(source, From):
        words = " else ".join(
            _one_line(part.text) if isinstance(part, Expr) else _source(part) for part in source.alternatives
        )
    elif isinstance(source, Const):
        words = f"always {shown(source.value)}"
    elif isinstance(source, Text):
        words = f"template {source.template.text}"
    if field.table is not None:
        words += f", table {field.table.name or ''}".rstrip()
    if field.default is not ABSENT:
        words += f", default {shown(field.default)}"
    return words


def _rule_json(rule: Rule) -> dict[str, Any]:
    fields = [{"output": place, "from": from_, "type": type_ or None} for place, from_, type_ in _body_rows(rule)]
    return {
        "name": rule.name,
        "route": rule.route,
        "when": rule.when.text if rule.when is not None else None,
        "output": rule.output,
        "skip": rule.skip.template.text if rule.skip is not None else None,
        "reject": rule.reject.template.text if rule.reject is not None else None,
        "fields": fields,
        "reference": rule.reference,
        "description": rule.description,
        "place": str(rule.place),
    }


def _functions(rulebook: Rulebook) -> set[str]:
    # Imported late: only tables of functions need it.
    from .language.names import Use, definitions_and_uses

    return {
        node["value"]
        for item in definitions_and_uses(rulebook)
        if isinstance(item, Use) and isinstance(item.text, Expr)
        for node in walk(item.text.expression.tree)
        if node["type"] == "function_expression"
    }
