"""Tests of the count of records that are not batches."""

from __future__ import annotations

from moemap.engine.jobs.unreadable import Unreadable
from moemap.engine.runtime.batch import Record


def test_the_first_record_that_is_no_batch_is_kept_with_its_reason() -> None:
    unreadable = Unreadable()
    assert unreadable.batch_of(Record("a.ndjson", 1, b'{"x": 1}')) == {"x": 1}
    assert unreadable.text() == ""
    assert unreadable.batch_of(Record("a.ndjson", 2, b"[]")) is None
    assert unreadable.text() == "1 record cannot be read; first in a.ndjson:2: a batch must be an object, not a list"
    unreadable.merge(Unreadable(2, "b.ndjson:7: it is not JSON"))
    assert unreadable.text() == "3 records cannot be read; first in a.ndjson:2: a batch must be an object, not a list"
