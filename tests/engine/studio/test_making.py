"""Golden tests, accounts, comparisons, documentation and the exported page."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.studio.results import AskError
from moemap.engine.studio.worker import Worker

from .conftest import MAIN, MAPPING, TESTS

SEEN, TESTED = "samples/seen.json", "shop/tests/events.yaml::an event"
Ask = Callable[..., Any]


@pytest.fixture
def ask(root: Path) -> Ask:
    """Asks a worker of the project, with both samples selected."""
    worker = Worker(root, root)

    def ask(method: str, changes: Any = None, **params: Any) -> Any:
        answer = worker.answer({"method": method, "params": params, "changes": changes or {}})
        return answer.get("result", answer.get("error"))

    found = ask("project")
    ask("change", {"selected": {"mapping": found["mapping"], "samples": [SEEN, TESTED], "settings": {}}})
    return ask


def applied(text: str, edit: Any) -> str:
    """A text after an edit that inserts."""
    assert edit["span"]["start"] == edit["span"]["end"]
    lines = text.splitlines(keepends=True)
    line, column = edit["span"]["start"]["line"], edit["span"]["start"]["column"]
    at = sum(map(len, lines[: line - 1])) + column - 1
    return f"{text[:at]}{edit['text']}{text[at:]}"


@pytest.mark.parametrize("end", ["", "\n", "\n# the end\n", "\n\n\n"])
def test_a_golden_test_is_added_to_the_only_file(ask: Ask, root: Path, end: str) -> None:
    path = root / "shop" / "tests" / "events.yaml"
    path.write_text(TESTS.rstrip("\n") + end)
    ask("change", {"disk": True})
    made = ask("golden", sample=SEEN)
    (edit,) = made["edits"]
    assert (made["path"], made["name"], edit["path"]) == ("shop/tests/events.yaml", "seen", "shop/tests/events.yaml")
    path.write_text(applied(path.read_text(), edit))
    assert run_tests(ask) == (2, 2, [])


def run_tests(ask: Ask) -> tuple[int, int, Any]:
    ask("change", {"disk": True})
    ask("tests.begin")
    while (found := ask("tests.more"))["running"]:
        pass
    return found["count"], found["passed"], found["failed"]


def test_the_input_of_a_golden_test_is_a_file_or_written_out(ask: Ask) -> None:
    (edit,) = ask("golden", sample=SEEN, name="seen once")["edits"]
    assert (
        edit["text"]
        == """
  - test: seen once
    input_file: "../../samples/seen.json"
    expect:
      requests:
        - output: event
          method: POST
          path: /event
          query: {}
          body:
            user: u7
            name: seen
            shop: main
      skipped:
        - pointer: /events/1
          rule: test
          reason: tests are not sent
"""
    )
    ask("change", {"pasted": {"mine": '{"user": "u1", "events": []}'}})
    (edit,) = ask("golden", sample="pasted:mine")["edits"]
    assert (
        edit["text"]
        == """
  - test: mine
    input:
      user: u1
      events: []
    expect: {}
