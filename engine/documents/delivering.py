"""The delivery of requests in the documentation of a mapping: effects and order, limits, and what answers mean."""

from __future__ import annotations

from collections.abc import Iterator

from ..language.delivery import VERDICTS, Delivery, Window
from ..language.rulebook import Output, Rulebook
from ..source.text import one_line
from .listings import Cell, Listing, TableRow

__all__ = ["delivering"]

_VERDICTS = {
    "accept": "it has arrived",
    "retry": "it is sent again later",
    "wait": "everything waits",
    "stop": "sending stops, and all is kept",
    "reject": "it is dead",
}


def delivering(rulebook: Rulebook) -> Iterator[Listing]:
    """The delivery that a mapping declares; nothing without one."""
    own = rulebook.delivery
    if own is None:
        return
    columns = "Output", "A second delivery", "In order by", "In bulk"
    rows = tuple(_output(name, output, rulebook, own) for name, output in rulebook.outputs.items())
    yield Listing("Delivery", columns, rows, one_line(own.description or ""))
    note = "All hold at once, in any span of their length, for all that is sent."
    windows = tuple(_window(one) for one in own.windows.values())
    yield Listing("Limits of the receiver", ("Window", "At most", "Of", "Description"), windows, note)
    answers = tuple(
        TableRow(verdict, (Cell(", ".join(found), "code"), Cell(_VERDICTS[verdict])))
        for verdict in VERDICTS
        if (found := getattr(own.answers, verdict))
    )
    note = f"After {own.retry.attempts} attempts that count, a request is dead; so it is after any other status."
    yield Listing("Answers", ("Status", "Meaning"), answers, note)


def _output(name: str, output: Output, rulebook: Rulebook, own: Delivery) -> TableRow:
    said = output.delivery
    effect = (said and said.effect) or own.effect
    again = "changes nothing" if effect == "upsert" else "has its effect again"
    if effect == "append" and own.uncertain == "hold":
        again += "; what may have arrived is held for a person"
    is_bulk = rulebook.bulk is not None and own.bulk_from is not None and (said is None or said.bulk)
    order = Cell((said and said.order) or own.order or "", "code")
    bulk = Cell(f"from {own.bulk_from} on" if is_bulk else "never")
    return TableRow(name, (Cell(name, "code"), Cell(again), order, bulk))


def _window(window: Window) -> TableRow:
    counted = window.counts if window.elements_of is None else f"elements of {window.elements_of}"
    of = [counted, *([f"of {', '.join(window.outputs)}"] if window.outputs else [])]
    of += [f"sent {window.sent.replace('_', ' ')}"] if window.sent is not None else []
    of += ["of each key"] if window.each_key else []
    seconds = "a second" if window.seconds == 1 else f"in {window.seconds} seconds"
    cells = Cell(window.name, "code"), Cell(f"{window.limit:,} {seconds}"), Cell(" ".join(of))
    return TableRow(window.name, (*cells, Cell(one_line(window.description or ""))))
