"""The documentation of a mapping as data: listings and sections, with marks for differences from its base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..diagnostics.problem import Place
from ..functions.table import FUNCTIONS
from ..inference.rulebook import walk
from ..language.rulebook import EntryRule, Expr, Field, From, ObjectSource, Output, Rule, Rulebook, Spread
from ..source.text import one_line
from ..types.description import describe
from ..types.from_schema import type_of
from ..types.types import ANY, Type, constants, without_null
from ..values.kinds import shown
from .delivering import delivering
from .examples import ShownTest
from .fields import OutputValue, entry_end, path_of, source_of, values_in, values_of
from .lineage import Drawing, drawing, mermaid
from .listings import Cell, Listing, Mark, TableRow
from .notes import described, is_required, parts_at, type_at
from .personal import asserted, personal_data
from .usage import functions_of

__all__ = ["MappingDocument", "PageSection", "document_of", "title_of"]

HIDDEN = "(secret)"
_MAX_NAMES = 12


@dataclass(frozen=True, slots=True)
class PageSection:
    """The section of a rule: the elements that it takes, its outcome, its values, and an example."""

    name: str
    place: Place
    description: str
    facts: tuple[tuple[str, Cell], ...]
    listings: tuple[Listing, ...]
    example: ShownTest | None
    mark: Mark = ""

    def against(self, base: PageSection | None) -> PageSection:
        """The same section with marks for differences from the base."""
        if base is None:
            return replace(self, mark="new")
        old = {one.title: one for one in base.listings}
        listings = tuple(one.against(old.get(one.title)) for one in self.listings)
        is_same = self.facts == base.facts and not any(row.mark for one in listings for row in one.rows)
        return replace(self, listings=listings, mark="" if is_same else "changed")


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """The whole documentation. `base` is the title of the mapping that it extends, if that is known."""

    title: str
    description: str
    facts: tuple[tuple[str, Cell], ...]
    drawing: Drawing
    mermaid: str
    overview: tuple[Listing, ...]
    sections: tuple[PageSection, ...]
    details: tuple[Listing, ...]
    base: str | None = None

    @property
    def files(self) -> dict[str, list[PageSection]]:
        """The sections by the file of their rule, in order."""
        found: dict[str, list[PageSection]] = {}
        for section in self.sections:
            found.setdefault(section.place.file, []).append(section)
        return found

    def against(self, base: MappingDocument) -> MappingDocument:
        """The same document with marks for differences from the base."""
        old = {one.title: one for one in (*base.overview, *base.details)}
        sections = {one.name: one for one in base.sections}
        return replace(
            self,
            base=base.title,
            overview=tuple(one.against(old.get(one.title)) for one in self.overview),
            details=tuple(one.against(old.get(one.title)) for one in self.details),
            sections=tuple(one.against(sections.get(one.name)) for one in self.sections),
        )


def title_of(rulebook: Rulebook) -> str:
    """The name and version of a mapping; of a workspace, its name and those of the mapping."""
    of = f"{rulebook.name} {rulebook.version}"
    return of if rulebook.workspace is None else f"{rulebook.workspace} ({of})"


def document_of(rulebook: Rulebook, examples: Mapping[str, ShownTest]) -> MappingDocument:
    """The documentation of a rulebook; `examples` are by the names of rules."""
    flow = walk(rulebook)
    given = {emission.rule.name: emission.fields for emission in flow.emissions}
    schemas = {name: rulebook.schemas.get(output.schema or "") for name, output in rulebook.outputs.items()}
    bodies = {name: ANY if schema is None else type_of(schema) for name, schema in schemas.items()}
    writer = _Writer(rulebook, given, bodies, flow.envelopes)
    return MappingDocument(
        title_of(rulebook),
        one_line(rulebook.description or ""),
        (("Input", Cell(rulebook.input.schema, "code")),),
        drawing(rulebook),
        mermaid(rulebook),
        tuple(one for one in writer.overview() if one.rows),
        tuple(writer.section(rule, examples.get(rule.name)) for rule in rulebook.rules),
        tuple(one for one in writer.details() if one.rows),
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the parts of a document.

    `given` has the types of the emissions of rules, `bodies` those that outputs allow, `envelopes` those of the members
    that outputs add.
    """

    rulebook: Rulebook
    given: Mapping[str, Type]
    bodies: Mapping[str, Type]
    envelopes: Mapping[str, Type]

    def overview(self) -> Iterator[Listing]:
        book = self.rulebook
        outputs = [
            TableRow(
                name,
                (
                    Cell(name, "code"),
                    Cell(f"{output.request.method} {path_of(output.request)}", "code"),
                    Cell(output.schema or "(no body)", "code"),
                    Cell(one_line(output.description or "")),
                ),
            )
            for name, output in book.outputs.items()
        ]
        yield Listing("Outputs", ("Output", "Request", "Schema of the body", "Description"), tuple(outputs))
        yield Listing("Settings", ("Setting", "Type", "Value", "Description"), tuple(self.settings()))
        routes = [
            TableRow(
                name, (Cell(name, "code"), _code(one.each.text), Cell(one.as_name, "code"), _text(one.description))
            )
            for name, one in book.routes.items()
        ]
        note = "Each element goes to the first rule of its list that takes it."
        yield Listing("Lists of the input", ("List", "Elements of", "Called", "Description"), tuple(routes), note)
        rules = [
            TableRow(
                rule.name,
                (*self.head(rule), _code(rule.output), self.names(rule), _text(rule.description)),
            )
            for rule in book.rules
            if rule.output is not None
        ]
        yield Listing("What is sent", ("Rule", "Takes", "Gives", "Named", "Description"), tuple(rules))
        others = [
            TableRow(rule.name, (*self.head(rule), _end(rule), _text(rule.description)))
            for rule in book.rules
            if rule.output is None and rule.convert is None
        ]
        converts = [
            TableRow(rule.name, (*self.head(rule), _code(rule.convert.text), _text(rule.description)))
            for rule in book.rules
            if rule.convert is not None
        ]
        note = "What another mapping makes of these inputs is mapped in their place."
        yield Listing("What is converted", ("Rule", "Takes", "By", "Description"), tuple(converts), note)
        note = "Nothing of these reaches a request. What is rejected is reported as an error."
        yield Listing("What is left out", ("Rule", "Takes", "Reason", "Description"), tuple(others), note)

    def settings(self) -> Iterator[TableRow]:
        for name, setting in self.rulebook.settings.items():
            value = HIDDEN if setting.secret else shown(self.rulebook.values[name])
            types = setting.type if setting.items is None else f"{setting.type} of {setting.items}"
            if setting.enum is not None:
                types = f"{types}: {', '.join(map(shown, setting.enum))}"
            yield TableRow(name, (Cell(name, "code"), Cell(types), Cell(value, "code"), _text(setting.description)))

    def head(self, rule: Rule) -> tuple[Cell, Cell]:
        return Cell(rule.name, "rule"), self.takes(rule)

    def takes(self, rule: Rule) -> Cell:
        """The elements that a rule takes: its route and its condition."""
        route = self.rulebook.routes.get(rule.route or "")
        what = self.rulebook.input.as_name if route is None else route.as_name
        return Cell(f"{what} if {one_line(rule.when.text)}" if rule.when is not None else f"every {what}", "code")

    def names(self, rule: Rule) -> Cell:
        """The values of required strings in the emission of a rule that are known before any data."""
        given, allowed = self.given.get(rule.name, ANY), self.bodies[rule.output or ""]
        found = [
            shown(name)
            for value in values_of(rule)
            if len(value.way) == 1 and is_required(allowed, self.way(rule, value))
            for name in _constants(type_at(given, value.way))
        ]
        return Cell(", ".join(found))

    def way(self, rule: Rule, value: OutputValue) -> tuple[str, ...]:
        """The place of a value of a rule in the body of a request."""
        output = self.rulebook.outputs[rule.output or ""]
        above = (output.element_of, "-") if output.element_of is not None else ("-",) if output.body == "list" else ()
        return (*above, *value.way)

    def section(self, rule: Rule, example: ShownTest | None) -> PageSection:
        facts = [("Takes", self.takes(rule))]
        if rule.output is None:
            facts.append(("Reason", _end(rule)))
        else:
            facts.append(("Gives", Cell(rule.output, "code")))
        facts += [(f"let {field.name}", Cell(_source(field), "code")) for field in rule.let]
        for warn in rule.warn:
            condition = f" (if {one_line(warn.when.text)})" if warn.when is not None else ""
            facts.append(("Warns", Cell(f"{one_line(warn.message.template.text)}{condition}")))
        if rule.deprecated:
            facts.append(("Deprecated", Cell(one_line(rule.deprecated))))
        listings = [Listing("Fields", _COLUMNS, tuple(self.values(rule)))] if rule.output is not None else []
        for value in values_of(rule):
            if isinstance(value.part, Spread) and value.part.policy is None and value.part.entries:
                title = f"Entries of {one_line(value.part.from_.text)}"
                listings.append(Listing(title, _ENTRY_COLUMNS, tuple(_entries(value.part.entries))))
        description = one_line(rule.description or "")
        return PageSection(rule.name, rule.place, description, tuple(facts), tuple(listings), example)

    def values(self, rule: Rule) -> Iterator[TableRow]:
        output = self.rulebook.outputs[rule.output or ""]
        for value in values_of(rule):
            type_ = type_at(self.given.get(rule.name, ANY), value.way)
            yield self.value(output, self.way(rule, value), value, type_, rule)

    def value(
        self, output: Output, way: tuple[str, ...], value: OutputValue, type_: Type, rule: Rule | None
    ) -> TableRow:
        part = value.part
        required, notes = bool(way) and is_required(self.bodies[output.name], way), []
        words = "" if isinstance(part, Spread) or type_.never else describe(type_ if type_.any else without_null(type_))
        if isinstance(part, Field):
            schema = self.rulebook.schemas.get(output.schema or "")
            notes = [part.description or (described(parts_at(schema, way), schema) if schema is not None else None)]
            notes[0] = notes[0] or self.about(value, rule)
            if part.required:
                required = True
                notes.append("Without it, what is being mapped is rejected.")
            if part.deprecated:
                notes.append(f"Deprecated: {part.deprecated}")
            named = ", ".join(map(shown, _constants(type_))) if isinstance(part.source, From) else ""
            if part.items or value.type:
                words = f"{part.type} of {part.items}" if part.items else f"{value.type}{f': {named}' if named else ''}"
        text = value.source
        if isinstance(part, Field) and part.when is not None:
            text += f" if {one_line(part.when.text)}"
        place = _dotted(way)
        cells = Cell(text, "code"), Cell(place, "code"), Cell(words), Cell("yes" if required else "")
        key = f"{place} {value.source}" if isinstance(part, Spread) else place
        return TableRow(key, (*cells, _text(" ".join(note for note in notes if note))), value.place)

    def about(self, value: OutputValue, rule: Rule | None) -> str | None:
        """The description that the input schema has of the source of a value, if that is a plain path."""
        part = value.part
        source = part.source if isinstance(part, Field) else None
        schema = self.rulebook.schemas.get(self.rulebook.input.schema)
        first = source.alternatives[0] if isinstance(source, From) else None
        if schema is None or not isinstance(first, Expr):
            return None
        roots = dict(value.roots)
        route = self.rulebook.routes.get(rule.route or "") if rule is not None else None
        if route is not None:
            roots[route.as_name] = route.each
        way = _way(first, roots, self.rulebook.input.as_name)
        return None if way is None else described(parts_at(schema, way), schema)

    def details(self) -> Iterator[Listing]:
        book = self.rulebook
        for name, output in book.outputs.items():
            source = ObjectSource(output.fields, ())
            envelope = self.envelopes.get(name, ANY)
            rows = [
                self.value(output, value.way, value, type_at(envelope, value.way), None) for value in values_in(source)
            ]
            rows += [
                TableRow(
                    f"query {field.name}",
                    (Cell(_source(field), "code"), Cell(f"?{field.name}=", "code"), *_NOTHING),
                    field.place,
                )
                for field in output.request.query
            ]
            yield Listing(f"Every request of {name}", _COLUMNS, tuple(rows))
        for name, entries in book.policies.items():
            note = "The first of these that takes an entry decides about it."
            yield Listing(f"Policy {name}", _ENTRY_COLUMNS, tuple(_entries(entries)), note)
        for name, table in book.tables.items():
            rows = [
                TableRow(key, (_code(shown(key)), _code("(left out)" if value is None else shown(value))))
                for key, value in table.entries.items()
            ]
            unlisted = table.unlisted if isinstance(table.unlisted, str) else f"{shown(table.unlisted[1])} instead"
            note = f"Values that are not listed: {unlisted}."
            yield Listing(f"Table {name}", ("Value", "Becomes"), tuple(rows), note)
        lets = [
            TableRow(
                field.name or "",
                (Cell(field.name or "", "code"), Cell(_source(field), "code"), _text(field.description)),
                field.place,
            )
            for field in book.let
        ]
        yield Listing("Named values", ("Name", "Source", "Description"), tuple(lets))
        yield from delivering(book)
        yield personal_data(book)
        yield asserted(book)
        functions = [
            TableRow(name, (_code(FUNCTIONS[name].signature), Cell(FUNCTIONS[name].told)))
            for name in sorted(functions_of(book))
        ]
        yield Listing("Functions", ("Function", "Description"), tuple(functions))


