"""Point-to-point queries with one result of 256 B through a whole node.

`python -m bench.query [rounds]`. One caller with 64 queries in flight and one handler, each on its
own connection, in this process; the figure is the CPU of the node alone, as the system accounts it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import uvloop

from bench.figure import Figure, table
from bench.measured_node import measured_node
from bench.server_process import LOAD_CORE, SERVER_CORE, pin
from ranvier.axon.sole_field import sole_field, wrapped
from ranvier.proto import common_pb2, query_pb2
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs

SERVICE = "/io.axoniq.axonserver.grpc.query.QueryService"
NAME = "com.example.orders.FindOrder"
QUERIES = 40_000
WARM_UP = 4_000
IN_FLIGHT = 64
RESULT_BYTES = 256

Outbound = query_pb2.QueryProviderOutbound


def figures(folder: Path, rounds: int = 3) -> list[Figure]:
    """Measure so many rounds and return the median."""
    with measured_node(folder / "query") as (node, meter):
        pin(node.process_id, SERVER_CORE)
        pin(0, LOAD_CORE)
        port = int(str(node.ready["grpc"]))
        measured = [
            uvloop.run(cpu_per_query((port, port), meter.cpu_seconds)) for _ in range(rounds)
        ]
    return [
        Figure(
            "point-to-point query, one 256 B result: server CPU",
            median(measured),
            "µs",
            20,
            lower_is_better=True,
        ),
        Figure("queries per server-CPU-second", 1e6 / median(measured), "/s"),
    ]


async def cpu_per_query(
    ports: tuple[int, int],
    spent: Callable[[], float],
    until_known: Callable[[], object] = lambda: None,
) -> float:
    """Return what `spent` tells for each query of one run, in microseconds.

    `ports` are those of caller and handler; `until_known` returns once the caller's node knows it.
    """
    of_caller, of_handler = [await Channel.connect("127.0.0.1", port) for port in ports]
    handler = Handler()
    handler.call = of_handler.open(f"{SERVICE}/OpenStream", handler)
    handler.offer()
    await handler.is_ready.wait()
    until_known()
    await Asking(of_caller, WARM_UP).run()
    before = spent()
    await Asking(of_caller, QUERIES).run()
    used = spent() - before
    for channel in (of_caller, of_handler):
        await channel.close()
    return used / QUERIES * 1e6


@dataclass
class Handler:
    """Answers each query with one result and the end of it."""

    call: OutgoingCall | None = None
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    _handled: int = 0

    def offer(self) -> None:
        """Subscribe and grant permits as the connectors do."""
        offer = query_pb2.QuerySubscription(query=NAME, client_id="h", component_name="bench")
        self._send(Outbound(flow_control=common_pb2.FlowControl(permits=5_000)))
        self._send(Outbound(subscribe=offer, instruction_id="ready"))

    def message_received(self, message: bytes) -> None:
        """Answer a query, or note that the subscription stands."""
        number, content = sole_field(message)
        if number != query_pb2.QueryProviderInbound.QUERY_FIELD_NUMBER:
            self.is_ready.set()
            return
        query_id = query_pb2.QueryRequest.FromString(content).message_identifier
        assert self.call is not None
        # Two messages in two frames, as grpcio and the connectors for Java send them.
        self.call.send(result(query_id))
        self.call.send(completion(query_id))
        self._handled += 1
        if self._handled == 1_250:
            self._handled = 0
            self._send(Outbound(flow_control=common_pb2.FlowControl(permits=1_250)))

    def headers_received(self, headers: HeaderPairs) -> None:
        """Nothing is to be done."""

    def writable(self) -> None:
        """Nothing is to be done: what is in flight bounds what is queued."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:
        """The run is over."""

    def _send(self, outbound: query_pb2.QueryProviderOutbound) -> None:
        assert self.call is not None
        self.call.send(outbound.SerializeToString())


as_response = wrapped(Outbound.QUERY_RESPONSE_FIELD_NUMBER)


def result(query_id: str) -> bytes:
    """Return a result of 256 B of payload."""
    payload = common_pb2.SerializedObject(type="com.example.Order", data=bytes(RESULT_BYTES))
    response = query_pb2.QueryResponse(
        message_identifier="result", request_identifier=query_id, payload=payload
    )
    return as_response(response.SerializeToString())


def completion(query_id: str) -> bytes:
    """Return what says that no further result comes."""
    complete = query_pb2.QueryComplete(message_id="end", request_id=query_id)
    return Outbound(query_complete=complete).SerializeToString()


class Asking:
    """Asks so many queries, a number of them at a time."""

    def __init__(self, channel: Channel, count: int) -> None:
        self._channel = channel
        self._left = count
        self._open = 0
        self._asked = 0
        self._is_done = asyncio.Event()

    async def run(self) -> None:
        """Ask all, and wait for all answers."""
        for _ in range(IN_FLIGHT):
            self.ask()
        await self._is_done.wait()

    def ask(self) -> None:
        """Ask the next one; be done if there is none."""
        if self._left:
            self._left -= 1
            self._open += 1
            self._asked += 1
            call = self._channel.open(f"{SERVICE}/Query", Answer(self))
            call.send(query(f"{self._asked:036}"), is_last=True)
        elif not self._open:
            self._is_done.set()

    def answered(self, results: int, error: GrpcError | None) -> None:
        """Check one answer and go on."""
        if error is not None or results != 1:
            raise SystemExit(f"a query was answered by {results} results and {error}")
        self._open -= 1
        self.ask()


def query(query_id: str) -> bytes:
    """Return a query with some payload, as a connector sends it."""
    request = query_pb2.QueryRequest(
        message_identifier=query_id,
        query=NAME,
        timestamp=1_700_000_000_000,
        payload=common_pb2.SerializedObject(type=NAME, data=b'{"order": "4711"}'),
        client_id="bench-caller",
        component_name="bench",
    )
    for key, number in ((common_pb2.NR_OF_RESULTS, 1), (common_pb2.TIMEOUT, 10_000)):
        request.processing_instructions.add(
            key=key, value=common_pb2.MetaDataValue(number_value=number)
        )
    return request.SerializeToString()


class Answer:
    """Counts the results of one query."""

    __slots__ = ("_asking", "_results")

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._results = 0

    def headers_received(self, headers: HeaderPairs) -> None:
        """Nothing is to be done."""

    def message_received(self, message: bytes) -> None:
        """Count a result that is long enough."""
        self._results += len(message) > RESULT_BYTES

    def writable(self) -> None:
        """Nothing is to be done."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Ask the next query."""
        self._asking.answered(self._results, error)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as place:
        print(table(figures(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
