"""The outbox in PostgreSQL keeps the promises of that in a file, and several processes may write to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from moemap.engine.delivery.entries import OutboxError
from moemap.engine.delivery.outbox import Outbox
from moemap.tests.commands.test_killing import kill
from moemap.tests.engine.delivery.test_outbox import (
    entry,
    given,
    machine,
    ready,
    start,
    test_a_clock_that_is_set_back_holds_no_retry,
    test_a_kill_leaves_whole_inputs_and_all_that_were_promised,
    test_a_lane_waits_for_its_first_request_and_others_go_on,
    test_a_retry_is_not_starved_by_what_came_later,
    test_an_attempt_without_an_end_is_uncertain,
    test_an_input_is_taken_once,
    test_only_one_process_sends,
    test_recent_attempts_and_those_sent_together,
    test_the_queue_is_what_the_log_says,
    test_the_size_is_never_passed,
    test_what_leaves_the_lane_lets_the_next_one_go_and_comes_back_to_its_place,
    test_work_that_fails_is_undone_alone,
)
from moemap.tests.engine.delivery.test_sender import (
    test_a_refused_body_is_halved_until_the_bad_element_is_found,
    test_all_arrives_once_and_in_order,
    test_no_window_is_exceeded,
    test_whatever_goes_wrong_all_arrives_in_order,
)
from moemap.tests.engine.delivery.test_upkeep import (
    test_a_whole_input_is_mapped_anew_only_if_what_was_sent_is_known,
    test_dead_requests_are_mapped_anew_and_no_other_is_sent_again,
    test_what_is_left_of_an_input_is_compacted_with_the_rest,
)

__all__ = [
    "machine",
    "test_a_clock_that_is_set_back_holds_no_retry",
    "test_a_kill_leaves_whole_inputs_and_all_that_were_promised",
    "test_a_lane_waits_for_its_first_request_and_others_go_on",
    "test_a_refused_body_is_halved_until_the_bad_element_is_found",
    "test_a_retry_is_not_starved_by_what_came_later",
    "test_a_whole_input_is_mapped_anew_only_if_what_was_sent_is_known",
    "test_all_arrives_once_and_in_order",
    "test_an_attempt_without_an_end_is_uncertain",
    "test_an_input_is_taken_once",
    "test_dead_requests_are_mapped_anew_and_no_other_is_sent_again",
    "test_no_window_is_exceeded",
    "test_only_one_process_sends",
    "test_recent_attempts_and_those_sent_together",
    "test_the_queue_is_what_the_log_says",
    "test_the_size_is_never_passed",
    "test_what_is_left_of_an_input_is_compacted_with_the_rest",
    "test_what_leaves_the_lane_lets_the_next_one_go_and_comes_back_to_its_place",
    "test_whatever_goes_wrong_all_arrives_in_order",
    "test_work_that_fails_is_undone_alone",
]


def cut(place: str) -> None:
    """Ends all other sessions, as a server that starts anew does."""
    with psycopg.connect(place, autocommit=True) as connection:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datid > 0"
        connection.execute(query)


def test_writers_of_several_processes_keep_the_order_of_a_lane(place: str) -> None:
    with Outbox(place) as one, Outbox(place) as other:
        outboxes, each = (one, other), 60

        def add(outbox: Outbox, number: int) -> None:
            for part in range(each):
                outbox.add([given(f"{number}-{part}", entry(f"{part}", "a"), entry(f"{part}", f"{number}"))]).result()

        threads = [threading.Thread(target=add, args=(outbox, number)) for number, outbox in enumerate(outboxes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.add([given("0-0", entry())]).result() == [False]
        heads = one.read("SELECT request, lane FROM queue WHERE head = 1 ORDER BY request")
        firsts = one.read("SELECT min(request), lane FROM queue GROUP BY lane ORDER BY 1")
        assert heads == firsts
        assert len(firsts) == 3
        assert one.counts().inputs == 2 * each


def test_one_of_several_senders_has_the_lease_and_it_ends_with_its_session(place: str) -> None:
    with Outbox(place) as one, Outbox(place) as other:
        with one.sending():
            with pytest.raises(OutboxError, match="another process sends from this outbox"):
                other.sending()
            one.add([given("1", entry())]).result()
            cut(place)
            with other.sending(), pytest.raises(OutboxError) as lost:
                one.start([1]).result()
            assert str(lost.value) == "the connection was lost, and another process sends from this outbox now"
        with other.sending():
            assert start(other, 1) == {1}


def test_a_lost_session_costs_only_the_transaction_that_was_under_way(place: str) -> None:
    with Outbox(place) as outbox, outbox.sending():
        outbox.add([given("1", entry())]).result()
        cut(place)
        assert outbox.add([given("2", entry())]).result() == [True]
        assert start(outbox, 1) == {1}
        with pytest.raises(OutboxError, match="the outbox cannot be written: "):
            outbox.submit(lambda one: one.execute("SELECT pg_terminate_backend(pg_backend_pid())")).result()
        assert ready(outbox) == [2]
        assert outbox.add([given("3", entry())]).result() == [True]


def test_strings_may_have_a_nul(place: str) -> None:
    with Outbox(place) as outbox:
        outbox.add([given("1", entry("a", "a\0b"), entry("c", "a\0b"))]).result()
        assert ready(outbox) == [1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda url: url.replace("moemap@", "moemap:geheim@"), "has a password in it"),
        (lambda url: f"{url}&password=geheim", "has a password in it"),
        (lambda url: url.replace("search_path", "search_path%3Dnone -c search_path"), "the schema does not exist"),
        (lambda url: url.replace("postgres?", "nowhere?"), 'database "nowhere" does not exist'),
        (lambda _url: "postgresql://[", "this is no URL of a database"),
    ],
)
def test_what_cannot_be_opened(place: str, change: Callable[[str], str], reason: str) -> None:
    wrong = change(place) if "schema" not in reason else place.replace("outbox_", "none_")
    with pytest.raises(OutboxError) as raised:
        Outbox(wrong)
    assert reason in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_what_is_no_outbox(place: str) -> None:
    with pytest.raises(OutboxError, match="there is no outbox"):
        Outbox(place, create=False)
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("CREATE TABLE queue (id int)")
    with pytest.raises(OutboxError, match="this is not an outbox"):
        Outbox(place)


def test_another_version_is_refused(place: str) -> None:
    Outbox(place).close()
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("UPDATE saved SET value = '9' WHERE name = 'version'")
    with pytest.raises(OutboxError, match="the outbox is of version 9; this moemap has version 2"):
        Outbox(place)


def test_an_outbox_of_the_version_before_goes_on(place: str) -> None:
    Outbox(place).close()
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("ALTER TABLE attempt DROP COLUMN tick, DROP COLUMN origin")
        connection.execute("UPDATE saved SET value = '1' WHERE name = 'version'")
    with Outbox(place) as outbox:
        assert outbox.recent(60) == []
        outbox.read("SELECT tick, origin FROM attempt")
    Outbox(place).close()


def test_the_sender_is_killed_at_any_moment(place: str, tmp_path: Path) -> None:
    assert "PGPASSWORD" not in os.environ
    kill(tmp_path, 14, seed=1, each=5, place=place)
