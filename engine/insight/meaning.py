"""The meaning of parts of a rulebook as comparable values, and the parts in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ..language.keys import attributes_of
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
    RequestPlace,
    Table,
    Text,
    Warn,
)
from ..source.nodes import Node
from ..source.text import one_line
from ..values.kinds import shown

__all__ = ["SHOWN", "apart", "in_words", "is_nothing", "is_shared", "key_of", "meaning", "members_of"]

_NOTES = {"node", "name_node", "description", "reference", "deprecated", "bases", "name", "policy"}
"""Members of the parts of a rulebook that have no meaning for results."""
SHOWN = 80
"""The maximum number of characters of a part in words."""


def meaning(part: Any) -> Any:
    """The meaning of a part of a rulebook, as a value that can be compared."""
    if isinstance(part, Expr):
        return "expression", _tree(part.expression.tree)
    if isinstance(part, Text):
        return "template", part.template.text
    if isinstance(part, Node):
        return None
    if is_dataclass(part):
        return type(part).__name__, [(one.name, meaning(getattr(part, one.name))) for one in members_of(part)]
    if isinstance(part, Mapping):
        return sorted(((str(key), meaning(value)) for key, value in part.items()), key=lambda pair: pair[0])
    if isinstance(part, frozenset | set):
        return sorted(map(str, part))
    if isinstance(part, tuple | list):
        return [_named(one) for one in part]
    return part if isinstance(part, str) else (type(part).__name__, part)


def _named(part: Any) -> Any:
    name = getattr(part, "name", None)
    return name if isinstance(name, str) else None, meaning(part)


def members_of(part: Any) -> list[Any]:
    """The members of a part that have a meaning, including a name that is computed."""
    return [one for one in fields(part) if one.name not in _NOTES or isinstance(getattr(part, one.name), Field)]


def key_of(part: Any, attribute: str) -> str:
    """The key of the rule language that an attribute of a part keeps."""
    return next(
        (key.name for name, key in attributes_of(type(part)) if name == attribute and key is not None), attribute
    )


def _tree(tree: Any) -> Any:
    if isinstance(tree, dict):
        return [(key, _tree(value)) for key, value in sorted(tree.items()) if key not in ("start", "end")]
    if isinstance(tree, list):
        return [_tree(one) for one in tree]
    return type(tree).__name__, tree


def in_words(part: Any) -> str:
    """A part of a rulebook in a few words."""
    if isinstance(part, Expr):
        return _shortened(part.text)
    if isinstance(part, Text):
        text = shown(part.template.text, SHOWN)
        return f"template {text}" if part.template.roots else text
    if isinstance(part, From):
        return " or else ".join(in_words(one) for one in part.alternatives)
    if isinstance(part, Field):
        return in_words(part.source)
    if isinstance(part, Const):
        return f"the constant {shown(part.value, SHOWN)}"
    if isinstance(part, Each):
        return f"each of {in_words(part.each)}"
    if isinstance(part, ObjectSource):
        return "an object"
    if isinstance(part, Listed):
        return f"a list of {', '.join(map(in_words, part.items))}"
    if isinstance(part, Warn):
        return in_words(part.message)
    if isinstance(part, RequestPlace):
        return part.text
    if isinstance(part, EntryRule):
        return _entry_words(part)
    if isinstance(part, Table):
        return f"table {part.name}" if part.name else "a table"
    if is_dataclass(part):
        return type(part).__name__.lower()
    if isinstance(part, Mapping):
        return _shortened(", ".join(f"{key}: {in_words(value)}" for key, value in part.items()) or "nothing")
    if isinstance(part, frozenset | set):
        return _shortened(", ".join(sorted(map(str, part))) or "nothing")
    if isinstance(part, tuple):
        return _shortened(", ".join(map(in_words, part)) or "nothing")
    return "nothing" if part is ABSENT else shown(part, SHOWN)


def apart(old: Any, new: Any) -> tuple[str, str]:
    """Two parts in words; of long expressions, the text from the first difference on."""
    if not (isinstance(old, Expr) and isinstance(new, Expr)):
        return in_words(old), in_words(new)
    one, other = one_line(old.text), one_line(new.text)
    if max(len(one), len(other)) <= SHOWN:
        return one, other
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, start - SHOWN // 4)
    lead = ".." if start else ""
    return _shortened(lead + one[start:]), _shortened(lead + other[start:])


def is_shared(name: str, old: Any, new: Any) -> bool:
    """Returns whether a member of two parts is the same policy or named table, which is compared on its own."""
    if name == "entries" and hasattr(old, "policy"):
        return old.policy is not None and old.policy == new.policy
    if name == "table":
        return old.table is not None and new.table is not None and None is not old.table.name == new.table.name
    return False


def _shortened(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= SHOWN else text[: SHOWN - 2] + ".."


def is_nothing(value: Any) -> bool:
    """Returns whether the value of an attribute stands for a missing part."""
    return value is None or value is ABSENT or value is False or value in ((), {}, frozenset())


def _entry_words(rule: EntryRule) -> str:
    does = "skip" if rule.skip is not None else "reject" if rule.reject is not None else "keep"
    return f"{does} when {in_words(rule.when)}" if rule.when is not None else f"{does} the rest"
