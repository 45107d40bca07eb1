"""Finds in the rules alone where personal members of the input can go, and proves assertions about that.

Comes in: a Rulebook. Goes out: the flows of personal members, each with its ways through the rules.
"""

from __future__ import annotations

from .personal import PersonalFlow, Privacy, privacy_of

__all__ = ["PersonalFlow", "Privacy", "privacy_of"]
