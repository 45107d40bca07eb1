"""A language server: answers requests of editors about rule files over the Language Server Protocol.

Comes in: messages of an editor. Goes out: the answers of `editing` about its texts, as messages.
"""

from __future__ import annotations

__all__: list[str] = []
