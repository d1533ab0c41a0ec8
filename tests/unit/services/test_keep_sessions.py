from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ranvier.access.errors import SessionContended, SessionEnded
from ranvier.access.session import Session, SessionLimits, signed_in, signed_out, with_draft
from ranvier.access.session_cookie import cookie_of
from ranvier.services.keep_sessions import ATTEMPTS_MOST, Decide, HeldSession
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sessions import (
    ChangeOutcome,
    ChangeState,
    PostRecord,
    SessionChange,
    SessionPage,
)
from tests.support.memory_sessions import MemorySessions, PlayedRandom, SessionNode


def two_nodes(store: MemorySessions | None = None) -> tuple[SessionNode, SessionNode]:
    store, played = store or MemorySessions(), PlayedRandom()
    return SessionNode(store, "node1", played), SessionNode(store, "node2", played)


async def test_any_node_finds_a_session_and_gives_the_cookie_its_own_route() -> None:
    one, two = two_nodes()
    opened = await one.sessions.open()
    assert opened.cookie.route == "node1-route"
    held = await two.sessions.find(opened.cookie)
    assert held is not None
    assert held.cookie == replace(opened.cookie, route="node2-route")
    assert held.session == replace(opened.session, node="node2")
    assert one.store.rows[opened.cookie.digest].node == "node2"


async def test_a_frozen_node_does_not_use_its_old_copy() -> None:
    one, two = two_nodes()
    opened = await one.sessions.open()
    held = await one.sessions.change(opened, lambda session: signed_in(session, "ann"))
    elsewhere = await two.sessions.find(held.cookie)
    assert elsewhere is not None
    await two.sessions.change(elsewhere, lambda session: with_draft(session, "f", {"x": "new"}))
    seen = await one.sessions.find(held.cookie)
    assert seen is not None
    assert seen.session.drafts == {"f": {"x": "new"}}
    await two.sessions.change(elsewhere, signed_out, renews=True)
    assert await one.sessions.find(held.cookie) is None


@pytest.mark.parametrize("way", ["end", "end_all"])
async def test_whoever_is_ended_on_one_node_is_out_on_every_other(way: str) -> None:
    one, two = two_nodes()
    held = await one.sessions.change(
        await one.sessions.open(), lambda session: signed_in(session, "ann")
    )
    assert await one.sessions.find(held.cookie) is not None
    if way == "end":
        assert await two.sessions.end(held.session.handle)
        assert not await two.sessions.end(held.session.handle)
    else:
        assert await two.sessions.end_all_of("ann") == 1
    assert await one.sessions.find(held.cookie) is None
    with pytest.raises(SessionEnded):
        await one.sessions.change(held, lambda session: with_draft(session, "f", {"x": "1"}))


async def test_what_was_decided_on_an_old_version_is_decided_again() -> None:
    one, two = two_nodes()
    opened = await one.sessions.open()
    elsewhere = await two.sessions.find(opened.cookie)
    assert elsewhere is not None
    await two.sessions.change(elsewhere, lambda session: with_draft(session, "a", {"x": "1"}))
    decided_on: list[Session] = []

    def decide(session: Session) -> Session:
        decided_on.append(session)
        return with_draft(session, "b", {"y": "2"})

    held = await one.sessions.change(opened, decide)
    assert [each.version for each in decided_on] == [1, 2]
    assert held.session.drafts == {"a": {"x": "1"}, "b": {"y": "2"}}
    assert held.session.version == 3


async def test_a_copy_that_is_up_to_date_needs_no_drafts_from_the_row() -> None:
    one, _ = two_nodes()
    opened = await one.sessions.open()
    held = await one.sessions.change(opened, lambda s: with_draft(s, "a", {"x": "1"}))
    found = await one.sessions.find(held.cookie)
    assert found == held
    assert one.store.looked[-1] == {held.cookie.digest: 2}


async def test_nothing_is_written_where_nothing_changes() -> None:
    one, _ = two_nodes()
    opened = await one.sessions.open()
    assert await one.sessions.change(opened, lambda session: session) == opened
    assert "change" not in one.store.calls


class Contended(MemorySessions):
    """Somebody else is faster each time."""

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        self._note("change")
        return ChangeOutcome(ChangeState.CONFLICT)


async def test_a_change_gives_up_where_others_are_always_faster() -> None:
    one, _ = two_nodes(Contended())
    opened = await one.sessions.open()
    with pytest.raises(SessionContended):
        await one.sessions.change(opened, signed_out, renews=True)
    assert one.store.calls.count("change") == ATTEMPTS_MOST


