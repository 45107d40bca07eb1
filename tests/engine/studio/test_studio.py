"""Edits, samples, results and files, as pages have them over the socket."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import MAIN, MAPPING, TESTS, Site, touch

pytestmark = pytest.mark.slow  # most start a process that evaluates rules

Run = Callable[..., None]
CHANGED = MAPPING.replace("name: event.name", "title: event.name")


def rows(printed: list[Any]) -> list[str]:
    return [f"{(row['key'] + ': ') if row['key'] else ''}{row['value']}{',' * row['comma']}" for row in printed]


def test_a_project_is_opened(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            project = await page.get("project")
            assert {one["path"]: one["kind"] for one in project["files"]} == {
                "samples/seen.json": "sample",
                "shop/batch.schema.json": "schema",
                "shop/event.schema.json": "schema",
                "shop/mapping.yaml": "mapping",
                "shop/tests/events.yaml": "tests",
            }
            (mapping,) = project["mappings"]
            assert mapping == {
                "id": MAIN,
                "path": MAIN,
                "kind": "mapping",
                "name": "shop",
                "version": "1.0.0",
                "files": [MAIN],
                "tests": ["shop/tests/events.yaml"],
                "settings": [
                    {
                        "name": "shop",
                        "type": "string",
                        "default": "main",
                        "values": ["main", "other"],
                        "description": None,
                        "secret": False,
                    }
                ],
                "schemas": {"input": "shop/batch.schema.json", "outputs": {"event": "shop/event.schema.json"}},
                "broken": False,
            }
            assert [one["id"] for one in project["samples"]] == [
                "samples/seen.json",
                "shop/tests/events.yaml::an event",
            ]
            assert project["selected"] == {
                "mapping": MAIN,
                "samples": ["samples/seen.json", "shop/tests/events.yaml::an event"],
                "settings": {},
            }
            state = await page.state(0)
            assert (state["usable"], state["findings"], state["unsaved"]) == (True, [], [])
            seen, tested = state["samples"]
            assert (seen["status"], seen["count"], seen["changed"], seen["test"]) == ("ok", 1, [], None)
            assert rows(seen["requests"][0]["rows"]) == ["{", '"user": "u7",', '"name": "seen",', '"shop": "main"', "}"]
            assert seen["skipped"] == [{"pointer": "/events/1", "rule": "test", "reason": "tests are not sent"}]
            assert tested["test"] == {
                "path": "shop/tests/events.yaml",
                "name": "an event",
                "line": 2,
                "passed": True,
                "differences": [],
            }
            coverage = state["coverage"]
            assert (coverage["taken"], coverage["count"]) == (9, 12)
            assert coverage["files"][MAIN]["13"] == {
                "state": "taken",
                "words": ["1x: rule test: it takes an element and skips it"],
            }
            assert coverage["files"][MAIN]["21"] == {
                "state": "partly",
                "words": [
                    "2x: rule event, user: the source gives the value: batch.user",
                    "not taken: rule event, user: there is no value",
                ],
            }
            tests = await page.note("tests", lambda one: not one["running"])
            assert (tests["count"], tests["passed"], tests["failed"]) == (1, 1, [])

    run(work)


def test_an_edit_shows_what_it_changes(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            state = await page.edit(MAIN, CHANGED)
            assert state["unsaved"] == [MAIN]
            (finding,) = state["findings"]
            assert (finding["code"], finding["message"]) == ("M401", "the event request has no member 'title'")
            assert finding["place"] == {"path": MAIN, "line": 22, "column": 7, "end_line": 22, "end_column": 12}
            assert finding["related"][0]["place"]["path"] == "shop/event.schema.json"
            seen = state["samples"][0]
            assert seen["status"] == "problems"  # the schema has no title
            state = await page.edit(MAIN, MAPPING.replace("event.name", "event.kind"))
            assert state["samples"][0]["changed"] == [
                {"pointer": "/requests/0/body/name", "old": '"seen"', "new": None}
            ]
            assert state["samples"][1]["test"]["differences"] == [
                {
                    "pointer": "/requests/0/body/name",
                    "expected": '"bought"',
                    "actual": None,
                    "rules": [],
                }
            ]
            tests = await page.note("tests", lambda one: not one["running"] and one["failed"])
            (failed,) = tests["failed"]
            assert (failed["path"], failed["name"], failed["line"]) == ("shop/tests/events.yaml", "an event", 2)
            assert failed["differences"][0]["rules"][0]["path"] == MAIN
            state = await page.edit(MAIN, MAPPING)
            assert (state["unsaved"], state["samples"][0]["changed"]) == ([], [])
            assert site.path(MAIN).read_text() == MAPPING

    run(work)


def test_an_edit_of_a_test_counts(run: Run) -> None:
    async def work(site: Site) -> None:
        name = "shop/tests/events.yaml"
        async with site.page() as page:
            await page.get("project")
            state = await page.edit(name, TESTS.replace("name: bought, shop", "name: sold, shop"))
            assert [one["pointer"] for one in state["samples"][1]["test"]["differences"]] == ["/requests/0/body/name"]
            state = await page.edit(name, TESTS.replace("covers", "x").replace("expect:", "expct:"))
            assert [one["place"]["path"] for one in state["findings"]] == [name, name]

    run(work)


def test_broken_yaml_keeps_the_last_results(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            state = await page.edit(MAIN, MAPPING.replace("rules:", "rules: ["))
            assert not state["usable"]
            assert state["findings"]
            assert state["findings"][0]["place"]["path"] == MAIN
            assert state["samples"][0]["status"] == "ok"
            assert (await page.edit(MAIN, MAPPING))["usable"]

    run(work)


def test_a_project_without_a_mapping(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            project = await page.get("project")
            assert (project["mappings"], project["selected"]["mapping"]) == ([], None)
            state = await page.state(0)
            assert (state["usable"], state["samples"], state["findings"]) == (False, [], [])
            assert await page.refused("links", sample="samples/seen.json") == {
                "kind": "unavailable",
                "message": "no mapping is chosen",
            }
            new = {"path": "shop/tests/mapping.yaml"}
            assert (await page.refused("edit", **new, text="x"))["kind"] == "refused"

    def emptied(folder: Any) -> None:
        for one in (*folder.glob("shop/*.yaml"), *folder.glob("shop/tests/*")):
            one.unlink()

    async def begin(site: Site) -> None:
        emptied(site.root)
        await work(site)

    run(begin)


def test_saving(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            opened = await page.get("open", path=MAIN)
            assert (opened["text"], opened["saved"], opened["changed"]) == (MAPPING, MAPPING, False)
            edited = MAPPING.replace("event.name", "event.kind")
            await page.edit(MAIN, edited)
            again = await page.get("open", path=MAIN)  # as after a reload of the page
            assert (again["text"], again["saved"], again["changed"]) == (edited, MAPPING, True)
            saved = await page.get("save", path=MAIN, hash=opened["hash"])
            assert site.path(MAIN).read_text() == edited
            state = await page.note("state", lambda one: not one["unsaved"])
            assert state["samples"][0]["changed"] == []
            assert (await page.get("save", path=MAIN, hash=saved["hash"])) == saved  # there is nothing to save
            site.path(MAIN).write_text("theirs")
            await page.edit(MAIN, MAPPING)
            error = await page.refused("save", path=MAIN, hash=saved["hash"])
            assert (error["kind"], error["message"]) == ("conflict", "the file changed on disk")
            assert error["data"]["text"] == "theirs"
            await page.get("save", path=MAIN, hash=error["data"]["hash"])
            assert site.path(MAIN).read_text() == MAPPING
            assert (await page.refused("save", path="../x.yaml", hash=None))["kind"] == "refused"
            assert (await page.refused("save", path=MAIN, hash=1))["kind"] == "wrong"

    run(work)


def test_edits_can_be_given_up(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.edit(MAIN, CHANGED)
            reverted = await page.get("revert", path=MAIN)
            assert reverted["text"] == MAPPING
            assert (await page.state(reverted["version"]))["unsaved"] == []

    run(work)


def test_texts_that_cannot_be_files_are_refused(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            for text, message in (
                ("\ud800", "the text holds half a character (a lone surrogate)"),
                ("x" * 1_000_001, f"{MAIN} would have more than 1,000,000 bytes"),
            ):
                assert await page.refused("edit", path=MAIN, text=text) == {"kind": "refused", "message": message}
            assert (await page.refused("edit", path=MAIN, text=None))["message"] == "'text' is a text"

    run(work)


def test_two_pages_edit_the_same_texts(run: Run) -> None:
    async def work(site: Site) -> None:
        headers = await site.enter()
        async with site.page(headers) as one, site.page(headers) as other:
            await one.get("project")
            await other.get("project")
            state = await one.edit(MAIN, CHANGED)
            told = await other.note("edited")
            assert told == {"path": MAIN, "text": CHANGED, "version": state["version"]}
            assert (await other.state(state["version"]))["unsaved"] == [MAIN]
            assert not [message for message in one.told if message["method"] == "edited"]
            opened = await other.get("open", path=MAIN)
            assert opened["text"] == CHANGED
            await other.get("save", path=MAIN, hash=opened["hash"])
            assert (await one.note("disk"))["text"] == CHANGED

    run(work)


def test_the_newest_edit_wins(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            await page.state(0)
            texts = [MAPPING.replace("event.name", f"event.name || '{number}'") for number in range(10)]
            for number, text in enumerate(texts):
                params = {"path": MAIN, "text": text}
                await page.socket.send_json({"id": 1_000 + number, "method": "edit", "params": params})
            state = await page.state(10)
            states = [one for one in page.told if one.get("method") == "state"]
            assert state["usable"]
            assert len(states) < 9  # some were left out
            versions = [one["params"]["version"] for one in states]
            assert versions == sorted(versions)

    run(work)


def test_a_page_that_is_closed_while_it_waits(run: Run) -> None:
    async def work(site: Site) -> None:
        headers = await site.enter()
        async with site.page(headers) as page:
            for method in ("project", "docs", "lost"):
                await page.socket.send_json({"id": 7, "method": method, "params": {}})
        async with site.page(headers) as page:
            await page.edit(MAIN, CHANGED)
            assert (await page.get("open", path=MAIN))["changed"]
        assert site.studio.pages == set()

    run(work)


def test_changes_on_disk(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            await page.get("open", path=MAIN)
            await page.state(0)
            theirs = MAPPING.replace("tests are not sent", "no tests")
            touch(site, MAIN, theirs)
            await site.studio.look()
            told = await page.note("disk")
            assert (told["path"], told["text"], told["conflict"]) == (MAIN, theirs, False)
            state = await page.note("state")
            assert state["samples"][0]["skipped"][0]["reason"] == "no tests"
            await page.edit(MAIN, CHANGED)
            touch(site, MAIN, MAPPING)
            await site.studio.look()
            assert (await page.note("disk"))["conflict"]
            assert (await page.get("open", path=MAIN))["text"] == CHANGED
            touch(site, MAIN, theirs)
            await page.edit(MAIN, f"{CHANGED}\n")  # before anyone looked
            await site.studio.look()
            assert (await page.note("disk"))["text"] == theirs
            touch(site, "samples/new.json", '{"user": "u2", "events": []}')
            await site.studio.look()
            await page.note("files", lambda one: "samples/new.json" in [sample["id"] for sample in one["samples"]])
            site.path(MAIN).unlink()
            await site.studio.look()
            told = await page.note("disk")
            assert (told["text"], told["hash"]) == (None, None)

    run(work)


def test_samples_that_are_pasted(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            added = await page.get("sample.add", name="mine", text='{"user": "u9", "events": [{"name": 1.0}]}')
            assert added["sample"] == {
                "id": "pasted:mine",
                "name": "mine",
                "path": None,
                "size": 41,
                "kind": "pasted",
                "test": None,
            }
            chosen = await page.get("select", samples=["pasted:mine"])
            state = await page.state(chosen["version"])
            assert [one["id"] for one in state["samples"]] == ["pasted:mine"]
            opened = await page.get("sample.open", sample="pasted:mine")
            assert rows(opened["rows"])[4] == '"name": 1.0'  # not 1, as a browser would have it
            for text in ("{", "[]", "[" * 100_000, '{"a": NaN}'):
                error = await page.refused("sample.add", name="wrong", text=text)
                assert error["kind"] == "wrong"
                assert error["message"].startswith("the sample cannot be used: it ")
            assert (await page.refused("sample.open", sample="pasted:wrong"))["kind"] == "wrong"

    run(work)


def test_settings_are_chosen(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            chosen = await page.get("select", settings={"shop": "other"})
            state = await page.state(chosen["version"])
            assert rows(state["samples"][0]["requests"][0]["rows"])[3] == '"shop": "other"'
            chosen = await page.get("select", settings={"shop": "wrong"})
            state = await page.state(chosen["version"])
            assert [one["code"] for one in state["findings"]] == ["M116"]
            assert (await page.refused("select", settings=[]))["kind"] == "wrong"
            assert (await page.refused("select", mapping="nothing"))["message"] == "there is no mapping 'nothing'"

    run(work)


TYPED = """\
  least: {type: integer, default: 1}
  rate: {type: double, default: 0.5}
  codes: {type: array, items: string, default: [a]}
  mode: {type: any, enum: [1, true, "true"], default: 1}
  whole: {type: boolean, default: false}
