"""The files that a run reads and writes: it never overwrites an input, or another output."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.commands.shared.targets import PlannedRun, expanded, targets
from moemap.engine.jobs.compression import decompressed

pytestmark = pytest.mark.slow  # each starts processes of its own

BATCH = '{"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": "gold"}}\n'
OPTIONS = {"output": None, "output_dir": None, "rejects": None, "resume": False, "format_": "result", "pretty": None}


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def error_of(done: Result) -> str:
    assert done.exit_code == 2
    return done.stderr.splitlines()[-1].removeprefix("Error: ")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = b"".join(decompressed(file, [])).decode()
    return found


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        (["out"], ["--output", "out"], "out: is one of the inputs"),
        (["out"], ["--rejects", "out"], "out: is one of the inputs"),
        (["in/../out"], ["--output", "out"], "out: is one of the inputs"),
        (
            ["out.partial"],
            ["--output", "out"],
            "out.partial: is one of the inputs, and the partial file of out",
        ),
        (
            ["r.partial"],
            ["--rejects", "r"],
            "r.partial: is one of the inputs, and the partial file of r",
        ),
        (
            ["out.journal"],
            ["--output", "out"],
            "out.journal: is one of the inputs, and the journal of out",
        ),
        (
            ["out.journal.new"],
            ["--output", "out"],
            "out.journal.new: is one of the inputs, and the journal of out",
        ),
        (
            ["in"],
            ["--output", "out", "--rejects", "out.partial"],
            "out.partial: is the partial file of out",
        ),
        (["in"], ["--output", "o", "--rejects", "o.journal"], "o.journal: is the journal of o"),
        (
            ["in"],
            ["--output", "r.partial", "--rejects", "r"],
            "r.partial: is written already, and the partial file of r",
        ),
        (["in"], ["--output", "out", "--rejects", "./out"], "--output and --rejects are the same file"),
        (["in"], ["--output", "out", "--rejects", "OUT"], "--output and --rejects are the same file"),
        (
            ["in"],
            ["--output", "out", "--rejects", "Out.Journal"],
            "Out.Journal: is the journal of out",
        ),
        (["in"], ["--output", "-", "--rejects", "-"], "--output and --rejects go to standard output"),
        (["in"], ["--rejects", "/dev/stdout"], "--output and --rejects go to standard output"),
        (["in"], ["--output-dir", "-"], "--output-dir needs a folder: - is standard output"),
        (["in", "w.yaml"], ["--workspace", "w.yaml", "--output", "w.yaml"], "w.yaml: is a file of the mapping"),
        (["in", "w.yaml"], ["--workspace", "w.yaml", "--rejects", "w.yaml"], "w.yaml: is a file of the mapping"),
        (["a.json"], ["--output-dir", "."], None),
        (["a.result.ndjson"], ["--output-dir", "."], None),
        (["a.json", "a.result.ndjson"], ["--output-dir", "."], "a.result.ndjson: is one of the inputs"),
        (["a.json"], ["--output-dir", "o", "--rejects", "a.json"], "a.json: is not a folder"),
    ],
)  # fmt: skip
def test_nothing_is_written_over_what_is_read_or_written(
    here: Path, files: list[str], options: list[str], message: str | None
) -> None:
    (here / "in").mkdir() if any(name.startswith("in/") for name in files) else None
    for name in files:
        Path(name).write_text(BATCH)
    Path("base").mkdir()
    Path("base/mapping.yaml").write_text(MAPPING)
    Path("base/any.json").write_text("{}")
    Path("w.yaml").write_text("language: 1\nworkspace: w\nextends: ./base\n")
    before = contents(here)
    done = run("transform", *(name for name in files if name != "w.yaml"), *options)
    if message is None:
        assert done.exit_code == 0
        assert before.items() <= contents(here).items()
    else:
        assert error_of(done) == message
        assert contents(here) == before


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["transform", "in.json", "--coverage-output", "in.json"], "in.json: is one of the inputs"),
        (["transform", "in.json", "--coverage-output", "any.json"], "any.json: is a file of the mapping"),
        (["transform", "in.json", *["--coverage-output", "a.json"] * 2], "a.json: is written already"),
        (["explain", "in.json", "--html", "in.json"], "in.json: is one of the inputs"),
        (["explain", "in.json", "--html", "any.json"], "any.json: is a file of the mapping"),
        (["lost", "in.json", "--write-baseline", "in.json"], "in.json: is one of the inputs"),
        (["send", "in.json", "--rejects", "in.json"], "in.json: is one of the inputs"),
        (["send", "in.json", "--rejects", "mapping.yaml"], "mapping.yaml: is a file of the mapping"),
        (["send", "in.json", "--outbox", "o.db", "--rejects", "o.db"], "o.db: is written already"),
        (["send", "in.json", "--outbox", "in.json"], "in.json: is one of the inputs"),
        (["compile", "--output", "any.json"], "any.json: is a file of the mapping"),
        (["test", ".", "--suggest", "tests/t.yaml"], "tests/t.yaml: is a file of the mapping"),
        (["test", ".", "--suggest", "mapping.yaml"], "mapping.yaml: is a file of the mapping"),
        (["test", ".", "--mutate", "--mutate-output", "any.json"], "any.json: is a file of the mapping"),
        (["test", ".", "--coverage-output", "any.json"], "any.json: is a file of the mapping"),
        (["studio", ".", "--export", "mapping.yaml"], "mapping.yaml: is a file of the project"),
        (["transform", "in.json", "-o", "moemap.toml"], "moemap.toml: is a project file"),
        (["transform", "in.json", "-o", "link.json"], "link.json: is a project file"),
        (["transform", "in.json", "--rejects", "pyproject.toml"], "pyproject.toml: is a project file"),
        (["transform", "in.json", "-o", "out", "--rejects", "./.moemap"], "./.moemap: is a project file"),
        (["compile", "--output", "MOEMAP.toml"], "MOEMAP.toml: is a project file"),
        (["explain", "in.json", "--html", "moemap.toml"], "moemap.toml: is a project file"),
        (["lost", "in.json", "--write-baseline", ".moemap"], ".moemap: is a project file"),
        (["send", "in.json", "--rejects", "moemap.toml"], "moemap.toml: is a project file"),
        (["send", "in.json", "--outbox", "moemap.toml"], "moemap.toml: is a project file"),
        (["test", ".", "--suggest", "moemap.toml"], "moemap.toml: is a project file"),
        (["studio", ".", "--export", "moemap.toml"], "moemap.toml: is a project file"),
        (["schema", "rules", "-o", "moemap.toml"], "moemap.toml: is a project file"),
    ],
)  # fmt: skip
def test_no_command_writes_over_what_it_reads(here: Path, command: list[str], message: str) -> None:
    Path("mapping.yaml").write_text(MAPPING)
    Path("any.json").write_text("{}")
    Path("in.json").write_text("{}")
    Path("moemap.toml").write_text("# as it is\n")
    Path("pyproject.toml").write_text("[project]\n")
    Path(".moemap").write_text("")
    Path("link.json").symlink_to("moemap.toml")
    Path("tests").mkdir()
    Path("tests/t.yaml").write_text("tests: [{test: none, input: {}, expect: {requests: []}, match: partial}]\n")
    before = contents(here)
    assert error_of(run(*command)) == message
    assert contents(here) == before


MAPPING = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.json}
server: {url: "http://127.0.0.1:1"}
outputs: {out: {schema: ./any.json, request: {path: /}}}
rules: [{rule: one, when: batch.a, output: out, fields: {a: batch.a}}]
"""


