"""Revisions that Git gives, with links to anywhere, and what is said of those that it cannot read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from moemap.engine.insight.revisions import RevisionError, checked_out

OUTPUTS = {
    "below another file system": (
        "fatal: not a git repository (or any parent up to mount point /home)\n"
        "Stopping at filesystem boundary (GIT_DISCOVERY_ACROSS_FILESYSTEM not set).\n",
        "not a git repository (or any parent up to mount point /home)",
    ),
    "of another owner": (
        "fatal: detected dubious ownership in repository at '/srv/rules'\n"
        "To add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /srv/rules\n",
        "detected dubious ownership in repository at '/srv/rules'",
    ),
    "after a warning": (
        "warning: unable to access '/root/.config/git/attributes': Permission denied\n"
        "fatal: Needed a single revision\n",
        "Needed a single revision",
    ),
    "in no words of its own": ("error: cannot open '.git/FETCH_HEAD'\n", "error: cannot open '.git/FETCH_HEAD'"),
    "in no words": ("", "git rev-parse failed"),
}


@pytest.mark.parametrize(("output", "message"), OUTPUTS.values(), ids=OUTPUTS)
def test_the_error_of_git_is_told(output: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "output").write_text(output, "utf-8")
    git = tmp_path / "git"
    git.write_text(f"#!/bin/sh\ntest \"$LC_ALL\" = C && cat '{tmp_path}/output' >&2\nexit 128\n", "utf-8")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(RevisionError) as caught, checked_out(tmp_path, "HEAD"):
        pass
    assert str(caught.value) == message


LINKS = {
    "inside": "files/a.yaml",
    "files/up": "../inside",
    "files/here": ".",
    "nowhere": "files/b.yaml",
    "circle": "circle",
    "absolute": "/etc/hostname",
    "outside": "../other",
    "a first": "files/z last/../../..",
    "files/z last": ".",
    "through": "a first/other",
}


def test_links_that_lead_out_of_a_revision_are_left_out(tmp_path: Path) -> None:
    """Through other links, too, which Git lists before or after them."""
    repository = tmp_path / "repository"
    (repository / "files").mkdir(parents=True)
    (repository / "files" / "a.yaml").write_text("a: 1\n", "utf-8")
    for name, target in LINKS.items():
        (repository / name).symlink_to(target)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *arguments], check=True)
    with checked_out(repository, "HEAD") as folder:
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink()}
        assert found == {"inside", "files/up", "files/here", "nowhere", "circle", "files/z last"}
        assert all(os.path.realpath(folder / name).startswith(os.path.realpath(folder)) for name in found)
        assert (folder / "files" / "up").read_text("utf-8") == "a: 1\n"