"""
FIELD = "      shop: to_string([settings.least, settings.rate, settings.codes, settings.mode, settings.whole])\n"


def test_settings_are_given_as_text_and_read_as_their_type(run: Run) -> None:
    async def work(site: Site) -> None:
        text = MAPPING.replace("settings:\n", f"settings:\n{TYPED}")
        text = text.replace("      shop: settings.shop\n", FIELD)
        (site.root / MAIN).write_text(text, "utf-8")
        async with site.page() as page:
            (mapping,) = [one for one in (await page.get("project"))["mappings"] if one["id"] == MAIN]
            told = {one["name"]: (one["default"], one["values"]) for one in mapping["settings"]}
            assert told["least"] == ("1", None)
            assert told["codes"] == ('["a"]', None)
            assert told["mode"] == ("1", ["1", "true", '"true"'])
            texts = {
                "least": "9007199254740993",
                "rate": "1.5",
                "codes": '["b", "c"]',
                "mode": '"true"',
                "whole": "true",
            }
            chosen = await page.get("select", settings=texts)
            assert chosen["selected"]["settings"] == texts
            state = await page.state(chosen["version"])
            assert [one["severity"] for one in state["findings"]] == ["warning"]  # the setting 'shop' is not used
            shown = rows(state["samples"][0]["requests"][0]["rows"])
            assert shown[3] == r'"shop": "[9007199254740993,1.5,[\"b\",\"c\"],\"true\",true]"'
            (edit,) = (await page.get("golden", sample="samples/seen.json"))["edits"]
            assert "least: 9007199254740993\n" in edit["text"]
            for wrong in ("1_0", "0x10", "", "1e400", "\u0663"):
                chosen = await page.get("select", settings={"least": wrong})
                finding = (await page.state(chosen["version"]))["findings"][0]
                assert finding["message"].startswith("the setting 'least' must be of type integer, not "), wrong

    run(work)


def test_a_worker_that_does_not_answer_is_killed_and_begins_anew(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            await page.edit(MAIN, CHANGED)
            process = site.studio.worker.process
            assert process is not None
            os.kill(process.pid, signal.SIGSTOP)  # as what never ends: it takes its messages, and answers none
            site.studio.worker.seconds = 0.01
            error = await page.refused("eval", text="batch.user", sample="samples/seen.json")
            assert error["kind"] == "stopped"
            assert error["message"].startswith("eval took more than 0.01 seconds")
            site.studio.worker.seconds = 120
            assert (await page.note("evaluation"))["status"] == "stopped"
            assert process.returncode == -signal.SIGKILL
            found = await page.get("eval", text="batch.user", sample="samples/seen.json")
            assert rows(found["rows"]) == ['"u7"']
            assert (await page.note("evaluation"))["status"] == "ready"
            assert (await page.get("open", path=MAIN))["text"] == CHANGED
            state = await page.edit(MAIN, MAPPING.replace("event.name", "event.kind"))
            assert state["samples"][0]["changed"]

    run(work)


def test_a_worker_that_dies_begins_anew(run: Run) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            await page.state(0)
            process = site.studio.worker.process
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            assert (await page.refused("eval", text="batch.user", sample="samples/seen.json"))["kind"] == "stopped"
            assert await page.get("eval", text="batch.user", sample="samples/seen.json")

    run(work)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(10 ** 9) %}x{% endfor %}",
        "{{ ().__class__.__mro__ }}",
        "{{ 'x' * 10 ** 10 }}",
        "{% include '/etc/passwd' %}",
        "join('', map(&join('', map(&to_string(@), @)), " + "[" * 40 + "batch" + "]" * 40 + "))",
        "[" * 5_000,
        "replace(batch.user, '(a+)+$', 'x')",
        "batch.events" + "[].*" * 400,
    ],
)
def test_texts_that_would_do_harm_are_answered(run: Run, text: str) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.ask("eval", text=text, sample="samples/seen.json")
            await page.edit(MAIN, MAPPING.replace("event.name", json.dumps(text)))
            assert (await page.edit(MAIN, MAPPING))["usable"]
            assert rows((await page.get("eval", text="batch.user", sample="samples/seen.json"))["rows"]) == ['"u7"']

    run(work)


@pytest.mark.usefixtures("imported_anew")
def test_nothing_of_the_project_is_imported(run: Run) -> None:
    async def work(site: Site) -> None:
        for name in ("json", "click", "moemap", "sitecustomize"):
            (site.root / f"{name}.py").write_text("open('imported', 'w')")
        here = os.getcwd()
        os.chdir(site.root)
        try:
            async with site.page() as page:
                await page.get("project")
                assert not (site.root / "imported").exists()
        finally:
            os.chdir(here)

    run(work)
