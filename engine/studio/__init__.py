"""Studio: rules, samples and results on one page of a browser on this machine.

Comes in: requests of the page. Goes out: the page, and what `editing` and the evaluators say about its texts.
"""

from __future__ import annotations

__all__: list[str] = []
