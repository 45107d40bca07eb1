"""JMESPath expressions with positions.

Comes in: the text of an expression. Goes out: an Expression, whose nodes know their place in the text, or an
ExpressionError with the place and the reason. jmespath provides the grammar and the evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .growth import PART, SCALAR, Growth, TooLarge, either, joined, of_expression, of_expressions
    from .parser import MAX_EXPRESSION_CHARS, parse
    from .paths import inputs_read, path_of
    from .roots import RootUse
    from .syntax_errors import MAX_EXPRESSION_DEPTH, ExpressionError
    from .tree import EvaluationError, Expression, TreeNode, children, walk

__all__ = [
    "MAX_EXPRESSION_CHARS",
    "MAX_EXPRESSION_DEPTH",
    "PART",
    "SCALAR",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Growth",
    "RootUse",
    "TooLarge",
    "TreeNode",
    "children",
    "either",
    "inputs_read",
    "joined",
    "of_expression",
    "of_expressions",
    "parse",
    "path_of",
    "walk",
]

__getattr__ = lazily(__name__)
