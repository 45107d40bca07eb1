"""The roles of nodes in rule files and test files: the keys that a mapping can have, and the meaning of a scalar.

They follow from the declarations of the keys by the path of a node, even if the file cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ..golden.keys import EXPECTATION, OTHER_PARTS, PARTS, TEST, TEST_FILE
from ..language import kinds
from ..language.discovery import FileKind
from ..language.file_keys import MAPPING, PART, WORKSPACE
from ..language.keys import FORMS, Form, Key
from ..language.kinds import Kind
from ..language.rulebook import Rulebook  # noqa: F401 - its module declares forms
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["ROOTS", "UNKNOWN", "Role", "RoleNode", "parts_of", "role_at"]

Scalar = Literal["expression", "template", "value"]


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a node: a scalar, a mapping or a list.

    `key` is the declaration of its key. For a scalar, `scalar` is its kind, and `refers` or `defines` the kind of name
    that it refers to or defines: "rule", "route", "output", "table", "policy", "setting", "code", "schema", "file",
    "mapping" (a reference to one), or "root" for a name in expressions. A mapping has the keys of `form`, or names of
    the kind `names`, such as "field" or "let", which it defines unless `names_refer`.
    """

    key: Key | None = None
    scalar: Scalar = "value"
    refers: str = ""
    defines: str = ""
    form: Form | None = None
    names: str = ""
    names_refer: bool = False
    inner: Kind | None = None
    items: Kind | None = None

    def child(self, name: str) -> Role:
        """The role of the value of a key."""
        if self.form is not None:
            key = self.form.keys.get(name)
            return UNKNOWN if key is None else _role(key.kind, key, self.form)
        return UNKNOWN if self.inner is None else _role(self.inner, self.key, None)

    def item(self) -> Role:
        """The role of an element of a list."""
        return UNKNOWN if self.items is None else _role(self.items, self.key, None)


UNKNOWN = Role()
_PARTS_OF_FORMS = {name: kinds.part(name) for name in FORMS}
_OF_TESTS = {form: Kind(form.name, {}) for form in (TEST, EXPECTATION, *PARTS.values(), *OTHER_PARTS.values())}
_NAMED = {
    "settings": "setting",
    "outputs": "output",
    "tables": "table",
    "routes": "route",
    "windows": "window",
    "assert": "assertion",
}
_FIELD = Role(scalar="expression", form=FORMS["fieldMapping"], items=kinds.FIELD)

