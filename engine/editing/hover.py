"""Explanations of the part of a rule file at a position.

They have its type, its documentation from the schemas, its value in the shown sample, and the place that this goes to.
Long values are cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..expressions.parser import parse, tree_of
from ..expressions.syntax_errors import ExpressionError
from ..expressions.tree import EvaluationError, TreeNode, children, parts_of
from ..functions.table import FUNCTIONS
from ..inference.expressions import Seen
from ..insight.tracing import TooManyDecisionsError, trace
from ..insight.why_not import why_not
from ..interpreter.scope import Roots
from ..language.rulebook import Field, Rule
from ..runtime.notes import Rejected
from ..source.nodes import Node, ScalarNode
from ..types.types import lookup, union, without_null
from .analysis import Analysis, analysis_of, shown_sample
from .completing import member_text
from .cursor import Cursor, cursor_at, offset_of
from .data import Hover, Position, Sample
from .members import members_of, type_words
from .naming import kind_words, output_words
from .patterns import pattern_of, pattern_where
from .samples import Pattern
from .scopes import Context, GivenNodes
from .state import EditingState
from .targets import target_at
from .telling import about_code, about_function, code, shown_value
from .unfinished import seen_in, template_chain, template_part
from .values import Traced

__all__ = ["hover"]

_CODE = re.compile(r"\bM[0-9]{3}\b")
_WORD = re.compile(r"[A-Za-z_]\w*")
_MOST_READERS = 6
_CHAINS = ("subexpression", "index_expression", "projection", "filter_projection")


class _Told(NamedTuple):
    """An explanation of a part of the scalar at a cursor."""

    start: int
    end: int
    lines: list[str]


def hover(state: EditingState, path: Path, position: Position) -> Hover | None:
    """The explanation of the part of a file at a position; None if there is nothing to explain."""
    cursor = cursor_at(state, path, position)
    if cursor is None:
        return None
    main = next(iter(state.mains(cursor.path)), None)
    analysis = None if main is None else analysis_of(state, main)
    told = _told(state, cursor, analysis)
    if told is None or not any(told.lines):
        return None
    return Hover(cursor.span_of(told.start, told.end), "\n\n".join(filter(None, told.lines)))


def _told(state: EditingState, cursor: Cursor, analysis: Analysis | None) -> _Told | None:
    if cursor.kind == "comment" or cursor.role.refers == "code" or cursor.role.names == "code":
        return _of_code(cursor)
    if cursor.kind == "key":
        return _of_key(state, cursor, analysis)
    if analysis is None:
        return None
    if cursor.kind == "expression":
        return _of_expression(state, cursor, analysis)
    if cursor.kind == "template":
        return _of_template(state, cursor, analysis)
    return _of_value(state, cursor, analysis)


def _of_code(cursor: Cursor) -> _Told | None:
    for found in _CODE.finditer(cursor.text):
        if found.start() <= cursor.offset <= found.end():
            return _Told(*found.span(), [about_code(found[0]) or ""])
    return None


# Keys


def _of_key(state: EditingState, cursor: Cursor, analysis: Analysis | None) -> _Told | None:
    """A key of the language, or the name of a field, a let, a setting or another part."""
    name, role = cursor.text, cursor.role
    lines: list[str] = []
    if role.form is not None and (key := role.form.keys.get(name)) is not None:
        lines = [f"**{name}**: {kind_words(key)}{', required' if key.required else ''}", key.description]
    elif analysis is not None and role.names == "field":
        lines = _target_lines(state, analysis, cursor, (*cursor.keys, name))
        lines += _field_lines(state, analysis, cursor)
    elif analysis is not None and role.names == "let":
        context = analysis.scopes.after(state.tree(cursor.path), cursor.keys, name)
        lines = [f"**{name}**: {type_words(lookup(context.type, name))}", *_field_lines(state, analysis, cursor)]
    elif analysis is not None and role.names == "setting":
        lines = _setting_lines(analysis, name)
    return _Told(0, len(name), lines)


def _target_lines(state: EditingState, analysis: Analysis, cursor: Cursor, keys: tuple[str | int, ...]) -> list[str]:
    """The type and the description that the schema of the output has for a field."""
    tree = state.tree(cursor.path)
    target = target_at(analysis, tree, keys)
    around = target_at(analysis, tree, keys[:-1])
    if target is None:
        return []
    members = () if around is None else members_of(around, analysis.schemas)
    member = next((one for one in members if one.name == keys[-1]), None)
    required = ", required" if member is not None and member.is_required else ""
    words = type_words(without_null(target) if member is not None else target)
    shown = "" if target.any else f": {words}"
    return [f"**{keys[-1]}**{shown}{required}", "" if member is None else member.description]


def _field_lines(state: EditingState, analysis: Analysis, cursor: Cursor) -> list[str]:
    """The value in the shown sample of the field whose name is at the cursor."""
    found = _field_at(state, analysis, cursor)
    traced = shown_sample(state, analysis, cursor.rule)
    if found is None or traced is None:
        return []
    value = traced.value(found)
    name = traced.sample.name
    if value is None:
        reason = _why_not(state, analysis, cursor, traced.sample)
        return [f"No value in {code(name)}{f': {reason}' if reason else ''}{'' if reason.endswith('?') else '.'}"]
    more = "" if value[1] == 1 else f", and {value[1] - 1} more"
    return [f"In {code(name)}: {shown_value(value[0])}{more}"]


def _why_not(state: EditingState, analysis: Analysis, cursor: Cursor, sample: Sample) -> str:
    """The first reason why the rule at the cursor, or one that extends it, gives no value to the field there."""
    rules = {one.name: one for one in analysis.rulebook.rules if cursor.rule in (one.name, *_names_of(one.bases))}
    outputs = [rule.output for rule in rules.values() if rule.output is not None]
    if not outputs or "let" in cursor.keys:
        return ""
    given, pointer = GivenNodes(state.tree(cursor.path)), ""
    for before, step in zip(("", *cursor.keys), (*cursor.keys, cursor.text), strict=True):
        given = given.below(step)
        if before == "fields":
            name = str(step).replace("~", "~0").replace("/", "~1")
            pointer += f"/{name}{'' if given.scalar('each') is None else '/*'}"
    interpreter = analysis.traces.interpreter(sample)
    try:
        found = trace(interpreter.rulebook, sample.batch, interpreter=interpreter)
    except TooManyDecisionsError:
        return ""
    misses = why_not(found, pointer.removesuffix("/*"), outputs[0])
    return next((one.reason for one in misses if one.rule in rules), "")


def _names_of(nodes: Iterable[Node]) -> Iterator[str]:
    return (node.text for node in nodes if isinstance(node, ScalarNode))


def _field_at(state: EditingState, analysis: Analysis, cursor: Cursor) -> Field | None:
    """The field whose name is at the cursor."""
    source = state.source(cursor.path)
    if source is None or cursor.node is None:
        return None
    start = analysis.places.before(cursor.path, source.text, cursor.node.start)
    if start is None:
        return None
    placed = analysis.places.of(cursor.path, Field)
    named = (one.part for one in placed if isinstance(one.part, Field) and one.part.name_node is not None)
    return next(
        (one for one in named if one.name_node is not None and analysis.places.offset_of(one.name_node) == start),
        None,
    )


def _setting_lines(analysis: Analysis, name: str) -> list[str]:
    setting = analysis.rulebook.settings.get(name)
    if setting is None:
        return []
    value = "(secret)" if setting.secret else shown_value(analysis.rulebook.values.get(name))
    return [f"**{name}**: {setting.type}", setting.description or "", f"Value: {value}"]


# Values


def _of_value(state: EditingState, cursor: Cursor, analysis: Analysis) -> _Told | None:
    """A name of a part of the mapping."""
    rulebook, name = analysis.rulebook, cursor.text
    lines: list[str] = []
    match cursor.role.refers or cursor.role.defines:
        case "route" if (route := rulebook.routes.get(name)) is not None:
            lines = [f"**{name}**: each {code(route.each.text)} as {code(route.as_name)}", route.description or ""]
        case "output" if (output := rulebook.outputs.get(name)) is not None:
            schema = rulebook.schemas.get(output.schema or "")
            about = output.description or ("" if schema is None else str(schema.document.get("description", "")))
            lines = [f"**{name}**: {output_words(output)}", about]
        case "rule" if (rule := next((one for one in rulebook.rules if one.name == name), None)) is not None:
            lines = [f"**{name}** {_does(rule)}", rule.description or ""]
        case "table" if (table := rulebook.tables.get(name)) is not None:
            lines = [f"**{name}**: table of {len(table.entries)} entries", shown_value(dict(table.entries))]
        case "policy" if (entries := rulebook.policies.get(name)) is not None:
            lines = [f"**{name}**: policy of {len(entries)} entry rule{'' if len(entries) == 1 else 's'}"]
    return _Told(0, len(name), lines) if lines else None


def _does(rule: Rule) -> str:
    """The outcome of a rule for its elements, in words."""
    taken = "the input" if rule.route is None else f"elements of the route {code(rule.route)}"
    match rule.end:
        case "output":
            return f"maps {taken} to the output {code(rule.output or '')}"
        case "convert":
            return f"converts {taken} with {code(rule.convert.text if rule.convert is not None else '')}"
        case end:
            return f"{end}s {taken}"


# Expressions


def _of_expression(state: EditingState, cursor: Cursor, analysis: Analysis) -> _Told | None:
    tree = tree_of(cursor.text)
    if tree is None:
        return None
    context = analysis.scopes.at(state.tree(cursor.path), cursor.keys)
    around = [
        one
        for one in seen_in(tree, context.type)
        if one.node.get("start", 1) <= cursor.offset <= one.node.get("end", 0)
    ]
    if not around:
        return _function_at(cursor)
    least = min(one.node["end"] - one.node["start"] for one in around)
    here = [one for one in around if one.node["end"] - one.node["start"] == least and one.node["type"] != "identity"]
    if not here:
        return None
    node = here[0].node
    start, end = node["start"], node["end"]
    if node["type"] == "function_expression" and cursor.offset <= start + len(node["value"]):
        return _Told(start, start + len(node["value"]), [about_function(FUNCTIONS[node["value"]])])
    chains = [one.node for one in around if one.node["type"] in _CHAINS]
    lead = min((one["start"] for one in chains if any(child is node for child in children(one)[1:])), default=start)
    type_ = union(*(one.type for one in here))
    lines = [f"{code(cursor.text[lead:end])}: {type_words(type_)}"]
    if node["type"] == "field":
        lines += _read_lines(analysis, cursor, context, tree, here)
    lines += _value_lines(state, cursor, analysis, lead, end)
    lines += _goes_to(state, cursor, analysis)
    return _Told(start, end, lines)


def _function_at(cursor: Cursor) -> _Told | None:
    """The function whose name is at the cursor, in an expression whose types are not known."""
    for word in _WORD.finditer(cursor.text):
        if (
            word.start() <= cursor.offset <= word.end()
            and word[0] in FUNCTIONS
            and cursor.text[word.end() :][:1] == "("
        ):
            return _Told(*word.span(), [about_function(FUNCTIONS[word[0]])])
    return None


def _read_lines(analysis: Analysis, cursor: Cursor, context: Context, tree: TreeNode, here: list[Seen]) -> list[str]:
    """The documentation of a name in an expression, and the rules that read its place of the input."""
    node = here[0].node
    pattern = pattern_where(tree, node, context.patterns)
    is_root = here[0].current is context.type
    place = context.patterns.get(node["value"]) if is_root else pattern_of(node, {}, pattern)
    lines = _member_lines(analysis, context, here, node["value"], pattern)
    return [*lines, *_readers_lines(analysis, cursor.rule, place)]


def _member_lines(analysis: Analysis, context: Context, here: list[Seen], name: str, pattern: Any) -> list[str]:
    for seen in here:
        member = next((one for one in members_of(seen.current, analysis.schemas) if one.name == name), None)
        if member is not None:
            if seen.current is context.type:
                own = context.patterns.get(name)
                return [member.description, _sentence(analysis.samples.share(own)) if own else ""]
            return [member_text(analysis, member, pattern)]
    return [] if pattern is None else [_sentence(analysis.samples.share((*pattern, name)))]


def _readers_lines(analysis: Analysis, rule: str | None, pattern: Pattern | None) -> list[str]:
    """The other rules that read a place of the input."""
    names = [name for name in analysis.readers.get(pattern or (), ()) if name != rule]
    if not names:
        return []
    shown = ", ".join(map(code, names[:_MOST_READERS]))
    rest = f" and {len(names) - _MOST_READERS} more" if len(names) > _MOST_READERS else ""
    return [f"{'Also read' if rule in analysis.readers[pattern or ()] else 'Read'} by {shown}{rest}"]


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _value_lines(state: EditingState, cursor: Cursor, analysis: Analysis, start: int, end: int) -> list[str]:
    """The value of a part of an expression in the shown sample."""
    found = _roots_at(state, cursor, analysis)
    if found is None:
        return []
    traced, roots = found
    try:
        parts = parts_of(parse(cursor.text), roots)
    except (ExpressionError, Rejected):
        return []
    values = [value for first, last, value in parts if (first, last) == (start, end)]
    return [f"In {code(traced.sample.name)}: {shown_value(values[-1])}"] if values else []


def _roots_at(state: EditingState, cursor: Cursor, analysis: Analysis) -> tuple[Traced, Roots] | None:
    """The shown sample, and the names in scope at the cursor with their values in it, except those of secrets."""
    source, traced = state.source(cursor.path), shown_sample(state, analysis, cursor.rule)
    if source is None or traced is None:
        return None
    start = cursor.node.start if cursor.node is not None else offset_of(source, cursor.span_of(0, 0).start)
    before = analysis.places.near(cursor.path, source.text, start)
    scope = None if before is None else traced.scope(analysis.places.around(cursor.path, before))
    if scope is None:
        return None
    secrets = {name: "(secret)" for name, setting in analysis.rulebook.settings.items() if setting.secret}
    settings = {**scope.values["settings"], **secrets}
    return traced, Roots({**scope.values, "settings": settings})


def _goes_to(state: EditingState, cursor: Cursor, analysis: Analysis) -> list[str]:
    """The member of the output to which the value of the expression at the cursor goes."""
    names = [step for step in cursor.keys[1:] if isinstance(step, str)]
    if "fields" not in names and "value" not in names:
        return []
    target = target_at(analysis, state.tree(cursor.path), cursor.keys)
    if target is None:
        return []
    path = [str(step) for before, step in zip(cursor.keys, cursor.keys[1:], strict=False) if before == "fields"]
    rule = next((one for one in analysis.rulebook.rules if one.name == cursor.rule), None)
    output = cursor.output if rule is None else rule.output
    where = code(".".join(path)) if path else "the body"
    words = "" if target.any else f": {type_words(without_null(target))}"
    return [f"Goes to {where}{f' of the output {code(output)}' if output else ''}{words}"]


def _of_template(state: EditingState, cursor: Cursor, analysis: Analysis) -> _Told | None:
    part = template_part(cursor.text, cursor.offset)
    word = next((one for one in _WORD.finditer(cursor.text) if one.start() <= cursor.offset <= one.end()), None)
    if part is None or word is None:
        return None
    context = analysis.scopes.at(state.tree(cursor.path), cursor.keys)
    found = template_chain(cursor.text[part[0] :], word.end() - part[0], context.type)
    if found is None:
        return None
    type_, path = found
    lines = [f"{code(path.replace(chr(34), ''))}: {type_words(type_)}"]
    tree = tree_of(path)
    if tree is not None:
        seen = [one for one in seen_in(tree, context.type) if one.node["type"] == "field"]
        last = max((one.node["start"] for one in seen), default=0)
        here = [one for one in seen if one.node["start"] == last]
        if here and here[0].node["end"] == len(path):  # else, it is an element
            lines += _read_lines(analysis, cursor, context, tree, here)
    found_roots = _roots_at(state, cursor, analysis)
    if found_roots is not None and tree is not None:
        try:
            value = parse(path).search(found_roots[1])
            lines.append(f"In {code(found_roots[0].sample.name)}: {shown_value(value)}")
        except (ExpressionError, EvaluationError, Rejected):
            pass
    return _Told(*word.span(), [*lines, *_goes_to(state, cursor, analysis)])