def test_links_and_other_names_of_a_file_are_seen_through(here: Path) -> None:
    Path("in").write_text(BATCH)
    Path("out.partial").hardlink_to("in")
    Path("link").symlink_to("in")
    Path("loop").symlink_to("loop")
    for output in ("out", "link"):
        assert "is one of the inputs" in error_of(run("transform", "in", "--output", output))
    assert error_of(run("transform", "in", "--output", "loop")).endswith("loop: Too many levels of symbolic links")
    assert Path("in").read_text() == BATCH


def test_standard_output_has_the_name_of_a_dash(here: Path) -> None:
    for name in ("-", "/dev/stdout"):
        done = run("transform", "--compact", "--output", name, stdin=BATCH)
        assert (json.loads(done.stdout)["problems"], done.exit_code) == ([], 0)
    done = run("transform", "--compact", "--output", "out", "--rejects", "-", stdin="{}")
    assert json.loads(done.stdout)["problems"] != []
    assert [path.name for path in here.iterdir()] == ["out"]
    run("transform", "--output", "./-", stdin=BATCH)
    assert Path("./-").exists()


MOEMAP = f"{sys.executable} -m moemap.cli transform --compact --format requests"


@pytest.mark.parametrize(
    "command",
    [
        "mkfifo pipe; cat pipe > got & {moemap} in --output pipe && wait",
        "{moemap} in --output /dev/stdout | cat > got",
        "{moemap} in --output >(cat > got) && wait $!",
        "{moemap} in --output /dev/fd/3 3> got",
        "{{ printf ''; {moemap} in --output /dev/stdout; }} > got",
        "{moemap} in --output /dev/null --rejects /dev/null; {moemap} in > got",
        "mkfifo pipe; cat pipe & {moemap} in --rejects pipe > got && wait",
    ],
)
def test_pipes_and_devices_are_written_to(here: Path, command: str) -> None:
    Path("in").write_text(BATCH * 3)
    done = subprocess.run(["bash", "-c", command.format(moemap=MOEMAP)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Error" in done.stderr) == (0, False)
    assert Path("got").read_text().count('"attributes":{"plan":"gold"}') == 3
    assert {path.name for path in here.iterdir()} <= {"in", "pipe", "got"}


def test_what_stood_in_a_file_before_standard_output_stays(here: Path) -> None:
    Path("in").write_text(BATCH)
    command = f"{{ echo head; {MOEMAP} in --output /dev/stdout; }} > got"
    subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    assert Path("got").read_text().startswith('head\n{"output":')


# Folders


def write(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(BATCH.encode()) if name.endswith(".gz") else BATCH.encode())


def outputs(inputs: list[str], **changes: Any) -> list[str | None]:
    options = {**OPTIONS, "output_dir": "out", **changes}
    names = expanded(inputs, options["output_dir"])
    return [None if one.output is None else one.output.as_posix() for one in targets(names, options, ())]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (["a/part-0.json"], ["out/part-0.result.ndjson"]),
        (["a/part-0.json", "b/part-0.json"], ["out/a/part-0.result.ndjson", "out/b/part-0.result.ndjson"]),
        (["a/part-0.json", "a/c/x.ndjson.gz"], ["out/part-0.result.ndjson", "out/c/x.result.ndjson.gz"]),
        (
            ["a/x.json", "a/x.ndjson", "a/x.json.gz"],
            ["out/x.json.result.ndjson", "out/x.ndjson.result.ndjson", "out/x.result.ndjson.gz"],
        ),
        (["a/x.json", "a/x.json.zst"], ["out/x.result.ndjson", "out/x.result.ndjson.zst"]),
        (["a"], ["out/part-0.result.ndjson", "out/x.result.ndjson", "out/c/x.result.ndjson.gz"]),
        (["a/c", "b"], ["out/a/c/x.result.ndjson.gz", "out/b/part-0.result.ndjson"]),
        (["a/*.json", "b"], ["out/a/part-0.result.ndjson", "out/a/x.result.ndjson", "out/b/part-0.result.ndjson"]),
        (["*/part-0.json"], ["out/a/part-0.result.ndjson", "out/b/part-0.result.ndjson"]),
    ],
)  # fmt: skip
def test_each_input_has_an_output_where_it_stands_among_the_inputs(
    here: Path, inputs: list[str], expected: list[str]
) -> None:
    write(
        "a/part-0.json", "b/part-0.json", "a/c/x.ndjson.gz", "a/.hidden.json", "a/.git/x.json", "a/_SUCCESS", "a/x.json"
    )
    os.mkfifo("a/pipe.json")
    write(*(name for name in inputs if name.count(".") and "*" not in name and not Path(name).exists()))
    found = outputs(inputs)
    assert found == expected


