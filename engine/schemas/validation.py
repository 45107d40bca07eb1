"""The evaluator of JSON Schemas: it defines the meaning of every keyword, and gives the reasons for a refusal.

Schemas are in normal form (`normal_form`). Mappings at run time and standalone modules use it, so it needs nothing but
the standard library. Generated code only accepts values that it accepts. Values may be of any depth: pending work is
kept on a list, not on Python's stack.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from ..patterns.bits import searcher
from .value_keywords import HOLDS, ConstantParts, Enums, is_of_type
from .violations import Refusal, Violations, violations_of

__all__ = ["KEYWORDS", "SchemaEvaluator"]

ValuePath = tuple[str | int, ...]
Refusals = list[Refusal]
Application = tuple[Any, Any, ValuePath, bool]
"""A subschema, the value to apply it to, the path of the value, and whether the value is the name of a member."""
Applying = Generator[Application, Refusals, Refusals]
"""Applies a keyword or a schema: yields the subschemas to apply, is sent their refusals, returns its own refusals."""


class SchemaEvaluator:
    """Validates bodies by the definition called `name`. Safe to share between threads.

    `patterns` has the prepared search of each pattern, by its text in the schemas; `formats` the validators of formats.
    """

    def __init__(
        self,
        name: str,
        definitions: Mapping[str, Any],
        patterns: Mapping[str, Any],
        formats: Mapping[str, Callable[[str], bool]],
    ) -> None:
        self.schema = definitions[name]
        self.definitions = definitions
        self.found_in = {pattern: searcher(wanted) for pattern, wanted in patterns.items()}
        self.formats = formats
        self.holds: dict[str, Callable[[Any, Any], bool]] = {**HOLDS, "enum": Enums()}
        self.alternatives = ConstantParts()

    def is_valid(self, body: Any) -> bool:
        """Returns whether the body is valid."""
        return _BodyCheck(self).is_valid(self.schema, body)

    def violations(self, body: Any) -> Violations:
        """The reasons why the body is refused, in order of place. Empty for a valid body."""
        return violations_of(map(_nearest, _BodyCheck(self).refusals(self.schema, body)))


class _BodyCheck:
    """The evaluation of one body. Each definition is applied to each value at most once."""

    def __init__(self, evaluator: SchemaEvaluator) -> None:
        self.definitions = evaluator.definitions
        self.found_in = evaluator.found_in
        self.formats = evaluator.formats
        self.holds = evaluator.holds
        self.alternatives = evaluator.alternatives
        self.known: dict[tuple[str, int, ValuePath], Refusals] = {}
        self.valid: dict[tuple[str, int], bool] = {}

    def is_valid(self, schema: Any, value: Any, depth: int = 0) -> bool:
        """Returns whether a value satisfies a schema; ends with the first keyword that it does not satisfy."""
        pending = [(schema, value)]
        while pending:
            schema, value = pending.pop()
            if schema is True:
                continue
            if schema is False:
                return False
            for keyword, wanted in schema.items():
                if keyword in self.holds:
                    holds = self.holds[keyword](wanted, value)
                elif keyword in _CONJUNCTIONS:
                    pending += _CONJUNCTIONS[keyword](self, schema, value)
                    continue
                elif keyword in _TESTS and depth < _MOST_LEVELS:
                    holds = _TESTS[keyword](self, schema, value, depth + 1)
                elif keyword in _APPLIES:
                    holds = not self.run(_APPLIES[keyword](self, schema, value, (), False))
                else:
                    continue
                if not holds:
                    return False
        return True

    def is_valid_by(self, name: str, value: Any, depth: int) -> bool:
        """Returns whether a value is valid by the definition of a name; the result for each value is cached."""
        key = name, id(value)
        if key not in self.valid:
            self.valid[key] = self.is_valid(self.definitions[name], value, depth)
        return self.valid[key]

    def refusals(self, schema: Any, value: Any) -> Refusals:
        """The refusals of a value by the keywords of a schema."""
        return self.run(self.part((schema, value, (), False)))

    def run(self, applying: Applying) -> Refusals:
        """Applies a keyword or a schema with all subschemas that it applies."""
        stack: list[Applying] = [applying]
        answer: Refusals | None = None
        while stack:
            try:
                asked = next(stack[-1]) if answer is None else stack[-1].send(answer)
            except StopIteration as end:
                stack.pop()
                answer = end.value
            else:
                stack.append(self.part(asked))
                answer = None
        return answer or []

    def part(self, asked: Application) -> Applying:
        """Applies a subschema, keyword by keyword in their order."""
        schema, value, path, of_name = asked
        if schema is False:
            return [Refusal(path, None, None, value, schema, of_name)]
        found: Refusals = []
        if schema is True:
            return found
        for keyword, wanted in schema.items():
            holds = self.holds.get(keyword)
            if holds is not None:
                if not holds(wanted, value):
                    found.append(Refusal(path, keyword, wanted, value, schema, of_name))
            elif keyword in _APPLIES:
                found += yield from _APPLIES[keyword](self, schema, value, path, of_name)
        return found


# --- keywords that look into a value, at patterns, or at other schemas


def _ref(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    name = schema["$ref"]
    key = name, id(value), path
    if key not in check.known:
        check.known[key] = yield check.definitions[name], value, path, of_name
    return check.known[key]


def _pattern(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    yield from ()
    if type(value) is str and not check.found_in[schema["pattern"]](value):
        return [Refusal(path, "pattern", schema["pattern"], value, schema, of_name)]
    return []


def _format(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    yield from ()
    is_one = check.formats.get(schema["format"])
    if type(value) is str and is_one is not None and not is_one(value):
        return [Refusal(path, "format", schema["format"], value, schema, of_name)]
    return []


def _required(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    yield from ()
    if type(value) is dict and any(name not in value for name in schema["required"]):
        return [Refusal(path, "required", schema["required"], value, schema, of_name)]
    return []


def _properties(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is dict:
        for name, part in schema["properties"].items():
            if name in value:
                found += yield part, value[name], (*path, name), of_name
    return found


def _pattern_properties(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is dict:
        for pattern, part in schema["patternProperties"].items():
            for name, member in value.items():
                if check.found_in[pattern](name):
                    found += yield part, member, (*path, name), of_name
    return found


def _additional(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is not dict:
        return found
    wanted = schema[_ADDITIONAL]
    for name, member in _others(check, schema, value):
        if wanted is False:
            found.append(Refusal((*path, name), _ADDITIONAL, wanted, value, schema, of_name))
        else:
            found += yield wanted, member, (*path, name), of_name
    return found


def _others(check: _BodyCheck, schema: Any, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members that are neither listed by the schema nor matched by one of its patterns."""
    listed, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, member in value.items():
        if name not in listed and not any(check.found_in[pattern](name) for pattern in patterns):
            yield name, member


