"""Whose posts a node takes over: those of each life that is over, its own earlier ones too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from ranvier.access.posted_answer import PostedAnswer
from ranvier.cluster.member import Member, MemberView
from ranvier.config.load import load_settings
from ranvier.node.sessions import NodeSessions
from ranvier.services.hold_leases import HoldLeases
from ranvier.services.keep_membership import KeepMembership
from tests.support.memory_sessions import MemorySessions
from tests.support.web_node import OWN

EARLY, LATE = PostedAnswer(200, (), b"early"), PostedAnswer(200, (), b"late")


@dataclass
class Life:
    """The one node of its cluster, in one of its lives."""

    incarnation: int

    @property
    def own(self) -> Member:
        return replace(OWN.member, incarnation=self.incarnation)

    def members(self) -> tuple[MemberView, ...]:
        return (replace(OWN, member=self.own),)


class NoLeases:
    """Gives none."""

    def campaign(self, name: str) -> None:
        """Ask for one in vain."""


def sessions_of(store: MemorySessions, incarnation: int, folder: Path) -> NodeSessions:
    return NodeSessions(
        store,
        load_settings({}, {}, folder).settings,
        cast("KeepMembership", Life(incarnation)),
        cast("HoldLeases", NoLeases()),
    )


async def test_a_node_that_has_started_again_takes_over_what_it_was_working_on(
    tmp_path: Path,
) -> None:
    store, begun, may_end = MemorySessions(), asyncio.Event(), asyncio.Event()
    before, after = (sessions_of(store, number, tmp_path) for number in (1, 2))

    async def lost() -> PostedAnswer:
        begun.set()
        await may_end.wait()
        return EARLY

    async def made() -> PostedAnswer:
        return LATE

    left = asyncio.create_task(before.posts.under_claim("post", lost))
    await begun.wait()
    assert await after.posts.under_claim("post", made) == LATE
    may_end.set()
    assert await left == LATE


async def test_what_a_living_node_works_on_is_left_to_it(tmp_path: Path) -> None:
    store, begun, may_end = MemorySessions(), asyncio.Event(), asyncio.Event()
    first, second = (sessions_of(store, 1, tmp_path) for _ in range(2))

    async def slow() -> PostedAnswer:
        begun.set()
        await may_end.wait()
        return EARLY

    async def made() -> PostedAnswer:
        return LATE

    posts = [asyncio.create_task(first.posts.under_claim("post", slow))]
    await begun.wait()
    posts.append(asyncio.create_task(second.posts.under_claim("post", made)))
    for _ in range(50):
        await asyncio.sleep(0)
    may_end.set()
    assert await asyncio.gather(*posts) == [EARLY, EARLY]