def test_the_same_input_twice_has_one_output_and_is_refused(here: Path) -> None:
    write("a.json")
    with pytest.raises(
        click.UsageError, match=r"a\.json and \./a\.json would both be written to out/a\.json\.result\.ndjson"
    ):
        outputs(["a.json", "./a.json"])


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (["i/a.json", "i/A.ndjson"], ["out/a.json.result.ndjson", "out/A.ndjson.result.ndjson"]),
        (["i/a.json", "i/A.json.gz"], ["out/a.result.ndjson", "out/A.result.ndjson.gz"]),
        (["A/a.json", "a/b.json"], ["out/A/a.result.ndjson", "out/a/b.result.ndjson"]),
        (["i/a.json", "i/A.json"], "i/a.json and i/A.json"),
        (["D/a.json", "d/a.json"], "D/a.json and d/a.json"),
        (["i/a.json", "i/a.JSON"], "i/a.json and i/a.JSON"),
        (["i/\u00e9.json", "i/e\u0301.json"], "i/\u00e9.json and i/e\u0301.json"),
        (["i/stra\u00dfe.json", "i/STRASSE.json"], "i/stra\u00dfe.json and i/STRASSE.json"),
    ],
)  # fmt: skip
def test_names_of_outputs_differ_by_more_than_letter_case_and_form(
    here: Path, inputs: list[str], expected: list[str] | str
) -> None:
    """Some file systems ignore these: one output would replace the other there."""
    write(*inputs)
    if isinstance(expected, list):
        assert outputs(inputs) == expected
        return
    with pytest.raises(click.UsageError) as caught:
        outputs(inputs)
    assert caught.value.message == (
        f"{expected} would be written to files whose names differ only by letter case or Unicode form, "
        "which not every file system tells apart; map them into different folders"
    )


