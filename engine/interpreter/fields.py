"""Evaluates fields: expressions, tables, coercions, nested objects and lists, spreads; and records the problems.

Nothing raises for the contents of a batch: each value that cannot be mapped becomes a Problem at its place, and the
elements around it are still mapped. `Rejected` only unwinds from a field to the element that is rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from ..diagnostics.catalogue import Severity
from ..expressions.tree import EvaluationError, Expression
from ..language.rulebook import (
    ABSENT,
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    Output,
    RequestLine,
    Route,
    Spread,
    Table,
    Text,
)
from ..language.traversal import is_excepted, is_plain, roots_in
from ..runtime.notes import Rejected
from ..runtime.outputs import Target
from ..runtime.requests import Envelope
from ..runtime.result import NAME_TAKEN, NO_ENTRY_RULE, NOTHING, Skipped
from ..templates.template import TemplateFailure
from ..values.coercion import CoercionError, coerce
from ..values.equality import is_empty, is_true
from ..values.kinds import KIND_CLASSES, in_part, kind, scalar_text, shown, type_with_article, with_article
from ..values.pointers import join
from .recorder import Recorder, Step
from .scope import Lazy, Scope, Stand, ValueOrigin

__all__ = ["Evaluation", "size_outcome"]

_MOST_DEPTH = 10


class _Kept:
    """Stands for the null of a field with `keep_null`."""


_KEPT = _Kept()


class Evaluation(Recorder):
    """Evaluates fields on one batch, and records what happens.

    `repeated` has the identities of the parts of the rules whose values count as copied, `scans` the expressions that
    count the elements that they look through. `plain` caches, by the identity of a let, the names that it reads if it
    is plain, else None.
    """

    def __init__(
        self,
        batch: Any,
        steps: list[Step] | None,
        repeated: Set[int],
        scans: Mapping[int, Expression],
        plain: dict[int, frozenset[str] | None],
    ) -> None:
        super().__init__(batch, steps)
        self.repeated = repeated
        self.scans = scans
        self.plain = plain
        self.depth = 0
        """The number of lets that are being computed."""

    # Expressions

    def search(
        self,
        expression: Expr,
        scope: Scope,
        at: Stand,
        field_: Field | None = None,
        *,
        severity: Severity | None = None,
    ) -> Any:
        """The value of an expression; None, with a Problem of the `severity` if given, if it fails."""
        try:
            return self.found(expression, scope, at)
        except EvaluationError as error:
            place, reason = self.places.nearest(expression, scope, at.element), error.reason
            if field_ is not None:
                self.value_problem(
                    "M504", expression.place, field_, scope, at, input=place, severity=severity, reason=reason
                )
            else:
                self.problem("M504", expression.place, at, input=place, severity=severity, reason=reason)
            return None

    def found(self, expression: Expr, scope: Scope, at: Stand) -> Any:
        """The value of an expression, changed to count the elements that it looks through if that may grow large."""
        try:
            return self.scans.get(id(expression), expression.expression).search(scope.values)
        finally:
            if self.reader is not None:
                self.reader(expression, scope, at)

    def holds(self, when: Expr | None, scope: Scope, at: Stand) -> bool:
        return when is None or self.decided(when, self.search(when, scope, at), scope, at)

    def decided(self, when: Expr, value: Any, scope: Scope, at: Stand) -> bool:
        """Returns whether the value of a condition counts as true."""
        holds = is_true(value)
        self.took(when, "true" if holds else "false", scope, at, value)
        return holds

    def takes(self, when: Expr | None, scope: Scope, at: Stand) -> bool:
        """Returns whether the rule with this condition takes the element.

        If the condition fails, the element is rejected, and the rules that follow do not see it.
        """
        if when is None:
            return True
        try:
            return self.decided(when, self.found(when, scope, at), scope, at)
        except EvaluationError as error:
            place = self.places.nearest(when, scope, at.element)
            self.problem("M504", when.place, at, input=place, severity="error", reason=error.reason)
            raise Rejected from None

    def reason(self, text: Text, scope: Scope, at: Stand) -> str:
        """Renders a reason; if that fails, the text as it is written."""
        try:
            return in_part(text.template.render_text(self.filling(text, scope, at)))
        except TemplateFailure as error:
            self.problem("M514", text.place, at, reason=error.reason)
            return in_part(text.template.text)

    def say(self, code: str, text: Text, scope: Scope, at: Stand) -> None:
        """Records a Problem whose message is a template of the rules."""
        self.problem(code, text.place, at, reason=self.reason(text, scope, at), template=text.template.text)

    def filling(self, text: Text, scope: Scope, at: Stand) -> dict[str, Any]:
        """The values of all roots that a template names, whether it writes them or not."""
        values = {use.name: scope.values.get(use.name) for use in text.template.roots}
        if self.reader is not None:
            self.reader(text, scope, at)
        return values

    def let(self, definitions: tuple[Field, ...], scope: Scope, at: Stand) -> Scope:
        """The scope with the names added. Each value is computed when it is first read; plain ones at once."""
        for definition in definitions:
            inside = at.apart((definition, scope))
            key = id(definition)
            if key not in self.plain:
                self.plain[key] = frozenset(roots_in(definition)) if is_plain(definition) else None
            names = self.plain[key]
            if names is not None and not any(map(scope.is_lazy, names)):
                scope = scope.with_let(definition, self.value(definition, scope, inside))
            else:
                scope = scope.with_let(definition, Lazy(definition, scope, inside, self.compute))
        return scope

    def compute(self, lazy: Lazy) -> None:
        """Computes the value of a let. Of what is skipped in it, only some is recorded, see `_stays_recorded`."""
        pending = [lazy]
        while pending:
            lazy = pending[-1]
            if lazy.is_rejected:
                raise Rejected
            if not lazy.is_made and self.depth >= _MOST_DEPTH and (first := lazy.read_first()):
                pending += first  # no recursion, since lets may build on each other in long chains
                continue
            pending.pop()
            if lazy.is_made:
                continue
            skipped, elements = len(self.skipped), len(self.elements)
            self.depth += 1
            try:
                lazy.made = self.value(lazy.definition, lazy.scope, lazy.at)
                lazy.is_made = True
            except Rejected:
                lazy.is_rejected = True
                raise
            finally:
                self.depth -= 1
                self.skipped[skipped:] = filter(_stays_recorded, self.skipped[skipped:])
                del self.elements[elements:]

    # Fields

    def iterate(self, source: Each | Route, scope: Scope, at: Stand, what: str) -> Iterator[tuple[str, Scope]]:
        """The elements of a list, or with a key name the entries of an object, each with its place and scope."""
        value: Any = self.search(source.each, scope, at, severity="error")
        if isinstance(value, KIND_CLASSES[source.each_type]):
            yield from self.entries(source, value, scope, at)
        elif value is not None:
            base, found = self.places.of(source.each, value, scope), with_article(kind(value))
            wanted = type_with_article(source.each_type)
            self.problem("M508", source.each.place, at, input=base, what=what, wanted=wanted, found=found)

    def entries(self, source: Each | Route, value: Any, scope: Scope, at: Stand) -> Iterator[tuple[str, Scope]]:
        """The elements of this value, which the expression of the source has given."""
        each, key_name = source.each, source.key_name
        base = self.places.of(each, value, scope)
        nearest = self.places.nearest(each, scope, at.element) if base is None else base
        items: Iterable[tuple[Any, Any]] = enumerate(value) if key_name is None else value.items()
        for key, element in items:
            place = join(base, key) if base is not None else self.places.index.find(element)
            inner = scope.with_root(source.as_name, element, place)
            name = key_name or source.index_name
            if name is not None:
                inner = inner.with_root(name, key, None)
            yield nearest if place is None else place, inner

    # Fields

    def envelope(self, output: Output, scope: Scope, *, aimed: bool) -> Envelope | None:
        """The parts that all requests of an output share, or None if a required part is absent."""
        self.origins = {}
        accounts = len(self.elements)
        try:
            fields = self.object(ObjectSource(output.fields), scope, Stand(None, "", "")) or {}
            target = None if aimed else self.target(output.request, scope, Stand(None, "", None))
        except Rejected:
            self.unmap(accounts)
            return None
        return Envelope(fields, target, self.origins)

    def target(self, line: RequestLine, scope: Scope, at: Stand) -> Target:
        at = at.apart()
        source = line.path.source
        fixed = source.template.fixed if isinstance(source, Text) else None
        path = self.value(line.path, scope, at) if fixed is None else fixed
        query = self.object(ObjectSource(line.query), scope, at) or {}
        return Target(path, query, self.object(ObjectSource(line.headers), scope, at) or {})

    def object(self, source: ObjectSource, scope: Scope, at: Stand) -> dict[str, Any] | None:
        """The object, or None if it has no members."""
        result: dict[str, Any] = {}
        for field_ in source.fields:
            name = field_.name or ""
            value = self.member(field_, scope, at.under(name))
            if value is not None:
                result[name] = None if value is _KEPT else value
        for spread in source.spreads:
            self.spread(spread, result, scope, at)
        return result or None

    def member(self, field_: Field, scope: Scope, at: Stand) -> Any:
        """The value of a field of an object or a list."""
        value = self.value(field_, scope, at)
        if id(field_) in self.repeated:
            self.budget.copy(value, field_.place)
        return value

    def value(self, field_: Field, scope: Scope, at: Stand) -> Any:
        """The value of a field; None if it is left out."""
        note = ""
        value = None
        accounts = len(self.elements)
        holds = self.holds(field_.when, scope, at)
        if not holds:
            note = "its condition does not hold"
        else:
            value = self.source(field_, scope, at)
            if value is not None and field_.table is not None:
                value = self.look_up(field_.table, value, field_, scope, at)
            if value is not None and field_.type is not None:
                value = self.coerce(value, field_, scope, at)
            if field_.omit_empty and is_empty(value):
                value, note = None, "it is empty"
            if value is None:
                self.unmap(accounts)
            if value is None and field_.default is not ABSENT:
                value, note = field_.default, "its default"
                self.took(field_, "default", scope, at, value)
            elif value is None:
                self.took(field_, "required" if field_.required else "absent", scope, at)
            if value is None and field_.required:
                name = field_.name if field_.name is not None else (at.output or "").rpartition("/")[2] or "value"
                place = self.places.nearest_field(field_, scope, at.element)
                self.problem("M506", field_.place, at, input=place, output=at.output or None, name=name)
                raise Rejected
        if self.steps is not None:
            inputs = self.places.read_by(field_, scope)
            self.steps.append(Step(at.output or "", at.rule, field_.place, inputs, value, note))
        is_kept = value is None and field_.keep_null and holds
        if value is not None or is_kept:
            self.took(field_, "given", scope, at, value)
            if at.output:
                self.origins[at.output] = ValueOrigin(field_.node, (field_, scope))
        return _KEPT if is_kept else value

    def listed(self, source: Listed, scope: Scope, at: Stand) -> list[Any] | None:
        """The list, or None if it has no elements."""
        result: list[Any] = []
        for item in source.items:
            value = self.member(item, scope, at.under(len(result)))
            if value is not None:
                result.append(None if value is _KEPT else value)
        return result or None

    def source(self, field_: Field, scope: Scope, at: Stand) -> Any:
        source = field_.source
        if isinstance(source, From):
            for part in source.alternatives:
                value = self.search(part, scope, at, field_) if isinstance(part, Expr) else self.value(part, scope, at)
                if value is not None:
                    if part is not field_.inner:  # what is written is a branch, not its conversion
                        self.took(part, "value", scope, at, value)
                    return value
            return None
        if isinstance(source, Const):
            return source.value
        if isinstance(source, Text):
            try:
                text = source.template.render(self.filling(source, scope, at))
            except TemplateFailure as error:
                self.value_problem("M514", source.place, field_, scope, at, reason=error.reason)
                return None
            if text is not None:
                self.took(source, "value", scope, at, text)
            return text
        if isinstance(source, ObjectSource):
            return self.object(source, scope, at)
        if isinstance(source, Listed):
            return self.listed(source, scope, at)
        return self.each(source, field_, scope, at)

    def each(self, source: Each, field_: Field, scope: Scope, at: Stand) -> list[Any] | None:
        result: list[Any] = []
        value = self.search(source.each, scope, at, field_, severity="error")
        if value is None:
            return None
        fits = isinstance(value, KIND_CLASSES[source.each_type])
        if not fits:
            words = type_with_article(source.each_type)
            self.value_problem(
                "M508", source.each.place, field_, scope, at, what="each", wanted=words, found=with_article(kind(value))
            )
            return None
        self.took(source, size_outcome(len(value)), scope, at, value)
        if id(source) in self.repeated:
            self.budget.repeat(len(value), source.each.place)
        for place, inner in self.entries(source, value, scope, at):
            inside = at.under(len(result)).on(place)
            accounts = len(self.elements)
            try:
                inner = self.let(source.let, inner, inside)  # noqa: PLW2901  the scope goes on with the lets
                if isinstance(source.value, ObjectSource):
                    element = self.object(source.value, inner, inside)
                else:
                    element = self.member(source.value, inner, inside)
            except Rejected:
                self.unmap(accounts)
                self.account(place, "rejected", at.rule)
                continue
            if element is None:
                self.skip(place, at.rule, NOTHING)
            else:
                result.append(element)
                self.account(place, "mapped", at.rule)
        return result

    def look_up(self, table: Table, value: Any, field_: Field, scope: Scope, at: Stand) -> Any:
        key = value if isinstance(value, str) else scalar_text(value) if isinstance(value, bool | int | float) else None
        if key is not None:
            key = key.casefold() if table.ignore_case else key
            if key in table.entries:
                self.took(table, f"entry {key}", scope, at, value)
                return table.entries[key]
        self.took(table, "unlisted", scope, at, value)
        if isinstance(table.unlisted, tuple):
            return table.unlisted[1]
        if table.unlisted == "reject":
            place = self.places.nearest_field(field_, scope, at.element)
            self.problem(
                "M507", field_.place, at, input=place, output=at.output or None, severity="error", value=shown(value)
            )
            raise Rejected
        return value if table.unlisted == "keep" else None

    def coerce(self, value: Any, field_: Field, scope: Scope, at: Stand) -> Any:
        try:
            converted = coerce(value, field_.type or "any", field_.items, field_.form)
            self.took(field_, "converted", scope, at, value)
            return converted
        except CoercionError as error:
            self.took(field_, "unconverted", scope, at, value)
            severity: Severity | None = "error" if field_.holds_others else None
            data = {"value": shown(value), "type": field_.type, "reason": str(error)}
            self.value_problem("M505", field_.place, field_, scope, at, severity=severity, **data)
            return value if field_.on_problem == "keep" else None

    # Spreads

    def spread(self, spread: Spread, result: dict[str, Any], scope: Scope, at: Stand) -> None:
        """Adds the entries that pass through to `result`."""
        value = self.search(spread.from_, scope, at, severity="error")
        if value is None:
            return
        place = self.places.of(spread.from_, value, scope)
        if not isinstance(value, dict):
            self.problem(
                "M508",
                spread.from_.place,
                at,
                input=place,
                output=at.output or None,
                what="a spread",
                wanted="an object",
                found=with_article(kind(value)),
            )
            return
        if id(spread) in self.repeated:
            self.budget.copy(value, spread.from_.place)
        self.took(spread, size_outcome(len(value)), scope, at, value)
        nearest = self.places.nearest(spread.from_, scope, at.element) if place is None else place
        for key, entry in value.items():
            if is_excepted(spread.except_, key):
                self.took(spread, "excepted", scope, at, key)
                continue
            if key in spread.rename:
                self.took(spread, f"rename {key}", scope, at, key)
            entry_place = join(place, key) if place is not None else self.places.index.find(entry)
            inner = scope.with_root(spread.as_name, entry, entry_place).with_root(
                spread.key_name, spread.rename.get(key, key), None
            )
            where = nearest if entry_place is None else entry_place
            accounts = len(self.elements)
            try:
                self.entry(spread, result, inner, at.on(where))
            except Rejected:
                self.unmap(accounts)
                self.account(where, "rejected", at.rule)

    def entry(self, spread: Spread, result: dict[str, Any], scope: Scope, at: Stand) -> None:
        scope = self.let(spread.let, scope, at)
        for entry_rule in spread.entries:
            if self.takes(entry_rule.when, scope, at):
                self.took(entry_rule, "takes", scope, at)
                break
        else:
            self.took(spread, "no entry rule", scope, at)
            self.skip(at.element, at.rule, NO_ENTRY_RULE)
            return
        scope = self.let(entry_rule.let, scope, at)
        if entry_rule.warn is not None:
            self.say("M512", entry_rule.warn, scope, at)
        if entry_rule.skip is not None:
            reason = self.reason(entry_rule.skip, scope, at)
            self.skip(at.element, at.rule, reason, entry_rule.skip.template.text)
        elif entry_rule.reject is not None:
            self.say("M511", entry_rule.reject, scope, at)
            self.account(at.element, "rejected", at.rule)
        else:
            self.keep(spread, entry_rule, result, scope, at)

    def keep(self, spread: Spread, entry_rule: EntryRule, result: dict[str, Any], scope: Scope, at: Stand) -> None:
        key = scope.values[spread.key_name]
        apart = at.apart()
        name = key if entry_rule.name is None else self.value(entry_rule.name, scope, apart)
        if not isinstance(name, str):
            place = (entry_rule.name or entry_rule).node.place
            self.problem("M515", place, at, value=shown(name))
            self.account(at.element, "rejected", at.rule)
            return
        if name in result:
            self.took(spread, "name taken", scope, at, name)
            self.skip(at.element, at.rule, NAME_TAKEN)
            return
        inside = at.under(name)
        if entry_rule.value is None:
            value = scope.values[spread.as_name]
            if inside.output is not None:
                self.origins[inside.output] = ValueOrigin(entry_rule.node, at.element)
        else:
            value = self.member(entry_rule.value, scope, inside)
        if value is None:
            self.skip(at.element, at.rule, NOTHING)
        else:
            result[name] = value
            self.took(entry_rule, "kept", scope, inside, value)
            self.account(at.element, "mapped", at.rule)


def _stays_recorded(skipped: Skipped) -> bool:
    """Returns whether a value skipped in a let stays recorded: its name was taken, or the rules give a reason."""
    return skipped.reason == NAME_TAKEN or skipped.template is not None


def size_outcome(size: int) -> str:
    """The outcome of an iteration over this number of elements: none, one or many."""
    return ("none", "one")[size] if size < 2 else "many"
