"""The commands of lenses and menus, and the ways to show their results in any editor."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..editing.actions import golden_test, suggested_test
from ..editing.data import Edit
from ..editing.lenses import measure, rule_result, uncovered
from ..editing.samples import samples
from ..editing.state import EditingState
from ..golden.files import load
from ..golden.runner import GoldenRunner, text

__all__ = ["OF_LENSES", "Commands", "Editor"]

Answer = TypeVar("Answer")

OF_LENSES = {"run_rule": "moemap.runRule", "run_tests": "moemap.runTests", "show_uncovered": "moemap.showUncovered"}
"""The names of the server's commands by those of lenses."""
_MAX_MESSAGE = 2_000
"""The maximum length of a text in a message, for editors that cannot show documents."""
_MAX_CHOICES = 200


class Editor(Protocol):
    """The part of the server that commands need: the editor, and the threads that answer."""

    def ask(
        self, what: str, work: Callable[[EditingState], Answer], *, is_slow: bool = False
    ) -> Awaitable[Answer | None]:
        """The result of `work` with the state, in a thread of its own if it is slow; None if it failed."""

    def tell(self, message: str) -> None:
        """Shows a message."""

    def choose(self, message: str, choices: list[str]) -> Awaitable[str | None]:
        """Lets the user choose a text; returns it, or None."""

    def show(self, path: Path) -> bool:
        """Shows a file; returns False if the editor cannot."""

    def apply(self, title: str, edits: tuple[Edit, ...]) -> Awaitable[bool]:
        """Applies edits; returns False if the editor refuses."""

    def refresh(self) -> None:
        """Lets the editor request everything again that depends on the sample."""


@dataclass
class Commands:
    """The commands. Results longer than a message are files in a folder that only this user can read."""

    editor: Editor
    _folder: Path | None = field(default=None, init=False)

    def by_name(self) -> dict[str, Callable[..., Awaitable[Any]]]:
        """The commands by the names under which an editor runs them."""
        return {
            "moemap.samples": self.samples,
            "moemap.chooseSample": self.choose_sample,
            "moemap.runRule": self.run_rule,
            "moemap.runTests": self.run_tests,
            "moemap.showUncovered": self.show_uncovered,
            "moemap.makeGoldenTest": self.make_golden_test,
            "moemap.suggestTest": self.suggest_test,
        }

    def end(self) -> None:
        """Removes the files with results."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def samples(self, main: str) -> list[str]:
        """The names of the samples of a mapping."""
        found = await self.editor.ask("samples", lambda state: [one.name for one in samples(state, Path(main))])
        return (found or [])[:_MAX_CHOICES]

    async def choose_sample(self, main: str, name: str | None = None) -> None:
        """Chooses the sample whose values are shown; without a name, the user chooses."""
        names = await self.samples(main)
        if not names:
            self.editor.tell(
                "There are no samples: no golden tests, and no JSON files in a folder samples or examples."
            )
            return
        chosen = name if name is not None else await self.editor.choose("Which sample shall be shown?", names)

        def choose(state: EditingState) -> None:
            state.choose(Path(main), next((one for one in samples(state, Path(main)) if one.name == chosen), None))

        if chosen is not None:
            await self.editor.ask("choose a sample", choose)
            self.editor.refresh()
            await self.editor.ask("choose a sample", choose, is_slow=True)

    async def run_rule(self, main: str, rule: str) -> str | None:
        """Shows the outcome of a rule for the sample."""
        found = await self.editor.ask("run a rule", lambda state: rule_result(state, Path(main), rule))
        if found is None:
            self.editor.tell(f"There is no sample that the rule {rule!r} could run on.")
        else:
            self._show(f"{_file_name(rule)}.json", found)
        return found

    async def run_tests(self, main: str, _rule: str | None = None) -> None:
        """Runs the golden tests of a mapping, file by file, and shows those that fail."""
        begun = await self.editor.ask(
            "run tests", lambda state: (GoldenRunner(state.opening), state.tests(Path(main))), is_slow=True
        )
        if begun is None:
            return
        runner, files = begun
        failed, count = list[str](), 0
        for path in files:  # one at a time, so that other questions are answered meanwhile
            outcomes = await self.editor.ask("run tests", partial(_outcomes, runner, path), is_slow=True)
            count += len(outcomes or ())
            failed += [one for one in outcomes or () if one]
        if failed:
            self._show("failed-tests.txt", "\n\n".join(failed) + "\n")
        self.editor.tell(f"{len(failed)} of {count} tests failed." if failed else f"All {count} tests passed.")

    async def show_uncovered(self, main: str, rule: str) -> None:
        """Shows the branches of a rule that no golden test takes."""

        def find(state: EditingState) -> list[str]:
            measured = measure(state, Path(main))
            return [f"{one.place}: {one.text}" for one in uncovered(measured, rule)] if measured is not None else []

        found = await self.editor.ask("measure coverage", find, is_slow=True)
        if found:
            self._show(f"{_file_name(rule)}-branches.txt", "\n".join(["No test takes these branches:", *found, ""]))
        else:
            self.editor.tell(f"The tests take all branches of the rule {rule!r}.")

    async def make_golden_test(self, main: str, rule: str | None = None) -> None:
        """Adds a golden test with the sample and its present results."""
        edits = await self.editor.ask("make a test", lambda state: golden_test(state, Path(main), rule), is_slow=True)
        await self._apply("Make a golden test", edits, "There is no sample to make a golden test of.")

    async def suggest_test(self, main: str, rule: str) -> None:
        """Adds a golden test for branches of a rule that none takes."""
        edits = await self.editor.ask(
            "suggest a test", lambda state: suggested_test(state, Path(main), rule), is_slow=True
        )
        await self._apply("Suggest a test", edits, f"No input was found that takes more branches of {rule!r}.")

    async def _apply(self, title: str, edits: tuple[Edit, ...] | None, otherwise: str) -> None:
        if not edits:
            self.editor.tell(otherwise)
        elif not await self.editor.apply(title, edits):
            self.editor.tell("The editor made no change.")

    def _show(self, name: str, content: str) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="moemap-"))
        path = self._folder / name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(content)
        if not self.editor.show(path):
            self.editor.tell(content if len(content) <= _MAX_MESSAGE else f"{content[:_MAX_MESSAGE]} ...")


def _outcomes(runner: GoldenRunner, path: Path, state: EditingState) -> list[str]:
    """The failure of each test of a file in words; the empty text for one that passed."""
    with state.reading():
        file, problems, _ = load(path, path.name, state.opening)
        outcomes = [] if file is None else [runner.run(file, test) for test in file.tests]
    unread = [f"{path.name} cannot be read: {problems[0].message}"] if file is None and problems else []
    return [*unread, *("" if one.passed else text(one, color=False) for one in outcomes)]


def _file_name(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_" else "-" for one in name)[:80]