def _property_names(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, _of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is dict:
        for name in value:
            found += yield schema["propertyNames"], name, path, True
    return found


def _dependent_required(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    yield from ()
    if type(value) is not dict:
        return []
    return [
        Refusal(path, "dependentRequired", (name, missing), value, schema, of_name)
        for name, others in schema["dependentRequired"].items()
        if name in value and (missing := [other for other in others if other not in value])
    ]


def _dependent_schemas(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is dict:
        for name, part in schema["dependentSchemas"].items():
            if name in value:
                found += yield part, value, path, of_name
    return found


def _prefix_items(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is list:
        for number, (part, element) in enumerate(zip(schema["prefixItems"], value, strict=False)):
            found += yield part, element, (*path, number), of_name
    return found


def _items(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    first = len(schema.get("prefixItems", ()))
    found: Refusals = []
    if type(value) is not list or len(value) <= first:
        return found
    if schema["items"] is False:
        return [Refusal(path, "items", first, value, schema, of_name)]
    for number in range(first, len(value)):
        found += yield schema["items"], value[number], (*path, number), of_name
    return found


def _contains(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    if type(value) is not list:
        return []
    count = 0
    for number, element in enumerate(value):
        refused = yield schema["contains"], element, (*path, number), of_name
        count += not refused
    least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
    if count > most:
        return [Refusal(path, "maxContains", (count, most), value, schema, of_name)]
    if count < least:
        keyword = "minContains" if "minContains" in schema else "contains"
        return [Refusal(path, keyword, (count, least), value, schema, of_name)]
    return []


def _all_of(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    for part in schema["allOf"]:
        found += yield part, value, path, of_name
    return _each_once(found)


def _any_of(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    context: Refusals = []
    for part in schema["anyOf"]:
        refused = yield part, value, path, of_name
        if not refused:
            return refused
        context += refused
    return [Refusal(path, "anyOf", len(schema["anyOf"]), value, schema, of_name, tuple(_each_once(context)))]


def _one_of(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    context: Refusals = []
    fitting = 0
    for part in schema["oneOf"]:
        refused = yield part, value, path, of_name
        fitting += not refused
        context += refused
    if fitting == 1:
        return []
    said = () if fitting else tuple(_each_once(context))
    return [Refusal(path, "oneOf", (fitting, len(schema["oneOf"])), value, schema, of_name, said)]


def _not(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    refused = yield schema["not"], value, path, of_name
    return [] if refused else [Refusal(path, "not", schema["not"], value, schema, of_name)]


def _if(_: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    refused = yield schema["if"], value, path, of_name
    branch = "else" if refused else "then"
    if branch not in schema:
        return []
    return (yield schema[branch], value, path, of_name)


def _each_once(found: Refusals) -> Refusals:
    """Removes duplicates, since two parts may refer to the same definition."""
    return list({id(refusal): refusal for refusal in found}.values())


# --- unevaluated members and elements


def _unevaluated_properties(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is not dict:
        return found
    wanted = schema["unevaluatedProperties"]
    seen = yield from _evaluated(check, schema, value, path, "unevaluatedProperties")
    for name in [name for name in value if name not in seen]:
        if wanted is False:
            found.append(Refusal((*path, name), "unevaluatedProperties", wanted, value, schema, of_name))
        else:
            found += yield wanted, value[name], (*path, name), of_name
    return found


def _unevaluated_items(check: _BodyCheck, schema: Any, value: Any, path: ValuePath, of_name: bool) -> Applying:
    found: Refusals = []
    if type(value) is not list:
        return found
    wanted = schema["unevaluatedItems"]
    seen = yield from _evaluated(check, schema, value, path, "unevaluatedItems")
    for number in [number for number in range(len(value)) if number not in seen]:
        if wanted is False:
            found.append(Refusal((*path, number), "unevaluatedItems", wanted, value, schema, of_name))
        else:
            found += yield wanted, value[number], (*path, number), of_name
    return found


def _evaluated(
    check: _BodyCheck, schema: Any, value: Any, path: ValuePath, but: str | None
) -> Generator[Application, Refusals, set[Any]]:
    """The names of members, or indexes of elements, that a schema evaluates, with its subschemas that apply to the
    value and accept it; `but` is the unevaluated... keyword itself, which does not count."""
    seen: set[Any] = set()
    left, known = [schema], set()
    while left:
        part = left.pop()
        if not isinstance(part, dict) or id(part) in known:
            continue
        known.add(id(part))
        if type(value) is dict:
            seen |= _members_seen(check, part, value, None if part is not schema else but)
        else:
            seen |= yield from _elements_seen(part, value, path, None if part is not schema else but)
        below = [check.definitions[part["$ref"]]] if "$ref" in part else []
        below += part.get("allOf", ())
        maybe = [*part.get("anyOf", ()), *part.get("oneOf", ())]
        if type(value) is dict:
            below += [one for name, one in part.get("dependentSchemas", {}).items() if name in value]
        if "if" in part:
            refused = yield part["if"], value, path, False
            below += [] if refused else [part["if"]]
            branch = "else" if refused else "then"
            below += [part[branch]] if branch in part else []
        for one in maybe:
            refused = yield one, value, path, False
            below += [] if refused else [one]
        left += below
    return seen


def _members_seen(check: _BodyCheck, part: Any, value: dict[str, Any], but: str | None) -> set[Any]:
    if _ADDITIONAL in part or ("unevaluatedProperties" in part and but is None):
        return set(value)
    seen = {name for name in part.get("properties", ()) if name in value}
    for pattern in part.get("patternProperties", ()):
        seen |= {name for name in value if check.found_in[pattern](name)}
    return seen


def _elements_seen(
    part: Any, value: list[Any], path: ValuePath, but: str | None
) -> Generator[Application, Refusals, set[Any]]:
    if "items" in part or ("unevaluatedItems" in part and but is None):
        return set(range(len(value)))
    seen = set(range(min(len(part.get("prefixItems", ())), len(value))))
    if "contains" in part:
        for number, element in enumerate(value):
            refused = yield part["contains"], element, (*path, number), False
            seen |= set() if refused else {number}
    return seen


def _fitting(check: _BodyCheck, alternatives: list[Any], value: Any, depth: int) -> Iterator[int]:
    """The number of alternatives that the value satisfies, in summands."""
    values, others = check.alternatives(alternatives, KEYWORDS)
    yield values.count(value)
    yield from (check.is_valid(part, value, depth) for part in others)


_ADDITIONAL = "additionalProperties"
_APPLIES: dict[str, Callable[[_BodyCheck, Any, Any, ValuePath, bool], Applying]] = {
    "$ref": _ref,
    "pattern": _pattern,
    "format": _format,
    "required": _required,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    _ADDITIONAL: _additional,
    "propertyNames": _property_names,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "unevaluatedProperties": _unevaluated_properties,
    "unevaluatedItems": _unevaluated_items,
}
_CONJUNCTIONS: dict[str, Callable[[_BodyCheck, Any, Any], list[tuple[Any, Any]]]] = {
    "allOf": lambda _evaluation, schema, value: [(part, value) for part in schema["allOf"]],
    "properties": lambda _evaluation, schema, value: (
        [(part, value[name]) for name, part in schema["properties"].items() if name in value]
        if type(value) is dict
        else []
    ),
    _ADDITIONAL: lambda check, schema, value: (
        [(schema[_ADDITIONAL], member) for _, member in _others(check, schema, value)] if type(value) is dict else []
    ),
    "items": lambda _evaluation, schema, value: (
        [(schema["items"], element) for element in value[len(schema.get("prefixItems", ())) :]]
        if type(value) is list
        else []
    ),
}
"""The subschemas that a keyword applies, each with its value; the keyword is satisfied if all of them are."""
_TESTS: dict[str, Callable[[_BodyCheck, Any, Any, int], bool]] = {
    "$ref": lambda check, schema, value, depth: check.is_valid_by(schema["$ref"], value, depth),
    "anyOf": lambda check, schema, value, depth: any(_fitting(check, schema["anyOf"], value, depth)),
    "oneOf": lambda check, schema, value, depth: sum(_fitting(check, schema["oneOf"], value, depth)) == 1,
    "not": lambda check, schema, value, depth: not check.is_valid(schema["not"], value, depth),
    "if": lambda check, schema, value, depth: check.is_valid(
        schema.get("then" if check.is_valid(schema["if"], value, depth) else "else", True), value, depth
    ),
    "pattern": lambda check, schema, value, _depth: (
        type(value) is not str or bool(check.found_in[schema["pattern"]](value))
    ),
    "required": lambda _evaluation, schema, value, _depth: (
        type(value) is not dict or all(name in value for name in schema["required"])
    ),
    "propertyNames": lambda check, schema, value, depth: (
        type(value) is not dict or all(check.is_valid(schema["propertyNames"], name, depth) for name in value)
    ),
}
"""Tests whether a value satisfies a keyword, for a schema, the value and the depth of calls; quicker than refusals."""
_MOST_LEVELS = 25
"""The maximum depth of calls; keywords that are nested deeper are applied without calls."""
KEYWORDS = frozenset({*HOLDS, *_APPLIES, "then", "else", "minContains", "maxContains"})
"""All keywords that are evaluated."""


# --- the best match among alternatives


def _nearest(refusal: Refusal) -> Refusal:
    """The refusal to report where alternatives are refused: the deepest one, if it is deeper than all others."""
    while refusal.context:
        start = len(refusal.path)
        ranks = [_rank(inner, start) for inner in refusal.context]
        least = min(ranks)
        if len(ranks) > 1 and ranks.count(least) > 1:
            return refusal
        refusal = refusal.context[ranks.index(least)]
    return refusal


def _rank(refusal: Refusal, start: int) -> tuple[Any, ...]:
    path = refusal.path[start:]
    types = refusal.schema.get("type") if isinstance(refusal.schema, dict) else None
    named = [types] if isinstance(types, str) else types or []
    is_fit = any(is_of_type(type_, refusal.value) for type_ in named)
    return -len(path), tuple(map(str, path)), refusal.keyword not in ("anyOf", "oneOf"), not is_fit
