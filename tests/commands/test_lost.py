"""`moemap lost`: text, JSON, baselines and exit codes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main

SAMPLE = str(Path(__file__).parents[2] / "examples" / "mpid_only.json")


def lost(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lost", *arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_values_are_shown_only_on_demand() -> None:
    batch = {"mpid": "7", "unknown": "secret-value", "events": []}
    Path("batch.json").write_text(json.dumps(batch), "utf-8")
    result = lost("batch.json")
    assert result.exit_code == 0
    assert "secret-value" not in result.stdout
    assert "   100 %  /unknown  (string)\n" in result.stdout
    assert '   100 %  /unknown  (string), such as "secret-value"\n' in lost("--show-values", "batch.json").stdout
    assert "secret-value" not in lost("--format", "json", "batch.json").stdout


@pytest.mark.slow
def test_standard_input_is_read_as_a_file_is() -> None:
    text = Path(SAMPLE).read_bytes()
    result = CliRunner().invoke(main, ["lost", "-"], input=text)
    assert (result.exit_code, result.stdout) == (0, lost(SAMPLE).stdout)


@pytest.mark.slow
def test_exit_codes() -> None:
    Path("read.json").write_text('{"mpid": "7"}', "utf-8")
    Path("unread.json").write_text('{"mpid": "7", "unknown": 1}', "utf-8")
    assert lost("--fail-on", "unread", "read.json").exit_code == 0
    assert lost("--fail-on", "unread", "unread.json").exit_code == 1
    assert lost("none.json").exit_code == 2


@pytest.mark.slow
def test_baselines_show_drift() -> None:
    Path("batch.json").write_text('{"mpid": "7", "a": 1, "b": 1}', "utf-8")
    assert lost("--write-baseline", "baseline.json", "batch.json").exit_code == 0
    assert lost("--baseline", "baseline.json", "batch.json").exit_code == 0
    Path("batch.json").write_text('{"mpid": "7", "a": "x", "c": 1}', "utf-8")
    result = lost("--baseline", "baseline.json", "batch.json")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "new kind: /a is string, was integer",
        "new: /c (integer), not read",
        "gone: /b",
    ]


@pytest.mark.parametrize(
    "text", [b"[]", b"\xff", b'{"members": ' + b"[" * 100_000, b'{"members": {"/a": {"kinds": [[]]}}}']
)
def test_a_file_that_is_no_baseline(text: bytes) -> None:
    Path("baseline.json").write_bytes(text)
    result = lost("--baseline", "baseline.json", SAMPLE)
    assert result.exit_code == 2
    assert "baseline.json: it is no baseline of moemap lost" in result.stderr


@pytest.mark.slow
def test_summary_counts_records_that_cannot_be_read() -> None:
    Path("batch.ndjson").write_text('{"mpid": "7"}\n{oops\n5\n', "utf-8")
    result = lost("batch.ndjson")
    assert result.exit_code == 1
    assert result.stderr == (
        "1 batch, 2 unreadable: 1 member, of which 1 sent, 0 left out, 0 only read, 0 not read\n"
        "2 records cannot be read; first in batch.ndjson:2: the record is not JSON: "
        "unexpected character, expected a string key (character 2)\n"
    )


@pytest.mark.slow
def test_ages_of_times_and_names_that_pass_through() -> None:
    now = int(time.time() * 1000)
    day = 86_400_000
    events = [
        {
            "event_type": "custom_event",
            "data": {"timestamp_unixtime_ms": now + offset, "custom_attributes": {name: "x"}},
        }
        for offset, name in ((-40 * day, "a"), (3 * day + 60_000, "b"))
    ]
    batch = {"mpid": 7, "sent": "2020-01-01T00:00:00Z", "id": "2020-01-01-without-a-time", "events": events}
    Path("batch.json").write_text(json.dumps(batch), "utf-8")
    text = lost("--all", "batch.json").stdout
    assert "/events/*/data/timestamp_unixtime_ms  (integer, times from 40 days ago to 3 days ahead)\n" in text
    assert f"/sent  (string, times of {round((now / 1000 - 1_577_836_800) / 31_557_600)} years ago)\n" in text
    assert "/id  (string)\n" in text
    assert text.endswith("Names that pass through:\n       2  /events/*/data/custom_attributes\n")
    assert "| 2 | `/events/*/data/custom_attributes` |\n" in lost("--format", "markdown", "batch.json").stdout
    found = json.loads(lost("--format", "json", "batch.json").stdout)
    assert found["passed"] == [{"path": "/events/*/data/custom_attributes", "names": 2}]
    (ages,) = [one["times"] for one in found["members"] if one["path"].endswith("/timestamp_unixtime_ms")]
    assert ages == pytest.approx([-40 * day, 3 * day + 60_000], abs=600_000)


@pytest.mark.slow
def test_many_names_are_counted_to_a_limit() -> None:
    batch = {"mpid": 7, "user_attributes": {f"name{number}": 1 for number in range(300)}}
    Path("batch.json").write_text(json.dumps(batch), "utf-8")
    assert "  200+  /user_attributes\n" in lost("batch.json").stdout


MAPPING = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
outputs: {event: {schema: ./event.schema.json, request: {path: /e}}}
routes: {events: {each: batch.events, as: event}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: "truncate(event.name, `3`, '')"
      attributes:
        spread:
          from: event.more
          except: {names: [secret]}
          entries:
            - {when: "starts_with(name, 'own_')", skip: these are the sender's own}
            - {when: "name == 'no' && value == 'x'", skip: some of these}
            - {}
"""


def test_what_is_left_out_and_cut_and_limits_of_names() -> None:
    schema = {"properties": {"name": {"x-distinct": 2}, "attributes": {"x-distinct": 2}}}
    Path("any.schema.json").write_text("{}", "utf-8")
    Path("event.schema.json").write_text(json.dumps(schema), "utf-8")
    Path("mapping.yaml").write_text(MAPPING, "utf-8")
    names = ["a", "abcd", "abce"]
    events = [
        {"name": name, "more": {"secret": 1, "own_a": 1, "no": "x", f"free_{name}": {"own_b": 1}}} for name in names
    ]
    Path("batch.json").write_text(json.dumps({"events": events}), "utf-8")
    result = lost("--mapping", "mapping.yaml", "--all", "--limits", "batch.json")
    assert result.exit_code == 0
    assert (
        result.stdout
        == """\
Left out because of their names:
   100 %  /events/*/more/own_a  (integer)
          rule event, attributes: these are the sender's own
   100 %  /events/*/more/secret  (integer)
          rule event, attributes: left out by `except`
Sent:
   100 %  /events/*/more/free_a/own_b  (integer)
          rule event, attributes
   100 %  /events/*/more/free_abcd/own_b  (integer)
          rule event, attributes
   100 %  /events/*/more/free_abce/own_b  (integer)
          rule event, attributes
   100 %  /events/*/more/no  (string)
          rule event, attributes
   100 %  /events/*/name  (string, 2 of 3 cut to 3 characters)
          rule event, name
Names that pass through:
       3  /events/*/more
Distinct names and values in requests:
       3  event /attributes, 1 above the limit of 2
       2  event /name, 0 below the limit of 2
"""
    )
    assert lost("--mapping", "mapping.yaml", "--fail-on", "limits", "batch.json").exit_code == 1
    found = json.loads(lost("--mapping", "mapping.yaml", "--limits", "--format", "json", "batch.json").stdout)
    assert found["distinct"][0] == {"output": "event", "path": "/attributes", "distinct": 3, "limit": 2}
