"""The messages of Problems."""

from moemap.engine.diagnostics.problem import Problem


def test_long_texts_are_cut_and_counted() -> None:
    message = Problem.of("M512", reason="x" * 100_000).message
    assert message == "x" * 960 + "... (99040 more characters)"
    assert Problem.of("M512", reason="x" * 1000).message == "x" * 1000
    assert len(Problem.of("M512", reason="x" * 1001).message) < 1000
    assert Problem.of("M512", reason=message).message == message
