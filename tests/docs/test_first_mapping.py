"""The guide "Your first mapping", followed from an empty folder: each command prints what the guide shows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "first-mapping.md"
BLOCK = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def followed(folder: Path) -> list[tuple[int, str, str]]:
    """For each step: the offset of the shown output in the guide, the shown output, and the printed output.

    A block titled with a file name and a number replaces that line of the file.
    """
    environment = {**os.environ, "NO_COLOR": "1"}
    here, printed, code = folder, "", 0
    shown = []
    for match in BLOCK.finditer(GUIDE.read_text("utf-8")):
        kind, title, text = match.groups()
        if kind == "sh":
            printed = ""
            for line in text.splitlines():
                if line.startswith("cd "):
                    here = here / line.removeprefix("cd ")
                    continue
                name, *words = shlex.split(line)
                command = [sys.executable, "-m", "moemap", *words] if name == "moemap" else [name, *words]
                done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True)
                assert "Traceback" not in done.stderr
                printed, code = printed + done.stdout, done.returncode
        elif kind == "text":
            assert code == (title == "fails"), printed
            shown.append((match.start(3), text, printed))
        else:
            name, _, line_number = title.partition(":")
            if line_number:
                lines = (folder / name).read_text("utf-8").splitlines(keepends=True)
                lines[int(line_number) - 1] = text
                text = "".join(lines)
            (folder / name).write_text(text, "utf-8")
    return shown


@pytest.mark.slow
def test_guide(tmp_path: Path) -> None:
    steps = followed(tmp_path)
    assert len(steps) > 5
    for _, text, printed in steps:
        # A line of three dots stands for lines that the guide leaves out.
        parts = (re.escape(part) for part in re.split(r"^ *\.\.\.\n", text, flags=re.MULTILINE))
        assert re.fullmatch("(?:.*\n)*".join(parts), printed), printed
