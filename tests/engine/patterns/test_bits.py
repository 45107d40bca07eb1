"""Sets of bits find what sets of states find, in time and memory that do not depend on how many states there are."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.functions.errors import FunctionError
from moemap.engine.functions.library.patterns import _func_matches
from moemap.engine.patterns.automaton import Automaton
from moemap.engine.patterns.bits import bit_search
from moemap.engine.patterns.emptiness import machine_of
from moemap.engine.patterns.parser import read
from moemap.engine.patterns.searching import found_in
from moemap.tests.engine.patterns.test_emptiness import PATTERNS, TEXTS

MANY_STATES = "(?:ab|a|b)*a[ab]{1000}c"


@pytest.mark.slow
@pytest.mark.fuzz
@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=5))
@settings(max_examples=settings().max_examples * 4)
def test_bits_find_what_states_find(pattern: str, texts: list[str]) -> None:
    machine = machine_of(read(pattern))
    bits = bit_search(machine)
    assert bits is not None
    for text in texts:
        assert bits.is_found(text) == machine.is_found(text), text


@pytest.mark.parametrize(
    "pattern", [MANY_STATES, "(?:ab?){300}c", "a(?:a{0,9}b){30}$", "^(?:(?:foo|ba[rz])-?){20}", "(?:[ab]?){40}c$"]
)
def test_large_patterns(pattern: str) -> None:
    dice = random.Random(pattern)
    machine = machine_of(read(pattern))
    bits = bit_search(machine)
    assert bits is not None
    for _ in range(10):
        text = "".join(dice.choice("aaabbc") for _ in range(400)) + dice.choice(["", "foo-bar-baz" * 7])
        assert bits.is_found(text) == machine.is_found(text), text
    made = {MANY_STATES: "a" * 1002 + "c", "(?:ab?){300}c": "ab" * 300 + "c"}.get(pattern)
    assert made is None or bits.is_found(f"b{made}b")


@pytest.mark.slow
def test_time_and_memory_grow_with_the_text_alone() -> None:
    dice = random.Random(1)
    text = "".join(dice.choice("ab") for _ in range(20_000))
    started = time.process_time()
    tracemalloc.start()
    assert not found_in(MANY_STATES)(text)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert time.process_time() - started < 2


@pytest.mark.slow
def test_sets_of_states_are_forgotten() -> None:
    dice = random.Random(1)
    machine = machine_of(read(MANY_STATES))
    tracemalloc.start()
    assert not machine.is_found("".join(dice.choice("ab") for _ in range(2_000)))
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


@pytest.mark.slow
def test_a_pattern_whose_states_all_differ() -> None:
    pattern = "(?:a?){1000}c"
    machine = machine_of(read(pattern))
    assert bit_search(Automaton(machine.moves, machine.skips, machine.last)) is None
    assert _func_matches("b" * 5_000 + "aac", pattern) is True
    with pytest.raises(FunctionError) as error:
        _func_matches("a" * 50_000, pattern)
    assert (
        str(error.value) == "matches() cannot take the text: the text has 50000 characters, too many for this pattern"
    )
