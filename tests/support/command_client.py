"""A handler and a caller of commands on the stubs that axonclient ships."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Self

import grpc
from axonclient.protos import command_pb2, command_pb2_grpc, common_pb2

from tests.support.live_call import LiveCall

WAIT_SECONDS = 30


class LiveHandler:
    """A handler's stream: `subscribe` and `grant` return once the node has acknowledged them."""

    def __init__(
        self, channel: grpc.Channel, client_id: str = "handler-1", metadata: Any = None
    ) -> None:
        stub = command_stub(channel)
        self.client_id = client_id
        self.call: LiveCall[Any, Any] = LiveCall(stub.OpenStream, metadata=metadata)
        self._ids = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.call.cancel()

    def subscribe(self, *names: str, load_factor: int = 100) -> Self:
        for name in names:
            assert self.ask(subscribe=self._subscription(name, load_factor)).success
        return self

    def unsubscribe(self, name: str) -> None:
        assert self.ask(unsubscribe=self._subscription(name)).success

    def grant(self, permits: int) -> Self:
        flow_control = common_pb2.FlowControl(client_id=self.client_id, permits=permits)
        assert self.ask(flow_control=flow_control).success
        return self

    def ask(self, **request: Any) -> Any:
        """Send an instruction with an id and return its ack; nothing else may come before it."""
        number = f"instruction-{next(self._ids)}"
        self.send(instruction_id=number, **request)
        answer = self.call.next()
        assert answer.WhichOneof("request") == "ack", answer
        assert answer.ack.instruction_id == number
        return answer.ack

    def send(self, **request: Any) -> None:
        self.call.send(command_pb2.CommandProviderOutbound(**request))

    def next(self) -> Any:
        """Return the next command that the node sends."""
        answer = self.call.next()
        assert answer.WhichOneof("request") == "command", answer
        return answer.command

    def respond(self, request_id: str, data: bytes = b"done") -> None:
        self.send(command_response=response(request_id, data))

    def _subscription(self, name: str, load_factor: int = 100) -> Any:
        return command_pb2.CommandSubscription(
            message_id="subscription",
            command=name,
            component_name="orders",
            client_id=self.client_id,
            load_factor=load_factor,
        )


class Caller:
    """Dispatches commands and hands out their futures."""

    def __init__(self, channel: grpc.Channel, metadata: Any = None) -> None:
        self._stub = command_stub(channel)
        self._metadata = metadata
        self._futures: list[Future[Any]] = []
        """Kept: grpcio cancels a call whose future nobody holds."""

    def dispatch(self, message: Any) -> Future[Any]:
        future: Future[Any] = self._stub.Dispatch.future(
            message, metadata=self._metadata, timeout=WAIT_SECONDS
        )
        self._futures.append(future)
        return future

    def ask(self, message: Any) -> Any:
        """Dispatch a command that is answered at once."""
        return self.dispatch(message).result(WAIT_SECONDS)


def command(
    message_id: str,
    name: str = "Buy",
    *,
    routing_key: str = "",
    priority: int | None = None,
    timeout_ms: int | None = None,
    metadata: dict[str, str] | None = None,
    data: bytes = b"data",
) -> Any:
    """Return a command with these instructions."""
    message = command_pb2.Command(message_identifier=message_id, name=name, client_id="caller")
    message.payload.type = "Payload"
    message.payload.data = data
    for name_of_entry, text in (metadata or {}).items():
        message.meta_data[name_of_entry].text_value = text
    instructions: Sequence[tuple[int, dict[str, Any]]] = (
        (common_pb2.ROUTING_KEY, {"text_value": routing_key} if routing_key else {}),
        (common_pb2.PRIORITY, {} if priority is None else {"number_value": priority}),
        (common_pb2.TIMEOUT, {} if timeout_ms is None else {"number_value": timeout_ms}),
    )
    for instruction, value in instructions:
        if value:
            message.processing_instructions.add(
                key=instruction, value=common_pb2.MetaDataValue(**value)
            )
    return message


def response(request_id: str, data: bytes = b"done") -> Any:
    """Return a handler's response."""
    answer = command_pb2.CommandResponse(
        message_identifier=f"answer-to-{request_id}", request_identifier=request_id
    )
    answer.payload.type = "Result"
    answer.payload.data = data
    return answer


def command_stub(channel: grpc.Channel) -> Any:
    """Return the stub that axonclient ships."""
    return command_pb2_grpc.CommandServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
