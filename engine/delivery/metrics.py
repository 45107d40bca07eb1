"""Counts and times of a service, in the text format of Prometheus (version 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping

from .entries import Counts
from .sender import Sender

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the histogram's buckets, in seconds."""
_HELP = {
    "moemap_inputs_total": "Inputs by what became of them: taken, known from before, with errors.",
    "moemap_requests_total": "Requests that inputs were mapped to, by output.",
    "moemap_skipped_total": "Values left out, by rule.",
    "moemap_problems_total": "Problems of inputs, by code.",
    "moemap_responses_total": "Answers of this service, by status.",
    "moemap_attempts_total": "Ends of attempts to send a request.",
}


class Metrics:
    """The counts of one service since its start. Not to be shared by threads."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in _HELP}
        self._classes = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, name: str, label: str, value: str, count: int = 1) -> None:
        """Adds to the count of a metric for a value of its label."""
        self.counts[name][label, value] += count

    def took(self, seconds: float) -> None:
        """Adds the time that one intake took."""
        self._classes[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds += seconds

    def text(self, outbox: Counts, sender: Sender | None, now: float) -> str:
        """All metrics, with those of the outbox and of the sender if there is one."""
        return "\n".join([*self._lines(outbox, sender, now), ""])

    def _lines(self, outbox: Counts, sender: Sender | None, now: float) -> Iterator[str]:
        counts = dict(self.counts)
        progress = None if sender is None else sender.progress
        if progress is not None:
            counts["moemap_attempts_total"] = Counter({("end", end): n for end, n in progress.counts.items()})
        for name, text in _HELP.items():
            yield from _head(name, "counter", text)
            yield from (_line(name, {label: value}, count) for (label, value), count in sorted(counts[name].items()))
        yield from _head("moemap_intake_seconds", "histogram", "The time from a request of a sender to its answer.")
        total = 0
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self._classes, strict=True):
            total += count
            yield _line("moemap_intake_seconds_bucket", {"le": bound}, total)
        yield _line("moemap_intake_seconds_sum", {}, round(self._seconds, 6))
        yield _line("moemap_intake_seconds_count", {}, total)
        yield from _head("moemap_outbox_requests", "gauge", "Requests in the outbox, by state.")
        yield from (_line("moemap_outbox_requests", {"state": state}, count) for state, count in outbox.states.items())
        age = 0.0 if outbox.oldest is None else max(now - outbox.oldest, 0.0)
        gauges = {
            "moemap_outbox_bytes": ("The size of the outbox.", outbox.size),
            "moemap_outbox_oldest_seconds": ("The age of the oldest request that waits.", round(age, 3)),
        }
        if progress is not None:
            gauges["moemap_sender_stopped"] = ("1 where the sender has stopped.", int(progress.stopped is not None))
            gauges["moemap_sender_waiting"] = ("1 where a limit or an outage holds it up.", int(bool(progress.waiting)))
        if sender is not None:
            gauges["moemap_limiter_paused_seconds"] = (
                "How long nothing is sent, as the receiver asked for or an outage has it.",
                round(sender.limiter.paused(), 3),
            )
        for name, (text, value) in gauges.items():
            yield from _head(name, "gauge", text)
            yield _line(name, {}, value)
        if sender is not None:
            windows = list(sender.limiter.used())
            yield from _head("moemap_limiter_used", "gauge", "How much of a window is used.")
            yield from (_line("moemap_limiter_used", {"window": name}, used) for name, used, _ in windows)
            yield from _head("moemap_limiter_limit", "gauge", "The limit of a window.")
            yield from (_line("moemap_limiter_limit", {"window": name}, limit) for name, _, limit in windows)


def _head(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {value}" if labels else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
