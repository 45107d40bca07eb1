"""Contexts: the types of all names in scope, as the type of an object with a member for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TypeVar

from ..expressions.tree import TreeNode
from ..language.rulebook import EntryRule, Expr, Rule
from ..types.types import NEVER, ObjectType, Property, Type, join, union
from .expressions import narrow, otherwise

__all__ = ["at_top", "learnt", "rest", "root", "taker", "tree_of", "where", "with_root"]

R = TypeVar("R", Rule, EntryRule)


def tree_of(expr: Expr) -> TreeNode:
    """The tree of an expression."""
    return expr.expression.tree


def where(when: Expr | None, context: Type) -> Type:
    """The context in which a condition holds; NEVER if it never does."""
    return context if when is None else narrow(context, tree_of(when), True)


def rest(when: Expr | None, context: Type) -> Type:
    """The context that a rule of a chain with this condition leaves for the next; NEVER if it takes everything."""
    return NEVER if when is None else otherwise(context, tree_of(when))


def learnt(type_: Type, known: Type) -> int:
    """The approximate number of members whose types are narrower than in a wider type, `known`."""
    count = 0
    for one in type_.objects:
        for name, prop in one.properties.items():
            before = [other.properties.get(name) for other in known.objects]
            if not any(prop is other for other in before):
                wider = next((other.type for other in before if other is not None), NEVER)
                count += 1 + learnt(prop.type, wider)
    return count


def taker(before: Sequence[R], rule: R, context: Type) -> R | None:
    """The rule before this one that alone takes all of its elements."""
    return next((one for one in before if where(rule.when, rest(one.when, context)).never), None)


def with_root(context: Type, name: str, added: Property) -> Type:
    """The context with one more name; NEVER if it can have no value."""
    if context.never or added.type.never:
        return NEVER
    return Type(objects=tuple(ObjectType({**one.properties, name: added}, one.others) for one in context.objects))


def root(context: Type, name: str) -> Type:
    """The type of a name."""
    return union(*(one.value(name) for one in context.objects))


def at_top(contexts: list[Type], top: Type) -> Type:
    """The union of the contexts, restricted to the names in scope at the top."""
    if top.never:
        return NEVER
    names, others = top.objects[0].properties, top.objects[0].others
    own = (one for context in contexts for one in context.objects)
    # The names of routes and rules are dropped, since more and more conditions distinguish them.
    return Type(
        objects=(reduce(join, (ObjectType({name: one.properties[name] for name in names}, others) for one in own)),)
    )
