"""No flow is missed: the flows found in the rules have all sent values, and all effects of a changed value."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.privacy.flows import DataFlow, flows_of
from moemap.engine.privacy.origins import ANY, NAMES, InputOrigin, Pattern, begins
from moemap.engine.privacy.possible import Possible, possible
from moemap.engine.runtime.result import Result
from moemap.engine.values.pointers import leaves
from moemap.tests.effort import effort
from moemap.tests.engine.grammar import Dice, batch
from moemap.tests.engine.random_rulebooks import random_rulebook


class Everything(Possible):
    """The possible effects of inputs if conditions and constants do not count."""

    def is_evaluated(self, node: Any) -> bool:
        return True

    def gives(self, part: Any) -> bool:
        return True

    def can_hold(self, when: Any) -> bool:
        return True

    def is_constant(self, node: Any) -> bool:
        return False


def all_flows(mapping: api.Mapping) -> tuple[DataFlow, ...]:
    """The flows without regard to what is possible; an account does not look at that in expressions, either."""
    can = possible(mapping.rulebook)
    return flows_of(mapping.rulebook, Everything(*(getattr(can, name) for name in Possible.__slots__)))


ROOT = Path(__file__).parents[3]
OTHERS = (None, True, 0, 7, "", "a", "zz", "12", "true", "moe_x")


def tokens(pointer: str) -> tuple[str, ...]:
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def is_at(flow: DataFlow, part: str, pointer: Pattern) -> bool:
    """Returns whether a flow leads to a place, to something in it, or to what it is in."""
    there = tuple(ANY if step == NAMES else step for step in flow.pointer)
    return (flow.part == part or not flow.pointer) and (begins(pointer, there) or begins(there, pointer))


def parts(result: Result) -> dict[str, list[dict[str, Any]]]:
    """The requests of each output, in parts."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in result.requests:
        found[one.output].append({"body": one.body, "path": one.path, "query": one.query, "headers": one.headers})
    return found


def differences(one: Any, other: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if name in one and name in other:
                yield from differences(one[name], other[name], (*at, name))
            else:
                yield (*at, name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from differences(a, b, (*at, str(number)))
    elif json.dumps(one) != json.dumps(other):
        yield at


def missed(
    mapping: api.Mapping,
    flows: tuple[DataFlow, ...],
    given: Any,
    place: str,
    value: Any,
    ends: Callable[[api.Mapping, Any], bool] = lambda _mapping, _given: False,
) -> Iterator[str]:
    """The places that another value in the input changes without a flow from there, unless it ends the input."""
    changed = copy.deepcopy(given)
    *way, last = tokens(place)
    there: Any = changed
    for token in way:
        there = there[int(token) if isinstance(there, list) else token]
    there[int(last) if isinstance(there, list) else last] = value
    if ends(mapping, changed):
        return
    before, after = parts(mapping.transform(given)), parts(mapping.transform(changed))
    for name in {**before, **after}:
        known = [one for one in flows if one.output == name and one.origin.is_about(tokens(place))]
        output = mapping.rulebook.outputs[name]
        one, other = before.get(name, []), after.get(name, [])
        if len(one) != len(other) or output.is_joined or output.combine:
            if one != other and not known:
                yield f"{place} = {value!r} changes {name}"
            continue
        for a, b in zip(one, other, strict=True):
            for part in a:
                for at in differences(a[part], b[part]):
                    if not any(is_at(flow, part, at) for flow in known):
                        yield f"{place} = {value!r} changes {name} {part} {at}"


def is_read(origin: InputOrigin, place: Pattern) -> bool:
    """Returns whether an origin is a place, below it or above it; the names of members are read with their values."""
    pattern = tuple(ANY if step == NAMES else step for step in origin.pattern)
    return begins(pattern, place) or begins(place, pattern)


def unexplained(mapping: api.Mapping, flows: tuple[DataFlow, ...], given: Any) -> Iterator[str]:
    """The places that an account says are sent, without a flow from there."""
    requests = mapping.transform(given).requests
    for one in mapping.account(given):
        for to in one.to:
            if to.how == "part" and set(tokens(to.pointer)[-1:]) & mapping.rulebook.values.keys():
                continue  # entries of `settings`, which an account takes for parts of what is around them
            output = requests[to.request].output
            known = [flow for flow in flows if flow.output == output and is_read(flow.origin, tokens(one.pointer))]
            known = [flow for flow in known if flow.is_sent or to.how not in ("same", "cut")]
            if not any(is_at(flow, to.part, tokens(to.pointer)) for flow in known):
                yield f"{one.pointer} is sent to {output} {to}"


def unnamed(mapping: api.Mapping, flows: tuple[DataFlow, ...], given: Any, place: str) -> Iterator[str]:
    """The outputs in which the new name of a member of the input stands, without a flow from there."""
    changed = copy.deepcopy(given)
    *way, last = tokens(place)
    there: Any = changed
    for token in way:
        there = there[int(token) if isinstance(there, list) else token]
    if not isinstance(there, dict):
        return
    there["Qx9"] = there.pop(last)
    known = {one.output for one in flows if one.is_sent and one.origin.is_about((*way, NAMES))}
    for one in mapping.transform(changed).requests:
        if "qx9" in json.dumps([one.path, one.query, one.headers, one.body]).casefold() and one.output not in known:
            yield f"the name of {place} is in {one.output}"


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(0, 120, 30))
def test_no_flow_is_missed(seed: int) -> None:
    count = 0
    for number in range(seed, seed + effort(12, 30)):
        rulebook, _, dice = random_rulebook(number)
        mapping = api.Mapping(rulebook)
        flows, everything = flows_of(rulebook), all_flows(mapping)
        for _ in range(4):
            given = batch(dice)
            if not isinstance(given, dict):
                continue
            assert list(unexplained(mapping, everything, given)) == [], number
            places = [place for place, _ in leaves(given)]
            for place in dice.sample(places, min(len(places), 12)):
                found = list(missed(mapping, flows, given, place, dice.choice(OTHERS))) if place else []
                assert found == [], (number, given)
                assert list(unnamed(mapping, flows, given, place) if place else ()) == [], (number, given)
                count += 1
    assert count > 120


SAMPLES = ("firehose_message", "purchase", "user_identity_change", "consent_gdpr_and_ccpa", "user_attribute_change")


def is_refused(mapping: api.Mapping, given: Any) -> bool:
    """Returns whether a body does not conform to its schema, which flows ignore."""
    return any(problem.code == "M509" for problem in mapping.transform(given).problems)


@pytest.mark.slow
@pytest.mark.fuzz
def test_no_flow_of_the_shipped_mapping_is_missed() -> None:
    mapping, dice = api.load("mparticle-moengage"), Dice(0)
    flows = flows_of(mapping.rulebook)
    count = 0
    for name in SAMPLES:
        given = json.loads((ROOT / "examples" / f"{name}.json").read_text("utf-8"))
        converter = "mparticle-firehose@1" if name.startswith("firehose") else None
        own = tuple(flow for flow in flows if flow.origin.converter == converter)
        places = [place for place, value in leaves(given) if not isinstance(value, dict | list)]
        for place in dice.sample(places, min(len(places), effort(10, 25))):
            assert list(missed(mapping, own, given, place, dice.choice(OTHERS), is_refused)) == [], name
            count += 1
    assert count > 40