"""
    )


def test_a_golden_test_begins_a_file_of_its_own(ask: Ask, root: Path) -> None:
    (root / "shop" / "tests" / "more.yaml").write_text(TESTS)
    ask("project")
    ask("change", {"selected": {"settings": {"shop": "other"}}})
    made = ask("golden", sample=SEEN)
    (edit,) = made["edits"]
    assert made["path"] == "shop/tests/studio.yaml"
    assert edit["span"] == {"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 1}}
    assert edit["text"].startswith("tests:\n  - test: seen\n    settings:\n      shop: other\n    input_file:")
    (root / "shop" / "tests" / "studio.yaml").write_text(edit["text"])
    ask("project")
    again = ask("golden", sample=SEEN)
    assert (again["path"], again["name"]) == ("shop/tests/studio.yaml", "seen 2")
    (root / "shop" / "tests" / "studio.yaml").write_text(applied(edit["text"], again["edits"][0]))
    ask("project")
    assert run_tests(ask) == (4, 4, [])


def test_a_golden_test_in_a_file_that_is_not_saved_counts(ask: Ask, root: Path) -> None:
    (edit,) = ask("golden", sample=SEEN)["edits"]
    text = applied(TESTS, edit)
    ask("tests.begin", {"texts": {"shop/tests/events.yaml": text}})
    assert ask("tests.more")["count"] == 2
    assert (root / "shop" / "tests" / "events.yaml").read_text() == TESTS


def test_samples_of_the_mapping_come_first(ask: Ask, root: Path) -> None:
    other = root / "other"
    (other / "samples").mkdir(parents=True)
    (other / "mapping.yaml").write_text(MAPPING.replace("name: shop", "name: other").replace("./", "../shop/"))
    (other / "samples" / "own.json").write_text('{"user": "u", "events": []}')
    ask("change", {"disk": True})
    assert [one["id"] for one in ask("project")["samples"]] == [TESTED, "other/samples/own.json", SEEN]
    ask("change", {"selected": {"mapping": "other/mapping.yaml"}})
    assert [one["id"] for one in ask("project")["samples"]] == ["other/samples/own.json", SEEN]
    (root / "shop" / "tests" / "events.yaml").write_text(
        TESTS.replace("input: {user: u1, events: [{name: bought}]}", "input_file: ../../samples/seen.json")
    )
    ask("change", {"disk": True, "selected": {"mapping": MAIN}})
    assert [one["id"] for one in ask("project")["samples"]] == [SEEN, "other/samples/own.json"]


def test_inputs_of_tests_are_samples_wherever_they_are(ask: Ask, root: Path) -> None:
    (root / "shop" / "odd").mkdir()
    (root / "shop" / "odd" / "input.json").write_text('{"user": "u1", "events": [{"name": "bought"}]}')
    tests = root / "shop" / "tests" / "events.yaml"
    tests.write_text(TESTS.replace("input: {user: u1, events: [{name: bought}]}", "input_file: ../odd/input.json"))
    ask("change", {"disk": True})
    found = ask("project")
    assert {"path": "shop/odd/input.json", "kind": "sample", "size": 46} in found["files"]
    (sample,) = (one for one in found["samples"] if one["id"] == "shop/odd/input.json")
    assert sample["test"] == {"path": "shop/tests/events.yaml", "name": "an event", "line": 2}


@pytest.mark.parametrize("name", ["", "x" * 201, 7])
def test_names_of_golden_tests(ask: Ask, name: object) -> None:
    made = ask("golden", sample=SEEN, name=name)
    if name == "":
        assert made["name"] == "seen"
    else:
        assert made["kind"] == "wrong"


def test_links_lead_both_ways(ask: Ask) -> None:
    found = ask("links", sample=SEEN)
    assert found["more"] == 0
    by_pointer = {one["pointer"]: one for one in found["values"]}
    assert by_pointer["/name"]["inputs"] == ["/events/0/name"]
    assert (by_pointer["/name"]["place"]["path"], by_pointer["/name"]["place"]["line"]) == (MAIN, 22)
    assert by_pointer["/shop"]["inputs"] == []
    steps = ask("explain", sample=SEEN, request=0, pointer="/name")["steps"]
    assert [step["text"] for step in steps][-1] == 'field name: "seen"'
    (reader,) = ask("read_by", sample=SEEN, pointer="/user")["readers"]
    assert (reader["owner"], reader["text"], reader["value"]) == ("rule event", "batch.user", '"u7"')


def test_what_is_missing_is_explained(ask: Ask) -> None:
    found = ask("why_not", sample=SEEN, pointer="/naem")
    assert (found["misses"], found["near"]) == ([], "/name")
    ask("change", {"pasted": {"mine": '{"user": "u1", "events": [{"kind": "x"}]}'}})
    (miss,) = ask("why_not", sample="pasted:mine", pointer="/name")["misses"]
    assert (miss["rule"], miss["part"], miss["reason"]) == ("event", "name", "event has no 'name'")
    assert ask("why_not", sample=SEEN, pointer=1)["kind"] == "wrong"
    assert ask("why_not", sample=SEEN, pointer="/name", output="nothing")["kind"] == "wrong"


def test_the_fate_of_the_input(ask: Ask) -> None:
    found = {one["pointer"]: one["fate"] for one in ask("account", sample=SEEN)["leaves"]}
    assert found == {
        "/user": "sent",
        "/events/0/name": "sent",
        "/events/1/name": "skipped",
        "/events/1/kind": "skipped",
    }
    assert {one["path"]: one["fate"] for one in ask("lost")["members"]} == {"/events/*/kind": "read"}
    lines = '{"user": "u", "nick": "x"}\n{"nick": 1}'
    found = ask("lost", corpus=[lines, '{\n  "nick": "y"\n}'])
    assert (found["batches"], [(one["path"], one["fate"]) for one in found["members"]]) == (3, [("/nick", "unread")])
    assert ask("lost", corpus="{}")["message"] == "'corpus' is a list of texts"


def test_expressions_are_tried(ask: Ask) -> None:
    found = ask("eval", sample=SEEN, text="event.name", at="events:0")
    assert [row["value"] for row in found["rows"]] == ['"seen"']
    assert ask("eval", sample=SEEN, text="evnt.name")["problems"][0]["code"] == "M204"
    assert [one["name"] for one in ask("eval", sample=SEEN, text="")["names"]] == ["batch", "settings"]
    assert ask("eval", sample=SEEN, text="x", at="events:9") == {
        "kind": "unavailable",
        "message": "the route 'events' has no element 9 in this input",
    }
    assert ask("eval", sample=SEEN)["message"] == "'text' is missing"


def test_versions_are_compared(ask: Ask, root: Path) -> None:
    ask("change", {"texts": {MAIN: MAPPING.replace("name: event.name", "name: event.kind")}})
    found = ask("compare", old="saved")
    (change,) = found["changes"]
    assert (change["effect"], found["due_version"]) == ("behaviour", "1.1.0")
    assert change["old"]["path"] == change["new"]["path"] == MAIN
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", "-C", str(root), *name, *command], check=True)
    (change,) = ask("compare", old="HEAD")["changes"]
    assert change["old"]["path"] == change["new"]["path"] == MAIN
    assert ask("compare", old="nothing")["kind"] == "unavailable"
    assert ask("compare", old="--output=x")["kind"] == "unavailable"


@pytest.mark.slow
def test_large_values_come_in_parts(ask: Ask) -> None:
    value = {"user": "x" * 5_000, "events": [{"name": str(number)} for number in range(3_000)]}
    ask("change", {"pasted": {"large": json.dumps(value)}})
    rows = ask("sample.open", sample="pasted:large")["rows"]
    assert rows[1]["value"].endswith('..." (5,000 characters)')
    assert len(rows) < 400
    more = next(row for row in rows if row["kind"] == "more")
    assert {name: more[name] for name in ("pointer", "start", "count", "value")} == {
        "pointer": "/events",
        "start": 100,
        "count": 2_900,
        "value": "... 2,900 more",
    }
    part = ask("part", sample="pasted:large", request=None, pointer="/events", start=100, count=2)["rows"]
    assert [row["pointer"] for row in part if row["kind"] == "string"] == ["/events/100/name", "/events/101/name"]
    assert (part[-1]["start"], part[-1]["count"]) == (102, 2_898)
    assert ask("part", sample="pasted:large", request=9_999, pointer="", start=0, count=1)["kind"] == "wrong"
    assert ask("part", sample="pasted:large", request=0, pointer="/nothing", start=0, count=1) == {"rows": []}
    ask("change", {"selected": {"samples": ["pasted:large"]}})
    (state,) = ask("state")["samples"]
    assert (state["count"], len(state["requests"])) == (3_000, 50)


def test_documentation_and_pages_of_problems(ask: Ask) -> None:
    assert "<title>shop 1.0.0</title>" in ask("docs")["html"]
    assert ask("problem", code="M204")["text"].startswith("# M204")
    for code in ("../M204", "M000", None):
        assert ask("problem", code=code)["kind"] == "wrong"


def test_the_exported_page_is_masked_and_stands_alone(ask: Ask) -> None:
    page = ask("export")["html"]
    assert "<title>shop 1.0.0</title>" in page
    assert "2 samples, 0 with errors; 0 findings; 9 of 12 branches taken." in page
    assert "&#34;user&#34;: (string)" in page
    assert not [value for value in ("u7", "seen&#34;", "bought") if value in page]
    assert "when: event.kind" in page
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page
    assert "src=" not in page.replace("style-src=", "")
    shown = ask("export", show_values=True)["html"]
    assert "&#34;u7&#34;" in shown
    assert ask("export", show_values="yes")["html"] == page


def test_a_page_needs_a_mapping(root: Path) -> None:
    for path in (root / "shop").rglob("*.yaml"):
        path.unlink()
    with pytest.raises(AskError, match="no mapping is chosen"):
        Worker(root, root).exported(show_values=False)
