"""Completion, explanations and pickers in the files of the project, while they are edited."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.studio.worker import Worker

from .conftest import MAIN, MAPPING, SAMPLE

Ask = Callable[..., Any]
SEEN, TESTED = "samples/seen.json", "shop/tests/events.yaml::an event"
NAME = {"path": MAIN, "line": 22, "column": 19}
"""In `name: event.name`, after `event.`."""


@pytest.fixture
def ask(root: Path) -> Ask:
    worker = Worker(root, root)

    def ask(method: str, changes: Any = None, **params: Any) -> Any:
        answer = worker.answer({"method": method, "params": params, "changes": changes or {}})
        return answer.get("result", answer.get("error"))

    found = ask("project")
    ask("change", {"selected": {"mapping": found["mapping"], "samples": [SEEN], "settings": {}}})
    return ask


def test_completion_counts_what_is_not_saved(ask: Ask) -> None:
    assert [one["label"] for one in ask("language.completions", **NAME)["items"]] == ["kind", "name"]
    edited = MAPPING.replace("name: event.name", "title: batch.")
    position = {"path": MAIN, "line": 22, "column": len("      title: batch.") + 1}
    items = ask("language.completions", {"texts": {MAIN: edited}}, **position)["items"]
    assert [one["label"] for one in items] == ["events", "user"]
    span = items[0]["span"]
    assert span["start"] == span["end"] == {"line": 22, "column": 20}


def test_explanations_have_the_value_of_the_selected_sample(ask: Ask) -> None:
    ask("change", {"selected": {"samples": [TESTED]}})
    found = ask("language.hover", **NAME)["hover"]
    assert 'In `an event`: `"bought"`' in found["text"]
    assert found["span"] == {"start": {"line": 22, "column": 19}, "end": {"line": 22, "column": 23}}
    assert ask("language.hover", path=MAIN, line=3, column=1)["hover"] is not None
    assert ask("language.hover", path=MAIN, line=9_999, column=9_999)["hover"] is None
    inlays = ask("language.inlays", path=MAIN, from_line=20, to_line=24)["inlays"]
    assert [one["text"] for one in inlays] == ['= "u1"', '= "bought"', '= "main"']


def test_payloads_that_are_pasted_are_known_as_files_are(ask: Ask) -> None:
    pasted = '{"user": "u9", "events": [{"name": "left", "more": {"deep": 1}}]}'
    assert "In 1 of 1 sample." in ask("language.hover", **NAME)["hover"]["text"]
    ask("change", {"pasted": {"mine": pasted}, "selected": {"samples": ["pasted:mine"]}})
    text = ask("language.hover", **NAME)["hover"]["text"]
    assert 'In `mine`: `"left"`' in text
    assert "In 2 of 2 samples." in text
    inlays = ask("language.inlays", path=MAIN, from_line=20, to_line=24)["inlays"]
    assert [one["text"] for one in inlays] == ['= "u9"', '= "left"', '= "main"']
    items = ask("language.completions", **NAME)["items"]
    assert [one["label"] for one in items] == ["name", "kind"]
    assert ["In 2 of 2 samples" in one["documentation"] for one in items] == [True, False]
    ask("change", {"pasted": {"mine": pasted.replace("left", "back")}})
    assert 'In `mine`: `"back"`' in ask("language.hover", **NAME)["hover"]["text"]
    ask("change", {"pasted": {"mine": "[]"}})
    assert 'In `mine`: `"back"`' in ask("language.hover", **NAME)["hover"]["text"]  # it was refused


def test_batches_of_a_list_are_told_apart(root: Path) -> None:
    (root / "samples" / "several.json").write_text(
        json.dumps([SAMPLE | {"user": user} for user in ("first", "second")]), "utf-8"
    )
    worker = Worker(root, root)
    found = worker.answer({"method": "project", "params": {}})["result"]
    for index, user in enumerate(("first", "second")):
        selected = {"mapping": found["mapping"], "samples": [f"samples/several.json#{index}"], "settings": {}}
        message = {"method": "language.hover", "params": {"path": MAIN, "line": 21, "column": 20}}
        hover = worker.answer({**message, "changes": {"selected": selected}})["result"]["hover"]
        assert f'"{user}"' in hover["text"]


def test_the_outline_colours_and_layout(ask: Ask) -> None:
    symbols = ask("language.symbols", path=MAIN)["symbols"]
    assert "event" in [child["name"] for one in symbols for child in (one, *one["children"])]
    tokens = ask("language.tokens", path=MAIN)["tokens"]
    assert {"line": 22, "column": 13, "length": 5, "type": "root"} in tokens
    assert ask("language.folds", path=MAIN)["folds"]
    assert ask("language.format", {"texts": {MAIN: MAPPING + "\n\n\n"}}, path=MAIN)["text"].endswith("settings.shop\n")
    assert ask("language.format", {"texts": {MAIN: "a: ["}}, path=MAIN)["kind"] == "unavailable"


def test_changes_that_are_offered(ask: Ask) -> None:
    misspelt = MAPPING.replace("event.name", "evnt.name")
    actions = ask("language.actions", {"texts": {MAIN: misspelt}}, path=MAIN, line=22, column=14)["actions"]
    (edit,) = next(one for one in actions if one["kind"] == "quickfix")["edits"]
    assert (edit["path"], edit["text"]) == (MAIN, "event")
    assert edit["span"] == {"start": {"line": 22, "column": 13}, "end": {"line": 22, "column": 17}}
    assert ask("language.lenses", path=MAIN)["lenses"]


def test_names_are_followed_and_changed(ask: Ask) -> None:
    route = {"path": MAIN, "line": MAPPING[: MAPPING.index("route: events")].count("\n") + 1, "column": 12}
    (there,) = ask("language.definition", **route)["locations"]
    assert (there["path"], there["span"]["start"]["line"]) == (MAIN, 11)
    assert len(ask("language.references", **route)["locations"]) == 3
    edits = ask("language.rename", **route, new_name="entries")["edits"]
    assert [(edit["path"], edit["text"]) for edit in edits] == [(MAIN, "entries")] * 3
    assert ask("language.rename", **route, new_name="")["kind"] == "refused"
    assert ask("language.rename", **route)["kind"] == "wrong"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"path": MAIN, "line": 0, "column": 1}, "'line' is a number from 1"),
        ({"path": MAIN, "line": 1}, "'column' is a number from 1"),
        ({"path": MAIN, "line": "1", "column": 1}, "'line' is a number from 1"),
        ({"path": "../x.yaml", "line": 1, "column": 1}, "'../x.yaml' is no plain path in the project"),
        ({"path": MAIN, "line": 1, "column": True}, "'column' is a number from 1"),
        ({"line": 1, "column": 1}, "the name of a file is a text of at most 1000 characters"),
    ],
)
def test_wrong_places(ask: Ask, params: Any, message: str) -> None:
    assert ask("language.hover", **params)["message"] == message
    assert ask("language.nothing", **params)["message"] == "there is no method 'language.nothing'"


def test_paths_that_can_be_read(ask: Ask) -> None:
    paths = {one["text"]: (one["type"], one["value"]) for one in ask("paths", **NAME)["paths"]}
    assert paths == {
        "event": ("object", '{"name": "seen"}'),
        "event.name": ("string", '"seen"'),
        "event.kind": ("string", None),
        "batch": ("object", '{"user": "u7", "events": [{"name": "seen"}, {"name": "try", "kind": "test"}]}'),
        "batch.user": ("string", '"u7"'),
        "batch.events": ("list", '[{"name": "seen"}, {"name": "try", "kind": "test"}]'),
        "batch.events[].name": ("string", None),
        "batch.events[].kind": ("string", None),
        "settings": ("object", '{"shop": "main"}'),
        "settings.shop": ('"main" or "other"', '"main"'),
    }
    assert ask("paths", path=MAIN, line=22)["kind"] == "wrong"


def test_secrets_are_not_shown(ask: Ask) -> None:
    text = MAPPING.replace("routes:", "  key: {secret: true}\nroutes:")
    text = text.replace("name: event.name", "name: hmac_sha256(event.name, settings.key)")
    changes = {"texts": {MAIN: text}, "selected": {"settings": {"key": "hidden-value"}}}
    found = ask("paths", changes, **{**NAME, "line": 23})
    values = {one["text"]: one["value"] for one in found["paths"]}
    assert values["settings"] == '{"shop": "main", "key": "(secret)"}'
    assert "hidden-value" not in str(values)
    assert "hidden-value" not in str(ask("eval", sample=SEEN, text=""))
    assert "hidden-value" not in str(ask("project"))


def test_places_of_outputs(ask: Ask) -> None:
    assert ask("targets")["targets"] == [
        {
            "output": "event",
            "pointer": f"/{name}",
            "type": "string",
            "required": False,
            "description": None,
            "values": None,
        }
        for name in ("user", "name", "shop")
    ]


def test_personal_data(ask: Ask) -> None:
    found = ask("privacy")
    assert (found["available"], found["mapping_version"], found["members"]) == (True, "1.0.0", [])


@pytest.mark.slow
def test_edits_pile_up_nothing(root: Path) -> None:
    worker, sizes = Worker(root, root), []
    worker.answer({"method": "project", "params": {}})
    worker.answer({"method": "change", "params": {"selected": {"mapping": MAIN, "samples": [SEEN]}}})
    for number in range(40):
        text = MAPPING.replace("event.name", f"event.name || '{number}'")
        answer = worker.answer({"method": "state", "params": {}, "changes": {"texts": {MAIN: text}}})
        assert answer["result"]["usable"]
        recall, results = worker.state.recall(root / MAIN), worker.results
        sizes.append((len(recall._now), len(results.now._interpreters), len(results._old), len(results._traces)))
    assert sizes[-1] == sizes[-2] == sizes[20]
