from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ranvier.storage.database import Database
from ranvier.storage.sessions import (
    ChangeState,
    PostRecord,
    SessionChange,
    SessionPage,
    SessionRow,
)
from tests.support.databases import MakeDatabase, opened

LATER_MS = 10**12


def row(name: str, user: str | None = None, node: str = "node1") -> SessionRow:
    return SessionRow(f"digest-{name}", f"handle-{name}", 1, user, 0, 0, node, "{}")


def changed(
    name: str, version: int, user: str | None = None, next_name: str = "", drafts: str = "{}"
) -> SessionChange:
    next_digest = f"digest-{next_name or name}"
    return SessionChange(f"digest-{name}", version, next_digest, user, drafts, "node2")


async def found(database: Database, name: str, known_version: int = 0) -> SessionRow | None:
    look = await database.sessions.look({f"digest-{name}": known_version})
    return look.rows.get(f"digest-{name}")


async def test_a_session_is_found_by_its_digest_with_the_times_of_the_database(
    database: Database,
) -> None:
    kept = (await database.sessions.open(row("a"))).rows["digest-a"]
    await database.sessions.open(row("b", user="ann"))
    look = await database.sessions.look({"digest-a": 0, "digest-b": 0, "digest-nobody": 0})
    assert look.rows.keys() == {"digest-a", "digest-b"}
    assert look.rows["digest-a"] == kept
    assert look.rows["digest-b"].user == "ann"
    assert kept.created_ms == kept.last_used_ms
    assert 0 <= look.now_ms - kept.created_ms < 60_000


async def test_drafts_come_only_with_a_version_that_is_not_known(database: Database) -> None:
    await database.sessions.open(row("a"))
    assert (await database.sessions.change(changed("a", 1, drafts='{"f": {"x": "1"}}'))).state is (
        ChangeState.MADE
    )
    known = await found(database, "a", 2)
    assert known is not None
    assert (known.version, known.drafts) == (2, None)
    older = await found(database, "a", 1)
    assert older is not None
    assert older.drafts == '{"f": {"x": "1"}}'


async def test_a_change_is_made_on_its_version_only(database: Database) -> None:
    await database.sessions.open(row("a"))
    assert (await database.sessions.change(changed("a", 1, "ann"))).state is ChangeState.MADE
    assert (await database.sessions.change(changed("a", 1, "bob"))).state is ChangeState.CONFLICT
    assert (await database.sessions.change(changed("b", 1, "bob"))).state is ChangeState.CONFLICT
    kept = await found(database, "a")
    assert kept is not None
    assert (kept.version, kept.user, kept.node) == (2, "ann", "node2")


async def test_of_changes_of_one_version_at_once_one_is_made(database: Database) -> None:
    await database.sessions.open(row("a"))
    outcomes = await asyncio.gather(
        *(database.sessions.change(changed("a", 1, f"user{number}")) for number in range(8))
    )
    assert [each.state for each in outcomes].count(ChangeState.MADE) == 1
    kept = await found(database, "a")
    assert kept is not None
    assert kept.version == 2


async def test_a_renewed_session_is_found_by_its_new_digest_alone(database: Database) -> None:
    before = (await database.sessions.open(row("a"))).rows["digest-a"]
    made = await database.sessions.change(changed("a", 1, "ann", next_name="b"))
    assert await found(database, "a") is None
    after = await found(database, "b")
    assert after is not None
    assert (after.handle, after.user, after.version) == ("handle-a", "ann", 2)
    assert after.created_ms == after.last_used_ms == made.now_ms >= before.created_ms


async def test_a_post_and_its_change_are_kept_together(database: Database) -> None:
    await database.sessions.open(row("a"))
    made = await database.sessions.change(changed("a", 1, "ann"), PostRecord("post", "first"))
    assert made.state is ChangeState.MADE
    repeated = await database.sessions.change(changed("a", 2, "bob"), PostRecord("post", "second"))
    assert (repeated.state, repeated.answer) == (ChangeState.ANSWERED, "first")
    kept = await found(database, "a")
    assert kept is not None
    assert (kept.version, kept.user) == (2, "ann")


