"""Handlers and callers of queries, by the grpcio stubs that `axonclient` ships."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from axonclient.protos import common_pb2, query_pb2, query_pb2_grpc

from ranvier.proto.common_pb2 import ProcessingKey
from ranvier.proto.query_pb2 import QueryProviderInbound
from tests.support.live_call import LiveCall

Message = Any
"""A message of `axonclient`'s own modules, which bring no types."""


class Handler(LiveCall[Message, Message]):
    """A handler's stream; what is sent with an instruction id is answered by an ack."""

    def __init__(
        self, channel: grpc.Channel, *names: str, component: str = "shop", permits: int = 100
    ) -> None:
        super().__init__(query_stub(channel).OpenStream)
        self.client_id = f"client-{component}-{id(self)}"
        self.component = component
        for name in names:
            self.subscribe(name)
        if permits:
            self.grant(permits)

    def next(self) -> Message:
        """Return the next answer; streaming queries are younger than the stubs' messages."""
        return QueryProviderInbound.FromString(super().next().SerializeToString())

    def subscribe(self, name: str, *, result: str = "") -> None:
        """Subscribe and wait until it is acknowledged well."""
        ack = self.instruct(subscribe=self.offer(name, result))
        assert ack.success, ack.error.message

    def unsubscribe(self, name: str, *, result: str = "") -> None:
        """Unsubscribe and wait until it is acknowledged well."""
        assert self.instruct(unsubscribe=self.offer(name, result)).success

    def grant(self, permits: int) -> None:
        """Grant permits and wait until they count; queries may come before the ack."""
        flow = common_pb2.FlowControl(client_id=self.client_id, permits=permits)
        self.send(query_pb2.QueryProviderOutbound(flow_control=flow))

    def offer(self, name: str, result: str = "") -> Message:
        return query_pb2.QuerySubscription(
            message_id=f"offer-{name}",
            query=name,
            result_name=result,
            client_id=self.client_id,
            component_name=self.component,
        )

    def instruct(self, **request: Message) -> Message:
        """Send with an instruction id and return the ack; only where nothing else is due."""
        self.send(query_pb2.QueryProviderOutbound(instruction_id="i", **request))
        answer = self.next()
        assert answer.WhichOneof("request") == "ack", answer
        assert answer.ack.instruction_id == "i"
        return answer.ack

    def next_query(self) -> Message:
        """Wait for a query."""
        answer = self.next()
        assert answer.WhichOneof("request") == "query", answer
        return answer.query

    def next_subscription_request(self, kind: str) -> Message:
        """Wait for what a subscription query asks of this handler."""
        answer = self.next()
        assert answer.WhichOneof("request") == "subscription_query_request", answer
        request = answer.subscription_query_request
        assert request.WhichOneof("request") == kind, request
        return getattr(request, kind)

    def result(self, query_id: str, data: bytes = b"", *, error_code: str = "") -> None:
        self.send(
            query_pb2.QueryProviderOutbound(query_response=response(query_id, data, error_code))
        )

    def complete(self, query_id: str) -> None:
        complete = query_pb2.QueryComplete(message_id="c", request_id=query_id)
        self.send(query_pb2.QueryProviderOutbound(query_complete=complete))

    def answer(self, query_id: str, *results: bytes) -> None:
        for data in results:
            self.result(query_id, data)
        self.complete(query_id)

    def initial_result(self, query_id: str, data: bytes, *, error_code: str = "") -> None:
        self.say(query_id, initial_result=response(query_id, data, error_code))

    def update(self, query_id: str, data: bytes) -> None:
        payload = common_pb2.SerializedObject(type="Update", data=data)
        self.say(query_id, update=query_pb2.QueryUpdate(message_identifier="u", payload=payload))

    def complete_updates(self, query_id: str) -> None:
        self.say(query_id, complete=query_pb2.QueryUpdateComplete(client_id=self.client_id))

    def fail_updates(self, query_id: str, error_code: str) -> None:
        failure = query_pb2.QueryUpdateCompleteExceptionally(error_code=error_code)
        self.say(query_id, complete_exceptionally=failure)

    def say(self, query_id: str, **what: Message) -> None:
        """Send something of a subscription query."""
        said = query_pb2.SubscriptionQueryResponse(
            message_identifier="m", subscription_identifier=query_id, **what
        )
        self.send(query_pb2.QueryProviderOutbound(subscription_query_response=said))


