"""Dead requests are mapped anew without sending again what was sent, and what has arrived is compacted."""

from __future__ import annotations

from typing import Any

import pytest

from moemap.engine.delivery import upkeep
from moemap.engine.delivery.outbox import Outbox
from moemap.tests.engine.delivery.test_outbox import HORIZON, end, entry, given, start


def test_dead_requests_are_mapped_anew_and_no_other_is_sent_again(outbox: Outbox) -> None:
    outbox.add([given("1", entry("a"), entry("b"), entry("c"))]).result()
    start(outbox, 1, 2, 3)
    for request, kind in ((1, "accepted"), (2, "dead"), (3, "accepted")):
        end(outbox, request, kind)
    assert list(outbox.texts([2])) == [(1, "a.json:1", b"1")]
    entries = [entry("a"), entry("b, repaired"), entry("c"), entry("c")]
    assert upkeep.mapped_anew(outbox, 1, [2], entries, "shop@1.0.1") == 2
    assert [one.entry.body for one in outbox.ready(9, HORIZON)] == [b"b, repaired", b"c"]
    assert [line["state"] for line in upkeep.exported(outbox, outbox.ids(["waiting", "dead"]), bodies=True)] == [
        "waiting",
        "waiting",
    ]


@pytest.mark.parametrize(
    ("states", "new", "fresh"),
    [
        (["accepted", "dead"], "a b", "b"),
        (["accepted", "dead"], "a x", "x"),
        (["dead", "held"], "x b c", "x c"),
        (["uncertain", "dead"], "a x", "x"),
        (["purged", "dead"], "a x", "x"),  # a person gave it up
        (["purged", "dead"], "x", "x"),
        (["accepted", "dead"], "y x", None),  # what arrived would be sent again
        (["waiting", "dead"], "y x", None),
        (["held", "dead"], "x", None),
    ],
)
def test_a_whole_input_is_mapped_anew_only_if_what_was_sent_is_known(
    outbox: Outbox, states: list[Any], new: str, fresh: str | None
) -> None:
    outbox.add([given("1", entry("a"), entry("b"))]).result()
    for request, kind in enumerate(states, 1):
        if kind != "waiting":
            start(outbox, request)
            end(outbox, request, kind)
    dead = [1 + states.index("dead")]
    anew = upkeep.mapped_anew(outbox, 1, dead, map(entry, new.split()), "m@2", is_whole=True)
    assert anew == (None if fresh is None else len(fresh.split()))
    made = outbox.read("SELECT body FROM request WHERE id > 2 ORDER BY id")
    assert [row[0].decode() for row in made] == (fresh or "").split()
    assert (outbox.ids(["dead"]) == dead) == (fresh is None)


def test_of_equal_requests_one_is_mapped_anew(outbox: Outbox) -> None:
    outbox.add([given("1", entry("a"), entry("a"))]).result()
    start(outbox, 1, 2)
    end(outbox, 1, "accepted")
    end(outbox, 2, "dead")
    assert upkeep.mapped_anew(outbox, 1, [2], [entry("a")], "m@2") == 1


def test_what_was_replaced_is_made_again(outbox: Outbox) -> None:
    outbox.add([given("1", entry("a"))]).result()
    for dead, body in ((1, "x"), (2, "a"), (3, "a")):  # the rules are changed, and changed back
        start(outbox, dead)
        end(outbox, dead, "dead")
        assert upkeep.mapped_anew(outbox, 1, [dead], [entry(body)], "m@2") == 1


def test_what_is_left_of_an_input_is_compacted_with_the_rest(outbox: Outbox) -> None:
    outbox.add([given("1", entry("a"), entry("b")), given("2", entry("c"))]).result()
    start(outbox, 1, 2, 3)
    for request, kind in ((1, "accepted"), (2, "dead"), (3, "accepted")):
        end(outbox, request, kind)
    assert upkeep.compact(outbox, -1) == 1
    assert upkeep.mapped_anew(outbox, 1, [2], [entry("a"), entry("x")], "m@2", is_whole=True) == 1
    start(outbox, 4)
    end(outbox, 4, "accepted")
    assert upkeep.compact(outbox, -1) == 3
    assert outbox.counts().states["accepted"] == 3
