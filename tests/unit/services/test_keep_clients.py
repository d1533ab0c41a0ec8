"""Connected clients: who they are, what their processors do, whether they live."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ranvier.errors import RanvierError
from ranvier.messages.event_processor import ProcessorStatus
from ranvier.messages.processor_plans import Instruction
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.errors import (
    ClientNotIntroduced,
    ClientSilent,
    NodeStopping,
    TooManyProcessors,
)
from ranvier.services.keep_clients import (
    INTRODUCTION_SECONDS,
    PROCESSORS_PER_CLIENT,
    HeartbeatSettings,
    KeepClients,
)

NEW = ClientIdentity("new-1", "bank", "4.6")
OLD = ClientIdentity("old-1", "bank", "4.2.0")
STATUS = ProcessorStatus("accounts", "store-1", "Tracking", 1, 3, True, False, True, "default")


class Link:
    def __init__(self) -> None:
        self.heartbeats = 0
        self.closed: list[RanvierError] = []

    def send_heartbeat(self) -> None:
        self.heartbeats += 1

    def ask_to_reconnect(self) -> None:
        raise NotImplementedError

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        raise NotImplementedError

    def close(self, error: RanvierError) -> None:
        self.closed.append(error)


class Keeping:
    def __init__(self, settings: HeartbeatSettings | None = None) -> None:
        self.now = 100.0
        self.beats = asyncio.Semaphore(0)
        self.clients = KeepClients(lambda: self.now, settings, self.next_beat)

    async def next_beat(self) -> None:
        await self.beats.acquire()


BEATING = HeartbeatSettings(is_enabled=True, timeout_seconds=5.0)


def test_clients_are_listed_while_they_are_connected() -> None:
    keeping = Keeping()
    one = keeping.clients.connect(NEW, "default", Link())
    keeping.now += 1
    other = keeping.clients.connect(NEW, "other", Link())
    assert keeping.clients.clients() == [one, other]
    assert [client.context for client in keeping.clients.clients()] == ["default", "other"]
    assert keeping.clients.disconnect(one)
    assert not keeping.clients.disconnect(one)
    assert keeping.clients.clients() == [other]
    assert keeping.clients.count == 1


def test_heartbeats_go_only_to_clients_that_answer_them() -> None:
    keeping = Keeping(BEATING)
    new, old = Link(), Link()
    keeping.clients.connect(NEW, "default", new)
    keeping.clients.connect(OLD, "default", old)
    keeping.clients.beat()
    keeping.clients.beat()
    assert (new.heartbeats, old.heartbeats) == (2, 0)


def test_heartbeats_are_off_unless_they_are_switched_on() -> None:
    keeping = Keeping()
    link = Link()
    keeping.clients.connect(NEW, "default", link)
    keeping.now += 1000
    keeping.clients.beat()
    assert (link.heartbeats, link.closed) == (0, [])


def test_a_client_that_is_silent_for_too_long_is_let_go() -> None:
    keeping = Keeping(BEATING)
    silent, lively = Link(), Link()
    keeping.clients.connect(NEW, "default", silent)
    client = keeping.clients.connect(NEW, "default", lively)
    keeping.now += 5.1
    keeping.clients.heard_from(client)
    keeping.clients.beat()
    assert [type(error) for error in silent.closed] == [ClientSilent]
    assert lively.closed == []
    assert keeping.clients.clients() == [client]


def test_a_stream_without_an_introduction_ends_in_time() -> None:
    keeping = Keeping()
    nameless, named, gone = Link(), Link(), Link()
    for link in (nameless, named, gone):
        keeping.clients.opened(link)
    client = keeping.clients.connect(NEW, "default", named)
    keeping.clients.forget(gone)
    keeping.now += INTRODUCTION_SECONDS
    keeping.clients.beat()
    assert nameless.closed == []
    keeping.now += 0.1
    keeping.clients.beat()
    keeping.clients.beat()
    assert [type(error) for error in nameless.closed] == [ClientNotIntroduced]
    assert (named.closed, gone.closed) == ([], [])
    assert keeping.clients.clients() == [client]


async def test_a_stopping_node_ends_streams_that_nobody_has_introduced() -> None:
    keeping = Keeping()
    nameless, gone = Link(), Link()
    keeping.clients.opened(nameless)
    keeping.clients.opened(gone)
    keeping.clients.forget(gone)
    await keeping.clients.stop()
    assert [type(error) for error in nameless.closed] == [NodeStopping]
    assert gone.closed == []
    with pytest.raises(NodeStopping):
        keeping.clients.opened(Link())


def test_a_processor_is_remembered_for_thirty_seconds() -> None:
    keeping = Keeping()
    client = keeping.clients.connect(NEW, "default", Link())
    keeping.clients.processor_reported(client, STATUS)
    keeping.now += 29.9
    assert keeping.clients.processors_of(client) == [STATUS]
    keeping.now += 0.2
    assert keeping.clients.processors_of(client) == []


def test_a_newer_status_replaces_the_older_of_the_same_processor() -> None:
    keeping = Keeping()
    client = keeping.clients.connect(NEW, "default", Link())
    stopped = replace(STATUS, is_running=False)
    elsewhere = replace(STATUS, token_store_identifier="store-2")
    for status in (STATUS, stopped, elsewhere):
        keeping.clients.processor_reported(client, status)
    assert keeping.clients.processors_of(client) == [stopped, elsewhere]


def test_a_client_cannot_fill_the_memory_with_processors() -> None:
    keeping = Keeping()
    client = keeping.clients.connect(NEW, "default", Link())
    for number in range(PROCESSORS_PER_CLIENT):
        keeping.clients.processor_reported(client, replace(STATUS, name=str(number)))
    with pytest.raises(TooManyProcessors):
        keeping.clients.processor_reported(client, replace(STATUS, name="one more"))
    keeping.clients.processor_reported(client, replace(STATUS, name="0"))


async def test_beats_come_from_the_ticker_until_the_node_stops() -> None:
    keeping = Keeping(BEATING)
    await keeping.clients.start()
    link = Link()
    keeping.clients.connect(NEW, "default", link)
    keeping.beats.release()
    for _ in range(5):
        await asyncio.sleep(0)
    assert link.heartbeats == 1
    await keeping.clients.stop()
    assert [type(error) for error in link.closed] == [NodeStopping]
    with pytest.raises(NodeStopping):
        keeping.clients.connect(NEW, "default", Link())


class Failing(Link):
    def send_heartbeat(self) -> None:
        raise ValueError("no heartbeat today")

    def close(self, error: RanvierError) -> None:
        raise ValueError("no end today")


def test_a_link_that_fails_skips_nobody(caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping(BEATING)
    links = [Link(), Failing(), Link(), Failing(), Link()]
    for link in links:
        keeping.clients.connect(NEW, "default", link)
    keeping.clients.beat()
    assert [link.heartbeats for link in links] == [1, 0, 1, 0, 1]
    assert len(caplog.records) == 2


def test_a_link_that_cannot_be_closed_keeps_no_other_open() -> None:
    keeping = Keeping(BEATING)
    nameless, silent = [Failing(), Link(), Failing(), Link()], [Failing(), Link()]
    for link in nameless:
        keeping.clients.opened(link)
    for link in silent:
        keeping.clients.connect(NEW, "default", link)
    keeping.now += INTRODUCTION_SECONDS + 1
    keeping.clients.beat()
    assert [len(link.closed) for link in nameless] == [0, 1, 0, 1]
    assert [len(link.closed) for link in silent] == [0, 1]
    assert keeping.clients.clients() == []


class FailingOnce(Link):
    def send_heartbeat(self) -> None:
        super().send_heartbeat()
        if self.heartbeats == 1:
            raise ValueError("no heartbeat today")


async def test_a_beat_that_fails_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keeping = Keeping(BEATING)
    await keeping.clients.start()
    link = FailingOnce()
    keeping.clients.connect(NEW, "default", link)
    keeping.beats.release()
    keeping.beats.release()
    for _ in range(5):
        await asyncio.sleep(0)
    await keeping.clients.stop()
    assert link.heartbeats == 2
    assert "no heartbeat today" in caplog.text
