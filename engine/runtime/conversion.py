"""Joins the Results of an input that another mapping converts first, with all places in that input."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .result import Result

__all__ = ["Handed", "Locate", "joined"]

Locate = Callable[[str], str]
"""Translates a pointer into a converted body to one into the input."""


class Handed(Exception):  # noqa: N818  control flow, not an error
    """A rule hands the input to the mapping of this name, which converts it."""

    @property
    def name(self) -> str:
        return str(self.args[0])


def joined(first: Result, mapped: Sequence[Result], locate: Callable[[], Sequence[Locate]]) -> Result:
    """The Result of an input, from that of its conversion and those of the bodies of the requests in that.

    `locate` returns a Locate for each body; it is only called if there is a pointer to translate.
    """
    skipped, problems = list(first.skipped), list(first.problems)
    if any(result.skipped or result.problems for result in mapped):
        for result, place in zip(mapped, locate(), strict=True):
            skipped += [one._replace(pointer=place(one.pointer)) for one in result.skipped]
            problems += [one if one.input is None else one._replace(input=place(one.input)) for one in result.problems]
    return Result(tuple(request for result in mapped for request in result.requests), tuple(skipped), tuple(problems))