class Subscriber(LiveCall[Message, Message]):
    """The caller of one subscription query."""

    def __init__(
        self, channel: grpc.Channel, name: str = "", query_id: str = "q-1", *, permits: int = 100
    ) -> None:
        super().__init__(query_stub(channel).Subscription)
        self.asked = query_pb2.SubscriptionQuery(
            subscription_identifier=query_id, query_request=query(name, query_id)
        )
        if permits:
            self.grant(permits)
        if name:
            self.send(query_pb2.SubscriptionQueryRequest(subscribe=self.asked))

    def grant(self, permits: int) -> None:
        flow = query_pb2.SubscriptionQuery(number_of_permits=permits)
        self.send(query_pb2.SubscriptionQueryRequest(flow_control=flow))

    def ask_initial(self) -> None:
        self.send(query_pb2.SubscriptionQueryRequest(get_initial_result=self.asked))

    def unsubscribe(self) -> None:
        self.send(query_pb2.SubscriptionQueryRequest(unsubscribe=self.asked))

    def next_update(self) -> bytes:
        """Wait for an update and return its data."""
        answer = self.next()
        assert answer.WhichOneof("response") == "update", answer
        data: bytes = answer.update.payload.data
        return data


def query_stub(channel: grpc.Channel) -> Any:
    """Return the stub of the query service."""
    return query_pb2_grpc.QueryServiceStub(channel)  # type: ignore[no-untyped-call]  # as it came


def ask(channel: grpc.Channel, name: str, query_id: str = "q-1", **more: Any) -> Any:
    """Ask a query; the answer is the call, which yields results."""
    metadata = more.pop("metadata", None)
    return query_stub(channel).Query(query(name, query_id, **more), metadata=metadata, timeout=60)


def query(
    name: str,
    query_id: str,
    *,
    hints: Iterable[Message] = (),
    tags: dict[str, str] | None = None,
) -> Message:
    """Return a query with some content."""
    asked = query_pb2.QueryRequest(
        message_identifier=query_id,
        query=name,
        payload=common_pb2.SerializedObject(type="Question", data=b"?"),
        processing_instructions=hints,
        client_id="asker",
        component_name="desk",
    )
    for key, text in (tags or {}).items():
        asked.meta_data[key].text_value = text
    return asked


def hint(key: str, value: int | bool) -> Message:
    """Return a processing instruction."""
    kind = "boolean_value" if isinstance(value, bool) else "number_value"
    number: Any = ProcessingKey.Value(key)
    content: dict[str, Any] = {kind: value}
    return common_pb2.ProcessingInstruction(key=number, value=common_pb2.MetaDataValue(**content))


def hints_of(asked: Message) -> dict[str, int | bool]:
    """Return the processing instructions of a query by name."""
    return {
        ProcessingKey.Name(each.key): getattr(
            each.value, each.value.WhichOneof("data") or "text_value"
        )
        for each in asked.processing_instructions
    }


def response(query_id: str, data: bytes, error_code: str = "") -> Message:
    """Return a handler's result."""
    return query_pb2.QueryResponse(
        message_identifier=f"r-{query_id}",
        request_identifier=query_id,
        error_code=error_code,
        payload=common_pb2.SerializedObject(type="Answer", data=data),
    )


def data_of(answers: Iterable[Message]) -> list[bytes]:
    """Return the data of results; none may be an error."""
    found = []
    for answer in answers:
        assert not answer.error_code, answer
        found.append(answer.payload.data)
    return found
