"""The places of outboxes: files, and URLs of databases."""

from __future__ import annotations

from pathlib import Path

from .database import Database
from .sqlite import SQLite

__all__ = ["database_at", "is_url"]

_SCHEMES = ("postgresql://", "postgres://")


def is_url(place: Path | str) -> bool:
    """Returns whether an outbox is named by the URL of a database."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


def database_at(place: Path | str, *, create: bool) -> Database:
    """The database of an outbox: a file of SQLite, or the one that a URL names. Raises OutboxError."""
    if is_url(place):
        from .postgres import PostgreSQL  # needs an extra

        return PostgreSQL(str(place), create=create)
    return SQLite(Path(place), create=create)