async def test_a_change_that_is_not_made_leaves_no_post(database: Database) -> None:
    await database.sessions.open(row("a"))
    lost = await database.sessions.change(changed("a", 7), PostRecord("post", "lost"))
    assert lost.state is ChangeState.CONFLICT
    assert await database.sessions.post("post") is None
    made = await database.sessions.change(changed("a", 1), PostRecord("post", "kept"))
    assert made.state is ChangeState.MADE
    post = await database.sessions.post("post")
    assert post is not None
    assert post.answer == "kept"


async def test_of_equal_posts_at_once_one_is_made_and_all_have_its_answer(
    database: Database,
) -> None:
    await database.sessions.open(row("a"))
    outcomes = await asyncio.gather(
        *(
            database.sessions.change(changed("a", 1, f"user{number}"), PostRecord("post", "same"))
            for number in range(8)
        )
    )
    states = [each.state for each in outcomes]
    assert states.count(ChangeState.MADE) == 1
    assert states.count(ChangeState.ANSWERED) == 7
    assert {each.answer for each in outcomes if each.state is ChangeState.ANSWERED} == {"same"}


async def test_a_claim_belongs_to_one_and_is_taken_over_by_its_fence(database: Database) -> None:
    sessions = database.sessions
    claims = await asyncio.gather(
        *(sessions.claim_post("post", f"owner{number}", 0) for number in range(8))
    )
    assert len({each.owner for each in claims}) == 1
    assert {(each.fence, each.answer) for each in claims} == {(1, None)}
    assert await sessions.claim_post("post", "late", 0) == claims[0]
    taken = await sessions.claim_post("post", "heir", 1)
    assert (taken.owner, taken.fence) == ("heir", 2)
    assert (await sessions.claim_post("post", "late", 1)).owner == "heir"


async def test_only_the_last_claim_answers(database: Database) -> None:
    sessions = database.sessions
    await sessions.claim_post("post", "first", 0)
    await sessions.claim_post("post", "heir", 1)
    late = await sessions.answer_post(PostRecord("post", "of the first"), 1)
    assert (late.owner, late.answer) == ("heir", None)
    assert (
        await sessions.answer_post(PostRecord("post", "of the heir"), 2)
    ).answer == "of the heir"
    again = await sessions.answer_post(PostRecord("post", "once more"), 2)
    assert again.answer == "of the heir"
    # An answered post is nobody's to take over, whatever fence is known.
    assert await sessions.claim_post("post", "late", 2) == again
    assert await sessions.post("post") == again


async def test_a_claim_that_led_to_nothing_is_free_again(database: Database) -> None:
    sessions = database.sessions
    await sessions.claim_post("post", "first", 0)
    await sessions.drop_post("post", 7)
    assert await sessions.post("post") is not None
    await sessions.drop_post("post", 1)
    assert await sessions.post("post") is None
    gone = await sessions.answer_post(PostRecord("post", "late"), 1)
    assert (gone.fence, gone.answer) == (0, None)
    await sessions.claim_post("post", "second", 0)
    await sessions.answer_post(PostRecord("post", "kept"), 1)
    await sessions.drop_post("post", 1)
    assert await sessions.post("post") is not None


async def test_use_is_noted_without_another_version(database: Database) -> None:
    before = (await database.sessions.open(row("a"))).rows["digest-a"]
    await database.sessions.touch("digest-a", "node9")
    await database.sessions.touch("digest-nobody", "node9")
    after = await found(database, "a", 1)
    assert after is not None
    assert (after.node, after.version, after.drafts) == ("node9", 1, None)
    assert after.last_used_ms >= before.last_used_ms