_COLUMNS = ("Source", "Target", "Type", "Required", "Description")
_ENTRY_COLUMNS = ("Takes", "What happens", "Description")
_NOTHING = (Cell(""), Cell(""), Cell(""))


def _constants(type_: Type) -> tuple[str, ...]:
    """The strings that a value can be, if these are few and it cannot be anything else."""
    found = constants(without_null(type_)) or ()
    return tuple(one for one in found if isinstance(one, str)) if len(found) <= _MAX_NAMES else ()


def _text(text: str | None) -> Cell:
    return Cell(one_line(text or ""))


def _code(text: str) -> Cell:
    return Cell(one_line(text), "code")


def _end(rule: Rule) -> Cell:
    if rule.convert is not None:
        return Cell(f"converted by {rule.convert.text}, and then mapped")
    text = rule.skip or rule.reject
    reason = "" if text is None else one_line(text.template.text)
    return Cell(f"rejected: {reason}" if rule.reject is not None else reason)


def _source(field: Field) -> str:
    """The source of a field with its contents, on one line."""
    inner = (
        [f"{_dotted(one.way)}: {one.source}" for one in values_in(field.source)]
        if isinstance(field.source, ObjectSource)
        else []
    )
    words = "; ".join(inner) or source_of(field)
    return f"{words} if {one_line(field.when.text)}" if field.when is not None else words


