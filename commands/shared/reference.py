"""The page of the command line, written from the commands themselves."""

from __future__ import annotations

import inspect
import re
from textwrap import dedent, fill

import click

from .command import EXIT_CODES, PROBLEMS, Command

__all__ = ["reference"]


def reference(group: click.Group) -> str:
    """The commands of a group with their usage, options, examples and exit codes, in Markdown."""
    above = click.Context(group, info_name="moemap", **group.context_settings)
    contexts = [
        click.Context(command, info_name=name, parent=above)
        for name in group.list_commands(above)
        if (command := group.get_command(above, name)) is not None
    ]
    parts = [
        "<!-- Written by `moemap docs`; a test compares this page with what it would write. -->",
        "# The command line",
        _paragraph(group.help or ""),
        "\n".join(
            [
                "| Command | |",
                "| --- | --- |",
                *(f"| [`moemap {it.info_name}`](#moemap-{it.info_name}) | {_lead(it.command)} |" for it in contexts),
            ]
        ),
        "Every command has `-h` and `--help`; `moemap --version` shows the version.",
        "## Exit codes",
        "\n".join(
            ["| Code | Meaning |", "| --- | --- |", *(f"| {code} | {text} |" for code, text in EXIT_CODES.items())]
        ),
        *(part for context in contexts for part in _section(context)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(context: click.Context) -> list[str]:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {context.command_path}", f"```text\n{usage}\n```"]
    parts += [_paragraph(text) for text in inspect.cleandoc(command.help or "").split("\n\n")]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    records = [record for option in options if (record := option.get_help_record(context)) is not None]
    if records:
        parts += ["Options:", "\n".join(_item(names, text) for names, text in records)]
    if command.epilog:
        parts += ["Examples:", f"```text\n{dedent(command.epilog).strip()}\n```"]
    if isinstance(command, Command) and command.failure:
        parts.append(_paragraph(f"Exit code {PROBLEMS}: {command.failure}."))
    return parts


def _lead(command: click.Command) -> str:
    return _escaped(inspect.cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " "))


def _item(names: str, text: str) -> str:
    """An option with its help text, in which click's additions in brackets are put in parentheses."""
    described = re.sub(r" *\[([^\[\]]+)\]$", r" (\1)", _escaped(text)).strip()
    return fill(
        f"- `{names}`: {described}",
        width=120,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _paragraph(text: str) -> str:
    return fill(_escaped(inspect.cleandoc(text)), width=120, break_long_words=False, break_on_hyphens=False)


def _escaped(text: str) -> str:
    """The text with escaped asterisks, so that Markdown shows them."""
    return text.replace("*", r"\*")
