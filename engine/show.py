"""A mapping as tables for people, and as JSON for programs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from .diagnostics.terminal import printable, printable_lines
from .documents.document import HIDDEN, title_of
from .documents.fields import path_of, rule_end, values_of
from .documents.usage import functions_of
from .functions.table import FUNCTIONS
from .language.rulebook import ABSENT, Rule, Rulebook
from .source.text import one_line
from .values.kinds import shown
from .values.pointers import pointer

__all__ = ["as_json", "text"]


@dataclass(frozen=True, slots=True)
class _Listing:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def text(rulebook: Rulebook, *, color: bool, width: int = 160) -> str:
    """The tables for a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Styled

    console = Console(file=io.StringIO(), width=width, force_terminal=color, color_system="standard" if color else None)
    console.print(Styled(printable(title_of(rulebook)), style="bold"))
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
                "value": HIDDEN if setting.secret else rulebook.values[name],
                "default": None if setting.default is ABSENT else HIDDEN if setting.secret else setting.default,
                "enum": setting.enum,
                "description": setting.description,
            }
            for name, setting in rulebook.settings.items()
        },
        "outputs": {
            name: {"method": output.request.method, "path": path_of(output.request), "schema": output.schema}
            for name, output in rulebook.outputs.items()
        },
        "routes": {name: {"each": route.each.text, "as": route.as_name} for name, route in rulebook.routes.items()},
        "rules": [_rule_json(rule) for rule in rulebook.rules],
        "tables": {name: table.entries for name, table in rulebook.tables.items()},
        "functions": sorted(functions_of(rulebook)),
    }
    return printable_lines(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _tables(rulebook: Rulebook) -> Iterator[_Listing]:
    outputs = [
        (
            name,
            f"{output.request.method} {path_of(output.request)}",
            output.schema or "(no body)",
            one_line(output.description or ""),
        )
        for name, output in rulebook.outputs.items()
    ]
    yield _Listing("Outputs", ("output", "request", "schema", "description"), tuple(outputs))
    settings = [
        (
            name,
            setting.type,
            HIDDEN if setting.secret else shown(rulebook.values[name]),
            one_line(setting.description or ""),
        )
        for name, setting in rulebook.settings.items()
    ]
    yield _Listing("Settings", ("setting", "type", "value", "description"), tuple(settings))
    routes = [(name, f"each {one_line(route.each.text)} as {route.as_name}") for name, route in rulebook.routes.items()]
    yield _Listing("Routes", ("route", "takes"), tuple(routes))
    rules = [_rule_row(rule) for rule in rulebook.rules]
    yield _Listing("Rules, in order", ("rule", "route", "when", "then", "place"), tuple(rules))
    fields = [(rule.name, *row) for rule in rulebook.rules if rule.output is not None for row in _rows(rule)]
    yield _Listing("Fields", ("rule", "output place", "from", "type"), tuple(fields))
    tables = [
        (name, shown(key), shown(value) if value is not None else "(left out)")
        for name, table in rulebook.tables.items()
        for key, value in table.entries.items()
    ]
    yield _Listing("Tables", ("table", "value", "becomes"), tuple(tables))
    functions = [(FUNCTIONS[name].signature, FUNCTIONS[name].told) for name in sorted(functions_of(rulebook))]
    yield _Listing("Functions used", ("function", "description"), tuple(functions))


def _rule_row(rule: Rule) -> tuple[str, ...]:
    return (
        rule.name,
        rule.route or "",
        one_line(rule.when.text) if rule.when is not None else "",
        rule_end(rule),
        str(rule.place),
    )


def _rows(rule: Rule) -> list[tuple[str, str, str]]:
    return [(pointer(value.way), value.source, value.type or "") for value in values_of(rule)]


def _rule_json(rule: Rule) -> dict[str, Any]:
    fields = [{"output": place, "from": from_, "type": type_ or None} for place, from_, type_ in _rows(rule)]
    return {
        "name": rule.name,
        "route": rule.route,
        "when": rule.when.text if rule.when is not None else None,
        "output": rule.output,
        "skip": rule.skip.template.text if rule.skip is not None else None,
        "reject": rule.reject.template.text if rule.reject is not None else None,
        "convert": rule.convert.text if rule.convert is not None else None,
        "fields": fields,
        "reference": rule.reference,
        "description": rule.description,
        "place": str(rule.place),
    }
