"""Compiles fields: conditions, sources, tables, types and defaults, to straight-line code.

A value is passed to a *sink*, a function that writes the code that keeps it. The code that leads to a sink runs only if
there is a value; otherwise nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ...expressions.tree import TreeNode
from ...language.rulebook import ABSENT, Const, Each, Expr, Field, From, Listed, ObjectSource, Text
from ...language.traversal import can_reject, can_reject_value, is_plain, roots_in
from ...values.kinds import type_with_article
from ..expressions.compiler import ExpressionCompiler
from ..expressions.templates import template
from ..python.function import Block, PythonFunction
from ..python.kind_tests import NOTHING, is_kind
from ..python.string_sources import common
from ..python.struct_layouts import listed
from ..python.value import ANY, DICT, KIND_BITS, LIST, NULL, VARIABLE, Value, bare
from ..validation.conditions import any_of
from .alike import grouped, write
from .conversions import converted, finished, is_as_wanted, unless_empty
from .emitter import Emitter, Sink
from .entry_conditions import conjuncts
from .lets import Let
from .scope import CodeScope
from .spreads import SpreadCompiler

__all__ = ["FieldCompiler"]


class FieldCompiler(Emitter):
    """Writes the code of fields into one function."""

    # Objects

    def object(self, source: ObjectSource, scope: CodeScope, wish: str) -> Value:
        """A new object under a stable name; it may turn out empty."""
        name = self.writer.name(wish)
        self.writer.line(f"{name} = {{}}")
        sure = []
        for part in grouped(self, source.fields, scope):
            if isinstance(part, Field):
                sure += [part.name or ""] if self._member(name, part, scope.under(part.name or "")) else []
            else:
                write(self, name, part, scope)
        for spread in source.spreads:
            SpreadCompiler(self).spread(spread, name, scope)
        if scope.contract is not None:
            names = [field.name or "" for field in source.fields]
            code = scope.contract.finished(name, names, sure, is_open=bool(source.spreads))
            self.require(code if sure else any_of([f"not {name}", code]))
        made = self.writer.declare(name, DICT if sure else DICT | NULL)
        return replace(made, fits=scope.contract is not None)

    def _member(self, target: str, field: Field, scope: CodeScope) -> bool:
        """Writes the code that adds a member to an object; returns whether it is always present."""
        key = repr(field.name or "")

        form = key.replace("{", "{{").replace("}", "}}")
        return self._part(field, scope, f"{target}[{form}] = {{}}", f"{target}[{key}]")

    def _part(self, field: Field, scope: CodeScope, form: str, kept: str) -> bool:
        """Writes the code that keeps a value, by a statement of this form; returns whether there always is one."""
        here = self.writer.block
        is_sure = field.when is None and (field.required or field.keep_null or field.default not in (ABSENT, None))

        def keep(value: Value) -> None:
            nonlocal is_sure
            is_sure = is_sure or self.writer.block is here
            fitting = self.validated(value, scope.contract)
            self.writer.line(form.format(bare(fitting.code)))
            self.copied(field, replace(fitting, text=kept), field.place)

        if field.keep_null and scope.contract is not None:  # which looks at values, not at null
            scope.contract.terms.refused = True
        value = self.constant(field)
        if value is None:
            self.field(field, scope, keep)
        elif value.constant is not None:
            self.gave(field, scope)
            keep(value)
        return is_sure

    def constant(self, field: Field) -> Value | None:
        """The value of a field that is the same for every batch; None for any other field."""
        if not isinstance(field.source, Const) or field.applied - {"default", "required", "on_problem"}:
            return None
        return self.writer.pool.constant(field.source.value) if field.source.value is not None else None

    # Fields

    def value(self, field: Field, scope: CodeScope, wish: str, variable: str | None = None) -> Value:
        """The value of a field, null if there is none, as a constant or under a stable name."""
        constant = self.constant(field)
        if constant is not None:
            self.gave(field, scope)
            return constant
        is_noted = self.mode.is_traced and scope.output is not None
        if field.when is not None and not is_noted and self._is_fixed(field.when, scope):
            if not self.condition(field.when, scope).constant:
                return self.writer.pool.constant(None)
            field = self._changed(field, when=None)
        found = None if is_noted else self._found(field, scope)
        if found is not None:
            self.count(field, "absent")
        if found is not None and is_as_wanted(found, field):
            found = self.writer.bound(found, field.name or "value", variable)
            if field.type is not None:
                self.count_value(field, "converted", found)
            self.count_value(field, "absent", found, "-=")
            return found
        name, kept = variable or self.writer.name(wish), list[tuple[Value, Block]]()
        self.writer.line(f"{name} = None")
        here = self.writer.block
        start = len(here.items)

        def keep(value: Value) -> None:
            with self.writer.inside("") as block:
                kept.append((value, block))

        if found is not None:
            converted(self, found, field, scope, self._present(field, keep))
        else:
            self.field(field, scope, keep)
        if len(here.items) == start:
            here.items.pop()
            return self.writer.pool.constant(None)
        shapes = {value.shape for value, _ in kept}
        shape = shapes.pop() if len(shapes) == 1 else None
        for value, block in kept:
            block.items.append(f"{name} = {bare(value.code if shape is None else value.text)}")
        return replace(self._one_of(name, [value for value, _ in kept], NULL), shape=shape)

    def _is_fixed(self, when: Expr, scope: CodeScope) -> bool:
        """Returns whether a condition is the same for every batch."""
        roots = (scope.values.get(use.name, NOTHING) for use in when.expression.roots)
        compiler = ExpressionCompiler(self.writer, scope.values)
        return all(root.is_constant for root in roots) and compiler.condition(self.counted(when).tree).is_constant

    def _one_of(self, name: str, values: Sequence[Value], kinds: int) -> Value:
        """The value of a variable that was assigned one of these values, or a value of these other kinds."""
        items = 0
        for value in values:
            kinds |= value.kinds & ~NULL
            items |= value.items
        return replace(self.writer.declare(name, kinds, items), texts=common(values))

    def _found(self, field: Field, scope: CodeScope) -> Value | None:
        """The value of a field that consists of expressions and possibly a type; None for any other field."""
        if field.applied - {"type", "items", "on_problem"}:
            return None
        found: list[Value] = []
        if isinstance(field.source, From | Text):
            self._source(field, scope, found.append)
        return found[0] if found else None

    def field(self, field: Field, scope: CodeScope, sink: Sink) -> None:
        """Writes the code of a field, with that of the sink where there is a value."""

        def given(value: Value) -> None:
            self.gave(field, scope)
            sink(value)

        if field.when is not None and self.mode.of_structs:
            parts = [*conjuncts(self.counted(field.when).tree)]
            self._nested(parts, self.reading(field.when, scope), lambda: self._valued(field, scope, given))
            return
        condition = self.condition(field.when, scope)
        self.writer.only_if(
            condition, lambda: self._valued(field, scope, given), partial(self.facts, field.when, scope)
        )

    def _nested(self, tests: list[TreeNode], compiler: ExpressionCompiler, write: Callable[[], None]) -> None:
        """Writes code below tests, each of which reads what it needs only if those before it hold."""
        if not tests:
            write()
            return
        first, *others = tests
        self.writer.only_if(
            compiler.condition(first),
            lambda: self._nested(others, compiler, write),
            lambda: compiler.facts(first, None),
        )

    def _valued(self, field: Field, scope: CodeScope, sink: Sink) -> None:
        """Writes the code of a field whose condition holds."""
        if field.default in (ABSENT, None) and not field.required and not field.keep_null:
            if field.default is ABSENT:
                self.count(field, "absent")
                sink = self._present(field, sink)
            else:
                self.count(field, "default")
                sink = self._present(field, sink, "default")
            self._source(field, scope, lambda value: self._finished(value, field, scope, sink))
            return
        writer = self.writer
        is_noted = self.mode.is_traced
        if field.required and field.default in (ABSENT, None) and isinstance(field.source, From) and not is_noted:
            value = self.value(self._changed(field, when=None, required=False), scope, field.name or "value")
            if value.kinds & NULL:
                with writer.inside(f"if {value.text} is None:"):
                    self._missing(field, scope)
            sink(replace(value, kinds=value.kinds & ~NULL))
            return
        name, kept = writer.name(field.name or "value"), list[Value]()
        writer.line(f"{name} = None")

        def keep(value: Value) -> None:
            kept.append(value)
            writer.line(f"{name} = {bare(value.code)}")

        self._source(field, scope, lambda value: self._finished(value, field, scope, keep))
        if field.default not in (ABSENT, None):
            with writer.inside(f"if {name} is None:"):
                self.count(field, "default")
                kept.append(writer.pool.constant(field.default))
                writer.line(f"{name} = {kept[-1].code}")
        elif field.required:
            with writer.inside(f"if {name} is None:"):
                self._missing(field, scope)
        else:
            self.count(field, "absent" if field.default is ABSENT else "default", f"+= {name} is None")
            sink(self._one_of(name, kept, NULL))
            return
        sink(self._one_of(name, kept, 0))

    def _changed(self, field: Field, **changes: Any) -> Field:
        """A changed copy of the field, whose decisions count as those of the field."""
        changed = replace(field, **changes)
        if self.mode.counters is not None:
            self.mode.counters.stands_for(changed, field)
        return changed

    def _present(self, field: Field, sink: Sink, outcome: str = "absent") -> Sink:
        """The sink after undoing the count of an outcome without a value, which was counted in advance."""

        def present(value: Value) -> None:
            self.count(field, outcome, "-= 1")
            sink(value)

        return sink if self.mode.counters is None else present

    def _finished(self, value: Value, field: Field, scope: CodeScope, sink: Sink) -> None:
        """Writes the code that applies the table, the type and `omit_empty` of a field to the value of its source."""
        if not field.omit_empty:
            finished(self, value, field, scope, sink)
            return
        finished(self, value, field, scope, lambda found: unless_empty(self, found, sink))

    def _missing(self, field: Field, scope: CodeScope) -> None:
        """Writes the code that rejects an element without the value."""
        data: dict[str, Any] = {} if field.name is None else {"name": field.name}
        site = scope.site("M506", field.place, scope.reads_of_field(field), **data)
        self.writer.line(f"notes.missing({site})")

    # Sources

    def _source(self, field: Field, scope: CodeScope, sink: Sink) -> None:
        """Writes the code of the source of a field; the sink has to check for null."""
        source = field.source
        if isinstance(source, From):
            self._first(field, source, scope, sink)
        elif isinstance(source, Const):
            sink(self.writer.pool.constant(source.value))
        elif isinstance(source, Text):
            value = template(self.writer, source.template, scope.values, text=False)
            if value.raises and not self.mode.of_structs:
                site = partial(self.site, "M514", source.place, field, scope)
                value = self.caught(value, site, field.name or "text", "unfilled", failures="TemplateFailure")
            sink(self.count_value(source, "value", value))
        elif isinstance(source, ObjectSource):
            value = self.object(source, scope, field.name or "value")
            if value.kinds & NULL:
                with self.writer.inside(f"if {value.code}:"):
                    sink(Value(value.code, DICT, stable=True, fits=value.fits))
            else:
                sink(value)
        elif isinstance(source, Listed):
            self._listed(source, field, scope, sink)
        else:
            self._each(source, field, scope, sink)

    def _listed(self, source: Listed, field: Field, scope: CodeScope, sink: Sink) -> None:
        """Writes the code of a list that is made element by element; it is validated as a whole."""
        found = self.writer.name(field.name or "found")
        self.writer.line(f"{found} = []")
        inner = scope.under_variable("#", found)
        inner = inner.at(inner.output)
        sure = [self._part(item, inner, f"{found}.append({{}})", f"{found}[-1]") for item in source.items]
        value = self.writer.declare(found, LIST)
        if any(sure):
            sink(value)
            return
        with self.writer.inside(f"if {found}:"):
            sink(value)

    def _first(self, field: Field, source: From, scope: CodeScope, sink: Sink) -> None:
        """Writes the code for the first alternative that is not null."""
        if len(source.alternatives) == 1:
            sink(self._alternative(source.alternatives[0], field, scope))
            return
        writer = self.writer
        first, *others = source.alternatives
        value = self._alternative(first, field, scope)
        while value.is_constant and value.constant is None and others:
            first, *others = others
            value = self._alternative(first, field, scope)
        if not value.kinds & NULL or not others:
            sink(value)
            return
        name, values = writer.name(field.name or "value"), [value]
        writer.line(f"{name} = {bare(value.code)}")
        for part in others:
            with writer.inside(f"if {name} is None:") as block:
                value = self._alternative(part, field, scope)
                values.append(value)
                if not value.is_constant or value.constant is not None:
                    writer.line(f"{name} = {bare(value.code)}")
            if not block.items:
                writer.block.items.remove(block)
        sink(self._one_of(name, values, NULL))

    def _alternative(self, part: Expr | Field, field: Field, scope: CodeScope) -> Value:
        if isinstance(part, Field):
            value = self.value(part, scope, field.name or "value")
            return value if part is field.inner else self.count_value(part, "value", value)
        value = self.search(part, scope, self.failure_of(part, field, scope), field.name or "value")
        return self.count_value(part, "value", value)

    def _each(self, source: Each, field: Field, scope: CodeScope, sink: Sink) -> None:
        writer = self.writer
        value = self.iterated(source.each, scope, self.failure_of(source.each, field, scope), "items")
        if value.is_constant and value.constant is None:
            return
        if source.key_name is not None:
            value = value.unshaped
        wish = value.text if value.stable and value.text.isidentifier() else "items"
        if not value.stable or value.is_constant:
            value = writer.bound(replace(value, stable=False, constant=VARIABLE), wish)
        kind = KIND_BITS[source.each_type]
        test = is_kind(value, value, kind)
        if test == "True":
            self._loop(source, value, field, scope, sink)
            return
        with writer.inside(f"if {test}:"):
            self._loop(source, value, field, scope, sink)
        if value.kinds & ~(kind | NULL):
            with writer.inside(f"elif {value.text} is not None:"):
                words = type_with_article(source.each_type)
                site = self.site("M508", source.each.place, field, scope, what="each", wanted=words)
                writer.line(f"notes.not_iterable({site}, {value.code})")

    def _loop(self, source: Each, value: Value, field: Field, scope: CodeScope, sink: Sink) -> None:
        writer = self.writer
        found = writer.name(field.name or "found")
        writer.line(f"{found} = []")
        self.repeats(source, value)
        self.count_size(source, f"len({value.text})")
        entries = f"enumerate({value.text})" if source.key_name is None else f"{value.text}.items()"
        wishes = source.key_name or source.index_name or f"{source.as_name}_number", source.as_name
        with writer.loop(wishes, entries) as (key, element):
            variables = value.text, key, element
            inner = scope.iterating(source.each, source.as_name, source.key_name, variables, value, source.index_name)
            inner = inner.under_variable("#", found)
            rejects = scope.rejects or can_reject(source.let) or can_reject_value(source.value)
            with self.rejecting(rejects, "continue"):
                inner = self.lets(source.let, inner)
                nothing = "" if inner.quiet else self.skip(inner, inner.rule_code, repr("nothing to map"))

                def add(value: Value, test: str) -> None:
                    self.kept(value, test, partial(writer.line, f"{found}.append({value.text})"), nothing)

                if isinstance(source.value, ObjectSource):
                    made = self.object(source.value, inner, f"{source.as_name}_fields")
                    add(made, made.code)
                elif nothing or self.mode.is_traced or source.value.applied != {"when"}:
                    made = self.value(source.value, inner.at(inner.output), f"{source.as_name}_value")
                    self.copied(source.value, made, source.value.place)
                    add(made, f"{made.text} is not None")
                else:  # elements without a value go by unmentioned
                    made = self._each_value(source.value, inner, add)
        if scope.contract is not None and made.fits:
            self.require(scope.contract.collected(found))
        sink(replace(writer.declare(found, LIST, made.kinds & ~NULL or ANY, listed(made.shape)), fits=made.fits))

    def _each_value(self, field: Field, scope: CodeScope, add: Callable[[Value, str], None]) -> Value:
        """Writes the code that adds the value of an element where there is one; returns what is known of it."""
        values: list[Value] = []

        def keep(value: Value) -> None:
            value = self.writer.bound(value.unshaped)
            values.append(value)
            self.copied(field, value, field.place)
            add(value, f"{value.text} is not None")

        constant = self.constant(field)
        if constant is None:
            self.field(field, scope.at(scope.output), keep)
        elif constant.constant is not None:
            self.gave(field, scope)
            keep(constant)
        kinds = sum(bit for bit in KIND_BITS.values() if any(value.kinds & bit for value in values))
        return Value("", kinds or ANY)

    def lets(self, definitions: tuple[Field, ...], scope: CodeScope) -> CodeScope:
        """The scope with the lets added. Plain ones are computed at once, others where they are used."""
        inside = replace(scope, output=None, contract=None, quiet=True)
        for definition in definitions:
            value = self._early(definition, inside)
            if value is None:
                let = Let(self, definition, inside)
                inside = inside.with_let(definition, Value("", lazy=let), let.variable)
            else:
                inside = inside.with_let(definition, value, value.text)
        return replace(inside, output=scope.output, contract=scope.contract, quiet=scope.quiet)

    def _early(self, definition: Field, scope: CodeScope) -> Value | None:
        """The value of a let that is plain or the same for every batch; None for any other."""
        roots = [scope.values.get(name, NOTHING) for name in roots_in(definition)]
        if is_plain(definition) and all(root.lazy is None for root in roots):
            return self.value(definition, scope, definition.name or "")
        if self.mode.counters is not None or not all(root.is_constant for root in roots):
            return None
        value = Let(self.inside(PythonFunction(self.writer.pool, ())), definition, scope).written()
        return value if value.is_constant else None
