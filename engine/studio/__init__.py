"""Studio: rules, samples and results on one page of a browser on this machine.

Comes in: requests of the page. Goes out: the page, and answers of `editing` and the evaluators about its texts.
"""

from __future__ import annotations

__all__: list[str] = []
