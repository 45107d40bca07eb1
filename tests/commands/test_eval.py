"""`moemap eval` prints the value, then the parts; its exit codes."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from moemap.cli import main

SAMPLE = str(Path(__file__).parents[2] / "examples" / "purchase.json")


def evaluate(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments], input=text)


def test_the_value_comes_first_then_the_parts() -> None:
    result = evaluate("event.event_type", "--input", SAMPLE, "--at", "event:0")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == ['"commerce_event"', ""]
    assert lines[2].startswith('event  {"event_type": "commerce_event", ')


def test_json_is_the_value_alone() -> None:
    assert evaluate("batch.mpid", "--json", "--input", "-", text='{"mpid": 7}').stdout == "7\n"


def test_json_has_nothing_that_a_terminal_obeys() -> None:
    sent = '{"a": "x\\u202ey\\u009b2J"}'
    assert evaluate("batch", "--json", "--input", "-", text=sent).stdout == f"{sent}\n"
    assert evaluate("batch", "--input", "-", text=sent).stdout.startswith('{\n  "a": "x\\u202ey\\u009b2J"\n}\n')


def test_wrong_expressions_and_inputs() -> None:
    result = evaluate("evnt.x", "--input", SAMPLE, "--at", "event:0")
    assert result.exit_code == 1
    assert "error[M204]: unknown name 'evnt'\n --> the text:1:1\n" in result.stderr
    result = evaluate("batch", "--input", "-", text="{oops")
    assert result.exit_code == 2
    assert "- is not JSON: " in result.stderr
    assert evaluate("batch", "--input", SAMPLE, "--at", "event:99").exit_code == 2


def test_without_an_expression_the_names_are_listed() -> None:
    names = [line.split()[0] for line in evaluate("--input", SAMPLE, "--at", "event:0").stdout.splitlines()]
    assert names[:2] == ["batch", "settings"]
    assert "event" in names
