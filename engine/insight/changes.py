"""Compares two versions of a mapping by meaning: the changes, their effects, and the version that they require.

Comments, order of keys, the spelling of expressions (blanks, quotes) and descriptions are not changes. Removing a
member of an output, or changing its type, is breaking; another source or condition changes behaviour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from ..diagnostics.problem import Place
from ..language.rulebook import (
    ABSENT,
    Each,
    Field,
    ObjectSource,
    Output,
    Rule,
    Rulebook,
    Setting,
    Table,
)
from ..source.nodes import Node
from ..values.kinds import shown
from .meaning import SHOWN, apart, in_words, is_nothing, is_shared, key_of, meaning, members_of

__all__ = ["EFFECTS", "Change", "Effect", "changes_between", "due_version", "is_enough"]

Effect = Literal["breaking", "behaviour", "addition", "none"]
EFFECTS: tuple[Effect, ...] = ("breaking", "behaviour", "addition", "none")
"""The effects of changes, the strongest first."""

_BREAKING = {
    ("Field", "type"),
    ("Field", "items"),
    ("Rule", "output"),
    ("Output", "request"),
    ("Output", "element_of"),
    ("Output", "combine"),
    ("Setting", "type"),
    ("Setting", "items"),
    ("Server", "url"),
    ("Server", "headers"),
}
"""Members whose change is breaking, for readers of an output or users of a setting; others change behaviour."""
_OF_SENDING = {"name", "server", "bulk", "delivery"}
"""The parts of a mapping that do not change the contents of its requests."""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference in meaning: `id` consists of names, `text` is in words, places are None where nothing is."""

    id: str
    effect: Effect
    text: str
    old: Place | None
    new: Place | None

    def was_in(self, folder: str, name: str) -> Change:
        """The change with another name for the folder of the old version, which nobody else can open."""
        if self.old is None or not self.old.file.startswith(folder):
            return self
        return replace(self, old=replace(self.old, file=f"{name}{self.old.file.removeprefix(folder)}"))

    def to_json(self) -> dict[str, Any]:
        """`{id, effect, text, old, new}`; places are `{file, line, column}` or null."""
        places = {
            key: None if place is None else place.to_json() for key, place in (("old", self.old), ("new", self.new))
        }
        return {"id": self.id, "effect": self.effect, "text": self.text, **places}


def changes_between(old: Rulebook, new: Rulebook) -> tuple[Change, ...]:
    """All changes from one rulebook to another, the strongest effects first, else in the order of the rules.

    A file that is the own one of one version and extended by the other has the name from the former in all places.
    """
    comparison = _Comparison(_names_of_files(old, new))
    comparison.rulebooks(old, new)
    return tuple(sorted(comparison.changes, key=lambda change: EFFECTS.index(change.effect)))


def _names_of_files(*rulebooks: Rulebook) -> dict[str, str]:
    """The one name to use for each name of a file, since one file may have been read by several names."""
    read = [(not book.is_own(source), source) for book in rulebooks for source in book.sources.values()]
    names: dict[Path, str] = {}
    other = {}
    for _, source in sorted(read, key=itemgetter(0)):
        if source.path is not None:
            other[source.name] = names.setdefault(source.path.resolve(), source.name)
    return other


def due_version(version: str, changes: Iterable[Change]) -> str:
    """The least version after `version` that semantic versioning requires; before 1.0.0, breaking changes are minor."""
    major, minor, patch = _numbers(version)
    effects = {change.effect for change in changes}
    if "breaking" in effects and major > 0:
        return f"{major + 1}.0.0"
    if effects - {"none"}:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch}"


def is_enough(version: str, due: str) -> bool:
    """Returns whether a version is the required one, or a later one."""
    return _numbers(version) >= _numbers(due)


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in version.partition("-")[0].partition("+")[0].split("."))
    return major, minor, patch