def test_outputs_among_the_inputs_are_no_inputs(here: Path) -> None:
    write("in/a.json")
    for _ in range(2):
        assert run("transform", "in", "--output-dir", "in/out", "--rejects", "in/out").exit_code == 0
    assert sorted(contents(here)) == ["in/a.json", "in/out/a.rejects.ndjson", "in/out/a.result.ndjson"]


@pytest.mark.parametrize("given", [".", "*.json", "./*.json", "[a].json", "**/*.json"])
def test_outputs_may_stand_beside_the_inputs(here: Path, given: str) -> None:
    write("a.json")
    assert outputs([given], output_dir=".") == ["a.result.ndjson"]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_an_empty_output_can_be_decompressed(here: Path, ending: str) -> None:
    Path("in").touch()
    run("transform", "in", "--output", f"out{ending}", "--rejects", f"rejects{ending}")
    for name in (f"out{ending}", f"rejects{ending}"):
        assert Path(name).stat().st_size > 0
        with Path(name).open("rb") as file:
            flaws: list[str] = []
            assert (b"".join(decompressed(file, flaws)), flaws) == (b"", [])


def test_a_name_with_a_slash_at_its_end_is_a_folder(here: Path) -> None:
    Path("in").write_text(BATCH)
    assert error_of(run("transform", "in", "--output", "no/")) == "no/: is a folder"
    assert error_of(run("compile", "--output", "no/")) == "no/: is a folder"
    assert not Path("no").exists()


def test_rejects_of_each_input(here: Path) -> None:
    write("a/x.json", "b/x.json.gz")
    Path("a/y.json").write_text("{}")
    done = run("transform", "a", "b", "--output-dir", "out", "--rejects", "rejects")
    assert done.exit_code == 1
    rejects = {name: len(text.splitlines()) for name, text in contents(here / "rejects").items()}
    assert rejects == {"a/x.rejects.ndjson": 0, "a/y.rejects.ndjson": 1, "b/x.rejects.ndjson.gz": 0}
    assert run("transform", "a", "b", "--output-dir", "out", "--rejects", "rejects", "--resume").stderr.startswith("0 ")