_KINDS: dict[Kind, Role] = {
    kinds.EXPRESSION: Role(scalar="expression"),
    kinds.TEMPLATE: Role(scalar="template"),
    kinds.PATH: Role(scalar="template"),
    kinds.FIELD: _FIELD,
    kinds.ALTERNATIVES: replace(_FIELD, form=None),
    kinds.LISTED: Role(items=kinds.FIELD),
    **{kind: Role(names="field", inner=kinds.FIELD) for kind in (kinds.FIELDS, kinds.PARAMETERS, kinds.HEADERS)},
    kinds.LET: Role(names="let", inner=kinds.FIELD),
    kinds.TEMPLATED: Role(scalar="template", form=FORMS["fieldMapping"]),
    kinds.SERVER_HEADERS: Role(names="field", inner=kinds.TEMPLATED),
    kinds.SPREADS: Role(form=FORMS["spread"], items=_PARTS_OF_FORMS["spread"]),
    kinds.WARNINGS: Role(items=_PARTS_OF_FORMS["warn"]),
    kinds.ENTRY_RULES: Role(refers="policy", items=_PARTS_OF_FORMS["entryRule"]),
    kinds.TABLE: Role(refers="table", form=FORMS["table"]),
    kinds.ROUTE: Role(refers="route"),
    kinds.OUTPUT: Role(refers="output"),
    **{kind: Role(items=kinds.OUTPUT) for kind in (kinds.OUTPUTS, kinds.SOME_OUTPUTS)},
    kinds.REFERENCE: Role(refers="mapping"),
    **{kind: Role(defines="root") for kind in (kinds.ELEMENT, kinds.INDEX, kinds.ENTRY_KEY)},
    kinds.ENTRIES: Role(names="entry", inner=kinds.ANY),
    kinds.NAMES: Role(names="entry", inner=kinds.TEXT),
    kinds.COMBINATIONS: Role(names="member", names_refer=True, inner=kinds.choice("append", "merge")),
    kinds.TEXTS: Role(items=kinds.TEXT),
}
_ENTRY_RULES = Kind("entry rules", {})
_CHECKED = kinds.choice("ignore", "warning", "error")
_FILE = Kind("file", {})
_KINDS |= {
    **{kind: Role(form=form) for form, kind in _OF_TESTS.items()},
    _ENTRY_RULES: Role(items=_PARTS_OF_FORMS["entryRule"]),
    _FILE: Role(refers="file"),
}
_KEYS: dict[tuple[str, str], Role] = {
    # The roles that keys of these forms have by themselves.
    **{(form.name, "rules"): Role(items=_PARTS_OF_FORMS["rule"]) for form in (MAPPING, PART, WORKSPACE)},
    **{(form.name, "include"): Role(items=_FILE) for form in (MAPPING, PART, WORKSPACE)},
    **{(form.name, "policies"): Role(names="policy", inner=_ENTRY_RULES) for form in (MAPPING, PART, WORKSPACE)},
    **{(form.name, "checks"): Role(names="code", names_refer=True, inner=_CHECKED) for form in (MAPPING, WORKSPACE)},
    ("workspace", "settings"): Role(names="setting", names_refer=True, inner=kinds.ANY),
    ("rule", "rule"): Role(defines="rule"),
    ("rule", "extends"): Role(refers="rule"),
    **{(form, key): Role(refers="schema") for form in ("input", "output", "bulk") for key in ("schema", "limits")},
    (TEST_FILE.name, "mapping"): Role(refers="mapping"),
    (TEST_FILE.name, "workspace"): Role(refers="mapping"),
    (TEST_FILE.name, "tests"): Role(items=_OF_TESTS[TEST]),
    (TEST.name, "settings"): Role(names="setting", names_refer=True, inner=kinds.ANY),
    (TEST.name, "input_file"): Role(refers="file"),
    (TEST.name, "expect"): Role(form=EXPECTATION, items=_OF_TESTS[EXPECTATION]),
    **{(EXPECTATION.name, name): Role(items=_OF_TESTS[form]) for name, form in PARTS.items()},
    (EXPECTATION.name, "server"): Role(form=OTHER_PARTS["server"]),
    (EXPECTATION.name, "bulk"): Role(items=_OF_TESTS[OTHER_PARTS["bulk"]]),
    (PARTS["requests"].name, "output"): Role(refers="output"),
    (PARTS["skipped"].name, "rule"): Role(refers="rule"),
    (PARTS["problems"].name, "rule"): Role(refers="rule"),
    (PARTS["problems"].name, "code"): Role(refers="code"),
}
ROOTS: dict[FileKind, Role] = {
    "mapping": Role(form=MAPPING),
    "workspace": Role(form=WORKSPACE),
    "part": Role(form=PART),
    "tests": Role(form=TEST_FILE),
}
"""The roles of whole files, by their kinds."""


def _role(kind: Kind, key: Key | None, form: Form | None) -> Role:
    own = _KEYS.get((form.name, key.name)) if form is not None and key is not None else None
    if own is not None:
        return replace(own, key=key)
    found = _KINDS.get(kind)
    if found is not None:
        return replace(found, key=key)
    if kind.form:
        if kind.merge == "forms" and key is not None:
            return Role(key=key, names=_NAMED[key.name], inner=_PARTS_OF_FORMS[kind.form])
        return Role(key=key, form=FORMS[kind.form])
    return Role(key=key)


def role_at(root: Role, keys: Iterable[str | int]) -> Role:
    """The role of the node at a path of keys and indices."""
    for key in keys:
        root = root.child(key) if isinstance(key, str) else root.item()
    return root


@dataclass(frozen=True, slots=True)
class RoleNode:
    """A node of a file with its role, and the keys and indices that lead to it.

    `is_key`: it is a key of the mapping that has the role, and `keys` lead to its value.
    """

    node: Node
    role: Role
    keys: tuple[str | int, ...]
    is_key: bool = False


def parts_of(tree: Node, root: Role, keys: tuple[str | int, ...] = ()) -> Iterator[RoleNode]:
    """All nodes of a file: each before the nodes in it, keys before their values."""
    yield RoleNode(tree, root, keys)
    if isinstance(tree, MappingNode):
        for key, value in (*tree.entries, *tree.repeated):
            inner = (*keys, key.text)
            yield RoleNode(key, root, inner, is_key=True)
            yield from parts_of(value, root.child(key.text), inner)
    elif isinstance(tree, SequenceNode):
        for index, item in enumerate(tree.items):
            yield from parts_of(item, root.item(), (*keys, index))


def is_string(node: Node) -> bool:
    """Returns whether a node is a string."""
    return isinstance(node, ScalarNode) and isinstance(node.value, str)
