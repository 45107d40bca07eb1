"""A session of a headless Neovim with the language server; where there is none, it is skipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from moemap.tests.engine.editing.conftest import FILES, written

SESSION = Path(__file__).with_name("session.lua")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvim") is None, reason="there is no Neovim")
def test_a_session(tmp_path: Path) -> None:
    project, seen = written(tmp_path / "project", FILES), tmp_path / "seen.json"
    given = {
        "MOEMAP_PROJECT": str(project),
        "MOEMAP_PYTHON": sys.executable,
        "MOEMAP_SEEN": str(seen),
        **{f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "DATA", "STATE")},
    }
    command = ["nvim", "--headless", "-n", "-u", "NONE", "-c", f"luafile {SESSION}"]
    subprocess.run(command, env={**os.environ, **given}, stdin=subprocess.DEVNULL, timeout=120, check=True)
    found = json.loads(seen.read_text("utf-8"))
    assert found.get("error") is None
    assert found["problems"] == [
        [8, 14, 21, "M204", "moemap", "unknown name 'setings'\nhelp: did you mean 'settings'?"]
    ]
    assert {"kind", "id", "vip", "lines", "attributes"} <= set(found["members"])
    assert any("Order or refund." in line for line in found["hover"])
    assert found["renamed"] == ["- rule: returned"]
