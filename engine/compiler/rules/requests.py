"""Writes the code of requests: their targets, and for batches read as structs also their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...interpreter.outputs import evaluated
from ...language.rulebook import Const, Expr, Field, From, ObjectSource, RequestLine
from ...language.traversal import roots_in
from ...runtime.assembly import FEW
from ...runtime.outputs import MAX_RESULT_BYTES, OutputSpec
from ..python.function import Block, PythonFunction
from ..validation.conditions import ALWAYS
from .fields import FieldCompiler
from .scope import CodeScope

__all__ = ["RequestCompiler", "aim", "is_plain", "share_tests"]

_NAME = re.compile(r"[A-Za-z_]\w*")
_CALL = re.compile(r"\w\(")
_REFUSAL = "    unusual()"

TargetCode = tuple[str, str, str]
"""Code for the path, the query and the headers of a request."""


class RequestCompiler:
    """Writes the code of the requests of one mapping."""

    def __init__(self, fields: FieldCompiler, specs: Iterable[OutputSpec]) -> None:
        self.rulebook = fields.mode.rulebook
        self.fields = fields
        self.writer = fields.writer
        sizes = {spec.name: self._size(spec) for spec in specs}
        bounded = {name: size for name, size in sizes.items() if size is not None}
        is_bounded = sum(bounded.values()) <= MAX_RESULT_BYTES
        self.unbounded = [name for name in sizes if not (is_bounded and name in bounded)]
        """The outputs whose bodies can exceed the maximum size of a result together."""

    def _size(self, spec: OutputSpec) -> int | None:
        """The maximum total size of the bodies of an output in bytes; None if unknown."""
        emitting = [rule for rule in self.rulebook.rules if rule.output == spec.name]
        number = 1 if spec.combine else len(emitting)
        is_few = self.is_direct(spec) and (spec.combine or all(rule.route is None for rule in emitting))
        return number * spec.max_bytes if spec.max_bytes is not None and is_few else None

    def is_direct(self, spec: OutputSpec) -> bool:
        """Returns whether the bodies of an output are made by generated code, not by `assemble`."""
        return (
            self.fields.mode.of_structs
            and spec.body == "object"
            and spec.form is None
            and not (spec.aimed and spec.combine)
        )

    def target(self, line: RequestLine, spec: OutputSpec, scope: CodeScope) -> TargetCode:
        """Code for the target of a request; `assemble` adds the headers of the output."""
        scope = scope.at(None)
        path = self.fields.value(line.path, scope, "path").code
        headers = spec.headers if self.is_direct(spec) else {}
        return (
            path,
            self._members(line.query, {}, scope, "query"),
            self._members(line.headers, headers, scope, "headers"),
        )

    def _members(self, fields: tuple[Field, ...], before: Mapping[str, str], scope: CodeScope, wish: str) -> str:
        """Code for the members of a query or of headers, after those that all requests have."""
        is_noted = self.fields.mode.is_traced or any(id(field) in self.fields.mode.repeated for field in fields)
        is_apart = not is_noted and self.fields.mode.counters is None
        if is_apart and all({"settings"}.issuperset(roots_in(field)) for field in fields):
            values, problems = evaluated(fields, self.rulebook)
            if not problems:
                return repr({**before, **values})
        made = self.fields.object(ObjectSource(fields), scope, wish).code
        return f"{{**{before!r}, **{made}}}" if before else made

    def bodies(self, spec: OutputSpec, constant: str, envelope: str, target: TargetCode, parts: str, fits: str) -> None:
        """Writes the code of the requests that are made directly of the parts in a variable."""
        writer = self.writer
        single = bool(spec.combine)
        listed = f"[part[-1] for part in {parts}]" if spec.aimed else parts
        many = f"len({parts}) > {FEW} and is_larger({listed}, {spec.max_bytes if single else None})"
        with writer.inside(f"if {many if spec.simple or not single else f'len({parts}) > 1'}:"):
            writer.line("unusual()")
        if spec.element_of is not None:
            self._request(spec, constant, f"{{**{envelope}, {spec.element_of!r}: {parts}}}", target, fits)
        elif single:
            one = f"{{**{envelope}, **{parts}[0]}} if len({parts}) == 1"
            combining = "joined" if spec.simple and self._are_new(spec) else "combined"
            self._request(spec, constant, f"{one} else {combining}({constant}, {envelope}, {parts})", target, fits)
        else:
            names = [writer.name(wish) for wish in ("path", "query", "headers")] if spec.aimed else []
            part = writer.name("part")
            with writer.inside(f"for {', '.join([*names, part])} in {parts}:", loops=True):
                aim = (names[0], names[1], names[2]) if spec.aimed else target
                self._request(spec, constant, f"{{**{envelope}, **{part}}}", aim, fits)

    def _are_new(self, spec: OutputSpec) -> bool:
        """Returns whether all objects that are merged are made for the parts of this output, and are no defaults."""

        def is_new(field: Field) -> bool:
            return isinstance(field.source, ObjectSource) and field.applied <= {"when"}

        merged = {name for name, how in spec.combine.items() if how == "merge"}
        return all(
            isinstance(rule.body, ObjectSource)
            and not rule.body.spreads
            and all(is_new(field) for field in rule.body.fields if field.name in merged)
            for rule in self.rulebook.rules
            if rule.output == spec.name
        )

    def bounded(self, parts: Mapping[str, str]) -> None:
        """Writes the code that refuses bodies that are too large together; the variables with parts, by output."""
        unbounded = [parts[name] for name in self.unbounded if name in parts]
        if unbounded:
            with self.writer.inside(f"if ({' or '.join(unbounded)}) and is_too_much(requests, ()):"):
                self.writer.line("unusual()")

    def _request(self, spec: OutputSpec, constant: str, body: str, target: TargetCode, fits: str) -> None:
        """Writes the code that adds the request with a body, if it is valid."""
        writer = self.writer
        name, text = writer.name("body"), writer.name("text")
        writer.lines([f"{name} = {body}", f"{text} = dumps({name})"])
        tests = [] if spec.max_bytes is None else [f"len({text}) > {spec.max_bytes}"]
        if spec.schema is not None and fits != ALWAYS:
            quick = "" if fits == "None" else f"{fits}({name}) or "
            tests.append(f"not ({quick}is_valid({constant}, {name}, notes.validators))")
        if spec.lists:
            tests.append(f"has_too_many({constant}, {name})")
        if tests:
            with writer.inside(f"if {' or '.join(tests)}:"):
                writer.line("unusual()")
        path, query, headers = target
        parts = f"{spec.name!r}, {spec.method!r}, {path}, {query}, {name}, {text}, {headers}, {spec.server!r}"
        writer.line(f"requests.append(new(Request, ({parts})))")


def share_tests(writer: PythonFunction, outputs: Sequence[Block]) -> None:
    """Has each test that several outputs make of the same value, as of an identity in all envelopes, made once."""
    found: dict[str, list[tuple[Block, int]]] = {}
    for output in outputs:
        for block, number, test in _tests(output):
            names = [name for name in _NAME.findall(test) if writer.has(name)]
            if _CALL.search(test) and all(writer.block.owner(name) is not None for name in names):
                found.setdefault(test, []).append((block, number))
    for test, places in found.items():
        if len(places) > 1:
            flag = writer.name("is_tested")
            writer.block.items.insert(writer.block.items.index(outputs[0]), f"{flag} = False")
            for block, number in places:
                once: list[str | Block] = [test, _REFUSAL, f"{flag} = True"]
                block.items[number : number + 2] = [Block(block, f"if not {flag}:", items=once), Block(block)]


def _tests(block: Block) -> Iterator[tuple[Block, int, str]]:
    """The places of the tests of valid values, whose next line refuses all others."""
    for number, item in enumerate(block.items):
        if isinstance(item, Block):
            yield from _tests(item)
        elif block.items[number + 1 : number + 2] == [_REFUSAL]:
            yield block, number, item


def aim(target: tuple[str, str, str]) -> str:
    """Code for a Target."""
    return f"Target({', '.join(target)})" if any(target) else "None"


def is_plain(field: Field) -> bool:
    """Returns whether a field gives a constant or what plain paths lead to, as it is."""
    if field.applied - {"default", "on_problem"}:
        return False
    if isinstance(field.source, Const):
        return True
    parts = field.source.alternatives if isinstance(field.source, From) else (field,)
    return all(isinstance(part, Expr) and part.expression.tree["type"] in ("field", "subexpression") for part in parts)
