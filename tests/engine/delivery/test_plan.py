"""Tests of what is read of inputs and requests for their delivery."""

from __future__ import annotations

import json

import pytest

from moemap.engine.runtime.result import Request
from moemap.tests.engine.delivery.conftest import plan


@pytest.mark.parametrize(
    ("first", "again", "is_one"),
    [
        ("3", "3.0", True),
        ("18446744073709551616", "18446744073709551616.0", True),
        ('{"a": 1, "b": [2]}', '{"b": [2.0], "a": 1}', True),
        ("1", "true", False),
        ("3", '"3"', False),
        ("18446744073709551616", "18446744073709551617", False),
    ],
)
def test_equal_values_have_one_order_and_one_identity(first: str, again: str, is_one: bool) -> None:
    plans = plan("", id="user", outputs={"event": {"order": "user"}})
    bodies = [{"user": json.loads(text)} for text in (first, again)]
    requests = [Request("event", "POST", "/", {}, body, json.dumps(body).encode()) for body in bodies]
    assert (len({plans.entry(request).lane for request in requests}) == 1) is is_one
    assert (len({plans.identity(body) for body in bodies}) == 1) is is_one


def test_a_string_has_the_text_that_outboxes_have_of_it() -> None:
    assert (
        plan("", id="user").identity({"user": "Zo\u00eb \u2028\x1f\U0001f600"}) == '"Zo\u00eb \u2028\\u001f\U0001f600"'
    )
