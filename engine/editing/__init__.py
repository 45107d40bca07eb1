"""Texts of rule files while they are written: their canonical layout, and information for editors and Studio.

Comes in: the texts of rule, workspace and test files, and positions in them. Goes out: texts in their layout, or
Problems; and the types of `data`: names and their uses, completions, edits. No types of a protocol.

All functions take an EditingState, which has the texts of the files that are open, and the path of a file:

- `EditingState.diagnostics`: the Problems that `moemap check` finds, of this file and of all that depend on it. -
`cursor_at`: the key, value, expression or template at a position, with its role; in broken texts, too. - `definition`,
`references`, `prepare_rename`, `rename`: names of rules, routes, outputs, lets, tables, policies and settings over all
files; members lead to their schemas, names of files to these. - `document_symbols`, `project_symbols`, `folds`,
`selections`, `tokens.tokens`: the outline of a file, and its colours. - `completion`, `hover`, `signatures`, `inlays`,
`lenses`, `actions`, `samples`: modules for the things that editors show at a position, from inferred types and the
values of a sample.

While a text is broken, all but the Problems are those of its last readable state, as far as possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .cursor import Cursor, cursor_at
    from .files import formatted_source, rule_files
    from .navigation import RenameError, definition, prepare_rename, references, rename
    from .state import EditingState
    from .symbols import document_symbols, folds, project_symbols, selections

__all__ = [
    "Cursor",
    "EditingState",
    "RenameError",
    "cursor_at",
    "definition",
    "document_symbols",
    "folds",
    "formatted_source",
    "prepare_rename",
    "project_symbols",
    "references",
    "rename",
    "rule_files",
    "selections",
]

__getattr__ = lazily(__name__)
