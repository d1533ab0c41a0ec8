"""A session as the columns of its row, which are the same in every database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ranvier.events.limits import NUMBER_LIMIT
from ranvier.storage.sessions import SessionChange, SessionLook, SessionPage, SessionRow

LATEST_MS: Final = NUMBER_LIMIT - 1
"""Later than any session has begun."""


def look_of(rows: Iterable[Any]) -> SessionLook:
    """Return what was found; each row ends with the moment at which it was read."""
    found, now_ms = {}, 0
    for row in rows:
        *columns, now_ms = row
        found[columns[0]] = SessionRow(*columns)
    return SessionLook(now_ms, found)


def columns_of(row: SessionRow) -> tuple[Any, ...]:
    """Return what a new session is kept by, in the order of the statement."""
    return (row.digest, row.handle, row.version, row.user, row.node, row.drafts or "{}")


def change_columns(change: SessionChange) -> tuple[Any, ...]:
    """Return what a change is made by, in the order of the statement."""
    return (
        change.digest,
        change.version,
        change.next_digest,
        change.user,
        change.drafts,
        change.node,
    )


def page_columns(page: SessionPage) -> tuple[Any, ...]:
    """Return the bounds of a page, and the user where it is one user's."""
    before_ms = LATEST_MS if page.before_ms is None else min(page.before_ms, LATEST_MS)
    bounds = (before_ms, page.after_handle, page.size)
    return bounds if page.user is None else (*bounds, page.user)
