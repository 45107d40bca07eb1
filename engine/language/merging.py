"""Merges YAML: a workspace onto its mapping, a rule onto the one it extends.

All merging is that of JSON merge patch (RFC 7396) on nodes, so that each value keeps its own file and line: mappings
merge, everything else replaces, null removes. There are two additions: a field with another source drops the inherited
one (and a rule with another of `output`, `skip`, `reject` and `convert`), and the short form of a field counts as its
long form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from ..source.nodes import MappingNode, Node, Removal, ScalarNode, SequenceNode, synthetic
from .file_keys import MAPPING
from .keys import FORMS, Form
from .kinds import Kind

__all__ = ["extend_rule", "merge", "merge_part", "merge_rule"]

Merge = Callable[[Node | None, Node], Node]


def merge(base: Node | None, over: Node) -> Node:
    """Merges `over` onto `base`."""
    if not isinstance(over, MappingNode):
        return over
    if not isinstance(base, MappingNode):
        return _merge_entries(_with(over, []), over, lambda _: lambda _, node: node)
    return _merge_entries(base, over, lambda _: merge)


def merge_part(key: str, base: Node | None, over: Node) -> Node:
    """Merges `over` onto `base`, both parts of a mapping under this key."""
    return _of(MAPPING)(key)(base, over)


def merge_fields(base: Node | None, over: Node) -> Node:
    """Merges a mapping of names to fields onto another one."""
    return _entry_by_entry(lambda _: merge_field)(base, over)


def merge_field(base: Node | None, over: Node) -> Node:
    """Merges a field onto the inherited field of the same name."""
    if not isinstance(over, MappingNode) or base is None:
        return over
    if isinstance(base, ScalarNode | SequenceNode):
        key = synthetic("from", base)
        base = _with(over, [(key, base)] if isinstance(key, ScalarNode) else [])
    assert isinstance(base, MappingNode)  # noqa: S101  a node is one of the three
    source, inherited = _source(over), _source(base)
    whole, inside = base, inherited == "each" and source == "fields"  # changes the fields of each element
    if source is not None and source != inherited and not inside:
        base = _without(base, FORMS["fieldMapping"].parts)
    return _merge_entries(base, over, _of(FORMS["fieldMapping"]), whole)


def merge_rule(base: MappingNode, over: MappingNode) -> MappingNode:
    """Merges a rule onto an inherited rule of the same name, or onto the rule that it extends."""
    whole, end, inherited = base, _end(over), _end(base)
    if inherited is None and any(base.get(key) is not None for key in ("fields", "spread")):
        inherited = "output"  # an abstract rule may leave the output to those that extend it
    if end is not None and inherited not in (None, end):
        base = _without(base, FORMS["rule"].parts)
    return _merge_entries(base, over, _of(FORMS["rule"]), whole)


def extend_rule(base: MappingNode, over: MappingNode) -> MappingNode:
    """Merges a rule onto the rule of the same mapping that it extends."""
    own = [name for name, key in FORMS["rule"].keys.items() if not key.inherited]
    return merge_rule(_without(base, own), _without(over, ("extends",)))


def _of(form: Form) -> Callable[[str], Merge]:
    """A function from a key of a form to the way in which values under it merge."""
    return lambda key: _by_kind(form.keys[key].kind) if key in form.keys else merge


def _by_kind(kind: Kind) -> Merge:
    match kind.merge:
        case "fields":
            return merge_fields
        case "field":
            return merge_field
        case "form":
            return _entry_by_entry(_of(FORMS[kind.form]))
        case "forms":
            each = _entry_by_entry(_of(FORMS[kind.form]))
            return _entry_by_entry(lambda _: each)
    return merge


def _entry_by_entry(how: Callable[[str], Merge]) -> Merge:
    def merged(base: Node | None, over: Node) -> Node:
        if isinstance(base, MappingNode) and isinstance(over, MappingNode):
            return _merge_entries(base, over, how)
        return merge(base, over)

    return merged


def _source(field: MappingNode) -> str | None:
    given = [key for key in FORMS["fieldMapping"].choices if field.get(key) is not None]
    if "each" in given:
        return "each"
    if not given and field.get("spread") is not None:
        return "fields"
    return given[0] if given else None


def _end(rule: MappingNode) -> str | None:
    return next((key for key in FORMS["rule"].choices if rule.get(key) is not None), None)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _with(node: MappingNode, entries: list[tuple[ScalarNode, Node]]) -> MappingNode:
    return replace(node, entries=tuple(entries))


def _without(node: MappingNode, keys: Collection[str]) -> MappingNode:
    return _with(node, [entry for entry in node.entries if entry[0].text not in keys])


def _merge_entries(
    base: MappingNode, over: MappingNode, how: Callable[[str], Merge], whole: MappingNode | None = None
) -> MappingNode:
    """Merges entries: those of `base` in their order, changed by `over`, then those that only `over` has.

    `whole` is `base` before the entries that `over` cannot keep were dropped; `over` may remove these, too.
    """
    changes = {key.text: (key, node) for key, node in over.entries}
    entries = []
    for key, node in base.entries:
        changed_key, changed = changes.pop(key.text, (key, node))
        if changed is node:
            entries.append((key, node))
        elif not _is_null(changed):
            entries.append((changed_key, how(key.text)(node, changed)))
    entries += [(key, how(key.text)(None, node)) for key, node in changes.values() if not _is_null(node)]
    known = (whole or base).keys()
    in_vain = [Removal(key, known) for key, node in changes.values() if _is_null(node) and key.text not in known]
    below = [removal for _, node in entries if isinstance(node, MappingNode) for removal in node.in_vain]
    return replace(over, entries=tuple(entries), in_vain=(*in_vain, *below))
