"""`moemap explain`: its ways to ask, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main

SAMPLE = str(Path(__file__).parents[2] / "examples" / "purchase.json")


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", SAMPLE, *arguments])


def test_all_values_with_the_lines_that_gave_them() -> None:
    result = explain()
    assert result.exit_code == 0
    assert result.stdout.startswith("request 0: customer POST /v1/customer/{app_id}\n")
    assert '  /attributes/City = "Pune"\n' in result.stdout
    assert ":23, from /user_attributes/$City\n" in result.stdout


def test_one_value() -> None:
    result = explain("--request", "1", "--output", "/actions/0/attributes/currency")
    assert result.exit_code == 0
    assert result.stdout.startswith('/actions/0/attributes/currency = "INR"\n  rule purchase takes /events/0\n')
    assert "reads /events/0/data/currency_code\n" in result.stdout


NULLS = """
language: 1
name: nulls
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs: {out: {schema: ./any.json, request: {path: /}}}
rules: [{rule: one, output: out, fields: {a: {from: batch.a, keep_null: true}}}]
"""


def test_a_value_that_is_not_there() -> None:
    result = explain("--output", "/attributes/Age")
    assert result.exit_code == 1
    assert result.stderr == "no request has a value at /attributes/Age; --why-not /attributes/Age says why\n"
    result = explain("--why-not", "customer:/attributes/Age")
    assert result.exit_code == 0
    assert "; attributes has no '$Age'\n" in result.stdout.splitlines(keepends=True)[0]
    assert explain("--why-not", "nothing:/attributes/Age").exit_code == 1


def test_an_input() -> None:
    result = explain("--input", "/events/0/data/currency_code")
    assert 'rule purchase: event.data.currency_code = "INR"\n' in result.stdout
    assert explain("--input", "/unknown").stdout == "no rule read it\n"


def test_json_and_masks() -> None:
    found = json.loads(explain("--json").stdout)
    assert [request["output"] for request in found["requests"]] == ["customer", "event"]
    city = next(value for value in found["requests"][0]["values"] if value["pointer"] == "/attributes/City")
    assert (city["value"], city["steps"][-1]["kind"]) == ("Pune", "field")
    assert "Pune" not in explain("--json", "--mask").stdout
    assert "Pune" not in explain("--mask").stdout


def test_json_of_one_value() -> None:
    found = json.loads(explain("--json", "--output", "/actions/0/attributes/currency").stdout)
    assert [(request["number"], [one["pointer"] for one in request["values"]]) for request in found["requests"]] == [
        (1, ["/actions/0/attributes/currency"])
    ]
    assert [request["number"] for request in json.loads(explain("--json", "--request", "0").stdout)["requests"]] == [0]
    nothing = explain("--json", "--output", "/attributes/Age")
    assert (nothing.exit_code, json.loads(nothing.stdout)) == (1, {"requests": []})


def test_a_value_that_is_null_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("any.json").write_text("{}", "utf-8")
    Path("mapping.yaml").write_text(NULLS, "utf-8")
    Path("batch.json").write_text('{"a": null}', "utf-8")
    given = ["explain", "batch.json", "--mapping", "mapping.yaml", "--output", "/a"]
    result = CliRunner().invoke(main, given)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "/a = null")


def test_a_page(tmp_path: Path) -> None:
    assert explain("--html", str(tmp_path / "page.html"), "--mask").exit_code == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "Pune" not in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--request", "9"], "--request 9: the input gives 2 requests, counted from 0"),
        (["--output", "/a", "--input", "/b"], "--output cannot be combined with --input"),
    ],
)
def test_wrong_use(arguments: list[str], message: str) -> None:
    result = explain(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
