"""The port of sessions: a row for each, and one for each form post that was made once.

Rows are found by digests, hexadecimal SHA-256, of what only a browser knows. Times are the
database's own, in milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as it is stored."""

    digest: str
    handle: str
    version: int
    user: str | None
    created_ms: int
    last_used_ms: int
    node: str
    drafts: str | None
    """JSON; None where it was known already, or was not asked for."""


@dataclass(frozen=True, slots=True)
class SessionLook:
    """What was found at one moment."""

    now_ms: int
    rows: Mapping[str, SessionRow]
    """By digest; one that is missing was never there, or is over."""


@dataclass(frozen=True, slots=True)
class SessionChange:
    """What a session becomes, if it has still the version that was looked at."""

    digest: str
    version: int
    next_digest: str
    """The same, or another one where the session is renewed: its times begin anew then."""
    user: str | None
    drafts: str
    node: str


@dataclass(frozen=True, slots=True)
class PostRecord:
    """A post that is answered once."""

    digest: str
    answer: str


class ChangeState(Enum):
    """What became of a change."""

    MADE = "made"
    CONFLICT = "conflict"
    """The session is of another version, or over; nothing was changed."""
    ANSWERED = "answered"
    """The post had been answered before; nothing was changed."""


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """What became of a change: the version of the session, or the answer of the earlier post."""

    state: ChangeState
    now_ms: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class PostClaim:
    """Who works on a post whose effect is no row of the session's transaction."""

    owner: str
    fence: int
    answer: str | None
    """None while the owner works on it."""


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Which sessions are listed: the latest first."""

    user: str | None = None
    """Those of one user; None for all."""
    size: int = 100
    before_ms: int | None = None
    """Begun before this moment, or at it with a handle above `after_handle`."""
    after_handle: str = ""


class Sessions(Protocol):
    """Every change is durable when its call returns; all raise `StorageUnavailable`."""

    async def look(self, known: Mapping[str, int]) -> SessionLook:
        """Find sessions by digest in one indexed read.

        `known` holds for each the version that is known already, else 0; drafts come only with
        rows of another version.
        """
        ...

    async def open(self, row: SessionRow) -> SessionLook:
        """Keep a new session; its times are set by the database. Return it."""
        ...

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        """Change a session and remember the post that did it, both or neither.

        Of two posts of one digest the second waits for the first, and is given its answer.
        """
        ...

    async def touch(self, digest: str, node: str) -> None:
        """Note that a session was used just now, on this node; its version stays."""
        ...

    async def post(self, digest: str) -> PostClaim | None:
        """Return what is known of a post."""
        ...

    async def claim_post(self, digest: str, owner: str, fence: int) -> PostClaim:
        """Claim a post that nobody has (`fence` 0), or that is claimed under this fence.

        Return how it stands then: claimed under the next fence, or by somebody else, or answered.
        """
        ...

    async def answer_post(self, record: PostRecord, fence: int) -> PostClaim:
        """Keep the answer of a post that is claimed under this fence; return how it stands then."""
        ...

    async def drop_post(self, digest: str, fence: int) -> None:
        """Forget a claim under this fence that led to nothing."""
        ...

    async def end(self, handle: str) -> bool:
        """End the session of a handle; False where there is none."""
        ...

    async def end_all_of(self, user: str) -> int:
        """End every session of a user; return how many there were."""
        ...

    async def listed(self, page: SessionPage) -> Sequence[SessionRow]:
        """Return sessions that were not ended, the latest first, without their drafts."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """How many sessions each node has served last, by its name."""
        ...

    async def sweep(self, idle_ms: int, absolute_ms: int, limit: int) -> int:
        """Forget at most so many sessions that have come to a limit; return how many went."""
        ...

    async def sweep_strangers(self, kept: int, limit: int) -> int:
        """Forget sessions of nobody beyond so many, the longest unused first; return how many."""
        ...

    async def sweep_posts(self, older_ms: int, limit: int) -> int:
        """Forget at most so many posts that were made so long ago; return how many went."""
        ...
