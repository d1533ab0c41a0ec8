"""A consumer of a persistent stream on grpcio, in a thread of its own."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import grpc

from ranvier.proto import persistent_streams_pb2 as streams_pb2
from tests.support.axon_stubs import persistent_stream_stub

DRAINED = -45
DEMAND = 20
WAIT_SECONDS = 60.0

LEAVE = object()


def properties(
    segments: int = 4, policy: str = "", *parameters: str, position: int = 0, query: str = ""
) -> streams_pb2.InitializationProperties:
    return streams_pb2.InitializationProperties(
        segments=segments,
        initial_position=position,
        sequencing_policy=streams_pb2.SequencingPolicy(policy_name=policy, parameter=parameters),
        filter=query,
    )


@dataclass(frozen=True)
class Handled:
    """One event as a consumer got it."""

    client: str
    segment: int
    token: int
    aggregate: str
    sequence: int
    replay: bool
    identifier: str


@dataclass
class Journal:
    """What all consumers of a test have handled, in the order in which they did."""

    events: list[Handled] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, handled: Handled) -> None:
        with self.changed:
            self.events.append(handled)
            self.changed.notify_all()

    def wait_until(self, holds: Callable[[list[Handled]], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: holds(self.events), WAIT_SECONDS), (
                f"{len(self.events)} events handled, the last: {self.events[-3:]}"
            )

    def wait_for_tokens(self, count: int) -> None:
        self.wait_until(lambda events: len({each.token for each in events}) >= count)

    def new_to_each_aggregate(self) -> dict[str, list[int]]:
        """Return the sequence numbers of each aggregate as they came first, repeats left out."""
        first: dict[str, list[int]] = defaultdict(list)
        for each in self.events:
            if each.sequence not in first[each.aggregate]:
                first[each.aggregate].append(each.sequence)
        return first


class StreamConsumer:
    """Asks for events, handles and acknowledges them, confirms what is taken away."""

    def __init__(
        self,
        address: str,
        client: str,
        journal: Journal,
        initial: streams_pb2.InitializationProperties | None = None,
        *,
        stream_id: str = "s",
        context: str = "",
        acknowledges: bool = True,
    ) -> None:
        self.client = client
        self.journal = journal
        self.acknowledges = acknowledges
        self.segments: set[int] = set()
        self.ended_with: grpc.RpcError | None = None
        self._requests: SimpleQueue[Any] = SimpleQueue()
        opening = streams_pb2.Open(stream_id=stream_id, client_id=client)
        if initial is not None:
            opening.initialization_properties.CopyFrom(initial)
        self.send(open=opening)
        self._channel = grpc.insecure_channel(address)
        metadata = (("axoniq-context", context),) if context else ()
        self._signals = persistent_stream_stub(self._channel).OpenStream(
            iter(self._requests.get, LEAVE), metadata=metadata
        )
        self._thread = threading.Thread(target=self._run, name=client)
        self._thread.start()

    def send(self, **request: Any) -> None:
        self._requests.put(streams_pb2.StreamRequest(**request))

    def acknowledge(self, segment: int, position: int) -> None:
        self.send(
            acknowledgeProgress=streams_pb2.ProgressAcknowledgement(
                segment=segment, position=position
            )
        )

    def wait_for_segments(self, count: int) -> None:
        with self.journal.changed:
            assert self.journal.changed.wait_for(
                lambda: len(self.segments) == count, WAIT_SECONDS
            ), f"{self.client} has {self.segments}"

    def wait_for_end(self) -> grpc.RpcError:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()
        assert self.ended_with is not None
        return self.ended_with

    def leave(self) -> None:
        """Half-close, as a client does that goes in good order."""
        self._requests.put(LEAVE)
        self._end()

    def break_off(self) -> None:
        """Go as a client goes that is killed: what it has handled and not acknowledged is lost."""
        self._signals.cancel()
        self._requests.put(LEAVE)
        self._end()

    def _end(self) -> None:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()
        self._channel.close()

    def _run(self) -> None:
        try:
            for signal in self._signals:
                self._take(signal)
        except grpc.RpcError as error:
            self.ended_with = error

    def _take(self, signal: streams_pb2.StreamSignal) -> None:
        kind, segment = signal.WhichOneof("type"), signal.segment
        if kind == "open":
            self._change(segment, opened=True)
            self.send(requests=streams_pb2.Requests(segment=segment, requests=DEMAND))
        elif kind == "closed":
            self._change(segment, opened=False)
            if self.acknowledges:
                self.acknowledge(segment, DRAINED)
        else:
            self._handle(segment, signal.event)

    def _change(self, segment: int, *, opened: bool) -> None:
        with self.journal.changed:
            assert (segment in self.segments) is not opened
            (self.segments.add if opened else self.segments.discard)(segment)
            self.journal.changed.notify_all()

    def _handle(self, segment: int, signal: streams_pb2.PersistentStreamEvent) -> None:
        assert segment in self.segments, "an event of a segment that is not open here"
        event, token = signal.event.event, signal.event.token
        handled = Handled(
            self.client,
            segment,
            token,
            event.aggregate_identifier,
            event.aggregate_sequence_number,
            signal.replay,
            event.message_identifier,
        )
        # Whoever waits for the event goes on when it is acknowledged, too.
        with self.journal.changed:
            self.journal.add(handled)
            if self.acknowledges:
                self.acknowledge(segment, token)
                self.send(requests=streams_pb2.Requests(segment=segment, requests=1))
