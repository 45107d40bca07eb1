"""The parts of rules that can reject the element that they belong to."""

from __future__ import annotations

__all__ = []
