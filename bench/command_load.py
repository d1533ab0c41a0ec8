"""A caller and a handler of commands in one process, on two connections to the server under test.

Blocking sockets and messages built beforehand: their own cost stays small and is not the server's.
"""

from __future__ import annotations

import selectors
import time

from bench.load_connection import LoadConnection, message, request_block
from ranvier.proto import command_pb2, common_pb2

SERVICE = "/io.axoniq.axonserver.grpc.command.CommandService"
COMMAND_NAME = "com.example.orders.PlaceOrder"
PAYLOAD_BYTES = 256
FIRST_PERMITS = 5_000
MORE_PERMITS = 1_250
"""What the connectors for Java grant at first, and again each time that so many were handled."""
ID_BYTES = 36
ID_PLACEHOLDER = "0" * ID_BYTES
READ_BYTES = 1 << 18


def command_template() -> tuple[bytes, bytes]:
    """Return a framed command of 256 B of payload, split where its id stands."""
    command = command_pb2.Command(
        message_identifier=ID_PLACEHOLDER,
        name=COMMAND_NAME,
        timestamp=1_700_000_000_000,
        client_id="bench-caller",
        component_name="bench",
    )
    command.payload.type = COMMAND_NAME
    command.payload.data = bytes(PAYLOAD_BYTES)
    key = common_pb2.MetaDataValue(text_value="order-4711")
    command.processing_instructions.add(key=common_pb2.ROUTING_KEY, value=key)
    return split_at_id(message(command.SerializeToString()))


def response_template() -> tuple[bytes, bytes]:
    """Return a framed answer of 256 B of payload, split where the command's id stands."""
    answer = command_pb2.CommandResponse(
        message_identifier="answer", request_identifier=ID_PLACEHOLDER
    )
    answer.payload.type = "com.example.orders.OrderPlaced"
    answer.payload.data = bytes(PAYLOAD_BYTES)
    outbound = command_pb2.CommandProviderOutbound(command_response=answer)
    return split_at_id(message(outbound.SerializeToString()))


def split_at_id(framed: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and behind the id."""
    before, behind = framed.split(ID_PLACEHOLDER.encode())
    return before, behind


class HandlerSide:
    """One handler's stream: answers each command as soon as it is read."""

    def __init__(self, port: int) -> None:
        self.connection = LoadConnection(port)
        self._stream_id = self.connection.open_stream(request_block(f"{SERVICE}/OpenStream"))
        self._before, self._behind = response_template()
        self._rest = b""
        self._handled = 0
        subscription = command_pb2.CommandSubscription(
            message_id="s", command=COMMAND_NAME, component_name="bench", client_id="bench-handler"
        )
        subscribe = command_pb2.CommandProviderOutbound(
            subscribe=subscription, instruction_id="subscribe"
        )
        self.connection.chunks = []
        self._send(subscribe)
        while not self.connection.chunks:
            self.connection.receive()
        self.connection.chunks.clear()
        self._grant(FIRST_PERMITS)

    def receive(self) -> int:
        """Read what is there and answer it; return how many commands came."""
        self.connection.receive(READ_BYTES)
        answers = self._answers()
        if answers:
            self.connection.send(self._stream_id, answers)
        if self._handled >= MORE_PERMITS:
            self._handled -= MORE_PERMITS
            self._grant(MORE_PERMITS)
        return len(answers)

    def _answers(self) -> list[bytes]:
        chunks = self.connection.chunks
        assert chunks is not None
        buffer = self._rest + b"".join(chunks)
        chunks.clear()
        answers, at = [], 0
        while len(buffer) - at >= 5:
            end = at + 5 + int.from_bytes(buffer[at + 1 : at + 5], "big")
            if end > len(buffer):
                break
            # Tag and length of the command, then tag and length of the id, which comes first.
            start = at + 5 + (5 if buffer[at + 6] > 127 else 4)
            answers.append(self._before + buffer[start : start + ID_BYTES] + self._behind)
            at = end
        self._rest = buffer[at:]
        self._handled += len(answers)
        return answers

    def _grant(self, permits: int) -> None:
        flow_control = common_pb2.FlowControl(client_id="bench-handler", permits=permits)
        self._send(command_pb2.CommandProviderOutbound(flow_control=flow_control))

    def _send(self, outbound: command_pb2.CommandProviderOutbound) -> None:
        self.connection.send(self._stream_id, [message(outbound.SerializeToString())])


class CommandLoad:
    """Both sides; `run` sends commands, with so many in flight, until all are answered."""

    def __init__(self, port: int, handler_port: int | None = None) -> None:
        """`handler_port` is where the handler connects, if it is not where the caller does."""
        self.handler = HandlerSide(handler_port or port)
        self.caller = LoadConnection(port)
        self._block = request_block(f"{SERVICE}/Dispatch")
        self._template = command_template()
        self._next_id = 0

    def close(self) -> None:
        """Drop both connections."""
        self.caller.close()
        self.handler.connection.close()

    def run(self, commands: int, in_flight: int) -> None:
        """Send so many commands; raises AssertionError where one is not answered by OK."""
        caller, handler = self.caller, self.handler
        already = caller.ended
        with selectors.DefaultSelector() as selector:
            selector.register(caller, selectors.EVENT_READ)
            selector.register(handler.connection, selectors.EVENT_READ)
            sent = in_flight
            self._call(in_flight)
            while caller.ended - already < commands:
                ready = selector.select(timeout=30)
                assert ready, "the server has not answered for 30 s"
                for key, _ in ready:
                    if key.fileobj is not caller:
                        handler.receive()
                        continue
                    before = caller.ended
                    caller.receive(READ_BYTES)
                    more = min(caller.ended - before, commands - sent)
                    sent += more
                    self._call(more)
        assert not caller.failed, f"{caller.failed} commands failed"

    def latency(self) -> float:
        """Send one command; return the seconds to its answer."""
        caller, handler = self.caller, self.handler
        ended = caller.ended
        started = time.perf_counter()
        self._call(1)
        while not handler.receive():
            continue  # a window update or a ping came first
        while caller.ended == ended:
            caller.receive()
        assert not caller.failed, "the command failed"
        return time.perf_counter() - started

    def _call(self, count: int) -> None:
        before, behind = self._template
        bodies = []
        for _ in range(count):
            self._next_id += 1
            bodies.append(before + b"%036d" % self._next_id + behind)
        if bodies:
            self.caller.calls([self._block] * count, bodies)