async def test_sign_in_and_sign_out_renew_the_cookie_and_the_limits() -> None:
    one, _ = two_nodes()
    opened = await one.sessions.open()
    one.store.now_ms += 5000
    held = await one.sessions.change(opened, lambda s: signed_in(s, "ann"), renews=True)
    assert held.cookie.key != opened.cookie.key
    assert held.session.created_ms == one.store.now_ms
    assert held.session.handle == opened.session.handle
    assert await one.sessions.find(opened.cookie) is None
    assert await one.sessions.find(held.cookie) == held


@pytest.mark.parametrize("limit", ["idle", "absolute"])
async def test_a_session_that_has_run_out_is_nobodys(limit: str) -> None:
    one, _ = two_nodes()
    one.sessions.limits = SessionLimits(1000, 3000, 100)
    opened = await one.sessions.open()
    if limit == "idle":
        one.store.now_ms += 1000
    else:
        for _ in range(5):
            one.store.now_ms += 500
            assert await one.sessions.find(opened.cookie) is not None
        one.store.now_ms += 500
    assert await one.sessions.find(opened.cookie) is None


async def test_use_is_noted_seldom_and_once_by_requests_that_come_together() -> None:
    one, _ = two_nodes()
    opened = await one.sessions.open()
    await one.sessions.find(opened.cookie)
    assert "touch" not in one.store.calls
    one.store.now_ms += one.sessions.limits.touch_ms
    await asyncio.gather(*(one.sessions.find(opened.cookie) for _ in range(5)))
    await one.sessions.find(opened.cookie)
    assert one.store.calls.count("touch") == 1


async def test_looking_alone_is_no_use() -> None:
    one, _ = two_nodes()
    opened = await one.sessions.open()
    one.store.now_ms += one.sessions.limits.touch_ms
    assert await one.sessions.find(opened.cookie, is_use=False) is not None
    assert "touch" not in one.store.calls


async def test_forged_cookies_cost_one_look_and_leave_nothing() -> None:
    one, _ = two_nodes()
    for number in range(5):
        assert await one.sessions.find(cookie_of(number.to_bytes(32, "big"), "x")) is None
    assert set(one.store.calls) == {"look"}
    assert one.store.rows == {}


@pytest.mark.parametrize("handle", ["", "\0", "x" * 32, "0" * 31, "\ud800", "0" * 33])
async def test_what_is_no_handle_is_not_even_looked_for(handle: str) -> None:
    one, _ = two_nodes()
    assert not await one.sessions.end(handle)
    assert await one.sessions.end_all_of(handle + "\0") == 0
    assert await one.sessions.listed(SessionPage(user=handle + "\0")) == []
    assert await one.sessions.listed(SessionPage(after_handle="\0")) == []
    assert one.store.calls == []


async def test_all_nodes_sessions_are_listed_without_drafts() -> None:
    one, two = two_nodes()
    held = await one.sessions.open()
    await one.sessions.change(held, lambda session: with_draft(session, "f", {"x": "1"}))
    await two.sessions.open()
    listed = await one.sessions.listed()
    assert {each.node for each in listed} == {"node1", "node2"}
    assert all(each.drafts == {} for each in listed)
    assert await one.sessions.counts() == {"node1": 1, "node2": 1}


async def test_a_database_that_is_away_is_said_to_be() -> None:
    one, _ = two_nodes()
    opened = await one.sessions.open()
    one.store.is_away = True
    with pytest.raises(StorageUnavailable):
        await one.sessions.find(opened.cookie)
    one.store.is_away = False
    assert await one.sessions.find(opened.cookie) is not None
    await one.sessions.start()
    await one.sessions.stop()


def drafting(form: str, value: str) -> Decide:
    return lambda session: with_draft(session, form, {"x": value})


def steps(seed: int) -> Sequence[tuple[int, str, str]]:
    chance = random.Random(seed)  # it plays, it hides nothing
    return [
        (chance.randrange(2), f"form{chance.randrange(3)}", f"value{number}")
        for number in range(30)
    ]


@pytest.mark.parametrize("seed", range(20))
async def test_no_write_of_any_node_is_lost_whatever_the_order(seed: int) -> None:
    nodes = two_nodes()
    opened = await nodes[0].sessions.open()
    held: list[HeldSession] = [opened, opened]
    last: dict[str, str] = {}
    for number, form, value in steps(seed):
        # Each node goes on from the copy that it had, however old that is.
        held[number] = await nodes[number].sessions.change(held[number], drafting(form, value))
        last[form] = value
    for node in nodes:
        found = await node.sessions.find(opened.cookie)
        assert found is not None
        assert found.session.drafts == {form: {"x": value} for form, value in last.items()}
        assert found.session.version == 31
