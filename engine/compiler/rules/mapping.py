"""Compiles a Rulebook to the source of one module: constants, helper functions, and `transform`, which maps a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ...diagnostics.problem import Place
from ...interpreter.outputs import evaluated, output_specs
from ...language.rulebook import Field, ObjectSource, Output, Route, Rule, Rulebook
from ...language.traversal import can_reject, can_reject_value, roots_in
from ...runtime.result import NO_RULE, NOTHING
from ...runtime.runner import FUNCTION, NAMESPACE
from ...schemas.schema import Schema
from ...source.nodes import ScalarNode
from ...types.from_schema import type_of
from ...types.types import ANY as ANY_TYPE
from ...values.budget import EMISSION
from ...values.kinds import type_with_article
from ...values.pointers import join
from ..python.function import Block, PythonFunction
from ..python.kind_tests import is_kind
from ..python.placement import move_below_conditions
from ..python.pool import Pool, place_code
from ..python.struct_layouts import Exceptions, Shapes
from ..python.value import DICT, KIND_BITS, NULL, VARIABLE, Value, bare, comment, structs_needed
from ..validation.conditions import ALWAYS, NEVER
from ..validation.contracts import Contract, Terms
from ..validation.subschemas import subschemas_of
from ..validation.validation import Validation
from .chains import chain
from .counters import Counters
from .fields import FieldCompiler
from .mode import MAPPED, TRACED, Mode
from .requests import RequestCompiler, aim, is_plain, share_tests
from .scope import CodeScope

__all__ = ["counting_source_of", "source_of", "sources_of", "title_of"]

_NAMES = """
    emitted notes output request problems skipped requests error noted validators GENERATED mapped traced struct
    is_filled reported unusual attrgetter dumps combined has_too_many is_larger is_too_much is_valid new Request
