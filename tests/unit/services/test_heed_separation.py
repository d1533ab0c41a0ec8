from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from ranvier.cluster.draining import ASK_AGAIN_SECONDS
from ranvier.cluster.member import Member, MemberView, NodeState
from ranvier.cluster.separation import APART_SECONDS
from ranvier.services.heed_separation import FRESH_SECONDS, HeedSeparation


def view(name: str, *lacks: str, is_own: bool = False) -> MemberView:
    return MemberView(
        member=Member(node_id=f"id-{name}", name=name, host="h", internal_host="h", route=name),
        state=NodeState.RUNNING,
        is_own=is_own,
        lacks=tuple(f"id-{each}" for each in lacks),
    )


@dataclass
class Scene:
    """The node b, and a: they lack each other."""

    views: list[MemberView] = field(
        default_factory=lambda: [view("a", "b"), view("b", "a", is_own=True)]
    )
    is_in_touch: bool = True
    refusal: str = ""
    seconds: float = 100.0
    sent_away: int = 0

    def __post_init__(self) -> None:
        self.heed = HeedSeparation(self, lambda: self.seconds, self.send_away)

    def members(self) -> list[MemberView]:
        return self.views

    def send_away(self) -> None:
        self.sent_away += 1

    def look(self, seconds: float = 0.0) -> str:
        self.seconds += seconds
        self.heed.look()
        return self.heed.reason


def test_a_node_stands_aside_and_comes_back_with_its_links() -> None:
    scene = Scene()
    assert scene.look() == scene.look(APART_SECONDS - 0.1) == ""
    assert scene.look(0.1) == "there is no link with a, and others have more links"
    assert scene.heed.aside == {"id-b"}
    assert scene.sent_away == 1
    scene.views = [view("a"), view("b", is_own=True)]
    assert scene.look() == ""


def test_clients_that_stay_are_asked_again() -> None:
    scene = Scene()
    for seconds in (0.0, APART_SECONDS, 1.0, ASK_AGAIN_SECONDS - 1, 1.0):
        scene.look(seconds)
    assert scene.sent_away == 2


def test_the_one_that_is_to_stay_stays() -> None:
    scene = Scene([view("a", "b", is_own=True), view("b", "a")])
    scene.look()
    assert scene.look(APART_SECONDS) == ""
    assert scene.sent_away == 0


def test_a_node_that_serves_nobody_anyway_makes_no_other_stand_aside() -> None:
    other = view("a", "b")
    for useless in (
        replace(other, state=NodeState.DRAINING),
        replace(other, state=NodeState.DOWN),
        replace(other, silent_seconds=FRESH_SECONDS + 0.1),
    ):
        scene = Scene([useless, view("b", "a", is_own=True)])
        scene.look()
        assert scene.look(APART_SECONDS) == ""


def test_out_of_touch_nothing_is_decided() -> None:
    scene = Scene()
    scene.look()
    scene.is_in_touch = False
    assert scene.look(APART_SECONDS) == ""
    scene.is_in_touch = True
    assert scene.look() == ""
    assert scene.look(APART_SECONDS) != ""


def test_who_lost_its_place_sends_its_clients_away() -> None:
    scene = Scene([])
    scene.refusal = "somebody else has it"
    assert scene.look() == "somebody else has it"
    scene.refusal = ""
    assert scene.look() == ""
    assert scene.sent_away == 1


async def test_a_look_that_fails_is_made_again() -> None:
    asked: list[float] = []
    again = asyncio.Event()
    scene = Scene()

    def send_away() -> None:
        asked.append(scene.seconds)
        if len(asked) == 1:
            raise RuntimeError("a client that cannot be asked")
        again.set()

    async def pause(_: float) -> None:
        scene.seconds += APART_SECONDS
        await asyncio.sleep(0)

    scene.heed = HeedSeparation(scene, lambda: scene.seconds, send_away, pause)
    await scene.heed.start()
    async with asyncio.timeout(30):
        await again.wait()
    await scene.heed.stop()
    assert scene.heed.reason


async def test_it_looks_by_itself_until_it_is_stopped() -> None:
    looked = asyncio.Event()
    scene = Scene()

    async def pause(_: float) -> None:
        scene.seconds += APART_SECONDS
        if scene.heed.reason:
            looked.set()
            await asyncio.Event().wait()

    scene.heed = HeedSeparation(scene, lambda: scene.seconds, scene.send_away, pause)
    await scene.heed.start()
    await looked.wait()
    await scene.heed.stop()
    await scene.heed.stop()
    assert scene.sent_away == 1
