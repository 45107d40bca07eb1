"""Values of one computation are kept for the next one, and no longer."""

from __future__ import annotations

from moemap.engine.values.recall import Recall


def test_what_is_used_stays_and_all_else_is_forgotten() -> None:
    recall, made = Recall(), list[str]()

    def of(key: str) -> str:
        return recall.of(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    assert [of("a"), of("b"), of("a")] == ["A", "B", "A"]
    recall.begin()
    assert of("a") == "A"
    recall.begin()
    assert [of("a"), of("b")] == ["A", "B"]
    assert made == ["a", "b", "b"]


def test_nothing_is_a_result_that_is_not_remembered() -> None:
    recall = Recall()
    assert recall.get("a") is None
    assert recall.put("a", 1) == 1
    recall.begin()
    assert (recall.get("a"), recall.get("b")) == (1, None)


def test_relatives_give_what_is_not_there() -> None:
    one, other = Recall(), Recall()
    one.relatives = (other,)
    other.put("a", 1)
    assert (one.get("a"), one.get("b")) == (1, None)
    one.put("a", 2)
    assert (one.get("a"), other.get("a")) == (2, 1)
    assert one.fitting("a", lambda found: found == 1) == 1
    assert one.fitting("a", lambda found: found == 3) is None
    one.begin()
    other.begin()
    other.begin()
    assert (one.get("a"), other.get("a")) == (1, None)
