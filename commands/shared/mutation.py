"""The options of `moemap test` for mutants, and their reports."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .opening import print_problems
from .verbosity import note

if TYPE_CHECKING:
    from ...engine.golden.files import GoldenTest, TestFile
    from ...engine.golden.runner import GoldenRunner
    from ...engine.mutation.running import Mutation, MutationBudget

__all__ = ["MutationOptions", "mutation_options"]

_TRIES = 2000
_UNITS = {"s": 1, "m": 60, "": 0}


@dataclass(frozen=True)
class MutationOptions:
    """The wanted reports on mutants; without `is_wanted`, no other option may be given."""

    is_wanted: bool
    output: str | None
    budget: str | None
    seed: int | None
    against: str | None
    jobs: int | None
    suggest: str | None = None

    def __post_init__(self) -> None:
        given = (self.output, self.budget, self.seed, self.jobs)
        names = ("--mutate-output", "--budget", "--seed", "--jobs")
        for name, value in zip(names, given, strict=True):
            if value is not None and not self.is_wanted:
                raise click.UsageError(f"{name} needs --mutate")
        if self.output is not None and Path(self.output).suffix != ".json":
            raise click.UsageError(f"--mutate-output {self.output}: the name must end in .json")
        self.limit()

    def limit(self) -> MutationBudget:
        """The budget: a number of mutants, or a time."""
        from ...engine.mutation.running import MutationBudget

        if self.budget is None:
            return MutationBudget()
        match = re.fullmatch(r"(\d{1,9})(s|m|)", self.budget)
        if match is None:
            raise click.UsageError(
                f"--budget {self.budget}: give a number of mutants such as 200, or a time such as 90s or 5m"
            )
        number, unit = int(match[1]), _UNITS[match[2]]
        return MutationBudget(seconds=number * unit) if unit else MutationBudget(count=number)

    def report(
        self, tests: Sequence[tuple[TestFile, GoldenTest]], runner: GoldenRunner, *, err: bool
    ) -> Mutation | None:
        """Runs the tests on the mutants of their mappings, and prints and writes the wanted reports."""
        from ...engine.diagnostics.terminal import takes_color
        from ...engine.insight.revisions import RevisionError
        from ...engine.jobs.files import written_whole
        from ...engine.mutation.report import as_json, text
        from ...engine.mutation.running import mutate
        from .progress import counting_bar

        if not self.is_wanted or not tests:
            return None
        try:
            with counting_bar("mutants") as progress:
                found = mutate(
                    tests,
                    runner.opening,
                    jobs=self.jobs or os.cpu_count() or 1,
                    seed=self.seed or 0,
                    budget=self.limit(),
                    against=self.against,
                    progress=progress,
                )
        except RevisionError as error:
            raise click.UsageError(f"--against {self.against}: {error}") from None
        for mapping in found.mappings:
            if mapping.problems:
                print_problems(mapping.problems, mapping.sources)
        click.echo(text(found, color=takes_color(sys.stderr if err else sys.stdout)), nl=False, err=err)
        if self.output is not None:
            with written_whole(Path(self.output)) as file:
                file.write(as_json(found).encode())
        if self.suggest is not None:
            self._suggest(found, self.suggest)
        return found

    @staticmethod
    def _suggest(found: Mutation, output: str) -> None:
        """Writes tests that find survivors of the first mapping that has some."""
        from ...engine.insight.suggestions import text as text_of_suggestions
        from ...engine.jobs.files import written_whole
        from ...engine.mutation.suggestions import suggestions
        from .progress import status_line

        survived = [(mapping, mutant) for mapping, mutant, _ in found.of("survived", "not covered")]
        own = [mutant for mapping, mutant in survived if mapping is survived[0][0]]
        with status_line() as show, written_whole(Path(output)) as file:
            made = suggestions(survived[0][0].tested, own, _TRIES, show) if survived else ()
            file.write(text_of_suggestions(made).encode())
        note(f"{len(made)} suggested tests for {sum(len(one.mutants) for one in made)} mutants: {output}")


def mutation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of mutants to a command."""
    options = (
        click.option(
            "--mutate",
            is_flag=True,
            help="Also run the tests on rules with one mistake each, and list mistakes that none finds.",
        ),
        click.option(
            "--mutate-output",
            metavar="FILE",
            help="Write the mutants to a .json file, as mutation-testing-elements reads it.",
        ),
        click.option(
            "--budget", metavar="LIMIT", help="Maximum number of mutants to run (200), or maximum time (90s, 5m)."
        ),
        click.option(
            "--seed", type=int, metavar="NUMBER", help="Selects the mutants that are run within a budget.  [default: 0]"
        ),
        click.option(
            "--against",
            metavar="REVISION",
            help="Only branches and mutants of rules that changed since a revision of Git.",
        ),
        click.option(
            "--jobs", type=click.IntRange(1, 256), help="Number of worker processes.  [default: one for each core]"
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
