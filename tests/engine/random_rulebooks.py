"""Random rulebooks by number. All laws of them share what is loaded: each is loaded once in a process."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.tests.engine.conftest import HEAD
from moemap.tests.engine.grammar import Dice, rules

_FOLDER = TemporaryDirectory()


class RandomRulebook(NamedTuple):
    """A rulebook, what its file says, and the dice that made it, which can make its batches next."""

    rulebook: Rulebook
    content: dict[str, Any]
    dice: Dice


def random_rulebook(number: int) -> RandomRulebook:
    """The rulebook of this number, without the checks. Its outputs take everything but a member `bad`."""
    rulebook, content, state = _loaded(number)
    dice = Dice(number)
    dice.setstate(state)
    return RandomRulebook(rulebook, content, dice)


@cache
def _loaded(number: int) -> tuple[Rulebook, dict[str, Any], Any]:
    folder, dice = Path(_FOLDER.name), Dice(number)
    content = {**HEAD, **rules(dice)}
    (folder / "in.schema.json").write_text("{}", "utf-8")
    (folder / "out.schema.json").write_text('{"properties": {"bad": false}}', "utf-8")
    loaded = load(folder / "mapping.yaml", text=json.dumps(content))
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook, content, dice.getstate()
