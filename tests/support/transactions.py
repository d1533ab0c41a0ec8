"""Writers that append small transactions to a node until it is gone, and note every answer."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import grpc
from axonclient.client import AxonClient, AxonEvent

from ranvier.proto.event_pb2 import EventWithToken

EVENTS_PER_TRANSACTION = 3


@dataclass
class Notes:
    """What writers were told, by the name of each transaction's aggregate."""

    acknowledged: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    reached: threading.Event = field(default_factory=threading.Event)
    wanted: int = 0

    def acknowledge(self, name: str) -> None:
        with self.lock:
            self.acknowledged.append(name)
            if len(self.acknowledged) >= self.wanted:
                self.reached.set()

    def want(self, more: int) -> None:
        """Let `reached` be set when so many more are acknowledged."""
        with self.lock:
            self.wanted = len(self.acknowledged) + more
            self.reached.clear()


def start_writers(address: str, notes: Notes, names: Iterable[str]) -> list[threading.Thread]:
    """Start a writer for each name; it ends when the node does."""
    threads = [threading.Thread(target=write, args=(address, notes, name)) for name in names]
    for thread in threads:
        thread.start()
    return threads


def write(address: str, notes: Notes, name: str) -> None:
    client = AxonClient(address)
    try:
        for number in range(1_000_000):
            aggregate = f"{name}-{number}"
            try:
                client.append_event(list(transaction(aggregate)))
            except grpc.RpcError:
                with notes.lock:
                    notes.unknown.append(aggregate)
                return
            notes.acknowledge(aggregate)
    finally:
        client.close_connection()


def transaction(aggregate: str) -> Iterable[AxonEvent]:
    """The events of one append: an aggregate of its own, complete or not there at all."""
    for sequence in range(EVENTS_PER_TRANSACTION):
        yield AxonEvent(
            aggregate, sequence, "Order", payload_type="OrderChanged", payload_data=b"x" * 200
        )


def check_log(log: list[EventWithToken], notes: Notes) -> None:
    """Fail unless the log holds every acknowledged transaction, whole, once and in order."""
    assert [each.token for each in log] == list(range(len(log))), "tokens are not dense"
    places: dict[str, list[tuple[int, int]]] = {}
    for each in log:
        event = each.event
        places.setdefault(event.aggregate_identifier, []).append(
            (each.token, event.aggregate_sequence_number)
        )
    for aggregate, found in places.items():
        first = found[0][0]
        whole = [(first + index, index) for index in range(EVENTS_PER_TRANSACTION)]
        assert found == whole, f"the transaction of {aggregate} is torn: {found}"
    lost = set(notes.acknowledged) - places.keys()
    assert not lost, f"{len(lost)} acknowledged transactions are lost, such as {min(lost)}"
    strangers = places.keys() - set(notes.acknowledged) - set(notes.unknown)
    assert not strangers, "the log holds what nobody wrote"
