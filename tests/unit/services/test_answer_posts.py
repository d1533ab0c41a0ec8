from __future__ import annotations

import asyncio

import pytest

from ranvier.access.errors import PostUnderWay, SessionContended, SessionEnded
from ranvier.access.posted_answer import PostedAnswer, answer_of
from ranvier.access.session import signed_in, with_draft
from ranvier.cluster.errors import LastReadyNode
from ranvier.services.answer_posts import WAIT_SECONDS, DecidedPost
from ranvier.services.keep_sessions import HeldSession
from ranvier.storage.sessions import (
    ChangeOutcome,
    ChangeState,
    PostClaim,
    PostRecord,
    SessionChange,
)
from tests.support.memory_sessions import MemorySessions, PlayedRandom, SessionNode


def two_nodes(store: MemorySessions | None = None) -> tuple[SessionNode, SessionNode]:
    store, played = store or MemorySessions(), PlayedRandom()
    return SessionNode(store, "node1", played), SessionNode(store, "node2", played)


def answer(text: str) -> PostedAnswer:
    return PostedAnswer(303, (("location", f"/{text}"),), b"")


class Drafting:
    """Decides to keep a draft, and notes which versions it was asked about."""

    def __init__(self, text: str, form: str = "form") -> None:
        self.text = text
        self.form = form
        self.asked: list[int] = []
        self.begun = asyncio.Event()
        self.gate: asyncio.Event | None = None

    async def __call__(self, held: HeldSession) -> DecidedPost:
        self.asked.append(held.session.version)
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        drafted = with_draft(held.session, self.form, {"x": self.text})
        return DecidedPost(HeldSession(held.cookie, drafted), answer(self.text))


async def test_a_post_that_comes_again_gets_its_first_answer_on_any_node() -> None:
    one, two = two_nodes()
    held = await one.sessions.open()
    first = await one.posts.with_session("post", held, Drafting("first"))
    assert first.answer == answer("first")
    assert first.held is not None
    assert first.held.session.drafts == {"form": {"x": "first"}}
    again = Drafting("second")
    repeated = await two.posts.with_session("post", first.held, again)
    assert (repeated.answer, repeated.held) == (answer("first"), None)
    assert again.asked == []
    assert await two.posts.earlier("post") == answer("first")
    assert await two.posts.earlier("another") is None


async def test_two_posts_of_one_key_at_once_on_two_nodes_have_one_effect_and_one_answer() -> None:
    one, two = two_nodes()
    held = await one.sessions.open()
    efforts = (Drafting("of one"), Drafting("of two"))
    for each in efforts:
        each.gate = asyncio.Event()
    posts = [
        asyncio.ensure_future(node.posts.with_session("post", held, effort))
        for node, effort in zip((one, two), efforts, strict=True)
    ]
    for effort in efforts:
        await effort.begun.wait()
    for effort in reversed(efforts):
        assert effort.gate is not None
        effort.gate.set()
        await asyncio.sleep(0)
    answered = await asyncio.gather(*posts)
    assert len({each.answer for each in answered}) == 1
    assert [each.held is None for each in answered].count(True) == 1
    found = await one.sessions.find(held.cookie)
    assert found is not None
    assert found.session.version == 2
    assert answered[0].answer == answer(found.session.drafts["form"]["x"])


async def test_a_post_on_an_old_copy_is_decided_again() -> None:
    one, two = two_nodes()
    held = await one.sessions.open()
    await two.posts.with_session("other", held, Drafting("theirs", "other form"))
    decide = Drafting("ours")
    answered = await one.posts.with_session("post", held, decide)
    assert decide.asked == [1, 2]
    assert answered.held is not None
    assert answered.held.session.drafts.keys() == {"other form", "form"}


async def test_a_post_of_who_was_signed_out_elsewhere_does_nothing() -> None:
    one, two = two_nodes()
    held = await one.sessions.change(
        await one.sessions.open(), lambda session: signed_in(session, "ann")
    )
    await two.sessions.end_all_of("ann")
    with pytest.raises(SessionEnded):
        await one.posts.with_session("post", held, Drafting("late"))
    assert one.store.posts == {}


async def test_a_refusal_leaves_nothing_of_the_post() -> None:
    one, _ = two_nodes()
    held = await one.sessions.open()

    async def refuse(_: HeldSession) -> DecidedPost:
        raise LastReadyNode("node1")

    with pytest.raises(LastReadyNode):
        await one.posts.with_session("post", held, refuse)
    with pytest.raises(LastReadyNode):
        await one.posts.under_claim("post", refused)
    assert one.store.posts == {}


async def refused() -> PostedAnswer:
    raise LastReadyNode("node1")


class Dying(MemorySessions):
    """The node is killed before the transaction, or after it and before the answer goes out."""

    is_committed = True

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        if self.is_committed:
            await super().change(change, post)
        raise asyncio.CancelledError


