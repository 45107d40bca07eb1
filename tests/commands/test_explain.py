"""`moemap explain`: its kinds of questions, and exit codes."""

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
    assert result.stdout.startswith('/actions/0/attributes/currency = "INR"\n├─ rule purchase takes /events/0\n')
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
    odd = explain("--output", "/\x1b[2J")
    assert odd.stderr == "no request has a value at /\\u001b[2J; --why-not /\\u001b[2J says why\n"
    result = explain("--why-not", "customer:/attributes/Age")
    assert result.exit_code == 0
    assert "; attributes has no '$Age'\n" in result.stdout.splitlines(keepends=True)[0]


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
        (["--why-not", "evnt:/a"], "--why-not: no output 'evnt'; did you mean 'event'?"),
        (["--output", "actions/0"], "--output actions/0: a place begins with /, as /actions/0"),
        (["--input", "events"], "--input events: a place begins with /, as /events"),
        (["--why-not", "actions/0"], "--why-not actions/0: a place begins with /, as /actions/0"),
    ],
)
def test_wrong_use(arguments: list[str], message: str) -> None:
    result = explain(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


QUESTIONS: dict[str, tuple[list[str], list[str]]] = {
    "Why has the user no age?": (
        ["purchase.json", "/attributes/Age"],
        [
            "rule user, attributes.Age: to_number(get_ignore_case(attributes, '$Age')) is null; "
            "attributes has no '$Age'",
        ],
    ),
    "Why does the coupon code not arrive?": (
        ["purchase.json", "/actions/0/attributes/coupon_code"],
        [
            "rule purchase, attributes.spread: custom_attributes has no entry 'coupon_code'",
            "the input has /events/0/data/product_action/coupon_code, which no rule reads",
        ],
    ),
    "Why has the checkout no currency?": (
        ["checkout.json", "/actions/0/attributes/currency"],
        [
            "rule product-action, attributes.currency: `when` does not hold: has_amounts is false",
            "    let has_amounts: settings.amounts == 'all' (settings.amounts is \"purchase\")",
        ],
    ),
    "Why does this batch give no events?": (
        ["no_identifiers.json", "event:"],
        [
            "rule no-identity: it rejects the batch: the batch has no identity 'customer_id', which the setting "
            "'identity' makes the customer_id of every request",
        ],
    ),
    "Why is the push token of the Firehose message not sent?": (
        ["firehose_message.json", "device:"],
        [
            "rule push-switched-off: it leaves out /events/6: push registrations are not sent (setting 'push')",
        ],
    ),
    "Why is there no event for the screen view?": (
        ["mixed_all_event_types.json", "event:", "--at", "/events/3"],
        ["rule unsupported-event: it leaves out /events/3: MoEngage takes no events of the type 'screen_view'"],
    ),
    "Why does the attribute stay, which was deleted?": (
        ["user_attribute_change.json", "/unset_attributes"],
        [
            "rule deletion-switched-off: it leaves out /deleted_user_attributes/0: the attribute 'old_campaign' stays "
            "at MoEngage (setting 'unset_attributes')",
        ],
    ),
    "Why has the refund no offset from UTC?": (
        ["refund.json", "/actions/0/user_timezone_offset"],
        [
            "rule product-action, user_timezone_offset: timezone_offset is null",
            "    let timezone_offset: `when` does not hold: timezone_seconds >= `-54000` (timezone_seconds is null)",
            "    let timezone_seconds: `when` does not hold: timezone_hours is null",
            "    let timezone_hours: `when` does not hold: settings.timezone_offset == 'send' "
            '(settings.timezone_offset is "omit")',
        ],
    ),
    "Why has the request no device_id?": (
        ["refund.json", "event:/device_id"],
        [
            "output event: device_id: device_id is null",
            "    let device_id: `when` does not hold: batch.mp_deviceid is null",
        ],
    ),
    "Why is the event not sent to a project?": (
        ["custom_event_all_attribute_types.json", "/actions/0/attributes/moe_project_name"],
        [
            "rule custom-event, attributes.moe_project_name: `when` does not hold: project_name is null",
            "    let project_name: custom_attributes has no 'moe_project_name'",
        ],
    ),
    "Why has the second product no quantity?": (
        ["click_detail_remove.json", "/actions/1/attributes/Products/1/Quantity"],
        ["rule product-action, attributes.Products[].Quantity: 0.5 cannot become integer"],
    ),
    "Why does the second batch of the list give nothing?": (
        ["bulk_array.json", "event", "--record", "2"],
        [
            "rule no-identity: it rejects the batch: the batch has no identity 'customer_id', which the setting "
            "'identity' makes the customer_id of every request",
        ],
    ),
    "Why is there no push_id?": (
        ["purchase.json", "/push_id"],
        ["no rule can give a value at /push_id; did you mean '/attributes/push_id'?"],
    ),
}
"""Questions about the samples by people who never saw the mapping; one command answers each."""


def test_places_in_converted_inputs_are_said_to_be_there(tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    message = {"type": "event_processing_request", "events": []}
    file.write_text(json.dumps(message), "utf-8")
    for question in (["--input", "/user_identities/email"], ["--why-not", "/attributes/Age"]):
        result = CliRunner().invoke(main, ["explain", str(file), *question])
        assert result.stderr == "mparticle-firehose@1 converts the input; the places are in what it gives\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "error[M502]: a batch must be an object, not an integer\n  = input: the whole document\n"),
        ('{"a": ' * 300 + "1" + "}" * 300, "error[M503]: "),
    ],
)
@pytest.mark.parametrize("given", [(), ("--json",), ("--html", "page.html"), ("--why-not", "/a"), ("--input", "/a")])
def test_an_input_that_is_refused(
    text: str, message: str, given: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("batch.json").write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["explain", "batch.json", *given])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(message)
    assert not Path("page.html").exists()


def test_a_list_is_no_batch(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("[{}]", "utf-8")
    result = CliRunner().invoke(main, ["explain", str(file)])
    assert result.exit_code == 2
    assert f"{file} holds a list; choose a batch of it, as with --record 1" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("text", "number", "said"),
    [
        ("[{}]", 2, "--record 2: FILE has 1 batch, counted from 1"),
        ("{}\n{}\n", 3, "--record 3: FILE has 2 batches, counted from 1"),
        ('{}\n{"a": }\n', 2, "FILE:2: the record is not JSON: "),
    ],
)
def test_records_that_cannot_be_chosen(text: str, number: int, said: str, tmp_path: Path) -> None:
    file = tmp_path / "batches.ndjson"
    file.write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["explain", str(file), "--record", str(number)])
    assert result.exit_code == 2
    assert said.replace("FILE", str(file)) in " ".join(result.stderr.split())


@pytest.mark.parametrize("question", QUESTIONS)
def test_one_command_answers(question: str) -> None:
    (name, place, *more), answer = QUESTIONS[question]
    result = CliRunner().invoke(main, ["explain", str(Path(SAMPLE).parent / name), "--why-not", place, *more])
    lines = [line for line in result.stdout.splitlines() if ".yaml:" not in line]
    assert lines[0] == answer[0]
    assert [line for line in lines if line in answer] == answer


def test_rules_with_one_reason_share_a_line() -> None:
    lines = explain("--why-not", "/actions/0/attributes/x").stdout.splitlines()
    assert (
        "rules product-action, promotion-view, promotion-click, impression: never reached: rule purchase took all of "
        "the route events before"
    ) in lines


def test_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mrule user, attributes.Age\x1b[0m: " in explain("--why-not", "/attributes/Age").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in explain("--why-not", "/attributes/Age").stdout
