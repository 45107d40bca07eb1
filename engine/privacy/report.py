"""Reports on the flows of personal members: text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnostics.terminal import printable, styled
from ..language.rulebook import Rulebook
from ..schemas.personal import CATEGORIES
from ..source.text import one_line
from .members import PersonalMember
from .personal import PersonalFlow, Privacy

__all__ = ["FlowLine", "lines_of", "render", "summary", "title_of_member"]

_SHOWN_RULES = 3
_NOTHING = "nowhere"
_UNSET = "; not with these settings"


@dataclass(frozen=True, slots=True)
class FlowLine:
    """The flows of a member to one place, from all rules."""

    where: str
    flows: tuple[PersonalFlow, ...]

    @property
    def rules(self) -> str:
        names = list(dict.fromkeys(flow.rule for flow in self.flows))
        shown = ["all bodies" if name is None else name for name in names[:_SHOWN_RULES]]
        more = len(names) - len(shown)
        word = "" if names[0] is None else "rule " if len(names) == 1 else "rules "
        return f"{word}{', '.join(shown)}{f' and {more} more' if more else ''}"

    @property
    def conditions(self) -> list[str]:
        """The conditions that all ways of all flows have in common."""
        ways = [way for flow in self.flows for way in flow.ways]
        texts = [[one_line(one.text) for one in way.conditions] for way in ways]
        return [text for text in dict.fromkeys(texts[0]) if all(text in one for one in texts)]

    @property
    def by(self) -> str:
        """The rules, and whether the settings allow it."""
        return f"{self.rules}{'' if self.is_set else _UNSET}"

    @property
    def mask(self) -> str | None:
        return self.flows[0].mask

    @property
    def is_set(self) -> bool:
        return any(flow.is_set for flow in self.flows)


def summary(privacy: Privacy) -> str:
    """The counts in one line."""
    sent = {flow.member for flow in privacy.sent}
    read = {flow.member for flow in privacy.influences} - sent
    count = len(privacy.members)
    return (
        f"{count} personal member{'' if count == 1 else 's'}: {len(sent)} can be sent, {len(read)} only decide "
        f"something, {count - len(sent) - len(read)} go {_NOTHING}"
    )


def render(format_: str, rulebook: Rulebook, privacy: Privacy, *, color: bool = False) -> str:
    """The members and their flows in a format: text, markdown or json."""
    if format_ == "json":
        return json.dumps(_document(rulebook, privacy), indent=2, ensure_ascii=False)
    lines = _markdown(rulebook, privacy) if format_ == "markdown" else _text(privacy, color)
    return "\n".join(lines)


def _lines(flows: Iterable[PersonalFlow]) -> list[FlowLine]:
    found: dict[tuple[Any, ...], list[PersonalFlow]] = {}
    for flow in flows:
        found.setdefault((_where(flow), flow.mask), []).append(flow)
    return [FlowLine(where, tuple(own)) for (where, _), own in found.items()]


def _where(flow: PersonalFlow) -> str:
    """The place of a flow in words: the output, the part of the request unless it is the body, and the pointer."""
    if flow.output is None:
        return "a message of the rules"
    part = "" if flow.part == "body" or (not flow.pointer and not flow.is_sent) else f" {flow.part}"
    return f"{flow.output}{part}{f' {flow.place}' if flow.place else ''}"


def lines_of(flows: Iterable[PersonalFlow], member: PersonalMember) -> list[FlowLine]:
    """The flows of a member, those to one place with one mask together."""
    return _lines(flow for flow in flows if flow.member is member)


def title_of_member(member: PersonalMember) -> str:
    """The place of a member, and the mapping whose input has it, if that is another one."""
    return f"{member.text or '/'}{f' of {member.converter}' if member.converter else ''}"


def _text(privacy: Privacy, color: bool) -> Iterator[str]:
    alike: dict[tuple[str, ...], list[PersonalMember]] = {}
    for member in privacy.members:
        if lines := tuple(_member_text(privacy, member, color)):
            alike.setdefault(lines, []).append(member)
    for lines, members in alike.items():
        yield from (f"{styled('1', printable(title_of_member(one)), color=color)}  ({one.category})" for one in members)
        yield from lines
    if gone := _gone(privacy):
        yield styled("1", f"These go {_NOTHING}:", color=color)
        yield from (printable(f"  {title_of_member(member)}  ({member.category})") for member in gone)


def _member_text(privacy: Privacy, member: PersonalMember, color: bool) -> Iterator[str]:
    for line in lines_of(privacy.sent, member):
        yield printable(f"  -> {line.where}  ({line.rules}{_masked(line)}{'' if line.is_set else _UNSET})")
        for condition in line.conditions:
            yield styled("2", printable(f"       where {condition}"), color=color)
    if read := lines_of(privacy.influences, member):
        yield printable(f"  decides about {', '.join(f'{line.where} ({line.rules})' for line in read)}")


def _gone(privacy: Privacy) -> list[PersonalMember]:
    """The members that neither are sent nor influence anything."""
    used = {flow.member for flow in (*privacy.sent, *privacy.influences)}
    return [member for member in privacy.members if member not in used]


def _masked(line: FlowLine) -> str:
    return f", masked by {line.mask}()" if line.mask else ""


def _markdown(rulebook: Rulebook, privacy: Privacy) -> Iterator[str]:
    yield f"# Personal data in {rulebook.workspace or rulebook.name}\n\n{summary(privacy)}.\n"
    yield "| Category | Member | Sent to | By | Where | Masked |\n| --- | --- | --- | --- | --- | --- |"
    for member in privacy.members:
        for line in lines_of(privacy.sent, member):
            conditions = "<br>".join(_code(one) for one in line.conditions)
            mask = f"{line.mask}()" if line.mask else ""
            yield _row(member.category, _code(title_of_member(member)), _code(line.where), line.by, conditions, mask)
    if privacy.influences:
        yield "\n## Members that only decide something\n"
        yield "| Category | Member | Decides about | By |\n| --- | --- | --- | --- |"
    for member in privacy.members:
        for line in lines_of(privacy.influences, member):
            yield _row(member.category, _code(title_of_member(member)), _code(line.where), line.rules)
    if gone := _gone(privacy):
        yield f"\n## Members that go {_NOTHING}\n"
        yield from (f"- {_code(title_of_member(member))} ({member.category})" for member in gone)


def _row(*cells: str) -> str:
    return f"| {' | '.join(printable(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _code(text: str) -> str:
    text = printable(text)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _document(rulebook: Rulebook, privacy: Privacy) -> dict[str, Any]:
    return {
        "mapping": rulebook.name,
        "version": rulebook.version,
        "workspace": rulebook.workspace,
        "categories": {one: CATEGORIES[one] for one in dict.fromkeys(member.category for member in privacy.members)},
        "members": [
            {
                "member": member.text,
                "category": member.category,
                "converter": member.converter,
                "sent": [_flow(flow) for flow in privacy.sent if flow.member is member],
                "decides": [_flow(flow) for flow in privacy.influences if flow.member is member],
            }
            for member in privacy.members
        ],
    }


def _flow(flow: PersonalFlow) -> dict[str, Any]:
    where = {"output": flow.output, "part": flow.part, "pointer": flow.place, "rule": flow.rule}
    if not flow.is_sent:
        return {**where, "with_settings": flow.is_set}
    ways = [
        {
            "conditions": [{"text": one_line(one.text), **one.place.to_json()} for one in way.conditions],
            "through": [{"what": one_line(hop.what), **hop.place.to_json()} for hop in way.hops],
        }
        for way in flow.ways
    ]
    return {**where, "with_settings": flow.is_set, "masked_by": flow.mask, "ways": ways}
