"""The steps of the Dockerfile in examples/deploy, run without docker: what they build serves. They install packages."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from moemap.tests.commands.test_deploy import free_port, image_command, instructions, serve

ROOT = Path(__file__).parents[2]


def copied(folder: Path) -> None:
    """Copies what `COPY . .` does: the files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def with_users(root: Path) -> None:
    """The files of users in the base image, as far as adding one needs them."""
    (root / "etc").mkdir()
    (root / "var" / "lib").mkdir(parents=True)
    for name, text in (
        ("passwd", "root:x:0:0::/root:/bin/sh"),
        ("group", "root:x:0:"),
        ("shadow", ""),
        ("gshadow", ""),
    ):
        (root / "etc" / name).write_text(text and f"{text}\n")


def run(text: str, root: Path, folder: Path) -> None:
    """Runs a step in a shell, below a folder that stands for the root of the image."""
    changed = text.replace("/opt/", f"{root}/opt/").replace("python -m", f"{shlex.quote(sys.executable)} -m")
    if text.startswith("useradd"):
        changed = ("" if os.geteuid() == 0 else "sudo ") + changed.replace("useradd", f"useradd --prefix {root}", 1)
    subprocess.run(changed, shell=True, check=True, cwd=folder)


def test_the_steps_build_an_image_that_serves(tmp_path: Path) -> None:
    root = tmp_path / "image"
    root.mkdir()
    with_users(root)
    stages, folder = list[str](), root
    for name, text in instructions():
        match name:
            case "FROM":
                stages.append(text)
            case "WORKDIR":
                folder = Path(f"{root}{text}")
                folder.mkdir(parents=True, exist_ok=True)
            case "COPY" if text == ". .":
                copied(folder)
            case "COPY":
                assert text == "--from=build /opt/moemap /opt/moemap"  # it lies there already
            case "RUN":
                run(text, root, folder)
            case "USER":
                assert f"\n{text}:" in (root / "etc" / "passwd").read_text()
    assert stages == ["python:3.13-slim AS build", "python:3.13-slim"]
    found = dict(instructions())
    assert (root / found["VOLUME"].lstrip("/")).is_dir()
    shutil.rmtree(root / "source")  # the second image has none of it
    project = tmp_path / "project"
    project.mkdir()
    command, health = image_command(port := free_port(), str(root / "opt/moemap/bin/python"))
    serve([str(root) + command[0]], command[1:], project, port, health=health, stop=signal.Signals[found["STOPSIGNAL"]])


@pytest.mark.parametrize("name", [".git", ".venv"])
def test_the_image_is_not_built_of_what_is_made_here(name: str) -> None:
    ignored = (ROOT / "examples" / "deploy" / "Dockerfile.dockerignore").read_text().split()
    assert any(line.rstrip("*") == name for line in ignored)
