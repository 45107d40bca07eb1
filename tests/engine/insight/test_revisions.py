"""What is said where Git cannot read a revision: its error, whatever it prints before and after that."""

from __future__ import annotations

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
