"""Answers each form post once: who sends it again gets the answer that it had.

What a post changes in its session is one transaction with its answer. An effect that lies elsewhere
(a node that is to drain, a proposal for the configuration) is made under a claim: a node claims the
post, makes the effect, and keeps the answer. Should it be lost in between, the next who sends the
post takes the claim over and makes the effect once more, so that such an effect must be one that
nothing is added to by repeating it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ranvier.access.errors import PostUnderWay, SessionContended
from ranvier.access.posted_answer import PostedAnswer, answer_of
from ranvier.services.keep_sessions import ATTEMPTS_MOST, HeldSession, KeepSessions
from ranvier.storage.sessions import ChangeState, PostClaim, PostRecord, Sessions

WAIT_SECONDS: Final = 10.0
"""For the answer of a post that somebody else works on."""

LOOK_SECONDS: Final = 0.1
"""Between two looks whether it is there."""


@dataclass(frozen=True, slots=True)
class PostSources:
    """What posts take from outside: who lives, time and chance."""

    run: Callable[[], str]
    """This run of this node, unlike any other; without spaces."""
    is_living: Callable[[str], bool]
    """Whether a run of a node may still work on something."""
    new_mark: Callable[[], str]
    """Gives a text without spaces that no claim has had."""
    clock: Callable[[], float]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class DecidedPost:
    """What a post makes of its session, and what is answered then."""

    held: HeldSession
    answer: PostedAnswer


@dataclass(frozen=True, slots=True)
class AnsweredPost:
    """A post and its answer; `held` is None where it was answered before."""

    answer: PostedAnswer
    held: HeldSession | None = None


DecidePost = Callable[[HeldSession], Awaitable[DecidedPost]]
"""Asked again where the session has changed meanwhile; it changes nothing itself."""

Effect = Callable[[], Awaitable[PostedAnswer]]


class AnswerPosts:
    """The posts that this node is sent."""

    def __init__(self, store: Sessions, sessions: KeepSessions, sources: PostSources) -> None:
        self._store = store
        self._sessions = sessions
        self._sources = sources
        self._working: set[asyncio.Task[PostedAnswer]] = set()

    async def start(self) -> None:
        """Be ready; nothing runs by itself."""

    async def stop(self) -> None:
        """Wait for the effects that are being made."""
        if self._working:
            await asyncio.gather(*self._working, return_exceptions=True)

    async def earlier(self, digest: str) -> PostedAnswer | None:
        """Return the answer that a post was given, if it was given one."""
        claim = await self._store.post(digest)
        return None if claim is None or claim.answer is None else answer_of(claim.answer)

    async def with_session(
        self, digest: str, held: HeldSession, decide: DecidePost
    ) -> AnsweredPost:
        """Change the session and keep the answer, both or neither, unless it was done before.

        Raises `SessionEnded`, `SessionContended` and whatever `decide` raises, with nothing kept.
        """
        earlier = await self.earlier(digest)
        if earlier is not None:
            return AnsweredPost(earlier)
        for _ in range(ATTEMPTS_MOST):
            decided = await decide(held)
            record = PostRecord(digest, decided.answer.text())
            committed = await self._sessions.commit(held, decided.held, record)
            match committed.state:
                case ChangeState.MADE:
                    return AnsweredPost(decided.answer, committed.held)
                case ChangeState.ANSWERED if committed.answer:
                    return AnsweredPost(answer_of(committed.answer))
                case ChangeState.ANSWERED:
                    raise PostUnderWay
                case ChangeState.CONFLICT:
                    held = await self._sessions.again(held)
        raise SessionContended

    async def under_claim(self, digest: str, effect: Effect) -> PostedAnswer:
        """Make an effect once as far as nodes stay alive, else again; return its one answer.

        It is made to its end should the asker go away meanwhile. Raises `PostUnderWay`, and
        whatever `effect` raises: the post may be sent again then.
        """
        task = asyncio.get_running_loop().create_task(self._claimed(digest, effect))
        self._working.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def _claimed(self, digest: str, effect: Effect) -> PostedAnswer:
        owner = f"{self._sources.run()} {self._sources.new_mark()}"
        until = self._sources.clock() + WAIT_SECONDS
        claim = await self._store.claim_post(digest, owner, 0)
        while claim.answer is None:
            if claim.owner == owner:
                claim = await self._made(digest, claim, effect)
            elif not self._is_worked_on(claim):
                claim = await self._store.claim_post(digest, owner, claim.fence)
            elif self._sources.clock() >= until:
                raise PostUnderWay
            else:
                await self._sources.pause(LOOK_SECONDS)
                claim = await self._store.post(digest) or PostClaim("", 0, None)
        return answer_of(claim.answer)

    async def _made(self, digest: str, claim: PostClaim, effect: Effect) -> PostClaim:
        try:
            answer = await effect()
        except BaseException:
            await self._store.drop_post(digest, claim.fence)
            raise
        return await self._store.answer_post(PostRecord(digest, answer.text()), claim.fence)

    def _is_worked_on(self, claim: PostClaim) -> bool:
        return self._sources.is_living(claim.owner.partition(" ")[0])

    def _ended(self, task: asyncio.Task[PostedAnswer]) -> None:
        self._working.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked is told; what nobody hears of is no leak
