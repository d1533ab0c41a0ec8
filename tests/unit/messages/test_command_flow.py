"""Commands toward one handler: sent on permits, answered once, never mistaken for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages import command_flow
from ranvier.messages.command_flow import CommandFlow
from ranvier.messages.errors import QueueFull
from tests.support.message_handlers import handler


def flow(permits: int = 0, waiting_max: int = 10) -> CommandFlow[str]:
    found: CommandFlow[str] = CommandFlow(handler(), waiting_max)
    if permits:
        found.permits.grant(permits)
    return found


def test_a_command_is_sent_on_a_permit_and_waits_without_one() -> None:
    found = flow(1)
    assert found.offer("a", "A", 0)
    assert not found.offer("b", "B", 0)
    assert found.next_to_send() is None
    found.permits.grant(5)
    assert found.next_to_send() == ("b", "B")
    assert found.next_to_send() is None
    assert found.permits.available == 4


def test_nothing_is_sent_while_the_stream_is_held() -> None:
    found = flow(5)
    found.is_held = True
    assert not found.offer("a", "A", 0)
    assert found.next_to_send() is None
    found.is_held = False
    assert found.next_to_send() == ("a", "A")


def test_an_answer_finds_its_command_once() -> None:
    found = flow(1)
    found.offer("a", "A", 0)
    assert found.answered("b") is None
    assert found.answered("a") == "A"
    assert found.answered("a") is None
    assert not found.holds("a")


def test_what_waits_cannot_be_answered() -> None:
    found = flow()
    found.offer("a", "A", 0)
    assert found.answered("a") is None
    assert found.holds("a")


def test_an_abandoned_id_is_held_until_its_late_answer() -> None:
    found = flow(2)
    found.offer("a", "A", 0)
    found.abandon("a")
    assert found.holds("a")
    assert not found.take("a", "again")
    assert found.answered("a") is None
    assert not found.holds("a")
    assert found.take("a", "again")


def test_what_waited_is_forgotten_at_once() -> None:
    found = flow()
    found.offer("a", "A", 0)
    found.abandon("a")
    found.abandon("unknown")
    assert not found.holds("a")


def test_abandoned_ids_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_flow, "ABANDONED_MAX", 2)
    found = flow(3)
    for message_id in "abc":
        found.offer(message_id, message_id, 0)
        found.abandon(message_id)
    assert [found.holds(message_id) for message_id in "abc"] == [False, True, True]


def test_a_full_mailbox_is_1900() -> None:
    found = flow(waiting_max=1)
    found.offer("a", "A", 0)
    with pytest.raises(QueueFull) as refusal:
        found.offer("b", "B", 0)
    assert refusal.value.code == "AXONIQ-1900"
    assert not found.holds("b")


def test_a_lost_handler_gives_back_what_was_sent_and_what_waited() -> None:
    found = flow(1)
    found.offer("a", "A", 0)
    found.offer("b", "B", 0)
    found.offer("c", "C", 9)
    assert found.lose() == (["A"], ["C", "B"])
    assert found.lose() == ([], [])


steps = st.lists(
    st.tuples(
        st.sampled_from(["offer", "grant", "answer", "abandon", "send", "hold", "resume"]),
        st.integers(0, 4),
    )
)


@given(steps)
def test_no_permit_is_overdrawn_and_each_command_leaves_once(steps: list[tuple[str, int]]) -> None:
    found, granted, sent, left = flow(waiting_max=3), 0, 0, list[str]()
    offered = list[str]()
    for number, (step, which) in enumerate(steps):
        message_id = f"{which}"
        if step == "offer" and not found.holds(message_id):
            command = f"{number}"
            try:
                sent += found.offer(message_id, command, which % 2)
            except QueueFull:
                continue
            offered.append(command)
        elif step == "grant":
            found.permits.grant(which + 1)
            granted += which + 1
        elif step == "send":
            sent += found.next_to_send() is not None
        elif step == "answer":
            answered = found.answered(message_id)
            left += [] if answered is None else [answered]
        elif step == "abandon":
            known = found.sent.get(message_id)
            waiting = dict(found.waiting.items()).get(message_id)
            left += [each for each in (known, waiting) if each is not None]
            found.abandon(message_id)
        elif step in ("hold", "resume"):
            found.is_held = step == "hold"
        assert found.permits.available == granted - sent >= 0
    for group in found.lose():
        left += group
    assert sorted(left) == sorted(offered)
