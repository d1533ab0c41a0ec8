"""A session: who is there, since when, and what they have half filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ranvier.access.errors import DraftTooLarge

Drafts = Mapping[str, Mapping[str, str]]
"""The values of half-filled forms by the names of their fields, by the names of the forms."""

DRAFTS_MOST: Final = 16
"""Forms of one session: more than anyone fills in at a time; the one left longest goes first."""

DRAFT_BYTES: Final = 16 * 1024
"""Of one form with the names of its fields, as UTF-8: a long page of text."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts, in milliseconds."""

    idle_ms: int = 15 * 60_000
    """Without a request."""
    absolute_ms: int = 12 * 3_600_000
    """From the sign-in, or from the beginning where nobody has signed in."""
    touch_ms: int = 30_000
    """Between two notes that it was used; so much earlier than `idle_ms` it may end."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as of one version of its row; times are the database's, ms since 1970."""

    handle: str
    """What others may know it by; the cookie cannot be found from it."""
    version: int
    user: str | None
    created_ms: int
    """When it began; signing in and out begin it anew."""
    last_used_ms: int
    node: str
    """The name of the node that served it last."""
    drafts: Drafts = field(default_factory=dict, repr=False)


def is_over(session: Session, now_ms: int, limits: SessionLimits) -> bool:
    """Tell whether a session has come to one of its limits."""
    return (
        now_ms - session.last_used_ms >= limits.idle_ms
        or now_ms - session.created_ms >= limits.absolute_ms
    )


def is_touch_due(session: Session, node: str, now_ms: int, limits: SessionLimits) -> bool:
    """Tell whether it is to be noted that this node has just served the session."""
    pause_ms = min(limits.touch_ms, limits.idle_ms // 3)
    return session.node != node or now_ms - session.last_used_ms >= pause_ms


def with_draft(session: Session, form: str, values: Mapping[str, str]) -> Session:
    """Return the session with these values of a form in the place of those it had.

    No values: the draft goes. Beyond `DRAFTS_MOST` the draft that was left alone longest goes.
    Raises `DraftTooLarge`.
    """
    others = {name: kept for name, kept in session.drafts.items() if name != form}
    if not values:
        return replace(session, drafts=others)
    if draft_bytes(form, values) > DRAFT_BYTES:
        raise DraftTooLarge(form, DRAFT_BYTES)
    kept_names = list(others)[-(DRAFTS_MOST - 1) :]
    return replace(session, drafts={**{name: others[name] for name in kept_names}, form: values})


def draft_bytes(form: str, values: Mapping[str, str]) -> int:
    """Return how many bytes a draft counts for."""
    texts = (form, *values.keys(), *values.values())
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def drafts_bytes(drafts: Drafts) -> int:
    """Return how many bytes all drafts of a session count for."""
    return sum(draft_bytes(form, values) for form, values in drafts.items())


def signed_in(session: Session, user: str) -> Session:
    """Return the session of a user who has just proved to be it.

    What somebody else has half filled in is not theirs; it stays where the same user signs in once
    more.
    """
    drafts = session.drafts if session.user == user else {}
    return replace(session, user=user, drafts=drafts)


def signed_out(session: Session) -> Session:
    """Return the session of nobody, with nothing of who was there before."""
    return replace(session, user=None, drafts={})