def test_a_folder_is_an_input(here: Path) -> None:
    write("a/b.json", "a/c.ndjson.gz", "a/readme.md")
    assert run("transform", "a").stderr == "2 batches: 2 requests, 0 skipped, 0 problems\n"


@pytest.mark.parametrize("command", ["transform", "lost"])
@pytest.mark.parametrize("given", ["a", "a/**", "a/**/*.json"])
def test_what_cannot_be_read_of_a_folder_is_not_left_out(
    here: Path, command: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a/b.json", "a/.hidden/c.json", "a/d/e.json")
    link = Path("a/f.json")
    link.symlink_to("nowhere.json")
    assert error_of(run(command, given)) == "a/f.json: No such file or directory"
    link.unlink()
    scandir = os.scandir

    def refusing(path: Any = ".") -> Any:
        if os.fspath(path) in ("a/d", "a/.hidden"):  # not by permissions, which do not hold for root
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert error_of(run(command, given)) == "a/d: Permission denied"


def test_a_plain_rerun_throws_nothing_away(here: Path) -> None:
    """With an output for each input, too: the run is refused before anything is done."""
    write("a.json", "b.json")
    arguments = ["transform", "a.json", "b.json", "--output-dir", "out"]
    run(*arguments)
    Path("out/b.result.ndjson").rename("out/b.result.ndjson.partial")
    Path("out/a.result.ndjson").unlink()
    left = (
        "out/b.result.ndjson: b.result.ndjson.partial is there, and no journal to go on from; --restart writes over it"
    )
    assert error_of(run(*arguments)) == left
    assert not Path("out/a.result.ndjson").exists()
    assert run(*arguments, "--restart").exit_code == 0
    assert len(contents(here / "out")) == 2


@pytest.mark.parametrize("step", ["rejects/a.rejects.ndjson", "out/a.result.ndjson", "out/a.result.ndjson.journal"])
def test_a_run_that_was_ended_in_its_last_step_goes_on(here: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an output for each input, the run ends before rejects or output have their name, or the journal is gone."""
    write("a.json", "b.json")
    arguments = ["transform", "a.json", "b.json", "--output-dir", "out", "--rejects", "rejects"]
    replace, unlink = Path.replace, Path.unlink

    def replaced(path: Path, target: Path) -> Path:
        if target == Path(step) and path.suffix == ".partial":
            raise MemoryError
        return replace(path, target)

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if path == Path(step):
            raise MemoryError
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replaced)
        patch.setattr(Path, "unlink", unlinked)
        with pytest.raises(MemoryError):
            run(*arguments)
    assert "all done except the last step); --resume continues it" in error_of(run(*arguments))
    assert run(*arguments, "--resume").stderr.startswith("2 batches: ")
    names = ["out/a.result.ndjson", "out/b.result.ndjson", "rejects/a.rejects.ndjson", "rejects/b.rejects.ndjson"]
    assert sorted(contents(here)) == ["a.json", "b.json", *names]
    assert run(*arguments, "--resume").stderr.startswith("0 batches: ")


def test_targets_of_one_output(here: Path) -> None:
    write("a.json")
    (one,) = targets(("a.json",), {**OPTIONS, "output": "out", "rejects": "r"}, ())
    assert one == PlannedRun(("a.json",), Path("out"), Path("r"))


@pytest.mark.parametrize(
    "command",
    [
        ["lost", "{sample}", "--write-baseline", "-"],
        ["explain", "{sample}", "--html", "-"],
        ["test", "m", "--suggest", "-"],
    ],
    ids=lambda command: command[0],
)
def test_a_further_output_is_no_file_called_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "a.yaml").write_text("mapping: mparticle-moengage@1\ntests: [{test: t, input: {}, expect: {}}]\n")
    sample = str(Path(__file__).parents[2] / "examples" / "purchase.json")
    done = CliRunner().invoke(main, [word.format(sample=sample) for word in command])
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: - is standard output, which is for the rest; name a file, such as ./- for one called -"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
