"""The description of the protocol is true."""

from __future__ import annotations

import re
from pathlib import Path

from moemap.engine.studio import answers, studio
from moemap.engine.studio.worker import Worker

TEXT = (Path(answers.__file__).parent / "README.md").read_text("utf-8")


def test_each_method_is_described(root: Path) -> None:
    cells = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    described = {name for cell in cells for name in re.findall(r"`([a-z_.]+)`", cell)}
    language = {f"language.{name}" for name in Worker(root, root).language._methods}
    methods = {*studio.Studio(root)._methods, *studio.ASKED, *language}
    assert methods - described == set()
    notifications = {"tests", "edited", "disk", "files", "evaluation"}
    kinds = {"wrong", "refused", "conflict", "unavailable", "stopped", "failed"}
    assert described - methods == notifications | kinds


def test_each_method_is_answered(root: Path) -> None:
    assert studio.ASKED - set(Worker(root, root).methods) == set()
