"""The project file of a user: `moemap.toml`, or `[tool.moemap]` of `pyproject.toml`.

Comes in: a folder. Goes out: the Configuration of the project around it, each value with its place, and the Choice of
the mapping, settings and secrets that a command uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .choice import Choice, ChoiceError, choose
    from .configuration import Configuration, Environment, PlacedValue
    from .finding import configuration_around

__all__ = ["Choice", "ChoiceError", "Configuration", "Environment", "PlacedValue", "choose", "configuration_around"]

__getattr__ = lazily(__name__)
