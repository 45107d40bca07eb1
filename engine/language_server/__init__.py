"""A language server: what editors ask over the Language Server Protocol about rule files.

Comes in: messages of an editor. Goes out: what `editing` says about its texts, as messages.
"""

from __future__ import annotations

__all__: list[str] = []
