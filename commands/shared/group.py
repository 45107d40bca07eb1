"""A group of commands that imports the module of a command when it is needed."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import click

from .process import ExitCodeGroup

__all__ = ["CommandGroup"]


class CommandGroup(ExitCodeGroup):
    """The commands of a package: the `command` of each module, under the name of the module.

    A module whose name would be a keyword of Python ends with an underscore: `import_`.
    """

    def __init__(self, *arguments: Any, package: ModuleType, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.package = package

    def list_commands(self, context: click.Context) -> list[str]:
        modules = iter_modules(self.package.__path__)
        return sorted(module.name.rstrip("_").replace("_", "-") for module in modules if not module.ispkg)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        module = import_module(f"{self.package.__name__}.{name.replace('-', '_')}{'_' if iskeyword(name) else ''}")
        command: click.Command = module.command
        return command
