"""All commands but `transform`: check, show, compile, docs, and common behaviour."""

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from click import Context

from moemap.cli import main
from moemap.engine.proof import prover
from moemap.engine.proof.report import MAX_GUARDS
from moemap.tests.commands.test_commands import ROOT, run

# The other commands


def test_version_and_help_import_nothing_heavy() -> None:
    program = (
        "import sys; from moemap.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'yaml', 'jmespath', 'jinja2', 'orjson', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


COMMANDS = main.list_commands(Context(main))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"Examples:\n  moemap {command}" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no endless file")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["explain", "-"], "- has more than 10000000 bytes"),
        (["eval", "batch", "--input", "-"], "- has more than 10000000 bytes"),
        (
            ["diff", "--ignore", "/dev/zero", "mparticle-moengage@1", "mparticle-moengage@1"],
            "--ignore /dev/zero: has more than 1000000 bytes",
        ),
        (["lost", "--baseline", "/dev/zero", "-"], "/dev/zero: has more than 20000000 bytes"),
        (["new", "x", "--input-schema", "/dev/zero"], "/dev/zero: has more than 20000000 bytes"),
        (["fmt", "-"], "error[M003]: the file has 1000001 bytes; at most 1000000 are read"),
    ],
)
def test_an_endless_input_is_refused(command: list[str], said: str) -> None:
    with open("/dev/zero", "rb") as zeros:
        program = [sys.executable, "-m", "moemap", *command]
        done = subprocess.run(program, stdin=zeros, capture_output=True, text=True, timeout=60)
    assert (done.returncode, said in done.stderr) == (1 if command[0] == "fmt" else 2, True)


@pytest.mark.slow
def test_check_of_the_shipped_mappings_finds_nothing() -> None:
    done = run("check")
    assert (done.exit_code, done.stdout.rpartition(": ")[2]) == (0, "no problems\n")


@pytest.mark.parametrize(
    ("format_", "start"), [("json", "{"), ("sarif", "{"), ("junit", "<?xml"), ("github", "::error ")]
)
def test_check_formats(tmp_path: Path, format_: str, start: str) -> None:
    (tmp_path / "workspace.yaml").write_text("language: 1\nworkspace: w\nextends: mparticle-moengage@1\nwhat: 1\n")
    done = run("check", "--format", format_, tmp_path)
    assert done.exit_code == 1
    assert done.stdout.lstrip().startswith(start)
    assert "M101" in done.stdout


@pytest.mark.slow
def test_prove_prints_a_verdict_for_each_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prover, "prove", partial(prover.prove, tries=100))
    names = [f"a{number}" for number in range(MAX_GUARDS + 1)]
    settings = {name: {"type": "string", "default": "x"} for name in names}
    fields = {name: f"settings.{name}" for name in names}
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "language: 1\nname: base\nversion: 1.0.0\ninput: {as: batch, schema: ./in.schema.json}\n"
        f"settings: {json.dumps(settings)}\n"
        "outputs:\n"
        "  customer: {schema: ./customer.schema.json, request: {path: /customer}}\n"
        "  event: {schema: ./in.schema.json, request: {path: /event}}\n"
        f"rules:\n- {{rule: one, output: customer, fields: {json.dumps(fields)}}}\n"
        "- {rule: two, output: event, fields: {a: batch.a}}\n"
    )
    (tmp_path / "in.schema.json").write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    guarded = {"properties": {name: {"pattern": "^x"} for name in names}}
    (tmp_path / "customer.schema.json").write_text(json.dumps(guarded))
    done = run("check", "--prove", path)
    verdicts = [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert verdicts == [["customer", "guarded"], ["event", "proven"]]
    assert "and 1 more: --all-guards shows them" in done.stdout
    assert "for example: settings." in done.stdout
    assert done.exit_code == 0
    assert "more: --all-guards" not in run("check", "--all-guards", path).stdout
    assert run("check", "--prove", "--format", "json").exit_code == 2


def test_the_last_line_of_prove_says_why_the_exit_code_is_1(tmp_path: Path) -> None:
    (tmp_path / "in.schema.json").write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    (tmp_path / "out.schema.json").write_text('{"properties": {"a": {"maxLength": 3}}}')
    (tmp_path / "mapping.yaml").write_text(
        "language: 1\nname: base\nversion: 1.0.0\ninput: {as: batch, schema: ./in.schema.json}\n"
        "outputs: {out: {schema: ./out.schema.json, request: {path: /out}}}\n"
        "rules: [{rule: one, output: out, fields: {a: batch.a}}]\n"
    )
    done = run("check", "--prove", tmp_path)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "1 file checked: no problems, but 1 output is refuted"


def test_a_part_is_checked_with_its_mapping() -> None:
    done = run("check", ROOT / "mappings/mparticle-moengage/v1/commerce.yaml")
    assert done.exit_code == 0
    assert done.stdout.startswith("1 file checked")


def test_show() -> None:
    text = run("show").stdout
    assert "event.data.product_action.total_amount" in text
    document = json.loads(run("show", "--format", "json", "--set", "identity=email").stdout)
    assert document["settings"]["identity"]["value"] == "email"


@pytest.mark.slow
def test_compile(tmp_path: Path) -> None:
    source = run("compile").stdout
    assert source.startswith("# Generated from the mapping mparticle-moengage 1.2.0. Do not edit.\n")
    assert "def transform(batch, validators):" in source
    assert run("compile", "--output", tmp_path / "mapping.py").stdout == ""
    assert (tmp_path / "mapping.py").read_text() == source


@pytest.mark.slow
def test_compile_writes_over_no_file_of_the_mapping(tmp_path: Path) -> None:
    workspace = tmp_path / "w.yaml"
    workspace.write_text("language: 1\nworkspace: w\nextends: ./base\n")
    shutil.copytree(ROOT / "examples" / "mappings" / "github-to-chat", tmp_path / "base")
    before = workspace.read_text()
    (tmp_path / "link").symlink_to(workspace)
    for output in (workspace, tmp_path / "link"):
        done = run("compile", workspace, "-o", output)
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {output}: is a file of the mapping")
    assert workspace.read_text() == before


@pytest.mark.slow
def test_compile_standalone(tmp_path: Path) -> None:
    source = run("compile", "--standalone", "-o", "-").stdout
    assert run("compile", "--standalone", "--set", "identity=email", "-o", tmp_path / "mapping.py").stdout == ""
    assert "def transform(batch: Any)" in source
    assert (tmp_path / "mapping.py").read_text("utf-8") != source


def test_compile_standalone_refuses_what_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "in.schema.json").write_text("{}")
    (tmp_path / "out.schema.json").write_text("{}")
    mapping = tmp_path / "mapping.yaml"
    nested = "x25"
    for number in range(25, 0, -1):
        each = "batch.nested" if number == 1 else f"x{number - 1}"
        nested = f"{{each: {each}, as: x{number}, value: {nested}}}"
    mapping.write_text(
        "language: 1\nname: base\nversion: 1.0.0\ninput: {as: batch, schema: ./in.schema.json}\n"
        "outputs: {out: {schema: ./out.schema.json, request: {path: /out}}}\n"
        f"rules: [{{rule: one, output: out, fields: {{a: {nested}}}}}]\n"
    )
    done = run("compile", "--standalone", mapping)
    assert done.exit_code == 2
    assert "cannot be compiled to a standalone module: its rules are nested too deeply" in done.stderr


