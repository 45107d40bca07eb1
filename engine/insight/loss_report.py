"""The fates of the members of inputs as text, Markdown and JSON, and their differences from a committed baseline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..diagnostics.terminal import printable, styled
from ..inference.sources import Pattern
from ..jobs.distinct import Distinct
from ..source.json_reader import read_value
from ..values.kinds import shown
from .loss import MAX_NAMES, Fate, InputMember, Loss

__all__ = ["MAX_BASELINE_BYTES", "BaselineError", "baseline_of", "drift", "read_baseline", "render", "summary"]

MAX_BASELINE_BYTES = 20_000_000

_HEADS: dict[Fate, str] = {
    "unread": "Not read by any rule",
    "dropped": "Left out because of their names",
    "read": "Read by rules, but not sent",
    "sent": "Sent",
}
_SHOWN = 60
_UNITS = (("year", 31_557_600), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class BaselineError(ValueError):
    """A file is not a baseline; the message says why."""


def summary(loss: Loss) -> str:
    """The counts in one line."""
    counts = {fate: len(loss.sorted(fate)) for fate in _HEADS}
    batches = f"{loss.batches} batch{'' if loss.batches == 1 else 'es'}"
    members = f"{len(loss.members)} member{'' if len(loss.members) == 1 else 's'}"
    unreadable = f", {loss.unreadable.count} unreadable" if loss.unreadable.count else ""
    return (
        f"{batches}{unreadable}: {members}, of which {counts['sent']} sent, "
        f"{counts['dropped']} left out, {counts['read']} only read, {counts['unread']} not read"
    )


def render(format_: str, loss: Loss, fates: Iterable[Fate], *, show_values: bool, color: bool = False) -> str:
    """The members of these fates in a format: text, markdown or json (which has all members)."""
    if format_ == "json":
        return json.dumps(loss.to_json(show_values=show_values), indent=2, ensure_ascii=False)
    chosen = [(fate, loss.sorted(fate)) for fate in _HEADS if fate in fates]
    if format_ == "markdown":
        return "\n".join(_markdown(loss, chosen, show_values))
    return "\n".join(_text(loss, chosen, show_values, color))


_Chosen = list[tuple[Fate, list[tuple[Pattern, InputMember]]]]


def _text(loss: Loss, chosen: _Chosen, show_values: bool, color: bool) -> Iterator[str]:
    for fate, members in chosen:
        if members:
            yield styled("1", f"{_HEADS[fate]}:", color=color)
        for path, member in members:
            kinds = f"{_kinds(member)}{_cuts(member)}{_times(loss, member)}"
            yield f"  {_share(loss, member):>6}  {_path(path)}  ({kinds}){_example(member, show_values)}"
            if member.by:
                yield styled("2", f"          {printable('; '.join(member.by))}", color=color)
    if loss.passed:
        yield styled("1", "Names that pass through:", color=color)
    for path, names in sorted(loss.passed.items()):
        yield f"  {_names(names):>6}  {_path(path)}"
    if loss.distinct:
        yield styled("1", "Distinct names and values in requests:", color=color)
    for one in loss.distinct:
        yield f"  {len(one.found):>6}  {printable(_place(one))}, {one.left}"


def _markdown(loss: Loss, chosen: _Chosen, show_values: bool) -> Iterator[str]:
    yield summary(loss)
    for fate, members in chosen:
        if members:
            yield from (
                "",
                f"### {_HEADS[fate]}",
                "",
                "| Batches | Member | Kinds | Rules |",
                "| --- | --- | --- | --- |",
            )
        for path, member in members:
            cells = [
                _share(loss, member),
                f"`{_path(path)}`",
                f"{_kinds(member)}{_cuts(member)}{_times(loss, member)}{_example(member, show_values)}",
                "; ".join(member.by),
            ]
            yield f"| {' | '.join(map(_cell, cells))} |"
    if loss.passed:
        yield from ("", "### Names that pass through", "", "| Names | Object |", "| --- | --- |")
    for path, names in sorted(loss.passed.items()):
        yield f"| {_names(names)} | {_cell(f'`{_path(path)}`')} |"
    if loss.distinct:
        yield from (
            "",
            "### Distinct names and values in requests",
            "",
            "| Distinct | Limit | Place |",
            "| --- | --- | --- |",
        )
    for one in loss.distinct:
        yield f"| {len(one.found)} | {one.left} | {_cell(_place(one))} |"


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|")


def _share(loss: Loss, member: InputMember) -> str:
    share = 100 * member.batches / loss.batches
    return f"{share:.0f} %" if share >= 1 else f"{share:.1g} %"


def _path(path: Pattern) -> str:
    return printable("/" + "/".join(path))


def _kinds(member: InputMember) -> str:
    return ", ".join(kind for kind, _ in member.kinds.most_common())


def _names(count: int) -> str:
    """A number of distinct names, or a lower bound if there are many."""
    return f"{count}+" if count == MAX_NAMES else str(count)


def _place(one: Distinct) -> str:
    return f"{one.output} {'/' + '/'.join(one.path)}"


def _cuts(member: InputMember) -> str:
    """The number of values that are cut, in words."""
    return f", {member.cuts} of {member.values} cut to {member.cut} characters" if member.cuts else ""


def _times(loss: Loss, member: InputMember) -> str:
    """The ages of the earliest and the latest value of a member that is a time."""
    if member.times is None:
        return ""
    first, last = (_age(loss.now - moment) for moment in member.times)
    return f", times of {first}" if first == last else f", times from {first} to {last}"


def _age(milliseconds: int) -> str:
    length = abs(milliseconds) / 1000
    name, unit = next((name, unit) for name, unit in _UNITS if length >= unit or unit == 1)
    count = round(length / unit)
    return f"{count} {name}{'' if count == 1 else 's'} {'ago' if milliseconds >= 0 else 'ahead'}"


def _example(member: InputMember, show_values: bool) -> str:
    return f", such as {printable(shown(member.example, _SHOWN))}" if show_values else ""


# Baselines


def baseline_of(loss: Loss) -> str:
    """The text of a baseline: each member with its fate and kinds, without any value."""
    members = {
        "/" + "/".join(path): {"fate": member.fate, "kinds": sorted(member.kinds)}
        for path, member in sorted(loss.members.items())
    }
    return json.dumps({"moemap": "baseline 1", "members": members}, indent=1, ensure_ascii=False) + "\n"


def read_baseline(text: bytes) -> dict[str, tuple[str, set[str]]]:
    """The members of a baseline, with their fates and kinds. Raises BaselineError."""
    try:
        before: Mapping[str, Any] = read_value(text)["members"]
        return {path: (member["fate"], set(member["kinds"])) for path, member in before.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BaselineError("it is no baseline of moemap lost") from None


def drift(known: Mapping[str, tuple[str, set[str]]], loss: Loss) -> list[str]:
    """Differences from a baseline: new and missing members, new kinds of values, other fates."""
    now = {"/" + "/".join(path): member for path, member in loss.members.items()}
    found = []
    for path, member in sorted(now.items()):
        if path not in known:
            found.append(f"new: {path} ({_kinds(member)}), {_fate(member.fate)}")
            continue
        fate, kinds = known[path]
        if other := sorted(set(member.kinds) - kinds):
            found.append(f"new kind: {path} is {', '.join(other)}, was {', '.join(sorted(kinds))}")
        if member.fate != fate:
            found.append(f"changed: {path} is {_fate(member.fate)}, was {_fate(fate)}")
    return found + [f"gone: {path}" for path in sorted(known) if path not in now]


def _fate(fate: str) -> str:
    return {"unread": "not read", "read": "only read", "dropped": "left out"}.get(fate, fate)