async def test_sessions_end_by_handle_and_by_user(database: Database) -> None:
    for name, user in (("a", "ann"), ("b", "ann"), ("c", "bob"), ("d", None)):
        await database.sessions.open(row(name, user))
    assert await database.sessions.end("handle-d")
    assert not await database.sessions.end("handle-d")
    assert await database.sessions.end_all_of("ann") == 2
    assert await database.sessions.end_all_of("ann") == 0
    assert [each.handle for each in await database.sessions.listed(SessionPage())] == ["handle-c"]


async def test_sessions_are_listed_in_pages_and_by_user(database: Database) -> None:
    for number in range(7):
        await database.sessions.open(row(f"{number}", "ann" if number % 2 else None))
    seen: list[SessionRow] = []
    page = SessionPage(size=3)
    while rows := await database.sessions.listed(page):
        seen += rows
        page = SessionPage(None, 3, rows[-1].created_ms, rows[-1].handle)
    assert {each.handle for each in seen} == {f"handle-{number}" for number in range(7)}
    assert len(seen) == 7
    assert all(each.drafts is None for each in seen)
    assert seen == sorted(seen, key=lambda each: (-each.created_ms, each.handle))
    of_ann = await database.sessions.listed(SessionPage("ann"))
    assert {each.handle for each in of_ann} == {"handle-1", "handle-3", "handle-5"}
    last = max(of_ann, key=lambda each: (-each.created_ms, each.handle))
    after = SessionPage("ann", 10, last.created_ms, last.handle)
    assert await database.sessions.listed(after) == []


async def test_nodes_are_told_by_how_many_they_served_last(database: Database) -> None:
    for name, node in (("a", "node1"), ("b", "node2"), ("c", "node2")):
        await database.sessions.open(row(name, node=node))
    assert await database.sessions.counts() == {"node1": 1, "node2": 2}


async def test_what_is_over_is_forgotten_in_pages(database: Database) -> None:
    for number in range(5):
        await database.sessions.open(row(f"{number}"))
    assert await database.sessions.sweep(LATER_MS, LATER_MS, 10) == 0
    assert await database.sessions.sweep(0, LATER_MS, 2) == 2
    assert await database.sessions.sweep(LATER_MS, 0, 2) == 2
    assert await database.sessions.sweep(0, 0, 10) == 1
    assert await database.sessions.listed(SessionPage()) == []


async def test_strangers_beyond_a_number_are_forgotten_and_users_are_not(
    database: Database,
) -> None:
    for number in range(5):
        await database.sessions.open(row(f"{number}"))
        await database.sessions.open(row(f"user{number}", f"user{number}"))
    assert await database.sessions.sweep_strangers(5, 10) == 0
    assert await database.sessions.sweep_strangers(2, 2) == 2
    assert await database.sessions.sweep_strangers(2, 10) == 1
    left = await database.sessions.listed(SessionPage())
    assert len([each for each in left if each.user is None]) == 2
    assert len([each for each in left if each.user]) == 5


async def test_old_posts_are_forgotten(database: Database) -> None:
    await database.sessions.claim_post("post", "owner", 0)
    assert await database.sessions.sweep_posts(LATER_MS, 10) == 0
    assert await database.sessions.sweep_posts(0, 10) == 1
    assert await database.sessions.post("post") is None


@pytest.mark.parametrize("count", [0, 1000])
async def test_any_number_is_looked_for_in_one_read(database: Database, count: int) -> None:
    await database.sessions.open(row("a"))
    known = {f"digest-{number}": 0 for number in range(count)}
    look = await database.sessions.look({**known, "digest-a": 0})
    assert look.rows.keys() == {"digest-a"}
    assert (await database.sessions.look({})).rows == {}


async def test_a_session_survives_a_restart(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = await opened(make_database, tmp_path)
    await database.sessions.open(row("a", "ann"))
    await database.stop()
    database = await opened(make_database, tmp_path)
    assert await found(database, "a") is not None
    await database.stop()
