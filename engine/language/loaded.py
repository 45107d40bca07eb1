"""The result of loading a mapping: before it is given settings, and with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..diagnostics.problem import Problem, in_order
from ..source.nodes import MappingNode
from ..source.recovery import without_consequences
from ..source.text import Source
from .rulebook import ABSENT, Rulebook, Setting
from .settings import Given, values_of

__all__ = ["Joined", "Loaded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of loading: the Rulebook, None if there are errors, and all Problems in order of place.

    `draft` is what could be read despite the errors: fit for checks, not for running. `lost` are names that may be
    defined in the parts that were dropped. `included` are the real paths of all files that `include` names, also of
    those that were not read.
    """

    rulebook: Rulebook | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, Source]
    draft: Rulebook | None = None
    lost: frozenset[str] = frozenset()
    included: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Joined:
    """A mapping before it is given settings: the result of reading and joining its files.

    `draft` has the values that the files give; `settings` are there even where nothing else could be read. `refused`
    are the names of settings whose values in the files are reported.
    """

    draft: Rulebook | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, Source]
    lost: frozenset[str]
    settings: Mapping[str, Setting]
    values: Mapping[str, Any]
    included: frozenset[str]
    refused: frozenset[str]

    def with_settings(self, given: Mapping[str, Any]) -> Loaded:
        """The mapping with these JSON values, which override those of the files. Nothing is read again."""
        problems = list(self.problems)
        pairs = [value if isinstance(value, Given) else Given(name, value) for name, value in given.items()]
        valid = values_of(self.settings, pairs, problems)
        values = {**self.values, **valid}
        reported = self.refused.union(one.name for one in pairs)
        for name, setting in self.settings.items():
            is_missing = values[name] is ABSENT and name not in reported
            if is_missing and isinstance(setting.node, MappingNode):  # any other is reported already
                problems.append(Problem.of("M117", setting.node.place, name=name))
        in_place = in_order(without_consequences(problems, self.lost))
        draft = None if self.draft is None else replace(self.draft, values=values)
        failed = any(problem.severity == "error" for problem in in_place)
        return Loaded(None if failed else draft, in_place, self.sources, draft, self.lost, self.included)
