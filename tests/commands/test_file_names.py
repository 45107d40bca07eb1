"""File names that are not UTF-8: every command accepts them, and writes them as text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from moemap.cli import main

BATCH = {"events": [{"name": "seen"}, {"name": "other"}]}
MAPPING = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./any.json}
settings: {identity: {type: string, default: x}}
server: {url: "https://example.com"}
routes: {events: {each: batch.events, as: event}}
outputs: {out: {schema: ./out.json, request: {path: /}}}
rules: [{rule: all, route: events, output: out, fields: {name: event.name}}]
"""
WORKSPACE = "language: 1\nworkspace: w\nextends: ./base\n"
REJECTS = f"{WORKSPACE}rules: [{{rule: own, route: events, when: event.name == 'seen', reject: refused}}]\n"
WRONG = f"{WORKSPACE}what: 1\n"
TESTS = "tests: [{test: t, input: {}, match: partial, expect: {requests: []}}]\n"
NAME = "x\udcff"  # as Python has the byte 0xFF

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names of files are text")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder, whose name is not UTF-8 either."""
    here = tmp_path / NAME
    here.mkdir()
    monkeypatch.chdir(here)
    for name, text in {
        "base/mapping.yaml": MAPPING,
        "base/any.json": "{}",
        "base/out.json": "{}",
        f"{NAME}.json": json.dumps(BATCH),
        f"bad{NAME}.json": "{",
        f"{NAME}.yaml": WORKSPACE,
        f"rejects{NAME}.yaml": REJECTS,
        f"wrong{NAME}.yaml": WRONG,
        f"{NAME}/workspace.yaml": WRONG.replace("./base", "mparticle-moengage@1"),
        f"{NAME}/other{NAME}.yaml": "x: 1\n",
        "t/mapping.yaml": MAPPING,
        "t/any.json": "{}",
        "t/out.json": "{}",
        f"t/tests/{NAME}.yaml": TESTS,
    }.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("transform --mapping base X.json", 0),
        ("transform --mapping base badX.json", 1),
        ("transform --mapping base noneX.json", 2),
        ("transform --mapping base *X.json", 1),
        ("transform --workspace X.yaml X.json", 0),
        ("transform --workspace rejectsX.yaml X.json", 1),
        ("transform --workspace rejectsX.yaml --format curl X.json", 1),
        ("transform --workspace rejectsX.yaml X.json --output outX.json --rejects rejectsX.ndjson", 1),
        ("transform --mapping base X.json --output outX.json.gz", 0),
        ("transform --mapping base X.json --output X.json", 2),
        ("transform --mapping base X.json --output-dir outX", 0),
        ("transform --mapping base X.json --output-dir outX --resume", 0),
        ("transform --workspace wrongX.yaml X.json", 2),
        ("transform --mapping base --set aX=1 X.json", 2),
        ("transform --mapping base --set identity=X X.json", 2),
        ("check X.yaml", 0),
        ("check --list-skipped .", 1),
        ("check --format json wrongX.yaml X", 1),
        ("check --format github wrongX.yaml X", 1),
        ("check --format sarif wrongX.yaml X", 1),
        ("check --format junit wrongX.yaml X", 1),
        ("check noneX", 2),
        ("test t", 0),
        ("test t/tests/X.yaml", 0),
        ("test -k X t", 0),
        ("test X", 0),
        ("show X.yaml", 0),
        ("show --format json X.yaml", 0),
        ("show wrongX.yaml", 2),
        ("show noneX", 2),
        ("compile rejectsX.yaml -o outX.py", 0),
        ("docs X.yaml -o outX.md", 0),
        ("docs --check X.yaml -o noneX.md", 1),
        ("docs --reference folderX", 0),
        ("config X.yaml", 0),
        ("config --env X", 2),
        ("transform --samples X", 2),
        ("test --format junit t", 0),
        ("schema X", 2),
        ("explain-code X", 2),
        ("X", 2),
    ],
)
def test_every_command_takes_such_a_name(command: str, code: int) -> None:
    done = CliRunner().invoke(main, command.replace("X", NAME).split())
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code, done.output
    (done.stdout + done.stderr).encode("utf-8")


@pytest.mark.slow
def test_what_is_written_says_which_file_it_was() -> None:
    for rules, batch in ((f"rejects{NAME}.yaml", f"{NAME}.json"), (f"{NAME}.yaml", f"bad{NAME}.json")):
        options = ["--workspace", rules, "--rejects", "rejects", "--output", "out", "--compact"]
        CliRunner().invoke(main, ["transform", *options, batch])
        reject, result = json.loads(Path("rejects").read_text()), json.loads(Path("out").read_text())
        assert reject["source"] == batch.replace("\udcff", "\\udcff")
        places = [problem["rule"]["file"] for problem in result["problems"] if problem["rule"]]
        assert places in ([], ["rejectsx\\udcff.yaml"])
        done = CliRunner().invoke(main, ["transform", "--workspace", rules, "--replay-rejects", "rejects"])
        assert "1 still failing" in done.stderr


@pytest.mark.slow
def test_a_module_that_runs_alone_gives_the_same() -> None:
    rules = f"rejects{NAME}.yaml"
    CliRunner().invoke(main, ["compile", "--standalone", rules, "-o", "m.py"])
    done = subprocess.run([sys.executable, "m.py"], input=json.dumps(BATCH), capture_output=True, text=True)
    expected = CliRunner().invoke(main, ["transform", "--compact", "--workspace", rules, f"{NAME}.json"])
    assert json.loads(done.stdout) == json.loads(expected.stdout)


@pytest.mark.slow
def test_processes_take_such_names() -> None:
    with open(f"{NAME}.json", "a", encoding="utf-8") as file:
        file.write("\n" * 70_000)  # little input would be mapped without processes
    command = [sys.executable, "-m", "moemap.cli", "transform", "--jobs", "2", f"{NAME}.json", f"bad{NAME}.json"]
    done = subprocess.run([*command, "--workspace", f"{NAME}.yaml"], capture_output=True, env=dict(os.environ))
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr
