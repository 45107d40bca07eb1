"""Placeholders such as {app_id}, which whoever sends requests replaces by identifiers and secrets."""

from __future__ import annotations

import re

__all__ = ["PLACEHOLDER"]

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)
