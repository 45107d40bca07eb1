"""Values that are computed once, even if the process is forked meanwhile."""

from __future__ import annotations

import gc
import os
import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

from moemap.engine import api, compiler
from moemap.engine.api import Mapping
from moemap.engine.checks.shared import opening, session
from moemap.engine.source import homes
from moemap.engine.values import once as once_module
from moemap.engine.values.once import Once, cached_property, once_for_each, without_forks

ENGINE = homes.ENGINE


@contextmanager
def making(value: Any) -> Iterator[Callable[[], Any]]:
    """A function that makes the value, but not before the end of the block."""
    begun, wanted = threading.Event(), threading.Event()
    first = threading.get_ident()

    def make() -> Any:
        if threading.get_ident() != first:
            begun.set()
            assert wanted.wait(60)
        return value

    try:
        yield make
    finally:
        wanted.set()


def in_a_fork(task: Callable[[], bool]) -> bool:
    """The result of the task in a forked process; False if that does not end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this process has threads, and that is the point
        child = os.fork()
    if child == 0:
        try:
            signal.alarm(60)
            os._exit(0 if task() else 1)
        finally:  # whatever happens, the tests do not go on in the other process
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


def test_a_value_is_made_once_for_all_threads() -> None:
    made = []

    def make() -> int:
        made.append(1)
        return len(made)

    once = Once(make)
    threads = [threading.Thread(target=once.get) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (once.get(), once.is_made, made) == (1, True, [1])


def test_what_is_begun_is_waited_for_by_nobody() -> None:
    with making("x") as make:
        once = Once(make)
        once.begin()
        once.begin()
        assert not once.is_made
    assert once.get() == "x"


def test_an_error_is_that_of_whoever_asks() -> None:
    once: Once[int] = Once(lambda: 1 // 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once.get()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@needs_fork
def test_a_forked_process_waits_for_no_thread_that_it_has_not() -> None:
    with making("x") as make:
        once = Once(make)
        once.begin()
        assert in_a_fork(lambda: once.get() == "x")


@needs_fork
def test_a_fork_while_a_mapping_compiles(mapping_of: Callable[..., Mapping], monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = mapping_of("rules: [{rule: one, output: out, fields: {a: batch.a}}]")
    with making(compiler.compile(mapping.rulebook)) as make:
        monkeypatch.setattr(compiler, "compile", lambda _: make())
        thread = threading.Thread(target=mapping.transform, args=({"a": 1},))
        thread.start()
        assert in_a_fork(lambda: len(mapping.transform({"a": 1}).requests) == 1)
    thread.join()


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("call", [api.load, api.inspect, lambda name: api.Session().inspect(name)])
def test_a_fork_while_a_mapping_is_loaded_waits_for_its_end(
    call: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread of its own holds a lock that the child could not replace, such as that of an import."""
    begun, lock = threading.Event(), threading.Lock()

    def read(*_: object) -> Any:
        with lock:
            begun.set()
            threading.Event().wait(0.2)
        raise KeyError

    for module in (opening, session):
        monkeypatch.setattr(module, "Opening", read)

    def fail() -> None:
        with pytest.raises(KeyError):
            call(tmp_path / "mapping.yaml")

    thread = threading.Thread(target=fail)
    thread.start()
    assert begun.wait(60)
    assert in_a_fork(lambda: lock.acquire(blocking=False))
    thread.join()


@pytest.mark.slow
@needs_fork
def test_a_fork_waits_for_no_block_of_its_own_thread() -> None:
    def forks_again() -> bool:
        with without_forks():
            return in_a_fork(lambda: True)

    with without_forks(), without_forks():
        assert in_a_fork(forks_again)
    assert in_a_fork(forks_again)


@needs_fork
def test_a_fork_waits_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork gives up in the end, since what it waits for may wait for the thread that forks."""
    monkeypatch.setattr(once_module, "_LONGEST_WAIT", 0.01)
    with making("x") as make:
        inside = threading.Event()

        def load() -> None:
            with without_forks():
                inside.set()
                make()

        thread = threading.Thread(target=load)
        thread.start()
        assert inside.wait(60)
        assert in_a_fork(lambda: True)
    thread.join()


def test_every_lock_is_made_anew_after_a_fork() -> None:
    """All locks are in `once.py`: no other module has one, nor a property that has one in Python 3.11."""
    other = r"threading(\.| import.*\b)R?Lock\b|functools import.*\bcached_property"
    for path in ENGINE.rglob("*.py"):
        if path.name != "once.py":
            assert not re.search(other, path.read_text("utf-8"))


def test_a_cached_property_is_computed_once() -> None:
    class Counter:
        count = 0

        @cached_property
        def next(self) -> int:
            self.count += 1
            return self.count

    counter = Counter()
    assert (counter.next, counter.next, Counter().next) == (1, 1, 1)


class Made:
    """An object that can be referred to weakly."""


@pytest.mark.slow
def test_once_for_each_object_and_none_is_kept_alive() -> None:
    numbers = count(1)
    number = once_for_each(lambda _one: next(numbers))
    one, other = Made(), Made()
    assert [number(one), number(other), number(one)] == [1, 2, 1]
    reference = ref(one)
    del one
    gc.collect(1)  # it is young
    assert reference() is None