def _entries(entries: Sequence[EntryRule]) -> Iterator[TableRow]:
    for number, entry in enumerate(entries):
        takes = "all others" if entry.when is None else one_line(entry.when.text)
        form: Literal["text", "code"] = "text" if entry.when is None else "code"
        yield TableRow(
            str(number), (Cell(takes, form), Cell(entry_end(entry)), _text(entry.description)), entry.node.place
        )


def _dotted(way: Sequence[str]) -> str:
    """A place as vendors write it: `actions[].attributes.Total Amount`."""
    text = ""
    for step in way:
        text += "[]" if step == "-" else f"[{step}]" if step.isdecimal() else f".{step}" if text else step
    return text


def _way(expr: Expr, roots: Mapping[str, Expr], name: str, depth: int = 0) -> list[str] | None:
    """The way from the whole input to the value of an expression that is a plain path."""
    names: list[str] = []
    pending = [expr.expression.tree]
    while pending:
        node = pending.pop()
        if node["type"] == "subexpression":
            pending += reversed(node["children"])
        elif node["type"] == "field":
            names.append(node["value"])
        else:
            return None
    if names[0] == name:
        return names[1:]
    if names[0] not in roots or depth > len(roots):
        return None
    above = _way(roots[names[0]], roots, name, depth + 1)
    return None if above is None else [*above, "-", *names[1:]]
