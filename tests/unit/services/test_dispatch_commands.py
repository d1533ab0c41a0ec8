"""Commands through the service: whatever happens, each has one outcome, and nothing stays."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier.errors import RanvierError
from ranvier.messages.errors import NameMissing
from ranvier.services import dispatch_commands
from ranvier.services.command_timeout import TIMEOUT_MS_MAX
from tests.support.command_parties import CommandHub, NotedCommand, NotedLink


class DeafCommand(NotedCommand):
    """A command whose caller cannot be told anything."""

    def failed(self, error: RanvierError) -> None:
        raise RuntimeError(error.code)


async def turned(hub: CommandHub, seconds: float) -> None:
    """Let time pass, and the service notice it."""
    hub.now += seconds
    hub.commands._look()


async def test_an_answer_reaches_the_caller_and_is_counted() -> None:
    hub = CommandHub()
    stream = hub.join(1, "Buy", permits=1)
    command = hub.dispatch(NotedCommand("id"))
    assert (hub.commands.active_counts(), hub.commands.queued_counts()) == (
        {"default": 1},
        {"default": 0},
    )
    hub.commands.answer(stream, "id", b"done")
    hub.commands.answer(stream, "id", b"twice")
    assert command.outcomes == [b"done"]
    assert hub.commands.stray_answers == 1
    hub.commands.count_answered()
    assert (hub.figures.answered, hub.figures.refused) == (1, 0)


async def test_the_bytes_of_a_command_that_was_sent_are_let_go() -> None:
    hub = CommandHub()
    hub.join(1, "Buy", permits=1)
    assert hub.dispatch(NotedCommand("sent")).message == b""
    assert hub.dispatch(NotedCommand("waits")).message == b"command"


async def test_a_lost_handler_is_4001_for_what_was_sent_and_4000_for_the_rest() -> None:
    hub, link = CommandHub(), NotedLink()
    hub.join(1, "Buy", permits=1, link=link)
    sent, waits = hub.dispatch(NotedCommand("a")), hub.dispatch(NotedCommand("b"))
    hub.commands.closed(link)
    hub.commands.closed(link)
    assert (sent.outcomes, waits.outcomes) == (["AXONIQ-4001"], ["AXONIQ-4000"])
    assert hub.topology.registrations() == []
    assert hub.commands.streams() == []


async def test_a_caller_that_cannot_be_told_keeps_nobody_else_from_being_told() -> None:
    failed = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda *_: failed.set())
    hub = CommandHub()
    hub.join(1, "Buy", permits=2)
    hub.dispatch(DeafCommand("deaf", timeout_ms=500))
    hub.now += 1.0
    async with asyncio.timeout(30):
        await failed.wait()
        other = hub.dispatch(NotedCommand("other", timeout_ms=500))
        hub.now += 1.0
        await other.told.wait()
    assert other.outcomes == ["AXONIQ-4002"]


async def test_a_stream_without_a_handler_may_close() -> None:
    hub, link = CommandHub(), NotedLink()
    hub.commands.opened("default", link)
    hub.commands.closed(link)
    await hub.commands.stop()
    assert link.closed_by == ""


async def test_4002_comes_after_the_timeout_and_not_before() -> None:
    hub = CommandHub()
    stream = hub.join(1, "Buy", permits=1)
    sent = hub.dispatch(NotedCommand("a", timeout_ms=500))
    waits = hub.dispatch(NotedCommand("b", timeout_ms=700))
    await turned(hub, 0.49)
    assert sent.outcomes == []
    await turned(hub, 0.02)
    assert (sent.outcomes, waits.outcomes) == (["AXONIQ-4002"], [])
    await turned(hub, 0.2)
    assert waits.outcomes == ["AXONIQ-4002"]
    hub.commands.answer(stream, "a", b"late")
    assert sent.outcomes == ["AXONIQ-4002"]
    assert hub.commands.stray_answers == 1


@pytest.mark.parametrize(
    ("asked_ms", "granted_ms"),
    [(0, 300_000), (-1, 300_000), (2**62, TIMEOUT_MS_MAX)],
)
async def test_a_timeout_that_is_none_or_too_long_has_a_bound(
    asked_ms: int, granted_ms: int
) -> None:
    hub = CommandHub()
    hub.join(1, "Buy")
    command = hub.dispatch(NotedCommand("a", timeout_ms=asked_ms))
    await turned(hub, granted_ms / 1000 - 0.1)
    assert command.outcomes == []
    await turned(hub, 0.2)
    assert command.outcomes == ["AXONIQ-4002"]
    await hub.commands.stop()


async def test_a_look_at_many_commands_is_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = CommandHub()
    monkeypatch.setattr(dispatch_commands, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(dispatch_commands, "BETWEEN_TURNS_SECONDS", 0.0)
    hub.join(1, "Buy")
    command = hub.dispatch(NotedCommand("a", timeout_ms=10))
    hub.now += 1
    hub.commands._look()
    assert command.outcomes == []
    monkeypatch.setattr(dispatch_commands, "TURN_SECONDS", 1.0)
    await command.told.wait()
    assert command.outcomes == ["AXONIQ-4002"]


async def test_too_many_waiting_bytes_are_1900(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_commands, "WAITING_BYTES_MAX", 10)
    hub = CommandHub()
    stream = hub.join(1, "Buy")
    first = hub.dispatch(NotedCommand("a", message=b"12345678"))
    assert hub.dispatch(NotedCommand("b", message=b"123")).outcomes == ["AXONIQ-1900"]
    hub.commands.grant(stream, 5)
    assert first.outcomes == []
    assert hub.dispatch(NotedCommand("c", message=b"123")).outcomes == []


async def test_an_unknown_context_is_1302_and_an_unknown_name_4000() -> None:
    hub = CommandHub()
    assert hub.dispatch(NotedCommand("a")).outcomes == ["AXONIQ-4000"]
    assert hub.dispatch(NotedCommand("a", context="nowhere")).outcomes == ["AXONIQ-1302"]


async def test_an_id_in_flight_is_4005() -> None:
    hub = CommandHub()
    hub.join(1, "Buy", permits=1)
    for _ in range(2):
        last = hub.dispatch(NotedCommand("same"))
    assert last.outcomes == ["AXONIQ-4005"]


async def test_a_stream_that_takes_no_more_is_spared_until_it_does() -> None:
    hub, link = CommandHub(), NotedLink()
    link.is_full = True
    stream = hub.join(1, "Buy", permits=9, link=link)
    for number in range(3):
        hub.dispatch(NotedCommand(f"{number}"))
    assert len(link.sent) == 1
    link.is_full = False
    hub.commands.resumed(stream)
    assert len(link.sent) == 3


async def test_a_context_that_ends_takes_its_handlers_along() -> None:
    hub, link = CommandHub(), NotedLink()
    hub.join(1, "Buy", permits=1, link=link)
    command = hub.dispatch(NotedCommand("a"))
    hub.commands.end_context("other")
    assert link.closed_by == ""
    hub.commands.end_context("default")
    assert (link.closed_by, command.outcomes) == ("AXONIQ-1302", ["AXONIQ-4001"])


async def test_a_stop_refuses_what_waits_and_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_commands, "FAREWELL_SECONDS", 0.0)
    hub, link = CommandHub(), NotedLink()
    hub.join(1, "Buy", permits=1, link=link)
    sent, waits = hub.dispatch(NotedCommand("a")), hub.dispatch(NotedCommand("b"))
    await hub.commands.stop()
    assert (sent.outcomes, waits.outcomes) == (["AXONIQ-4001"], ["RANVIER-STOPPING"])
    assert link.closed_by == "RANVIER-STOPPING"
    assert hub.dispatch(NotedCommand("c")).outcomes == ["RANVIER-STOPPING"]


async def test_a_subscription_without_a_name_is_1003() -> None:
    hub = CommandHub()
    with pytest.raises(NameMissing) as refusal:
        hub.commands.subscribe(hub.join(1), "", 1)
    assert refusal.value.code == "AXONIQ-1003"


actions = st.lists(
    st.tuples(
        st.sampled_from(
            ["dispatch"] * 4
            + ["answer"] * 3
            + ["grant", "join", "leave", "cancel", "time", "unsubscribe", "subscribe", "hold"]
        ),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=60,
)


@settings(max_examples=150)
@given(actions)
def test_every_command_has_exactly_one_outcome(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(play(steps))


async def play(steps: list[tuple[str, int, int]]) -> None:
    """Let chance act on four places for handlers; then end all and count outcomes and permits."""
    hub = CommandHub()
    links = [NotedLink() for _ in range(4)]
    streams = [hub.join(number, "Buy", link=link) for number, link in enumerate(links)]
    granted = [0] * 4
    commands, cancelled = list[NotedCommand](), set[NotedCommand]()
    for number, (step, which, other) in enumerate(steps):
        stream, link = streams[which], links[which]
        is_open = stream in hub.commands.streams()
        match step:
            case "dispatch":
                command = NotedCommand(f"{other}", key=f"{number}", timeout_ms=100 * (which + 1))
                commands.append(hub.dispatch(command))
            case "answer" if is_open:
                hub.commands.answer(stream, f"{other}", b"done")
            case "grant" if is_open:
                hub.commands.grant(stream, other + 1)
                granted[which] += other + 1
            case "leave":
                hub.commands.closed(link)
            case "join" if not is_open:
                links[which], granted[which] = NotedLink(), 0
                streams[which] = hub.join(f"{which}-{number}", "Buy", link=links[which])
            case "cancel":
                for command in commands[-1:]:
                    if not command.outcomes:
                        hub.commands.cancel(command)
                        cancelled.add(command)
            case "time":
                await turned(hub, 0.05 * other)
            case "unsubscribe" if is_open:
                hub.commands.unsubscribe(stream, "Buy")
            case "subscribe" if is_open:
                hub.commands.subscribe(stream, "Buy", other)
            case "hold" if is_open:
                link.is_full = not link.is_full
                if not link.is_full:
                    hub.commands.resumed(stream)
        for own, given_permits in zip(links, granted, strict=True):
            assert len(own.sent) <= given_permits
        for command in commands:
            assert len(command.outcomes) <= 1
    for link in links:
        hub.commands.closed(link)
    for command in commands:
        assert len(command.outcomes) == (command not in cancelled), command.outcomes
    assert hub.commands._waiting_bytes == 0
    assert (hub.commands.active_count, hub.commands.queued_count) == (0, 0)
    await hub.commands.stop()