@pytest.mark.parametrize("is_committed", [True, False])
async def test_a_kill_between_effect_and_answer_leaves_both_or_neither(
    *, is_committed: bool
) -> None:
    store = Dying()
    store.is_committed = is_committed
    one, _ = two_nodes(store)
    held = await one.sessions.open()
    with pytest.raises(asyncio.CancelledError):
        await one.posts.with_session("post", held, Drafting("before"))
    heir = SessionNode(MemorySessions(store.now_ms, store.rows, store.posts), "node2")
    found = await heir.sessions.find(held.cookie)
    assert found is not None
    answered = await heir.posts.with_session("post", found, Drafting("after"))
    expected = "before" if is_committed else "after"
    assert answered.answer == answer(expected)
    left = await heir.sessions.find(held.cookie)
    assert left is not None
    assert left.session.drafts == {"form": {"x": expected}}


class Contended(MemorySessions):
    """Somebody else is faster each time, or has claimed the post."""

    state = ChangeState.CONFLICT

    async def change(self, change: SessionChange, post: PostRecord | None = None) -> ChangeOutcome:
        return ChangeOutcome(self.state)


async def test_a_post_gives_up_where_others_are_always_faster() -> None:
    store = Contended()
    one, _ = two_nodes(store)
    held = await one.sessions.open()
    with pytest.raises(SessionContended):
        await one.posts.with_session("post", held, Drafting("x"))
    store.state = ChangeState.ANSWERED
    with pytest.raises(PostUnderWay):
        await one.posts.with_session("post", held, Drafting("x"))


class Effect:
    """An effect that lies elsewhere: counts how often it was made."""

    def __init__(self) -> None:
        self.made = 0
        self.gate: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def __call__(self) -> PostedAnswer:
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        self.made += 1
        return answer(f"made {self.made}")


async def test_an_effect_elsewhere_is_made_once_and_the_second_post_waits_for_it() -> None:
    one, two = two_nodes()
    effect = Effect()
    effect.gate = asyncio.Event()
    first = asyncio.ensure_future(one.posts.under_claim("post", effect))
    await effect.begun.wait()
    second = asyncio.ensure_future(two.posts.under_claim("post", effect))
    same_node = asyncio.ensure_future(one.posts.under_claim("post", effect))
    for _ in range(10):
        await asyncio.sleep(0)
    effect.gate.set()
    assert {*await asyncio.gather(first, second, same_node)} == {answer("made 1")}
    assert await two.posts.under_claim("post", effect) == answer("made 1")
    assert effect.made == 1
    await one.posts.stop()


async def test_a_claim_of_a_node_that_is_gone_is_taken_over() -> None:
    one, two = two_nodes()
    one.store.posts["post"] = PostClaim("run-of-node1 mark", 4, None)
    two.living = {"run-of-node2"}
    effect = Effect()
    assert await two.posts.under_claim("post", effect) == answer("made 1")
    assert one.store.posts["post"].fence == 5


async def test_a_node_that_lost_its_claim_meanwhile_gives_the_answer_of_its_heir() -> None:
    one, two = two_nodes()
    slow, quick = Effect(), Effect()
    slow.gate = asyncio.Event()
    frozen = asyncio.ensure_future(one.posts.under_claim("post", slow))
    await slow.begun.wait()
    two.living = {"run-of-node2"}
    assert await two.posts.under_claim("post", quick) == answer("made 1")
    slow.made = 7
    slow.gate.set()
    assert await frozen == answer("made 1")
    kept = one.store.posts["post"].answer
    assert kept is not None
    assert answer_of(kept) == answer("made 1")


async def test_who_waits_too_long_is_told_to_look_again() -> None:
    one, two = two_nodes()
    one.store.posts["post"] = PostClaim("run-of-node1 mark", 1, None)
    with pytest.raises(PostUnderWay):
        await two.posts.under_claim("post", Effect())
    assert two.seconds >= WAIT_SECONDS


async def test_a_claim_that_was_dropped_meanwhile_is_made_anew() -> None:
    one, two = two_nodes()
    begun, failing, effect = asyncio.Event(), asyncio.Event(), Effect()

    async def fails() -> PostedAnswer:
        begun.set()
        await failing.wait()
        raise LastReadyNode("node1")

    first = asyncio.ensure_future(one.posts.under_claim("post", fails))
    await begun.wait()
    second = asyncio.ensure_future(two.posts.under_claim("post", effect))
    for _ in range(5):
        await asyncio.sleep(0)
    failing.set()
    with pytest.raises(LastReadyNode):
        await first
    assert await second == answer("made 1")


async def test_an_effect_is_made_to_its_end_should_the_asker_go_away() -> None:
    one, two = two_nodes()
    effect = Effect()
    effect.gate = asyncio.Event()
    asker = asyncio.ensure_future(one.posts.under_claim("post", effect))
    await effect.begun.wait()
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    effect.gate.set()
    await one.posts.stop()
    assert await two.posts.earlier("post") == answer("made 1")
    await two.posts.start()
    await two.posts.stop()
