"""The command as a user meets it: arguments, streams, exit codes, wording."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.engine.api import load

ROOT = Path(__file__).parents[2]
PURCHASE = ROOT / "examples" / "purchase.json"
BATCH = {"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": "gold"}}
REQUEST = {
    "output": "customer",
    "method": "POST",
    "path": "/v1/customer/{app_id}",
    "query": {},
    "body": {"type": "customer", "customer_id": "cust-1", "attributes": {"plan": "gold"}},
}
RESULT = {"requests": [REQUEST], "skipped": [], "problems": []}


def run(*arguments: str | Path, stdin: bytes | str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def documents(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(BATCH, indent=2))
    return path


# transform: inputs


def test_a_batch(batch: Path) -> None:
    done = run("transform", batch)
    assert (done.exit_code, documents(done.stdout)) == (0, [RESULT])
    assert done.stderr == "1 batch: 1 request, 0 skipped, 0 problems\n"


@pytest.mark.parametrize("stdin", [json.dumps(BATCH), json.dumps([BATCH]), json.dumps(BATCH, indent=3)])
@pytest.mark.parametrize("arguments", [["-"], []])
def test_standard_input(arguments: list[str], stdin: str) -> None:
    assert documents(run("transform", *arguments, stdin=stdin).stdout) == [RESULT]


@pytest.mark.parametrize("name", ["batches.ndjson", "batches.jsonl", "batches.txt"])
def test_one_batch_a_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(f"{json.dumps(BATCH)}\n\n{json.dumps(BATCH)}\n")
    assert documents(run("transform", path).stdout) == [RESULT, RESULT]


def test_gzip(tmp_path: Path) -> None:
    path = tmp_path / "batches.ndjson.gz"
    path.write_bytes(gzip.compress(f"{json.dumps(BATCH)}\n{json.dumps(BATCH)}\n".encode()))
    assert documents(run("transform", path).stdout) == [RESULT, RESULT]


def test_a_broken_line_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "batches.ndjson"
    path.write_text(f'{json.dumps(BATCH)}\n{{"events": \n{json.dumps(BATCH)}\n')
    done = run("transform", path)
    first, broken, last = documents(done.stdout)
    assert (first, last) == (RESULT, RESULT)
    assert [(problem["code"], problem["severity"]) for problem in broken["problems"]] == [("M501", "error")]
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "3 batches: 2 requests, 0 skipped, 1 problem",
        f"  M501         1  not JSON; first in {path}:2: the record is not JSON: unexpected end of data (character 11)",
    ]


@pytest.mark.slow
def test_the_summary_counts_the_leaves_that_no_rule_reads(tmp_path: Path) -> None:
    sample = json.loads(PURCHASE.read_text("utf-8"))
    mapping = load("mparticle-moengage")
    leaves = mapping.account(sample)
    unread = sum(one.fate == "unread" and not one.by for one in leaves)
    many = tmp_path / "many.ndjson"
    many.write_text(f"{json.dumps(sample)}\n" * 300, "utf-8")
    for jobs in (1, 2):
        done = run("transform", many, "--jobs", str(jobs), "-o", tmp_path / "out.ndjson")
        counts = f"{100 * unread:>6}  of {100 * len(leaves)} leaves of the first 100 batches"
        assert f"  not read{counts}, by any rule; --account shows which" in done.stderr.splitlines()
    done = run("transform", PURCHASE, PURCHASE, "--summary", "json")
    assert json.loads(done.stderr)["sample"] == {"batches": 2, "leaves": 2 * len(leaves), "unread": 2 * unread}
    assert "first" not in run("transform", PURCHASE).stderr.splitlines()[-1]


def test_several_inputs(batch: Path) -> None:
    assert documents(run("transform", batch, PURCHASE, batch).stdout)[::2] == [RESULT, RESULT]


# transform: options


@pytest.mark.slow
def test_settings_are_read_by_their_type(batch: Path) -> None:
    for value in ("identity=email", 'project_names=["A"]', "push=true", "project_code=007"):
        assert run("transform", "--set", value, batch).exit_code in (0, 1)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("idendity=email", "error[M115]: no setting 'idendity' is declared\n  = help: did you mean 'identity'?"),
        ("push=perhaps", "error[M116]: the setting 'push' must be of type boolean, not \"perhaps\""),
        (
            "identity=phone",
            'error[M116]: the setting \'identity\' must be one of "customer_id", "email", "mpid", not "phone"',
        ),
    ],
)
def test_wrong_settings(batch: Path, value: str, message: str) -> None:
    done = run("transform", "--set", value, batch)
    assert done.exit_code == 2
    assert done.stderr.startswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        ["transform", "--set", "identity", "-"],
        ["transform", "--mapping", "mparticle-moengage", "--workspace", "x.yaml", "-"],
        ["transform", "--format", "xml", "-"],
        ["transform", "no-such-file.json"],
        ["transform", "--output", "no/such/folder/out.json", str(PURCHASE)],
        ["transform", "--mapping", "no-such-mapping", "-"],
        ["check", "no-such-path"],
        ["explain-code", "M999"],
        ["show", "no-such-mapping"],
        ["frobnicate"],
    ],
)
def test_wrong_use_is_exit_2(arguments: list[str]) -> None:
    done = run(*arguments, stdin="{}")
    assert done.exit_code == 2
    assert done.stderr != ""
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["transform", ""], "Invalid value for '[INPUT]...': it is empty"),
        (["transform", "--output", "", "x"], "Invalid value for '-o' / '--output': it is empty"),
        (["check", "x", ""], "Invalid value for '[PATH]...': it is empty"),
        (
            ["explain", "x", "--html", "--mask"],
            "Invalid value for '--html': --mask is an option: a value is missing before it",
        ),
        (
            ["transform", "-o", "--pretty", "x"],
            "Invalid value for '-o' / '--output': --pretty is an option: a value is missing before it",
        ),
        (
            ["diff", "--corpus", "-h", "x", "x"],
            "Invalid value for '--corpus': -h is an option: a value is missing before it",
        ),
        (["check", "/dev/null"], "/dev/null: neither a file nor a folder"),
        (["transform", "{batch}", "--output", "{folder}/no/out"], "{folder}/no/out: No such file or directory"),
        (["transform", "{batch}", "--rejects", "{folder}/no/out"], "{folder}/no/out: No such file or directory"),
        (["transform", "{batch}", "--output-dir", "{batch}"], "{batch}: is not a folder"),
        (["transform", "{batch}", "--output", "/dev/full"], "/dev/full: No space left on device"),
        (["compile", "--output", "/dev/full"], "/dev/full: No space left on device"),
        (["transform", "{empty}"], "{empty}: no file in this folder ends in .json, .ndjson, .jsonl, with .gz or .zst"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_given(batch: Path, arguments: list[str], message: str) -> None:
    places = {"batch": batch, "folder": batch.parent, "empty": batch.parent / "empty"}
    places["empty"].mkdir()
    done = run(*(argument.format(**places) for argument in arguments))
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {message.format(**places)}")


def test_a_workspace_that_is_not_there_is_named(batch: Path) -> None:
    done = run("transform", "--workspace", "mine.yaml", batch)
    assert (done.exit_code, done.stderr) == (2, "error[M107]: the file 'mine.yaml' does not exist\n\n1 error\n")


def test_text_settings_are_taken_as_they_stand(batch: Path) -> None:
    done = run("transform", "--set", "identity=null", batch)
    assert done.stderr.startswith("error[M116]: the setting 'identity' must be one of")
    assert done.stderr.splitlines()[0].endswith(', not "null"')


def test_empty_files_have_no_batches(batch: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").touch()
    (tmp_path / "c.ndjson").touch()
    done = run("transform", "--compact", tmp_path / "*.*json")
    assert (done.exit_code, documents(done.stdout)) == (0, [RESULT])
    done = run("transform", stdin="")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "0 batches: 0 requests, 0 skipped, 0 problems\n")


def test_pretty_and_compact(batch: Path) -> None:
    assert run("transform", "--pretty", batch).stdout.startswith('{\n  "requests": [\n')
    assert run("transform", "--compact", batch).stdout.count("\n") == 1


def test_requests_alone(batch: Path) -> None:
    assert documents(run("transform", "--format", "requests", batch).stdout) == [REQUEST]


@pytest.mark.slow
def test_bulk_bodies_stay_under_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "batches.ndjson"
    long = {**BATCH, "user_attributes": {f"a{number}": "x" * 500 for number in range(90)}}
    path.write_text("".join(json.dumps(long) + "\n" for _ in range(5)))
    done = run("transform", "--format", "bulk", path)
    lines = documents(done.stdout)
    assert [len(line["body"]["elements"]) for line in lines] == [2, 2, 1]
    assert {line["path"] for line in lines} == {"/v1/transition/{app_id}"}
    assert all(len(json.dumps(line["body"], separators=(",", ":"))) <= 100_000 for line in lines)


def test_curl_is_a_command_without_secrets(batch: Path) -> None:
    text = run("transform", "--format", "curl", batch).stdout
    assert text == (
        "curl --fail-with-body --request POST "
        '"https://api-${DC:?is not set}.moengage.com/v1/customer/${APP_ID:?is not set}" '
        '--header "Authorization: Basic ${CREDENTIALS:?is not set}" --header "Content-Type: application/json" '
        '--header "MOE-APPKEY: ${APP_ID:?is not set}" '
        """--data-raw '{"type":"customer","customer_id":"cust-1","attributes":{"plan":"gold"}}'\n"""
    )


@pytest.mark.slow
def test_output_and_rejects_are_files(tmp_path: Path, batch: Path) -> None:
    anonymous = tmp_path / "anonymous.json"
    anonymous.write_text('{"events": []}')
    done = run("transform", batch, anonymous, "--output", tmp_path / "out", "--rejects", tmp_path / "rejects")
    assert (done.exit_code, done.stdout) == (1, "")
    assert documents((tmp_path / "out").read_text())[0] == RESULT
    (reject,) = documents((tmp_path / "rejects").read_text())
    assert reject["source"] == str(anonymous)
    assert reject["batch"] == {"events": []}
    assert [problem["code"] for problem in reject["problems"]] == ["M511"]


def test_nothing_is_left_where_writing_failed(tmp_path: Path) -> None:
    done = run("transform", tmp_path / "no-such-file", "--output", tmp_path / "out")
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_no_file_is_written_over_another(batch: Path, tmp_path: Path) -> None:
    before = batch.read_text()
    (tmp_path / "link").symlink_to(batch)
    for option, path in (("--output", batch), ("--rejects", batch), ("--output", tmp_path / "link")):
        done = run("transform", batch, option, path)
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {path}: is one of the inputs")
    done = run("transform", batch, "--output", tmp_path / "x", "--rejects", tmp_path / "x")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "Error: --output and --rejects are the same file")
    assert run("transform", batch, "--output", tmp_path).stderr.splitlines()[-1] == f"Error: {tmp_path}: is a folder"
    assert batch.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["batch.json", "link"]


def test_a_link_stays_a_link(batch: Path, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    run("transform", batch, "--output", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert documents((tmp_path / "real").read_text()) == [RESULT]


def test_standard_output_by_its_name(batch: Path) -> None:
    command = [sys.executable, "-m", "moemap.cli", "transform", "--compact", str(batch), "--output", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (documents(done.stdout), Path("/dev/stdout").is_symlink()) == ([RESULT], True)


@pytest.mark.slow
def test_from_a_folder_that_is_gone(batch: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    command = f"mkdir {gone}; cd {gone}; rmdir {gone}; {sys.executable} -m moemap.cli transform --compact {batch}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert documents(done.stdout) == [RESULT]


@pytest.mark.slow
def test_a_workspace_may_take_all_that_a_rule_of_its_mapping_took(tmp_path: Path) -> None:
    rule = "rules: [{rule: x, route: events, when: event.event_type == 'commerce_event', skip: a}]"
    (tmp_path / "workspace.yaml").write_text(f"language: 1\nworkspace: w\nextends: mparticle-moengage@1\n{rule}\n")
    assert run("check", tmp_path).exit_code == 0


@pytest.mark.slow
def test_the_folder_here_is_a_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "mappings/mparticle-moengage/v1")
    assert run("show", ".").exit_code == 0


def test_strict_counts_warnings(tmp_path: Path) -> None:
    path = tmp_path / "batch.json"
    path.write_text(json.dumps({**BATCH, "user_attributes": {"mixed": ["a", 1]}}))
    assert run("transform", path).exit_code == 0
    assert run("transform", "--strict", path).exit_code == 1


def test_reading_stops_quietly_when_nobody_listens() -> None:
    command = f"{sys.executable} -m moemap.cli transform {PURCHASE} {PURCHASE} {PURCHASE} --pretty | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.stdout, done.stderr.count("Traceback"), done.stderr.count("Broken")) == ("{\n", 0, 0)


# Nothing to do


def test_a_repository_without_tests_is_fine(tmp_path: Path) -> None:
    done = run("test", tmp_path)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "0 passed, 0 failed\n", "no tests found\n")
    assert run("test", tmp_path, "-k", "purchase").exit_code == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_test_file_that_cannot_be_read_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    os.mkfifo("tests/a.yaml")
    done = run("test", "tests")
    assert (done.exit_code, done.stdout) == (1, "0 passed, 1 failed\n")
    assert done.stderr == ("error[M001]: the file cannot be read: it is not a file\n --> tests/a.yaml:1:1\n\n1 error\n")


def test_a_test_file_that_is_a_link_to_elsewhere_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m").mkdir()
    monkeypatch.chdir(tmp_path / "m")
    (tmp_path / "m" / ".moemap").touch()
    (tmp_path / "out.yaml").write_text("tests: []")
    (tmp_path / "m" / "a.yaml").symlink_to("../out.yaml")
    done = run("test", ".")
    assert (done.exit_code, done.stdout) == (0, "0 passed, 0 failed\n")
    assert done.stderr == "skipped: a.yaml is a link that is outside the project\nno tests found\n"


def test_a_folder_of_versions_suggests_the_newest(batch: Path, tmp_path: Path) -> None:
    for version in ("v1", "v2", "v10"):
        (tmp_path / "shop" / version).mkdir(parents=True)
        (tmp_path / "shop" / version / "mapping.yaml").write_text("")
    done = run("transform", batch, "--mapping", tmp_path / "shop")
    assert done.exit_code == 2
    assert f"did you mean '{tmp_path.as_posix()}/shop/v10'?" in done.stderr


def test_resuming_a_run_that_is_finished_says_so(batch: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    assert run("transform", batch, "--output", output, "--resume").stderr.startswith("1 batch: ")
    done = run("transform", batch, "--output", output, "--resume")
    assert done.exit_code == 0
    assert done.stderr.startswith(
        f"{output}: no interrupted run to resume; it is written again from the start\n1 batch: "
    )
