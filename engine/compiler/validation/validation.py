"""Compiles JSON Schemas to Python functions that return whether a body is certainly valid.

A body that such a function accepts is valid by all the schemas that it is compiled from. A body that it refuses may
still be valid, if a keyword is not supported here; then a validator decides. So leaving out a keyword is always safe,
and supporting the common ones makes validation fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

from ...schemas.schema import Schema
from ..python.pool import Pool
from ..python.value import Texts, Value
from .conditions import (
    ALWAYS,
    CLASSES,
    ELEMENT_CLASSES,
    KINDS,
    NEVER,
    NUMBER,
    DoubtError,
    all_of,
    answers_by_kind,
    any_of,
    bounds,
    is_understood,
    negated,
    of_number,
    of_type,
    of_values,
)
from .searches import of_text
from .subschemas import (
    MEMBERS,
    Subschema,
    Subschemas,
    flat,
    is_allowed,
    is_choosy,
    member_subschemas,
    subschemas_of,
)

__all__ = ["Validation"]

_TRIVIAL = {f"return {answer}": answer for answer in (ALWAYS, NEVER)}
_CALLABLE = {ALWAYS: "always", NEVER: "never"}
_FEW = 12
"""The largest number of properties of a closed object that are checked one by one."""


class Validation:
    """Writes the functions of the schemas of one module. A doubt counts as a refusal, unless answers must be exact."""

    def __init__(self, pool: Pool) -> None:
        self.is_exact = False
        self.pool = pool
        self.known: dict[Any, str | None] = {}
        self.referred_to: set[str] = set()
        self.at_work: set[Any] = set()
        self.codes: dict[Any, str] = {}
        """The code for values of one kind, unless it depends on what is at work, or on what is known of strings."""
        self.cuts = [0]
        """The number of times that something was found at work."""
        self.written: dict[tuple[str, str], str] = {}
        self.doubts = 0
        """The number of negative answers that were only doubts."""
        self.texts: dict[str, tuple[Texts, ...]] = {}
        """The origins of the strings in a variable."""
        self.exactly = copy(self)
        """A copy that gives exact answers only, and raises DoubtError in doubt."""
        self.exactly.is_exact, self.exactly.exactly = True, self.exactly

    @contextmanager
    def knowing(self, value: Value) -> Iterator[None]:
        """In the `with` block, no code is written for conditions that the strings of the value are known to meet."""
        before = self.texts.copy()
        self.texts[value.text] = value.texts
        try:
            yield
        finally:
            self.texts.clear()
            self.texts.update(before)

    def check(self, schemas: Sequence[Schema]) -> str:
        """The name of a function of a value; ALWAYS if all values are valid, NEVER if nothing is known."""
        written = self.pool.copy()
        try:
            return self.function(subschemas_of(schemas))
        except RecursionError:  # nothing half done stays
            self.pool.restore(written)
            for state in (self.known, self.written, self.at_work, self.codes):
                state.clear()
            return NEVER

    def once(self, key: Any, parameter: str, lines: Callable[[str], Iterable[str]]) -> str:
        """The name of the function with this key; `lines` writes its body at the first request."""
        if key in self.known:
            known = self.known[key]
            if known is None:
                raise DoubtError
            self.referred_to.add(known)
            return known
        name = self.known[key] = self.pool.fresh("fits")
        try:
            body = list(lines(name))
        except DoubtError:
            self.known[key] = None
            raise
        if len(body) == 1 and name not in self.referred_to and body[0] in _TRIVIAL:
            self.known[key] = _TRIVIAL[body[0]]
            return _TRIVIAL[body[0]]
        text = "\n    ".join(body)
        if name not in self.referred_to and (parameter, text) in self.written:
            same = self.known[key] = self.written[parameter, text]
            return same
        self.written[parameter, text] = name
        self.pool.functions.append(f"def {name}({parameter}):  # a part of a schema\n    {text}")
        return name

    # Values of any kind

    def function(self, parts: Subschemas) -> str:
        """The name of the function that checks a value by all the parts, or ALWAYS or NEVER."""
        parts = flat(parts)
        key = ("value", self.is_exact, *(part.key for part in parts))
        return self.once(
            key, "value", lambda _: answers_by_kind({kind: self.kind(parts, kind, "value") for kind in KINDS})
        )

    def any(self, parts: Subschemas, value: str) -> str:
        """Code for "the value in the variable is valid"."""
        parts = flat(parts)
        key = (self.is_exact, *(part.key for part in parts))
        if key in self.at_work:  # it applies to values inside of what it applies to
            self.cuts[0] += 1
            return f"{self.checked(parts)}({value})"
        self.at_work.add(key)
        try:
            by_kind = {kind: self.kind(parts, kind, value) for kind in KINDS if is_allowed(parts, kind)}
        finally:
            self.at_work.remove(key)
        by_kind = {kind: code for kind, code in by_kind.items() if code != NEVER}
        if not by_kind:
            return NEVER
        if len(by_kind) == 1:
            ((kind, code),) = by_kind.items()
            test = f"type({value}) is {CLASSES[kind]}" if kind != "null" else f"{value} is None"
            return test if code == ALWAYS else f"({test} and {code})"
        if set(by_kind.values()) == {ALWAYS}:
            if len(by_kind) == len(KINDS):
                return ALWAYS
            return f"type({value}) in {self.classes(by_kind)}"
        return f"{self.function(parts)}({value})"

    def classes(self, kinds: Iterable[str]) -> str:
        names = [CLASSES[kind] for kind in KINDS if kind in set(kinds)]
        return self.pool.name("CLASSES", f"frozenset(({', '.join(names)},))")

    # Values of one kind

    def kind(self, parts: Subschemas, kind: str, value: str, element: str | None = None) -> str:
        """Code for "the value in the variable, which is of this kind, is valid by all the parts".

        With `element`, the value is a list that is not empty and has only elements of that kind.
        """
        key = (self.is_exact, kind, value, element, *(part.key for part in parts))
        if key in self.codes and not self.texts:
            return self.codes[key]
        cuts, doubts = self.cuts[0], self.doubts
        code = self._kind(parts, kind, value, element)
        if not self.texts and (cuts, doubts) == (self.cuts[0], self.doubts):
            self.codes[key] = code
        return code

    def _kind(self, parts: Subschemas, kind: str, value: str, element: str | None) -> str:
        try:
            parts, codes = self.own(parts, kind, value, element)
            if NEVER in codes:
                return NEVER
            if kind == "object":
                codes += self.members(parts, value)
            elif kind == "array" and element is None and any(map(is_choosy, parts)):
                codes = [self.by_element(parts, value)]
            elif kind == "array":
                codes += self.elements(parts, value, element)
        except DoubtError:
            if self.is_exact:
                raise
            self.doubts += 1
            return NEVER
        return all_of(codes)

    def own(self, parts: Subschemas, kind: str, value: str, element: str | None = None) -> tuple[Subschemas, list[str]]:
        """All parts that apply to values of the kind, and their conditions on the value apart from its members and
        elements. Raises DoubtError."""
        parts = self.chosen(parts, kind, value, element)
        codes: list[str] = []
        for part in parts:
            codes += self.conditions(part, kind, value, element)
            if NEVER in codes:
                break
        return parts, codes

    def one(self, node: Any, part: Subschema, kind: str, value: str, element: str | None = None) -> str:
        """Code for "the value in the variable is valid by the subschema `node` inside of `part`"; see `kind`."""
        return self.kind(flat([part.below(node)]), kind, value, element)

    def chosen(self, parts: Subschemas, kind: str, value: str, element: str | None) -> Subschemas:
        """The parts, and the consequences of each `if` whose outcome is the same for all values of the kind."""
        found = {part.key: part for part in parts}
        pending = list(parts)
        while pending:
            part = pending.pop()
            test = self.choice(part, kind, value, element)
            if test is not None:
                branch = "then" if test == ALWAYS else "else"
                for below in flat([part.below(part.node.get(branch, True))]):
                    if below.key not in found:
                        found[below.key] = below
                        pending.append(below)
        return tuple(found.values())

    def choice(self, part: Subschema, kind: str, value: str, element: str | None) -> str | None:
        """The outcome of the `if` of a subschema if it is the same for all values of the kind, else None."""
        if not isinstance(part.node, Mapping) or "if" not in part.node:
            return None
        test = self.exactly.one(part.node["if"], part, kind, value, element)
        return test if test in (ALWAYS, NEVER) else None

    def conditions(self, part: Subschema, kind: str, value: str, element: str | None) -> Iterator[str]:
        """The conditions of one subschema on a value of the kind, apart from its members and elements."""
        node = part.node
        if node is False:
            yield NEVER
            return
        if not isinstance(node, Mapping) or not is_understood(node):
            raise DoubtError
        yield from of_type(node, kind, value)
        yield from of_values(node, kind, value, self.known_texts(value) if kind == "string" else None, self.pool)
        yield from self.combined(part, kind, value, element)
        if kind == "string":
            yield from of_text(node, value, self.texts.get(value, ()), self.pool)
        elif kind in ("integer", "double", NUMBER):
            yield from of_number(node, value)
        elif kind == "array":
            yield from bounds(f"len({value})", node.get("minItems"), node.get("maxItems"))
        elif kind == "object":
            yield from bounds(f"len({value})", node.get("minProperties"), node.get("maxProperties"))
            yield from self.dependent(part, value)

    def known_texts(self, value: str) -> frozenset[str] | None:
        """The strings of which the one in the variable is known to be one; None if unknown."""
        sets = [one.texts for one in self.texts.get(value, ())]
        return None if not sets or None in sets else frozenset[str]().union(*(texts or () for texts in sets))

    def combined(self, part: Subschema, kind: str, value: str, element: str | None) -> Iterator[str]:
        """The conditions of `not`, `anyOf`, `oneOf`, and of an `if` whose outcome depends on the value."""
        node = part.node

        def fits(validation: Validation, node: Any) -> str:
            return validation.one(node, part, kind, value, element)

        if "not" in node:
            yield negated(fits(self.exactly, node["not"]))
        if "anyOf" in node:
            yield any_of([fits(self, one) for one in node["anyOf"]])
        if "oneOf" in node:
            codes = [code for one in node["oneOf"] if (code := fits(self.exactly, one)) != NEVER]
            if len(codes) == 1:
                yield codes[0]
            else:
                yield f"sum(map(bool, ({', '.join(codes)}))) == 1" if codes else NEVER
        if "if" in node and self.choice(part, kind, value, element) is None:
            test = fits(self.exactly, node["if"])
            then, otherwise = fits(self, node.get("then", True)), fits(self, node.get("else", True))
            yield any_of([negated(test), then])
            yield any_of([test, otherwise])

    # Objects

    def dependent(self, part: Subschema, value: str) -> Iterator[str]:
        for name, names in part.node.get("dependentRequired", {}).items():
            yield any_of([f"{name!r} not in {value}", all_of([f"{other!r} in {value}" for other in names])])
        for name, node in part.node.get("dependentSchemas", {}).items():
            yield any_of([f"{name!r} not in {value}", self.one(node, part, "object", value)])

    def members(self, parts: Subschemas, value: str) -> Iterator[str]:
        """Code for all conditions of the parts on the members of an object: a function that visits each once."""
        required = [name for part in parts for name in part.node.get("required", ())]
        parts = tuple(part for part in parts if any(key in part.node for key in MEMBERS))
        if not parts:
            yield from (f"{name!r} in {value}" for name in dict.fromkeys(required))
            return
        required = list(dict.fromkeys(required))
        listed = dict.fromkeys(name for part in parts for name in part.node.get("properties", {}))
        names = [name for name in listed if member_subschemas(parts, name) is not None]
        is_closed = any(part.node.get("additionalProperties") is False for part in parts)

        def lines(_: str) -> Iterator[str]:
            if is_closed and len(names) <= _FEW and not any("propertyNames" in part.node for part in parts):
                return self.closed(parts, names, frozenset(required))
            return self.open(parts, list(listed), required)

        function = self.once(("members", self.is_exact, *required, *(part.key for part in parts)), "members", lines)
        yield function if function in (ALWAYS, NEVER) else f"{function}({value})"

    def closed(self, parts: Subschemas, names: Sequence[str], required: frozenset[str]) -> Iterator[str]:
        """Validates an object of a few known members: each is checked, and then they are counted."""
        if not required <= set(names):
            yield "return False"
            return
        optional = [name for name in names if name not in required]
        yield f"count = {len(required)}"
        for name in names:
            code = self.any(member_subschemas(parts, name) or (), "member")
            lines = (
                [] if code == ALWAYS else [f"member = members[{name!r}]", f"if {negated(code)}:", "    return False"]
            )
            if name in required:
                yield from (f"if {name!r} not in members:", "    return False", *lines)
            else:
                yield from (f"if {name!r} in members:", *(f"    {line}" for line in lines), "    count += 1")
        if not optional:
            yield f"return len(members) == {len(required)}"
        else:
            yield "return len(members) == count"

    def open(self, parts: Subschemas, listed: Sequence[str], required: Sequence[str]) -> Iterator[str]:
        """Validates an object of any members, some of them listed. Unlisted names that proved valid are cached."""
        other, known = member_subschemas(parts, None), self.remembered()
        if required:
            test = " and ".join(f"{name!r} in members" for name in required)
            yield from (f"if not ({test}):", "    return False")
        is_any = other is not None and not listed
        if is_any and self.names(parts) != ALWAYS:
            yield from (f"if {known}.issuperset(members):", "    for member in members.values():")
            yield from (f"        {line}" for line in self.checked_lines(other or ()))
            yield "    return True"
        yield "for name, member in members.items():"
        if is_any and self.names(parts) == ALWAYS:
            yield from (f"    {line}" for line in self.checked_lines(other or ()))
        else:
            yield from (f"    {line}" for line in self.entry_lines(parts, listed, known))
        yield "return True"

    def remembered(self) -> str:
        """The name of a new set that caches valid names."""
        known = self.pool.fresh("NAMES")
        self.pool.constants.append(f"{known} = Known()")
        return known

    def entry_lines(self, parts: Subschemas, listed: Sequence[str], known: str) -> Iterator[str]:
        """Lines that return if the member of a name is invalid."""
        other, allowed = member_subschemas(parts, None), self.names(parts)
        word = "if"
        if other is not None:
            yield f"if name in {known}:"
            yield from (f"    {line}" for line in self.checked_lines(other))
            word = "elif"
        functions = {
            name: self.checked(below) for name in listed if (below := member_subschemas(parts, name)) is not None
        }
        if functions:
            entries = ", ".join(f"{name!r}: {code}" for name, code in functions.items())
            tested = "" if allowed == ALWAYS else f" if {self.checked_name(allowed)}(name)"
            named = self.pool.name("MEMBERS", f"{{name: check for name, check in {{{entries}}}.items(){tested}}}")
            yield from (f"{word} name in {named}:", f"    if not {named}[name](member):", "        return False")
            word = "elif"
        if other is not None:
            unlisted = f"name not in {self.pool.texts(frozenset(listed))}" if listed else ALWAYS
            yield f"{word} {all_of([unlisted, allowed, self.any(other, 'member')])}:"
            yield f"    {known}.learn(name)"
            word = "elif"
        yield from ["return False"] if word == "if" else ["else:", "    return False"]

    def entry(self, parts: Subschemas) -> str:
        """The name of a function of a name and the member that has it."""
        listed = list(dict.fromkeys(name for part in parts for name in part.node.get("properties", {})))

        def lines(_: str) -> Iterator[str]:
            yield from self.entry_lines(parts, listed, self.remembered())
            yield "return True"

        return self.once(("entry", *(part.key for part in parts)), "name, member", lines)

    def names(self, parts: Subschemas, name: str = "name") -> str:
        """Code for "the name in the variable is allowed"."""
        named = [part for part in parts if "propertyNames" in part.node]
        return all_of([self.one(part.node["propertyNames"], part, "string", name) for part in named])

    def checked_name(self, code: str) -> str:
        return self.once(("name", code), "name", lambda _: [f"return bool({code})"])

    def checked(self, parts: Subschemas) -> str:
        """The name of a function that can be called, also for ALWAYS and NEVER."""
        name = self.function(parts)
        return _CALLABLE.get(name, name)

    def checked_lines(self, parts: Subschemas) -> Iterator[str]:
        """Lines that return if the member is invalid; strings and values without conditions need no call."""
        parts = flat(parts)
        by_kind = {kind: self.kind(parts, kind, "member") for kind in KINDS}
        plain = [kind for kind, code in by_kind.items() if code == ALWAYS]
        if len(plain) == len(KINDS):
            yield "pass"
            return
        yield "kind = type(member)"
        word = "if"
        for kind in ("string", "object", "array"):
            if by_kind[kind] not in (ALWAYS, NEVER):
                yield from (f"{word} kind is {CLASSES[kind]}:", f"    if {negated(by_kind[kind])}:")
                yield "        return False"
                word = "elif"
        rest = [kind for kind in by_kind if kind in ("integer", "double") and by_kind[kind] not in (ALWAYS, NEVER)]
        function = self.function(parts) if rest else NEVER
        refused = [f"kind not in {self.classes(plain)}"] if plain else []
        refused += [f"not {function}(member)"] if function not in (ALWAYS, NEVER) else []
        yield from (f"{word} {' and '.join(refused) or 'True'}:", "    return False")

    # Lists

    def elements(self, parts: Subschemas, value: str, element: str | None) -> Iterator[str]:
        """The conditions of the subschemas on the elements of a list."""

        def fits(parts: Subschemas, item: str) -> str:
            if element is None:
                return self.any(parts, item)
            return self.kind(flat(parts), element, item)

        plain = []
        for part in parts:
            first = part.node.get("prefixItems", ())
            for number, node in enumerate(first):
                code = fits((part.below(node),), f"{value}[{number}]")
                yield code if element is not None and number == 0 else any_of([f"len({value}) <= {number}", code])
            if "contains" in part.node:
                if "minContains" in part.node or "maxContains" in part.node:
                    raise DoubtError
                code = fits((part.below(part.node["contains"]),), "item")
                if code == ALWAYS and element is None:
                    yield f"len({value}) > 0"
                else:
                    yield code if code in (ALWAYS, NEVER) else f"any({code} for item in {value})"
            if "items" in part.node and first:
                yield self.each((part.below(part.node["items"]),), f"{value}[{len(first)}:]", element)
            elif "items" in part.node:
                plain.append(part.below(part.node["items"]))
        if plain:
            yield self.each(tuple(plain), value, element)

    def by_element(self, parts: Subschemas, value: str) -> str:
        """Validates a list with conditions beyond those on each element.

        Most lists have elements of one kind, for which most conditions are decided at compile time.
        """

        def lines(_: str) -> Iterator[str]:
            by_kind = {
                ELEMENT_CLASSES[element]: self.list_function(parts, element)
                for element in ELEMENT_CLASSES
                if self.kind(parts, "array", "items", element) != NEVER
            }
            if by_kind:
                entries = ", ".join(f"frozenset({kinds}): {function}" for kinds, function in by_kind.items())
                yield f"fits = {self.pool.name('LISTS', f'{{{entries}}}')}.get(frozenset(map(type, items)))"
                yield from ("if fits is not None:", "    return fits(items)")
            codes = [code for part in parts for code in self.conditions(part, "array", "items", None)]
            yield f"return {all_of([*codes, *self.elements(parts, 'items', None)])}"

        name = self.once(("list", self.is_exact, *(part.key for part in parts)), "items", lines)
        return name if name in _CALLABLE else f"{name}({value})"

    def list_function(self, parts: Subschemas, element: str | None, texts: tuple[Texts, ...] = ()) -> str:
        """The name of a function of a list that is not empty and has only elements of that kind, or None: any list.

        `texts` are the origins of the strings among the elements.
        """
        key = ("list of", element, self.is_exact, texts, *(part.key for part in parts))
        with self.knowing(Value("item", texts=texts)):
            name = self.once(key, "items", lambda _: [f"return {self.kind(parts, 'array', 'items', element)}"])
        return _CALLABLE.get(name, name)

    def each(self, parts: Subschemas, value: str, element: str | None) -> str:
        """Code for "each element is valid"."""
        parts = flat(parts)
        fits = self.any(parts, "item") if element is None else self.kind(parts, element, "item")
        if fits == ALWAYS:
            return ALWAYS
        if fits == NEVER:
            return f"not {value}"
        lines = ["for item in items:", f"    if {negated(fits)}:", "        return False", "return True"]
        key = ("items", self.is_exact, element, self.texts.get("item", ()), *(part.key for part in parts))
        name = self.once(key, "items", lambda _: lines)
        return f"{name}({value})"
