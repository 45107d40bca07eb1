"""Everything that the README shows is run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from moemap.cli import main
from moemap.engine.proof import prover

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: title=([^\n]*))?\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

GOLDEN = {"commerce.yaml", "portfolio.yaml", "promotions.yaml", "sparse.yaml"}
"""The golden tests in the workplace. All are run elsewhere."""


def blocks(language: str) -> list[tuple[str, str]]:
    return [(title, text) for kind, title, text in BLOCKS if kind == language]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, unchanged: list[Path]) -> Path:
    """A copy of what a checkout has for users, with the files that the README has the reader write."""
    folder = tmp_path_factory.mktemp("workplace")
    for name in ("examples", "mappings", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / ".git").mkdir()
    for title, text in blocks("yaml"):
        if title:
            (folder / title).write_text(text)
    for path in (folder / "mappings").glob("*/v1/tests/*.yaml"):
        if path.name not in GOLDEN:
            path.unlink()
    unchanged += [folder / "examples", folder / "mappings"]
    return folder


@pytest.fixture(scope="module", autouse=True)
def few_batches_are_tried() -> Iterator[None]:
    """Proofs try a few batches on what is not proven."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prover, "prove", partial(prover.prove, tries=30))
        yield


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line: `moemap` alone in this process, which reads and checks each mapping once, all else in a shell.

    So are commands with processes of their own, which can inherit what is read only from one that has no threads.
    """
    plain = re.fullmatch(r"moemap ([^|>]*?)(?: > (\S+))?(?: \|\| (true))?", command)
    if plain and not re.search("--(mutate|jobs)", command):
        arguments, output, fails = plain.groups()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            done = CliRunner(env={"NO_COLOR": "1"}).invoke(main, shlex.split(arguments), catch_exceptions=False)
        if output:
            (folder / output).write_bytes(done.stdout_bytes)
        return subprocess.CompletedProcess(command, 0 if fails else done.exit_code, done.stdout, done.stderr)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_batch_becomes_what_is_shown(workplace: Path) -> None:
    given, expected = [text for _, text in blocks("json")]
    (workplace / "batch.json").write_text(given)
    done = run("moemap transform batch.json", workplace)
    assert json.loads(done.stdout) == json.loads(expected)


DONE: set[str] = set()
"""The commands that were run in the workplace of this process."""
COMMANDS = [line for _, text in blocks("sh") for line in text.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith("make ")])
def test_command(command: str, workplace: Path) -> None:
    before = COMMANDS[: COMMANDS.index(command)]
    for written, read in (
        ("--rejects rejects.ndjson", "rejects.ndjson "),
        ("-o mapping.py", "python mapping.py"),
        ("moemap new my-mapping", " my-mapping"),
        ("--write-baseline baseline.json", "--baseline baseline.json"),
    ):
        for needed in (other for other in before if written in other and read in command):
            if needed not in DONE:
                run(needed, workplace)
                DONE.add(needed)
    done = run(command, workplace)
    assert done.returncode == 0, done.stderr + done.stdout
    DONE.add(command)


def test_the_two_commands_come_first() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_the_target_exists(command: str) -> None:
    assert subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True).returncode == 0


@pytest.mark.slow
def test_the_mistake_is_shown_as_it_is_printed(workplace: Path) -> None:
    ((command, expected),) = blocks("text")
    done = run(command, workplace)
    assert done.returncode == 1
    assert done.stdout == expected


@pytest.mark.slow
def test_python_block_runs(workplace: Path) -> None:
    ((_, program),) = blocks("python")
    done = subprocess.run([sys.executable, "-c", program], cwd=workplace, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "POST https://api-{dc}.moengage.com/v1/customer/{app_id} {'type': 'customer', 'customer_id': 'ada@example.com'"
    )
