"""A grpcio server that plays an Axon Server: one classic context, and nothing that it need not."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import grpc
from google.protobuf.message import Message

from ranvier.proto import common_pb2, event_pb2

EVENT_STORE = "io.axoniq.axonserver.grpc.event.EventStore"


class PlayedAxonServer:
    """Answers from `events` by token and `snapshots` by aggregate; wants `token` of its callers."""

    def __init__(self, first: int = 0, access_token: str = "") -> None:
        self.first = first
        self.access_token = access_token
        self.events: dict[int, event_pb2.Event] = {}
        self.snapshots: dict[str, list[event_pb2.Event]] = {}
        self.contexts: set[str] = set()
        self.holds_back = False
        """Streams of events bring nothing."""
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def add(self, count: int, aggregate_type: str = "") -> None:
        """Store events, ten of each aggregate if they have a type."""
        for _ in range(count):
            token = self.first + len(self.events)
            self.events[token] = event_pb2.Event(
                message_identifier=f"m-{token}",
                aggregate_type=aggregate_type,
                aggregate_identifier=f"a-{token // 10}" if aggregate_type else "",
                aggregate_sequence_number=token % 10 if aggregate_type else 0,
                timestamp=1_700_000_000_000 + token,
                payload=common_pb2.SerializedObject(type="Happened", revision="3", data=b"\0\xff"),
                meta_data={
                    name: common_pb2.MetaDataValue(text_value=name) for name in ("b", "a", "c")
                },
            )

    def handlers(self) -> dict[str, grpc.RpcMethodHandler]:
        last = max(self.events, default=-1)
        return {
            "GetFirstToken": self._unary(
                event_pb2.GetFirstTokenRequest, lambda _: event_pb2.TrackingToken(token=self.first)
            ),
            "GetLastToken": self._unary(
                event_pb2.GetLastTokenRequest, lambda _: event_pb2.TrackingToken(token=last)
            ),
            "ListEvents": grpc.stream_stream_rpc_method_handler(
                self._list_events, event_pb2.GetEventsRequest.FromString, serialized
            ),
            "ListAggregateSnapshots": grpc.unary_stream_rpc_method_handler(
                self._list_snapshots, event_pb2.GetAggregateSnapshotsRequest.FromString, serialized
            ),
        }

    def _unary(
        self, request: type[Message], answer: Callable[[Any], Message]
    ) -> grpc.RpcMethodHandler:
        def answered(message: Message, context: grpc.ServicerContext) -> Message:
            self._admit(context)
            return answer(message)

        return grpc.unary_unary_rpc_method_handler(answered, request.FromString, serialized)

    def _list_events(
        self, requests: Iterator[event_pb2.GetEventsRequest], context: grpc.ServicerContext
    ) -> Iterator[event_pb2.EventWithToken]:
        self._admit(context)
        grants: queue.Queue[int] = queue.Queue()
        first = next(requests)

        def granted() -> None:
            for request in requests:
                grants.put(request.number_of_permits)

        def ended() -> None:
            grants.put(-1)

        context.add_callback(ended)
        threading.Thread(target=swallowing(granted), daemon=True).start()
        permits, token = first.number_of_permits, first.tracking_token
        while context.is_active():
            if self.holds_back:
                grants.get()
            elif permits and token in self.events:
                yield event_pb2.EventWithToken(token=token, event=self.events[token])
                permits -= 1
                token += 1
            elif permits and any(each > token for each in self.events):
                token += 1
            else:
                permits += max(0, grants.get())

    def _list_snapshots(
        self, request: event_pb2.GetAggregateSnapshotsRequest, context: grpc.ServicerContext
    ) -> Iterator[event_pb2.Event]:
        self._admit(context)
        found = [
            each
            for each in self.snapshots.get(request.aggregate_id, [])
            if each.aggregate_sequence_number <= request.max_sequence
        ]
        yield from found[: request.max_results or None]

    def _admit(self, context: grpc.ServicerContext) -> None:
        metadata = dict(context.invocation_metadata())
        self.contexts.add(str(metadata.get("axoniq-context")))
        if self.access_token and metadata.get("axoniq-access-token") != self.access_token:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "[AXONIQ-1000] Token missing")


def serialized(message: Message) -> bytes:
    return message.SerializeToString()


def swallowing(work: Callable[[], None]) -> Callable[[], None]:
    """Let a reader end with its call, however that ends."""

    def run() -> None:
        # grpcio raises a bare Exception when the call is over.
        with suppress(Exception):
            work()

    return run


@contextmanager
def played(server: PlayedAxonServer) -> Iterator[PlayedAxonServer]:
    """Run one for the length of a block; what it holds is what it held at the beginning."""
    grpc_server = grpc.server(ThreadPoolExecutor(max_workers=16))
    handler = grpc.method_handlers_generic_handler(EVENT_STORE, server.handlers())
    grpc_server.add_generic_rpc_handlers((handler,))
    server.port = grpc_server.add_insecure_port("127.0.0.1:0")
    grpc_server.start()
    try:
        yield server
    finally:
        grpc_server.stop(0).wait(60)
