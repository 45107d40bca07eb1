"""The code that is generated of rules is, byte for byte, what it was; `make pins` keeps what it is now."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from moemap.engine.compiler.rules.mapping import source_of, structs_source_of
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.tests.engine.conftest import HEAD
from moemap.tests.engine.grammar import Dice, rules

pytestmark = pytest.mark.slow  # large sources are written

ROOT = Path(__file__).parents[3]
PINS = Path(__file__).with_name("sources.json")
MAPPINGS = [
    path.relative_to(ROOT).as_posix()
    for pattern in ("mappings/*/*/mapping.yaml", "examples/mappings/*/mapping.yaml", "examples/workspaces/*.yaml")
    for path in sorted(ROOT.glob(pattern))
]
WAYS: dict[str, Callable[[Rulebook], str | None]] = {"objects": source_of, "structs": structs_source_of}
CASES = [(name, way) for name in MAPPINGS for way in WAYS if way == "objects" or "workspaces" not in name]
NUMBERS = range(12)


def definitions(source: str) -> Iterator[tuple[str, str]]:
    """The name and text of each function or other part of a source."""
    for text in re.split(r"\n\n+(?=\S)", source):
        found = re.search(r"^(?:def|class) (\w+)", text, re.MULTILINE)
        yield found[1] if found else text[:40], text


def pinned(source: str) -> dict[str, str]:
    """The digest of the source, and one of each of its parts."""
    parts = {name: sha256(text.encode()).hexdigest()[:8] for name, text in definitions(source)}
    return {"": sha256(source.encode()).hexdigest(), **parts}


def assert_pinned(name: str, source: str) -> None:
    pins = json.loads(PINS.read_text("utf-8")) if PINS.exists() else {}
    found = pinned(source)
    if "MOEMAP_PINS" in os.environ:
        pins[name] = found
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(pins[key])}" for key in sorted(pins))
        PINS.write_text(f"{{\n{lines}\n}}\n", "utf-8")
        return
    before = pins.get(name, {})
    changed = sorted(part for part in {*found, *before} - {""} if found.get(part) != before.get(part))
    assert found == before, f"other code is generated of {name}, in {', '.join(changed)}; if that is meant: make pins"


@pytest.mark.parametrize(("name", "way"), CASES)
def test_of_what_is_shipped(name: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    rulebook = load(Path(name)).rulebook
    assert rulebook is not None
    assert_pinned(f"{name} for {way}", WAYS[way](rulebook) or "")


@pytest.mark.parametrize("number", NUMBERS)
def test_of_random_rules(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("in.schema.json", "out.schema.json"):
        Path(name).write_text("{}", "utf-8")
    Path("mapping.yaml").write_text(json.dumps({**HEAD, **rules(Dice(number))}), "utf-8")
    rulebook = load(Path("mapping.yaml")).rulebook
    assert rulebook is not None
    assert_pinned(f"random rules {number}", source_of(rulebook))


def test_nothing_else_is_pinned() -> None:
    names = {f"{name} for {way}" for name, way in CASES} | {f"random rules {one}" for one in NUMBERS}
    assert set(json.loads(PINS.read_text("utf-8"))) == names
