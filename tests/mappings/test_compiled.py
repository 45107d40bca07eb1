"""The golden tests hold for compiled code too: `moemap test` evaluates rules with the interpreter."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import compiler
from moemap.engine.checks.shared.opening import Opening
from moemap.engine.golden import files as goldenfile
from moemap.engine.interpreter.interpreter import Interpreter


@pytest.mark.slow
def test_compiled_code_gives_the_results_of_the_interpreter() -> None:
    opening = cache(Opening)
    batches: dict[tuple[Path, str], list[Any]] = defaultdict(list)
    for path in goldenfile.discover():
        file, _, _ = goldenfile.load(path, path.name, opening)
        assert file is not None
        for test in file.tests:
            batches[file.mapping, json.dumps(test.settings, sort_keys=True)] += test.batches
    for (main, settings), inputs in batches.items():
        rulebook = opening(main).inspect(json.loads(settings)).rulebook
        assert rulebook is not None
        interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
        for batch in inputs:
            wanted, given = interpreter.run(batch), compiled.transform(batch)
            assert json.dumps(given.to_json()) == json.dumps(wanted.to_json()), (settings, json.dumps(batch))
    assert len(batches) > 20