def test_explain_code() -> None:
    assert run("explain-code", "m101").stdout.startswith("# M101")


@pytest.mark.slow
def test_docs_are_current() -> None:
    done = run("docs", "--check", "--reference", ROOT / "docs")
    assert (done.stdout, done.exit_code) == ("", 0)


@pytest.mark.slow
def test_docs_are_written(tmp_path: Path) -> None:
    assert "functions.md written" in run("docs", "--reference", tmp_path).stdout
    assert run("docs", "--check", "--reference", tmp_path).exit_code == 0


def test_the_page_of_the_command_line_has_all_that_help_says() -> None:
    page = " ".join((ROOT / "docs" / "commands.md").read_text("utf-8").replace("\\*", "*").split())
    for command in COMMANDS:
        shown = run(command, "--help").stdout
        _, _, section = page.partition(f" ## moemap {command} ")
        section = section.partition(" ## ")[0]
        options = re.findall(r"^  (-\S+)", shown.partition("\nOptions:\n")[2].partition("\n\n")[0], re.MULTILINE)
        assert [option for option in options if option != "-h," and f"- `{option}" not in section] == []
        examples = shown.partition("\nExamples:\n")[2].partition("\n\n")[0]
        assert " ".join(examples.split()) in section
        assert " ".join(shown.partition("\n\n")[0].removeprefix("Usage: main ").split()) in section
    assert re.findall(r"\| (\d+) \|", page) == ["0", "1", "2", "130", "141"]


def test_no_colour_when_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("show").stdout


def test_colour_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1m" in run("show").stdout


EVIL = "a\u202e\x9b\x1b[2Jb"


def test_show_prints_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    (tmp_path / "in.schema.json").write_text("{}")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "language: 1\nname: base\nversion: 1.0.0\ninput: {as: batch, schema: ./in.schema.json}\n"
        f"settings: {{s: {{type: string, default: {json.dumps(EVIL)}, description: {json.dumps(EVIL)}}}}}\n"
        "outputs: {out: {schema: ./in.schema.json, request: {path: /out}}}\n"
        f"rules: [{{rule: one, output: out, fields: {{a: {{const: {json.dumps(EVIL)}}}, b: settings.s}}}}]\n"
    )
    for arguments in ((mapping,), ("--format", "json", mapping)):
        shown = run("show", *arguments).stdout
        assert "\\u202e\\u009b\\u001b[2Jb" in shown
        assert shown.replace("\n", "").isprintable()


def test_wrong_use_prints_nothing_that_a_terminal_obeys() -> None:
    for arguments in (("transform", EVIL), (EVIL,), ("show", "--set", EVIL), ("explain-code", EVIL), ("test", EVIL)):
        done = run(*arguments)
        assert done.exit_code == 2
        assert done.stderr.replace("\n", "").isprintable()
        assert "\\u202e" in done.stderr
