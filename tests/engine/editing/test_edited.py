"""A state after any edits answers as a new one of the same texts."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from moemap.engine.editing.completion import completions
from moemap.engine.editing.cursor import position_of
from moemap.engine.editing.hover import hover
from moemap.engine.editing.inlays import inlays
from moemap.engine.editing.navigation import definition, references
from moemap.engine.editing.samples import samples
from moemap.engine.editing.state import EditingState

from .conftest import FILES
from .test_state import said

NAMES = ["mapping.yaml", "parts/orders.yaml", "parts/tables.yaml", "acme.yaml"]


def edited(text: str, random: Random) -> str:
    """A text with a change inside of a line, or with a line more or less."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            lines.insert(at, "# a line")
        case 1 if lines[at].startswith("#") or not lines[at]:
            del lines[at]
        case _:
            lines[at] += " # note" if lines[at] and not lines[at].endswith(("-", "'x'")) else ""
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(2))
def test_edits(seed: int, project: Path) -> None:
    random, state = Random(seed), EditingState([project])
    texts = dict(FILES)
    for _ in range(8):
        name = random.choice(NAMES)
        texts[name] = FILES[name] if random.random() < 0.2 else edited(texts[name], random)
        state.open(project / name, texts[name])
        fresh = EditingState([project])
        for one in NAMES:
            fresh.open(project / one, texts[one])
        main = project / "mapping.yaml"
        for each in (state, fresh):
            each.choose(main, samples(each, main)[0])
        path = project / random.choice(NAMES)
        assert [said(one, project) for one in state.diagnostics(path)[path]] == [
            said(one, project) for one in fresh.diagnostics(path)[path]
        ]
        if any(fresh.rulebook(one) is None for one in (main, project / "acme.yaml")):
            continue  # of which the state knows the last good rules
        assert inlays(state, path, (1, 99)) == inlays(fresh, path, (1, 99))
        source = state.source(path)
        assert source is not None
        for offset in random.choices(range(len(source.text)), k=12):
            position = position_of(source, offset)
            for ask in (definition, references, hover, completions):
                assert ask(state, path, position) == ask(fresh, path, position), (ask, path, position)
