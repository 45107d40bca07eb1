"""The figures of delivery are measured, and their tables are whole."""

from __future__ import annotations

import pytest

from moemap.benchmarks import delivery
from moemap.benchmarks.delivery import AIOHTTP, BARE, HTTPX, OUTBOX, RATE, SENDER, Work


@pytest.mark.slow
def test_all_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    takes = delivery.takes
    monkeypatch.setattr(delivery, "takes", lambda folder, _: takes(folder, 1))
    found = delivery.measure(Work(requests=200, rows=200, queued=1_000, seconds=3))
    assert [row[0] for row in found.sent_table().rows] == [AIOHTTP, HTTPX, SENDER]
    assert [row[0] for row in found.stored_table().rows] == [BARE, OUTBOX]
    assert all(figure > 0 for pair in (*found.sent.values(), *found.stored.values(), found.intake) for figure in pair)
    assert found.queue_table().rows[0] == ("requests in the queue", "1,000")
    assert 0 < found.most <= RATE
    assert 0 < found.share <= 1.01
    assert 0.5 < found.queue_growth < 2
