"""Changes between two versions of a mapping, as text, Markdown, HTML, JSON, or annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..diagnostics.problem import Place
from ..diagnostics.terminal import printable, styled
from ..html.page import render as page
from ..language.rulebook import ABSENT
from ..values.kinds import shown
from .changes import EFFECTS, Change, Effect, due_version, is_enough
from .corpus import CorpusDifference, Masked
from .ignoring import Accepted, IgnoreLine

__all__ = ["FORMATS", "Comparison", "render"]

FORMATS = ("text", "markdown", "html", "json", "github")
_TITLES: dict[Effect, str] = {
    "breaking": "Breaking",
    "behaviour": "Behaviour",
    "addition": "Additions",
    "none": "Without effect",
}
_STYLES: dict[Effect, str] = {"breaking": "1;31", "behaviour": "1;33", "addition": "1;32", "none": "2"}
_CLASSES: dict[Effect, str] = {"breaking": "bad", "behaviour": "some", "addition": "good", "none": "quiet"}
_LEVELS: dict[Effect, str] = {"breaking": "error", "behaviour": "warning", "addition": "notice", "none": "notice"}
_ESCAPED = "\\`*_{}[]<>|#"


@dataclass(frozen=True)
class Comparison:
    """The names and version numbers of two versions of a mapping, and the changes between them.

    `changes` are those that count; `accepted` ones are ignored for a reason, and `stale` lines ignore nothing.
    `is_versioned` is false for workspaces, which have only the version number of the mapping that they extend.
    """

    old: str
    new: str
    old_version: str
    new_version: str
    changes: Sequence[Change]
    is_versioned: bool = True
    accepted: Sequence[Accepted] = ()
    stale: Sequence[IgnoreLine] = ()

    @property
    def due(self) -> str:
        """The least version that semantic versioning requires."""
        return due_version(self.old_version, self.changes)

    @property
    def is_enough(self) -> bool:
        return not self.is_versioned or is_enough(self.new_version, self.due)

    @property
    def summary(self) -> str:
        """The counts of the changes by effect, and the version that they require."""
        counts = [
            f"{count} {effect if effect != 'addition' or count == 1 else 'additions'}"
            for effect in EFFECTS
            if (count := sum(change.effect == effect for change in self.changes)) and effect != "none"
        ]
        words = ", ".join(counts) or "no change in meaning"
        if self.accepted:
            words += f", {len(self.accepted)} ignored"
        if not self.is_versioned:
            return words
        version = f"version {self.new_version}"
        if self.is_enough:
            return f"{words}; {version} is enough"
        return f"{words}; {version} is not enough after {self.old_version}: at least {self.due}"


def render(
    format_: str,
    comparison: Comparison,
    corpus: CorpusDifference | None = None,
    *,
    show_values: bool = False,
    color: bool = False,
) -> str:
    """The comparison, and the differences over a corpus if one was compared, in one of the FORMATS.

    Without `show_values`, the values in examples are replaced by their kinds.
    """
    if corpus is not None and not show_values:
        corpus = corpus.masked()
    if format_ == "json":
        return json.dumps(
            {
                "old": {"name": comparison.old, "version": comparison.old_version},
                "new": {"name": comparison.new, "version": comparison.new_version},
                "due": comparison.due,
                "enough": comparison.is_enough,
                "changes": [change.to_json() for change in comparison.changes],
                "ignored": [{"change": one.change.to_json(), "reason": one.reason} for one in comparison.accepted],
                "stale": [line.id for line in comparison.stale],
                **({} if corpus is None else {"corpus": corpus.to_json()}),
            },
            indent=2,
            ensure_ascii=False,
        )
    if format_ == "html":
        return _html(comparison, corpus)
    if format_ == "markdown":
        return "\n".join([*_markdown(comparison), *([] if corpus is None else _corpus_markdown(corpus))])
    if format_ == "github":
        return "\n".join(_annotation(change) for change in comparison.changes if change.effect != "none")
    return "\n".join([*_text(comparison, color=color), *([] if corpus is None else _corpus_text(corpus))])


def _text(comparison: Comparison, *, color: bool) -> Iterable[str]:
    for change in comparison.changes:
        head = styled(_STYLES[change.effect], f"{change.effect}:", color=color)
        yield f"{head} {printable(change.text)}"
        yield styled("2", f"  {_places(change)}  [{printable(change.id)}]", color=color)
    for one in comparison.accepted:
        yield styled("2", f"ignored: {printable(one.change.text)} ({printable(one.reason)})", color=color)


def _places(change: Change) -> str:
    if change.old is None and change.new is None:
        return "in the mapping"
    if change.new is None:
        return f"was {_place(change.old)}"
    if change.old is None or _place(change.old) == _place(change.new):
        return _place(change.new)
    return f"{_place(change.new)}, was {_place(change.old)}"


def _place(place: Place | None) -> str:
    return "" if place is None else printable(f"{place.file}:{place.line}")


def _markdown(comparison: Comparison) -> Iterable[str]:
    yield f"### {_plain(comparison.old)} {comparison.old_version} to {_plain(comparison.new)} {comparison.new_version}"
    yield ""
    yield _plain(comparison.summary)
    for effect in EFFECTS:
        found = [change for change in comparison.changes if change.effect == effect]
        if not found:
            continue
        yield ""
        yield f"**{_TITLES[effect]}**"
        yield ""
        for change in found:
            yield f"- {_plain(change.text)} ({_plain(_places(change))})"
    if comparison.accepted:
        yield from ("", "**Ignored**", "")
        yield from (f"- {_plain(one.change.text)}: {_plain(one.reason)}" for one in comparison.accepted)


def _html(comparison: Comparison, corpus: CorpusDifference | None) -> str:
    groups = [(effect, [change for change in comparison.changes if change.effect == effect]) for effect in EFFECTS]
    shown_groups = [(_TITLES[effect], _CLASSES[effect], found) for effect, found in groups if found]
    return page("diff", comparison=comparison, corpus=corpus, groups=shown_groups, places=_places, side=_side)


def _corpus_text(corpus: CorpusDifference) -> Iterable[str]:
    yield f"{corpus.differing} of {corpus.batches} batches differ"
    if corpus.unreadable.count:
        yield printable(corpus.unreadable.text())
    for (part, place, kind), found in corpus.sorted():
        yield f"  {found.count} x {kind}: {printable(f'{part} {place}')}"
        for source, old, new in found.examples:
            yield f"      {printable(source)}: {_sides(old, new)}"


def _corpus_markdown(corpus: CorpusDifference) -> Iterable[str]:
    yield ""
    yield f"**{corpus.differing} of {corpus.batches} batches differ**"
    if corpus.unreadable.count:
        yield from ("", _plain(corpus.unreadable.text()))
    if corpus.groups:
        yield from ("", "| Count | Kind | Where | Example |", "| --- | --- | --- | --- |")
    for (part, place, kind), found in corpus.sorted():
        _, old, new = found.examples[0]
        example = _plain(_sides(old, new))
        yield f"| {found.count} | {kind} | {_plain(f'{part} {place}')} | {example} |"


def _sides(old: object, new: object) -> str:
    """Both sides of a difference; hidden values may look alike."""
    before, after = _side(old), _side(new)
    return f"{before} became {'another one' if before == after else after}"


def _side(value: object) -> str:
    if value is ABSENT:
        return "nothing"
    return value.text if isinstance(value, Masked) else printable(shown(value, 60))


def _plain(text: str) -> str:
    return "".join(f"\\{character}" if character in _ESCAPED else character for character in printable(text))


def _annotation(change: Change) -> str:
    place = change.new or change.old
    where = f" file={_percent(place.file, '%:,')},line={place.line}," if change.new is not None and place else " "
    return f"::{_LEVELS[change.effect]}{where}title={_percent(change.effect, '%:,')}::{_percent(change.text, '%')}"


def _percent(text: str, escaped: str) -> str:
    return "".join(f"%{ord(one):02X}" if one in escaped else one for one in printable(text))