class _Comparison:
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.changes: list[Change] = []

    def add(self, id_: str, effect: Effect, text: str, old: Any, new: Any) -> None:
        self.changes.append(Change(id_, effect, text, self.place(old), self.place(new)))

    def place(self, part: Any) -> Place | None:
        node = getattr(part, "name_node", None) or getattr(part, "node", None)
        if not isinstance(node, Node):
            return None
        return replace(node.place, file=self.names.get(node.place.file, node.place.file))

    # The parts of a mapping

    def rulebooks(self, old: Rulebook, new: Rulebook) -> None:
        if old.name != new.name:
            self.changes.append(Change("name", "breaking", f"the name is {new.name!r}, was {old.name!r}", None, None))
        if old.server is None or new.server is None:
            if old.server is not new.server:
                self.gone_or_new("server", "the server", old.server, new.server)
        else:
            self.members("server", "the server", old.server, new.server)
        self.settings(old, new)
        for name, one, other in _pairs(old.outputs, new.outputs):
            where = f"outputs/{name}"
            if one is None or other is None:
                self.gone_or_new(where, f"output {name}", one, other)
            else:
                self.output(where, f"output {name}", one, other)
                self.schema(where, f"output {name}", old, new, one, other)
        if meaning(old.bulk) != meaning(new.bulk):
            self.add("bulk", "behaviour", "bulk bodies are made otherwise", old.bulk, new.bulk)
        if meaning(old.delivery) != meaning(new.delivery):
            self.add("delivery", "behaviour", "requests are delivered otherwise", old.delivery, new.delivery)
        for name, one, other in _pairs(old.routes, new.routes):
            where = f"routes/{name}"
            if one is None or other is None:
                self.gone_or_new(where, f"route {name}", one, other)
            else:
                self.lets(f"{where}/let", f"route {name}", one.let, other.let)
                self.members(where, f"route {name}", one, other, skip={"let"})
        self.lets("let", "the mapping", old.let, new.let)
        for name, one, other in _pairs(old.tables, new.tables):
            if one is not None and other is not None:
                self.table(f"tables/{name}", f"table {name}", one, other)
        for name, one, other in _pairs(old.policies, new.policies):
            if one is not None and other is not None and meaning(one) != meaning(other):
                place = next((entry for entry in other if entry not in one), None)
                self.add(f"policies/{name}", "behaviour", f"policy {name}: {_difference(one, other)}", one[0], place)
        for name, one, other in _pairs(old.assertions, new.assertions):
            where = f"assert/{name}"
            if one is None:
                self.add(where, "addition", f"assertion {name} is new", None, other)
            elif other is None:
                self.add(where, "behaviour", f"assertion {name} is gone", one, None)
            else:
                self.members(where, f"assertion {name}", one, other)
        self.rules(old.rules, new.rules)
        for name, one, other in _pairs(old.converters, new.converters):
            if one is not None and other is not None:
                self.converter(name, one, other)

    def converter(self, name: str, old: Rulebook, new: Rulebook) -> None:
        """Compares the bodies of mappings that convert the input; the targets of their requests do not matter."""
        for change in changes_between(old, new):
            if change.id.split("/")[0] not in _OF_SENDING:
                effect: Effect = "none" if change.effect == "none" else "behaviour"
                text = f"{name}: {change.text}"
                self.changes.append(Change(f"converters/{name}/{change.id}", effect, text, change.old, change.new))

    def table(self, where: str, owner: str, old: Table, new: Table) -> None:
        for key, before, after in _pairs(old.entries, new.entries):
            if key not in new.entries:
                self.add(f"{where}/{key}", "behaviour", f"{owner} has no entry {shown(key, SHOWN)} any more", old, new)
            elif key not in old.entries:
                text = f"{owner} has an entry {shown(key, SHOWN)}: {shown(after, SHOWN)}"
                self.add(f"{where}/{key}", "addition", text, old, new)
            elif meaning(before) != meaning(after):
                text = f"{owner}: {shown(key, SHOWN)} becomes {shown(after, SHOWN)}, was {shown(before, SHOWN)}"
                self.add(f"{where}/{key}", "behaviour", text, old, new)
        self.members(where, owner, old, new, skip={"entries"})

    def settings(self, old: Rulebook, new: Rulebook) -> None:
        for name, one, other in _pairs(old.settings, new.settings):
            where, owner = f"settings/{name}", f"setting {name}"
            if one is None and other is not None:
                needs = other.default is ABSENT
                text = "is new and has no default" if needs else "is new"
                self.add(where, "breaking" if needs else "addition", f"{owner} {text}", None, other)
            elif one is None or other is None:
                self.add(where, "breaking", f"{owner} is gone", one, None)
            else:
                self.values(where, owner, one, other)
                self.members(where, owner, one, other, skip={"enum"})
                before, after = old.values.get(name), new.values.get(name)
                if meaning(before) != meaning(after) and meaning(one.default) == meaning(other.default):
                    words = f"{in_words(after)}, was {in_words(before)}"
                    self.add(f"{where}/value", "behaviour", f"{owner} has the value {words}", one, other)

    def values(self, where: str, owner: str, old: Setting, new: Setting) -> None:
        """Compares the allowed values of a setting."""
        before, after = _listed(old), _listed(new)
        if before is None or after is None:
            if (before is None) != (after is None):
                effect: Effect = "breaking" if after is not None else "addition"
                text = (
                    f"{owner} allows only {in_words(new.enum)}" if after is not None else f"{owner} allows all values"
                )
                self.add(f"{where}/enum", effect, text, old, new)
            return
        if lost := [value for value in before if value not in after]:
            self.add(f"{where}/enum", "breaking", f"{owner} no longer allows {', '.join(lost)}", old, new)
        if won := [value for value in after if value not in before]:
            self.add(f"{where}/enum", "addition", f"{owner} also allows {', '.join(won)}", old, new)

    def output(self, where: str, owner: str, old: Output, new: Output) -> None:
        self.fields(f"{where}/fields", owner, old.fields, new.fields)
        self.members(where, owner, old, new, skip={"fields", "request"})
        for one in members_of(old.request):
            before, after = getattr(old.request, one.name), getattr(new.request, one.name)
            if isinstance(before, tuple) and isinstance(after, tuple):
                fields = [[field.written for field in fields] for fields in (before, after)]
                self.fields(f"{where}/{one.name}", f"{owner}, {one.name}", *fields)
            elif meaning(before) != meaning(after):
                text = f"{owner}: the {one.name} is {in_words(after)}, was {in_words(before)}"
                self.add(f"{where}/{one.name}", "breaking", text, old, new)

    def schema(self, where: str, owner: str, old: Rulebook, new: Rulebook, one: Output, other: Output) -> None:
        before, after = old.schemas.get(one.schema or ""), new.schemas.get(other.schema or "")
        if before is not None and after is not None and one.schema == other.schema and before.digests != after.digests:
            self.add(f"{where}/schema", "behaviour", f"{owner}: the schema accepts other bodies", one, other)

    def rules(self, old: Sequence[Rule], new: Sequence[Rule]) -> None:
        before, after = {rule.name: rule for rule in old}, {rule.name: rule for rule in new}
        gone = [rule for rule in old if rule.name not in after]
        renamed: dict[str, Rule] = {}
        for rule in new:
            if rule.name not in before:
                same = next(
                    (one for one in gone if one not in renamed.values() and meaning(one) == meaning(rule)), None
                )
                if same is not None:
                    renamed[rule.name] = same
        for rule in old:
            if rule.name in after:
                self.rule(rule, after[rule.name])
            elif rule not in renamed.values():
                self.gone_or_new(f"rules/{rule.name}", _rule_words(rule), rule, None)
        for rule in new:
            if (same := renamed.get(rule.name)) is not None:
                text = f"rule {rule.name} was called {same.name}"
                self.add(f"rules/{rule.name}/name", "behaviour", text, same, rule)
            elif rule.name not in before:
                effect: Effect = "addition" if rule.output is not None else "behaviour"
                self.add(f"rules/{rule.name}", effect, f"{_rule_words(rule)} is new", None, rule)
        self.order(old, new)

    def order(self, old: Sequence[Rule], new: Sequence[Rule]) -> None:
        """Compares the order of the rules of each route, which decides which rule takes an element."""
        for route in dict.fromkeys(rule.route for rule in new):
            both = {rule.name for rule in old if rule.route == route} & {
                rule.name for rule in new if rule.route == route
            }
            before = [rule for rule in old if rule.name in both]
            after = [rule for rule in new if rule.name in both]
            moved = next(((one, two) for one, two in zip(before, after, strict=True) if one.name != two.name), None)
            if moved is not None:
                text = f"rule {moved[1].name} comes before rule {moved[0].name}"
                self.add(f"rules/{moved[1].name}/order", "behaviour", text, moved[0], moved[1])

    def rule(self, old: Rule, new: Rule) -> None:
        where, owner = f"rules/{new.name}", f"rule {new.name}"
        self.lets(f"{where}/let", owner, old.let, new.let)
        self.members(where, owner, old, new, skip={"let", "body"})
        if isinstance(old.body, ObjectSource) and isinstance(new.body, ObjectSource):
            self.object(where, owner, old.body, new.body)
        elif isinstance(old.body, Field) and isinstance(new.body, Field):
            self.field(f"{where}/value", f"{owner}, value", old.body, new.body)
        else:
            self.add(f"{where}/value", "breaking", f"{owner}: the body is of another kind", old, new)

    # Fields

    def lets(self, where: str, owner: str, old: Sequence[Field], new: Sequence[Field]) -> None:
        for name, one, other in _pairs(_by_name(old), _by_name(new)):
            if one is None or other is None:
                state = "new" if one is None else "gone"
                effect: Effect = "none" if one is None else "behaviour"
                self.add(f"{where}/{name}", effect, f"{owner}, let {name} is {state}", one, other)
            else:
                self.field(f"{where}/{name}", f"{owner}, let {name}", one, other, is_let=True)

    def fields(self, where: str, owner: str, old: Sequence[Field], new: Sequence[Field]) -> None:
        before, after = _by_name(old), _by_name(new)
        gone = {name: field for name, field in before.items() if name not in after}
        for name, one, other in _pairs(before, after):
            here = f"{where}/{name}"
            if one is not None and other is not None:
                self.field(here, f"{owner}, {name}", one, other)
            elif other is not None:
                same = next((old_name for old_name, field in gone.items() if meaning(field) == meaning(other)), None)
                if same is not None:
                    del gone[same]
                    text = f"{owner}, {name} was called {same}"
                    self.add(here, "breaking", text, before[same], other)
                else:
                    self.add(here, "addition", f"{owner}, {name} is new: {in_words(other)}", None, other)
        for name, field in gone.items():
            self.add(f"{where}/{name}", "breaking", f"{owner}, {name} is gone", field, None)

    def field(self, where: str, owner: str, old: Field, new: Field, *, is_let: bool = False) -> None:
        self.members(where, owner, old, new, skip={"source"}, is_let=is_let)
        one, other = old.source, new.source
        if isinstance(one, ObjectSource) and isinstance(other, ObjectSource) and not is_let:
            self.object(where, owner, one, other)
        elif isinstance(one, Each) and isinstance(other, Each) and not is_let:
            self.members(where, owner, one, other, skip={"value", "let"}, places=(old, new))
            self.lets(f"{where}/let", owner, one.let, other.let)
            if isinstance(one.value, ObjectSource) and isinstance(other.value, ObjectSource):
                self.object(where, f"{owner}[]", one.value, other.value)
            elif isinstance(one.value, Field) and isinstance(other.value, Field):
                self.field(f"{where}/value", f"{owner}[]", one.value, other.value)
            else:
                self.add(f"{where}/value", "breaking", f"{owner}: the elements are of another kind", old, new)
        elif meaning(one) != meaning(other):
            effect: Effect = "behaviour" if is_let or _shape(one) == _shape(other) else "breaking"
            before, after = apart(one, other)
            text = f"{after}, was {before}" if before != after else f"{after} that differs"
            self.add(f"{where}/from", effect, f"{owner} comes from {text}", old, new)

    def object(self, where: str, owner: str, old: ObjectSource, new: ObjectSource) -> None:
        self.fields(f"{where}/fields", owner, old.fields, new.fields)
        for number in range(max(len(old.spreads), len(new.spreads))):
            here = f"{where}/spread/{number + 1}"
            one = old.spreads[number] if number < len(old.spreads) else None
            other = new.spreads[number] if number < len(new.spreads) else None
            if one is None or other is None:
                self.gone_or_new(here, f"{owner}, spread {number + 1}", one, other)
            elif meaning(one) != meaning(other):
                self.members(here, f"{owner}, spread {number + 1}", one, other)

    # Any part

    def members(
        self,
        where: str,
        owner: str,
        old: Any,
        new: Any,
        *,
        skip: Iterable[str] = (),
        is_let: bool = False,
        places: tuple[Any, Any] | None = None,
    ) -> None:
        """Compares the members of two parts of one kind, each as a whole."""
        for one in members_of(old):
            before, after = getattr(old, one.name), getattr(new, one.name)
            if one.name in skip or meaning(before) == meaning(after) or is_shared(one.name, old, new):
                continue
            key = key_of(old, one.name)
            effect: Effect = "breaking" if (type(old).__name__, one.name) in _BREAKING and not is_let else "behaviour"
            was, now = apart(before, after)
            if is_nothing(before):
                text = f"has `{key}` now: {now}"
            elif is_nothing(after):
                text = f"has no `{key}` any more, was {was}"
            elif was != now:
                text = f"`{key}` is {now}, was {was}"
            else:
                text = f"`{key}` differs: {_difference(before, after)}"
            self.add(f"{where}/{key}", effect, f"{owner}: {text}", *(places or (old, new)))

    def gone_or_new(self, where: str, owner: str, old: Any, new: Any) -> None:
        if old is None:
            self.add(where, "addition", f"{owner} is new", None, new)
        else:
            is_quiet = isinstance(old, Rule) and old.output is None
            self.add(where, "behaviour" if is_quiet else "breaking", f"{owner} is gone", old, None)


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*old, *new)):
        yield name, old.get(name), new.get(name)


