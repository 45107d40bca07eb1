"""Answers about a place in a rule file, by the functions of `editing`."""

from __future__ import annotations

from typing import Any

from .answers import Json
from .evaluator import AskError
from .project import StudioProject

__all__ = ["Language"]


class Language:
    """Answers about the files of a project."""

    def __init__(self, project: StudioProject) -> None:
        self.project = project

    def answer(self, method: str, params: Json) -> Any:
        """The answer to a request. Raises AskError."""
        raise AskError("unavailable", f"{method} is not there")