"""
_RESERVED = frozenset([*NAMESPACE, *_NAMES.split(), FUNCTION])
"""Names that nothing in generated code may be given."""


def source_of(rulebook: Rulebook) -> str:
    """The source of the module for batches as objects. The same Rulebook gives the same source."""
    return _module(_Mapping(Mode(rulebook), Pool(_RESERVED)), head=f"{title_of(rulebook)}. Do not edit.")


def counting_source_of(rulebook: Rulebook, counters: Counters) -> str:
    """The source of a module whose `transform` makes no requests, but counts the decisions of the rules in `hits`."""
    return _module(_Mapping(Mode(rulebook, counters=counters), Pool(_RESERVED | {"hits"})))


def structs_source_of(rulebook: Rulebook) -> str | None:
    """The source of a module whose `transform` takes the batch as a struct of the class `STRUCT_1`.

    None if the mapping uses batches as a whole, or the input schema declares too little. The code raises Unusual
    wherever a problem must be reported, unless a rule reports it. It is written twice: as if every object could be a
    struct, which shows the objects that it needs as a whole, and then with these as objects.
    """
    try:
        source, exceptions = _of_structs(rulebook, Exceptions())
    except RecursionError:  # by schemas that are nested too deeply
        source, exceptions = _of_structs(rulebook, Exceptions(bodies=frozenset(rulebook.outputs)))
    return source if exceptions == Exceptions() else _of_structs(rulebook, exceptions)[0]


def _of_structs(rulebook: Rulebook, exceptions: Exceptions) -> tuple[str | None, Exceptions]:
    """The source with these exceptions to reading objects as structs, and the exceptions that it should have had.

    Without the latter, it means the same, but leaves more batches to the code for objects.
    """
    type_ = type_of(rulebook.schemas[rulebook.input.schema]) if rulebook.input.schema is not None else ANY_TYPE
    pool = Pool(_RESERVED)
    shapes = Shapes(type_, exceptions, pool)
    if shapes.root is None:
        return None, Exceptions()
    mapping = _Mapping(Mode(rulebook, shapes=shapes), pool)
    source = _module(mapping, head=f"{title_of(rulebook)}, for batches read as structs. Do not edit.")
    return source, mapping.exceptions(shapes)


def sources_of(rulebook: Rulebook, names: frozenset[str]) -> str:
    """The source of the functions `mapped` and `traced`, without any of these names in it.

    `traced` does the same as `mapped`; it also records the origin of each value, and assembles requests in unusual
    cases.
    """
    pool = Pool(names | _RESERVED)
    return _module(*(_Mapping(Mode(rulebook, name), pool) for name in (MAPPED, TRACED)))


def title_of(rulebook: Rulebook) -> str:
    """The name and version of a mapping, and the workspace that changes it."""
    return f"{rulebook.name} {rulebook.version}" + (f", {rulebook.workspace}" if rulebook.workspace else "")


def _module(*mappings: _Mapping, head: str = "") -> str:
    """The source of a module with the functions of these mappings, which share a pool."""
    (pool, *_), modes = (mapping.pool for mapping in mappings), [mapping.mode for mapping in mappings]
    bodies = ["\n".join(mapping.write()) for mapping in mappings]
    helpers = [text.partition("(")[0].removeprefix("def ") for text in pool.functions]
    lines = [comment(f"Generated from the mapping {head}"), ""] if head else []
    lines += [line for mode in modes if mode.shapes is not None for line in mode.shapes.definitions()]
    lines += [*(f"\n{text}\n" for text in pool.functions), "", *pool.constants]
    lines.append(f"GENERATED = frozenset({sorted([*(mode.function for mode in modes), *helpers, *pool.inner])!r})")
    return "\n".join([*lines, *(f"\n\n{body}" for body in bodies), ""])


class _Mapping:
    def __init__(self, mode: Mode, pool: Pool) -> None:
        self.mode = mode
        self.rulebook = mode.rulebook
        self.pool = pool
        self.parameters = ("batch", "notes" if mode.of_structs else "validators")
        self.writer = PythonFunction(pool, self.parameters)
        self.fields = FieldCompiler(self.writer, mode)
        self.specs = {spec.name: spec for spec in output_specs(self.rulebook)}
        self.requests = RequestCompiler(self.fields, self.specs.values())
        self.parts: dict[str, str] = {}
        self.output_constants: dict[str, str] = {}
        self.known_fits: dict[str, str] = {}
        self.validation = Validation(pool)
        self.contracts: dict[str, Contract] = {}
        self.of_elements: dict[str, Block] = {}
        """The code of rules for single elements."""
        self.left = set[str]()
        """The rules whose elements are left to the code for objects."""
        # Envelopes are made in the order in which outputs are first emitted; only the order of problems shows it.
        noisy = [output.name for output in self.rulebook.outputs.values() if not self._is_silent(output)]
        self.in_order = mode.is_traced or (len(noisy) > 1 and mode.counters is None)

    def write(self) -> list[str]:
        """The lines of the function."""
        writer, rulebook = self.writer, self.rulebook
        writer.finishing.append(lambda: move_below_conditions(writer.early))
        writer.finishing.append(self.leave)  # after everything that is finished
        as_name = rulebook.input.as_name
        batch = writer.declare("batch", DICT, shape=None if self.mode.shapes is None else self.mode.shapes.root)
        scope = CodeScope(
            pool=self.pool,
            values={as_name: batch, "settings": self.pool.constant(dict(rulebook.values))},
            places={as_name: self.pool.name("ROOT", "Root('batch')")},
            lets=frozenset(),
            pointers={as_name: ""},
        )
        if self.mode.of_structs:
            writer.line("problems = []")
        else:
            writer.line(f"notes = {'Traces' if self.mode.is_traced else 'Notes'}(batch, validators)")
            writer.line("problems = notes.problems")
        if self.mode.repeated or any(rule.goes_on for rule in rulebook.rules):
            writer.line("notes = notes.of_batch()" if self.mode.of_structs else "notes.budget = Budget()")
        writer.line("skipped = []")
        for output in dict.fromkeys(rule.output for rule in rulebook.rules if rule.output is not None):
            self.parts[output] = "" if self.mode.is_traced else writer.name(f"{output}_parts")
            if not self.mode.is_traced:
                writer.line(f"{self.parts[output]} = []")
        if self.in_order:
            writer.line("emitted = {}")
        scope = self.fields.lets(rulebook.let, scope)
        for rule in rulebook.rules:
            if rule.route is None:
                self.batch_rule(rule, scope)
        for name, route in rulebook.routes.items():
            with self.fields.rejecting(scope.rejects, "pass"):  # by what it iterates over
                self.route(route, [rule for rule in rulebook.rules if rule.route == name], scope)
        self.outputs(scope)
        return [f"def {self.mode.function}({', '.join(self.parameters)}):", *writer.render()]

    # Rules

    def batch_rule(self, rule: Rule, scope: CodeScope) -> None:
        """Writes the code of a rule that is evaluated once for the batch."""
        self.note(f"rule {rule.name}", rule.place)
        scope = scope.of_rule(rule.name)
        after = "pass" if rule.output is not None else "return (), skipped, problems"
        with self.fields.rejecting(self.can_reject(rule, scope), after):
            condition = self.fields.taking(rule.when, scope, "" if rule.output is not None else after)
            self.writer.only_if(condition, lambda: self.rule(rule, scope, None))

    def rule(self, rule: Rule, scope: CodeScope, route: Route | None) -> None:
        """Writes the code of a rule for an element that it takes."""
        writer = self.writer
        self.fields.count(rule, "takes")
        scope = self.fields.lets(rule.let, scope)
        for warn in rule.warn:
            writer.only_if(
                self.fields.condition(warn.when, scope), partial(self.fields.say, "M512", warn.message, scope)
            )
        if rule.skip is not None:
            writer.line(self.fields.skip_as(rule.skip, scope, repr(rule.name)))
        elif rule.convert is not None:
            self.hand_over(rule.convert, scope)
            return
        elif rule.reject is not None:
            self.fields.say("M511", rule.reject, scope)
        else:
            self.emit(rule, scope, route)
        if route is None and rule.output is None:
            writer.line("return (), skipped, problems")
        if route is not None and not rule.goes_on:
            writer.line("continue")

    def hand_over(self, converter: ScalarNode, scope: CodeScope) -> None:
        """Writes the code that hands the batch to the mapping that converts it; a standalone module has none."""
        if self.mode.of_structs:
            self.writer.line("unusual()")
        elif self.mode.function == FUNCTION:
            self.writer.line(f"raise Handed({converter.text!r})")
        else:
            reason = f"this input is for the mapping {converter.text}, which is no part of this module"
            self.writer.line(f"notes.reported({scope.at(None).site('M511', converter.place)}, {reason!r})")
            self.writer.line("return (), skipped, problems")

    def can_reject(self, rule: Rule, scope: CodeScope) -> bool:
        """Returns whether a rule can reject what it is applied to, other than by `reject`."""
        output = self.rulebook.outputs.get(rule.output or "")
        aims = output is not None and self.specs[output.name].aimed and can_reject(output.request.parts)
        emits = output is not None and can_reject_value(rule.body)
        return scope.rejects or can_reject(rule.let) or emits or aims

    def emit(self, rule: Rule, scope: CodeScope, route: Route | None) -> None:
        """Writes the code that adds the fields of a rule to the parts of its output."""
        writer = self.writer
        if rule.goes_on:
            writer.line(f"notes.budget.repeat({EMISSION}, {writer.pool.name('PLACE', place_code(rule.place))})")
        output = self.rulebook.outputs[rule.output or ""]
        base = (f"{'' if output.element_of is None else join('', output.element_of)}/0",) if output.is_joined else ()
        if not self.mode.of_structs:
            writer.line("noted = len(problems)")
        if self.mode.is_traced:
            writer.line("notes.origins = {}")
        contract = self.contract(output)
        if contract is not None and output.element_of is not None:
            list_ = contract.member(output.element_of)
            contract = None if list_ is None else list_.element()
        made, test = self.body(rule.body, scope.at(("", *base), contract), rule.name)
        if output.body == "none" or not made.kinds & NULL:
            self.keep(rule, made, output, scope)
            return
        with writer.inside(f"if {test}:"):
            self.keep(rule, made, output, scope)
        if route is not None or not rule.is_empty or self.mode.counters is not None:
            with writer.inside("else:"):
                self.fields.count(rule, "nothing")
                writer.line(self.fields.skip(scope, repr(rule.name), repr(NOTHING)))

    def body(self, body: ObjectSource | Field, scope: CodeScope, wish: str) -> tuple[Value, str]:
        """The object or the value that a rule gives, and code for whether there is one."""
        if isinstance(body, ObjectSource):
            made = self.fields.object(body, scope, wish)
            return made, made.code
        made = self.fields.value(body, scope, wish)
        return made, f"{made.code} is not None"

    def keep(self, rule: Rule, made: Value, output: Output, scope: CodeScope) -> None:
        """Writes the code that keeps what a rule made."""
        piece = made.code
        spec = self.specs[output.name]
        if spec.aimed:
            target = self.requests.target(output.request, spec, scope)
            piece = f"({', '.join(target)}, {piece})" if self.requests.is_direct(spec) else f"({aim(target)}, {piece})"
        if self.mode.is_traced:
            emitted = f"{self.output_constant(output)}, {rule.name!r}, {place_code(rule.place)}, {scope.where()}"
            self.writer.line(f"notes.emitted({emitted}, {piece}, noted)")
        else:
            self.writer.line(f"{self.parts[output.name]}.append({self.part(rule, piece, output, scope)})")
        if self.in_order:
            self.writer.line(f"emitted[{output.name!r}] = True")

    def part(self, rule: Rule, piece: str, output: Output, scope: CodeScope) -> str:
        """Code for the part that is kept of what the rule made; with structs, no problem needs its place."""
        if self.mode.of_structs:
            return piece
        number = list(self.rulebook.outputs).index(output.name)
        emit = f"Emit({rule.name!r}, {place_code(rule.place)}, {scope.loop}, {number})"
        variables = self.loop_variables if scope.loop is not None else []
        return f"({', '.join([piece, self.pool.name('EMIT', emit), 'noted', 'len(problems)', *variables])})"

    # Routes

    def route(self, route: Route, rules: list[Rule], scope: CodeScope) -> None:
        """Writes the loop over the elements, each of which goes to the first rule that takes it."""
        writer = self.writer
        self.note(f"route {route.name}", route.node.place)
        value = self.fields.iterated(route.each, scope, self.fields.site_of(route.each, scope), "items")
        if self.mode.counters is not None:
            value = writer.bound(replace(value.unshaped, stable=value.is_constant))
            test = is_kind(value, value, KIND_BITS[route.each_type])
            self.fields.count_size(route, f"len({value.code}) if {test} else 0")
        if value.is_constant and value.constant is None:
            return
        if route.key_name is not None:
            value = value.unshaped
        if not value.stable or value.is_constant:
            value = writer.bound(replace(value, stable=False, constant=VARIABLE), f"{route.name}_items")
        kind, words = KIND_BITS[route.each_type], type_with_article(route.each_type)
        wishes = route.key_name or route.index_name or f"{route.as_name}_number", route.as_name
        entries = f"enumerate({value.text})" if route.key_name is None else f"{value.text}.items()"
        rejects = can_reject(route.let) or any(self.can_reject(rule, scope) for rule in rules)
        is_fit = writer.inside(f"if {is_kind(value, value, kind)}:")
        with is_fit, writer.loop(wishes, entries) as (key, element):
            self.loop_variables = [key, element]
            variables = value.text, key, element
            inner = scope.iterating(route.each, route.as_name, route.key_name, variables, value, route.index_name)
            with self.fields.rejecting(rejects, "continue"):
                self.element(route, rules, inner)
        if value.kinds & ~(kind | NULL):
            with writer.inside(f"elif {value.text} is not None:"):
                site = scope.at(None).site("M508", route.each.place, what=f"the route {route.name!r}", wanted=words)
                writer.line(f"notes.not_a_source({site}, {inner.loop}, {value.code})")

    def element(self, route: Route, rules: list[Rule], scope: CodeScope) -> None:
        scope = self.fields.lets(route.let, scope)

        taken = self.writer.name("taken") if any(rule.goes_on for rule in rules) else None
        if taken is not None:
            self.writer.line(f"{taken} = False")
        start, is_sure = 0, False
        for number, rule in enumerate(rules):
            if rule.goes_on:
                is_sure = is_sure or self.chain(route, rules[start:number], scope)
                start = number + 1
                if not is_sure:
                    self.going_on(route, rule, scope, taken)
        if not is_sure and not self.chain(route, rules[start:], scope):
            with self.writer.inside("" if taken is None else f"if not {taken}:"):
                self.fields.count(route, "no rule")
                self.writer.line(self.fields.skip(scope, "None", repr(NO_RULE)))

    def chain(self, route: Route, rules: list[Rule], scope: CodeScope) -> bool:
        """Writes the code of rules that an element does not go on from; returns whether one always takes it."""
        sites: list[Callable[[], str] | None] = [
            None if rule.when is None else self.fields.site_of(rule.when, scope.of_rule(rule.name)) for rule in rules
        ]
        whens = [rule.when for rule in rules]
        return chain(self.fields, scope, whens, lambda number: self.taken(route, rules[number], scope), sites)

    def going_on(self, route: Route, rule: Rule, scope: CodeScope, taken: str | None) -> None:
        """Writes the code of a rule after which an element goes on."""
        mark = f"{taken} = True"
        with self.fields.rejecting(can_reject(route.let) or self.can_reject(rule, scope), mark):
            condition = self.fields.taking(rule.when, scope.of_rule(rule.name), mark)
            if condition.is_constant and not condition.constant:
                return
            with self.writer.inside("" if condition.is_constant else f"if {bare(condition.code)}:"):
                self.writer.line(mark)
                self.taken(route, rule, scope)

    def taken(self, route: Route, rule: Rule, scope: CodeScope) -> None:
        """Writes the code of a rule of a route for an element that it takes."""
        self.note(f"rule {rule.name}", rule.place)
        if self.mode.shapes is None:
            self.rule(rule, scope.of_rule(rule.name), route)
        elif rule.name in self.mode.shapes.exceptions.rules:
            self.writer.line("unusual()")
        else:
            with self.writer.inside("") as self.of_elements[rule.name]:
                self.rule(rule, scope.of_rule(rule.name), route)

    def leave(self) -> None:
        """Leaves the elements of rules that need structs as objects to the code for objects."""
        for rule, block in self.of_elements.items():
            if structs_needed(*block.lines()):
                block.items = ["unusual()"]
                self.left.add(rule)

    def exceptions(self, shapes: Shapes) -> Exceptions:
        """The exceptions to reading objects as structs that the written code should have had."""
        whole = shapes.needed(*self.writer.root.lines(), *self.pool.functions)
        broken = {name for name, contract in self.contracts.items() if contract.terms.broken}
        return Exceptions(whole, frozenset(self.left), shapes.exceptions.bodies | broken)

    # Requests

    def outputs(self, scope: CodeScope) -> None:
        """Writes the code of the envelopes and requests of all outputs in order."""
        writer = self.writer
        writer.line("requests = []")
        outputs = [output for name, output in self.rulebook.outputs.items() if name in self.parts]
        if self.in_order:
            with writer.inside("for output in emitted:"):
                for output in outputs:
                    with writer.inside(f"if output == {output.name!r}:"):
                        self.output(output, scope)
            if self.mode.is_traced:
                outputs_code = ", ".join(self.output_constant(output) for output in outputs)
                writer.line(f"return notes.requests([{outputs_code}]), skipped, problems")
                return
            order = self.pool.name("ORDER", repr([output.name for output in outputs]))
            writer.line(f"requests.sort(key=lambda request: {order}.index(request.output))")
        else:
            written = []
            for output in outputs:
                with writer.inside(f"if {self.parts[output.name]}:") as block:
                    self.output(output, scope)
                written.append(block)
            share_tests(writer, written)
        if self.mode.of_structs:
            self.requests.bounded(self.parts)
        writer.line("return requests, skipped, problems")

    def output(self, output: Output, scope: CodeScope) -> None:
        """Writes the code of the envelope and requests of one output."""
        self.note(f"output {output.name}", output.node.place)
        spec = self.specs[output.name]
        line = () if spec.aimed else output.request.parts
        with self.fields.rejecting(scope.rejects or can_reject(output.fields) or can_reject(line), "pass"):
            if self.mode.is_traced:
                self.writer.line("notes.origins = {}")
            contract = self.contract(output)
            envelope = self.fields.object(ObjectSource(output.fields), scope.at(scope.output, contract), "envelope")
            target = ("", "", "") if spec.aimed else self.requests.target(output.request, spec, scope)
            if self.mode.counters is not None:
                return
            constant = self.output_constant(output)
            if self.mode.is_traced:
                self.writer.line(f"notes.enveloped({constant}, {envelope.code}, {aim(target)})")
            elif self.requests.is_direct(spec):
                self.requests.bodies(spec, constant, envelope.code, target, self.parts[output.name], self.fits(output))
            else:
                arguments = f"{constant}, {envelope.code}, {aim(target)}, {self.parts[output.name]}"
                self.writer.line(f"assemble({arguments}, notes, requests)")

    def contract(self, output: Output) -> Contract | None:
        """The Contract for the bodies of an output if batches are structs; otherwise whole bodies are validated."""
        shapes = self.mode.shapes
        if shapes is None or output.name in shapes.exceptions.bodies or output.body != "object":
            return None
        if output.name not in self.contracts:
            combine = {} if output.element_of is not None else output.combine
            parts = subschemas_of(self.schemas(output))
            self.contracts[output.name] = Contract(Terms(Validation(self.pool)), parts, joined=True, combine=combine)
        return self.contracts[output.name]

    def schemas(self, output: Output) -> list[Schema]:
        return [self.rulebook.schemas[name] for name in (output.schema, output.limits) if name is not None]

    def output_constant(self, output: Output) -> str:
        """The name of the constant that describes an output."""
        if output.name in self.output_constants:
            return self.output_constants[output.name]
        spec = self.specs[output.name]._replace(fits=None)
        fits = {ALWAYS: "always"}.get(self.fits(output), self.fits(output))
        constant = f"OutputSpec({', '.join(map(repr, spec[:-1]))}, {fits})"
        self.output_constants[output.name] = self.pool.name("OUTPUT", constant)
        return self.output_constants[output.name]

    def fits(self, output: Output) -> str:
        """The name of the function that proves bodies of an output valid; ALWAYS, or "None" if there is none."""
        if output.name not in self.known_fits:
            contract = self.contract(output)
            if contract is None:
                fits = self.validation.check(self.schemas(output))
            else:
                fits = contract.outermost(output.element_of)
            self.known_fits[output.name] = "None" if fits == NEVER else fits
        return self.known_fits[output.name]

    def _is_silent(self, output: Output) -> bool:
        """Returns whether the envelope and the target of the output can cause no problems."""
        line = () if self.specs[output.name].aimed else output.request.parts
        fixed = tuple(field for field in line if {"settings"}.issuperset(roots_in(field)))
        others = (field for field in (*output.fields, *line) if field not in fixed)
        return all(map(is_plain, others)) and not evaluated(fixed, self.rulebook)[1]

    def note(self, text: str, place: Place) -> None:
        self.writer.line(comment(f"{text} ({place.file}:{place.line})"))
