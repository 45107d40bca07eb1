"""Values in the text of a template, as far as they can be found without parsing it."""

from __future__ import annotations

import re

__all__ = ["TEMPLATE_VALUES"]

TEMPLATE_VALUES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
