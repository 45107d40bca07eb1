"""Checks that find something in all facts find something in those of a single rule or policy."""

from __future__ import annotations

from random import Random

import pytest

from moemap.engine.checks.shared.registry import FACT_CHECKS
from moemap.engine.checks.shared.running import _finding
from moemap.engine.inference.rulebook import walk
from moemap.engine.language.loader import load
from moemap.tests.effort import effort
from moemap.tests.engine.checks.shared.test_session import SHOP, changed
from moemap.tests.engine.checks.test_mistakes import MISTAKES


@pytest.mark.slow
@pytest.mark.fuzz
def test_what_is_found_in_all_facts_is_found_in_some() -> None:
    text, random = SHOP.read_text("utf-8"), Random(1)
    texts = [text.replace(case["replace"], case["by"]) for case in MISTAKES]
    texts += [changed(changed(text, random), random) for _ in range(effort(90, 2000))]
    finding = set()
    for one in texts:
        rulebook = load(SHOP, text=one).rulebook
        if rulebook is not None:
            flow = walk(rulebook)
            wanted = {run for run in FACT_CHECKS if any(True for _ in run(flow))}
            assert wanted <= {*_finding(flow)}, one
            finding |= wanted
    assert len(finding) == len(FACT_CHECKS)