def _by_name(parts: Iterable[Field]) -> dict[str, Field]:
    return {field.name or "": field for field in parts}


def _listed(setting: Setting) -> list[str] | None:
    values = getattr(setting, "enum", None)
    return None if values is None else [shown(value, SHOWN) for value in values]


def _rule_words(rule: Rule) -> str:
    does = {"output": f"for {rule.output}", "skip": "that skips", "reject": "that rejects", "convert": "that converts"}
    return f"rule {rule.name} ({does[rule.end]})"


def _shape(source: Any) -> str:
    """The kind of value that a source makes, by its form: an object, a list, or any value."""
    return {"ObjectSource": "object", "Each": "list", "Listed": "list"}.get(type(source).__name__, "value")


def _difference(old: Any, new: Any) -> str:
    """The first different attribute of two parts that are the same in words."""
    if isinstance(old, Table) and isinstance(new, Table):
        for key, before, after in _pairs(dict(old.entries), dict(new.entries)):
            if meaning(before) != meaning(after):
                return f"{shown(key, SHOWN)} is {shown(after, SHOWN)}, was {shown(before, SHOWN)}"
        return f"unlisted is {in_words(new.unlisted)}, was {in_words(old.unlisted)}"
    if isinstance(old, tuple) and isinstance(new, tuple):
        if len(old) != len(new):
            return f"{len(new)} parts, were {len(old)}"
        for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
            if meaning(one) != meaning(other):
                return f"part {number}: {_difference(one, other)}"
    if is_dataclass(old) and type(old) is type(new):
        for member in members_of(old):
            one, other = getattr(old, member.name), getattr(new, member.name)
            if meaning(one) != meaning(other):
                was, now = apart(one, other)
                key = key_of(old, member.name)
                return f"`{key}` is {now}, was {was}" if was != now else f"`{key}`: {_difference(one, other)}"
    return "in its parts"
