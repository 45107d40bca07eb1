"""The steps of the author's loop do what their names say."""

from __future__ import annotations

import pytest

from moemap.benchmarks import author
from moemap.benchmarks.author import (
    AGAIN,
    ANEW,
    COMPLETE,
    COUNTED,
    COVER,
    DIFFER,
    EDITED,
    EXPLAIN,
    HOVER,
    LOST,
    MAPPED,
    PRESSED,
    PRIVACY,
    PROVE,
    TESTS,
)
from moemap.engine import golden
from moemap.engine.language.installed import locate
from moemap.engine.language.rulebook import Rulebook


@pytest.mark.slow
def test_every_step_is_measured_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    main, proven, tested = locate("mparticle-moengage"), list[Rulebook](), list[int]()
    assert main is not None
    run_tests, discover = author.run_tests, golden.discover
    monkeypatch.setattr(golden, "discover", lambda places: discover(places)[:2])
    monkeypatch.setattr(author, "prove", proven.append)
    monkeypatch.setattr(author, "BATCHES", 10)
    monkeypatch.setattr(author, "run_tests", lambda *given: tested.append(run_tests(*given)))
    seconds = author.measure(main, 1)
    assert {name: len(taken) for name, taken in seconds.items()} == dict.fromkeys(
        (
            ANEW,
            AGAIN,
            EDITED,
            PRESSED,
            COMPLETE,
            HOVER,
            TESTS,
            COUNTED,
            PROVE,
            PRIVACY,
            EXPLAIN,
            MAPPED,
            LOST,
            DIFFER,
            COVER,
            COVER,
        ),
        1,
    )
    assert [rulebook.name for rulebook in proven] == ["mparticle-moengage"]
    assert tested[0] > 20


def test_table() -> None:
    seconds = {ANEW: [0.2, 0.4], AGAIN: [0.05, 0.1], TESTS: [1.0, 2.0]}
    assert author.table(seconds).rows == [
        (ANEW, "300", "1.00"),
        (AGAIN, "75", "0.25"),
        (TESTS, "1,500", "5.0"),
    ]


@pytest.mark.slow
def test_an_editor_completes_and_explains_the_longest_path() -> None:
    main = locate("mparticle-moengage")
    assert main is not None
    editor = author.Editor(main)
    assert editor.press() == 0
    assert editor.complete() > 2
    assert editor.hover().startswith("`event.data.custom_attributes.event_source`: any value\n\nIn ")
