"""Standalone modules in an empty environment: the same results as the interpreter's, whatever the batch."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.compiler.bundle import names_of_all
from moemap.engine.compiler.standalone import StandaloneError, standalone_of
from moemap.engine.interpreter import Interpreter
from moemap.engine.loader import load
from moemap.engine.rules import Rulebook

ROOT = Path(__file__).parents[3]
REFERENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "defaults": ("mparticle-moengage", {}),
    "all on": (
        "mparticle-moengage",
        {"identity": "mpid", "objects": True, "tags": True, "unset_attributes": True, "push": True},
    ),
    **{path.stem: (str(path), {}) for path in (ROOT / "examples" / "workspaces").glob("*.yaml")},
}
RUN = """
import json, sys
assert not any("site-packages" in path for path in sys.path), sys.path
sys.path.insert(0, sys.argv[1])
import mapping
for line in sys.stdin:
    print(json.dumps(mapping.transform(json.loads(line))))
"""

Books = Callable[[dict[str, Any]], Rulebook]


def results_in_an_empty_environment(module: Path, batches: list[Any]) -> list[Any]:
    lines = "".join(json.dumps(batch) + "\n" for batch in batches)
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", RUN, str(module.parent)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def imported(source: str) -> ModuleType:
    """The module, in this process."""
    module = sys.modules["standalone"] = ModuleType("standalone")
    exec(compile(source, "standalone", "exec", dont_inherit=True), vars(module))
    return module


def difference(wanted: Any, given: Any) -> str:
    """Where two results differ, types and order included."""
    for part in ("problems", "skipped", "requests"):
        for number in range(max(len(wanted[part]), len(given[part]))):
            one, other = (side[part][number] if number < len(side[part]) else None for side in (wanted, given))
            if repr(one) != repr(other):
                return f"{part}[{number}]\n  interpreter: {one!r}\n  standalone:  {other!r}"
    return ""


def samples() -> list[Any]:
    found: list[Any] = []
    for path in sorted((ROOT / "examples").glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        found += content if isinstance(content, list) else [content]
    return found


def golden() -> Iterator[Any]:
    """The inputs of the golden tests of the shipped mapping."""
    from moemap.engine import goldenfile

    for path in goldenfile.discover([ROOT / "mappings"]):
        file, _, _ = goldenfile.load(path, path.name)
        assert file is not None
        yield from (batch for test in file.tests for batch in test.batches)


def large() -> Iterator[Any]:
    """Batches whose bodies pass a limit, or must be split."""
    batch = json.loads((ROOT / "examples" / "custom_event_all_attribute_types.json").read_text("utf-8"))
    event = batch["events"][0]
    for texts, events in ((500, 300), (127_000, 3), (130_000, 2), (600, 1)):
        long = {**event, "data": {**event["data"], "custom_attributes": {"long": "x" * texts, "tiny": 0.00001234}}}
        yield {**batch, "events": [copy.deepcopy(long) for _ in range(events)]}


@pytest.mark.parametrize("name", REFERENCES)
def test_the_shipped_mapping(name: str, grammar: ModuleType, tmp_path: Path) -> None:
    rulebook = api.load(*REFERENCES[name]).rulebook
    module = tmp_path / "mapping.py"
    module.write_text(standalone_of(rulebook), "utf-8")
    batches = [*samples(), *golden(), *large(), None, [], 1, "text", {}, {"events": 5}, {"a": 2**64}, {"a": "\ud800"}]
    for number in range(400):
        dice = grammar.Dice(number)
        batches.append(grammar.damaged(dice, dice.choice(batches[:60])))
    interpreter = Interpreter(rulebook)
    codes: set[str] = set()
    for batch, given in zip(batches, results_in_an_empty_environment(module, batches), strict=True):
        wanted = interpreter.run(batch)
        assert not difference(wanted.to_json(), given), f"{difference(wanted.to_json(), given)}\n{json.dumps(batch)}"
        codes.update(problem.code for problem in wanted.problems)
    assert {"M502", "M503", "M505", "M509", "M510", "M513"} <= codes
