"""Many subscription queries from one process: calls on our own channel, no thread for each."""

from __future__ import annotations

from ranvier.proto import common_pb2, query_pb2
from ranvier.wire.grpc.channel import Channel
from ranvier.wire.grpc.client_call import ClientCall

SERVICE = "/io.axoniq.axonserver.grpc.query.QueryService"
MANY_PERMITS = 2**40


class UpdatingHandler:
    """A handler of one name that sends updates."""

    def __init__(self, channel: Channel, name: str) -> None:
        self.call: ClientCall = channel.stream(f"{SERVICE}/OpenStream")
        self._name = name
        self._early: list[query_pb2.QueryProviderInbound] = []

    async def join(self) -> None:
        """Subscribe, and wait until that is acknowledged."""
        offer = query_pb2.QuerySubscription(
            query=self._name, client_id="updating", component_name="shop"
        )
        await self._write(subscribe=offer, instruction_id="join")
        flow = common_pb2.FlowControl(permits=MANY_PERMITS)
        await self._write(flow_control=flow, instruction_id="grant")
        for _ in range(2):
            assert (await self.next()).ack.success

    async def update(self, query_id: str, data: bytes) -> None:
        update = query_pb2.QueryUpdate(payload=common_pb2.SerializedObject(data=data))
        response = query_pb2.SubscriptionQueryResponse(
            subscription_identifier=query_id, update=update
        )
        await self._write(subscription_query_response=response)

    async def next(self) -> query_pb2.QueryProviderInbound:
        message = await self.call.read()
        assert message is not None
        return query_pb2.QueryProviderInbound.FromString(message)

    async def requests(self, kind: str, count: int) -> set[str]:
        """Wait for so many requests of subscription queries, all of one kind; return their ids."""
        found: set[str] = set()
        while len(found) < count:
            request = (await self.next()).subscription_query_request
            assert request.WhichOneof("request") == kind
            found.add(getattr(request, kind).subscription_identifier)
        return found

    async def result(self, query_id: str, data: bytes) -> None:
        payload = common_pb2.SerializedObject(data=data)
        response = query_pb2.QueryResponse(request_identifier=query_id, payload=payload)
        await self._write(query_response=response)

    async def leave(self) -> None:
        self.call.half_close()
        assert await self.call.read() is None

    async def _write(self, **message: object) -> None:
        outbound = query_pb2.QueryProviderOutbound(**message)  # type: ignore[arg-type]  # by name
        await self.call.write(outbound.SerializeToString())


async def subscribed(
    channel: Channel, name: str, query_id: str, permits: int = MANY_PERMITS
) -> ClientCall:
    """Open a subscription query."""
    call = channel.stream(f"{SERVICE}/Subscription")
    subscription = query_pb2.SubscriptionQuery(
        subscription_identifier=query_id,
        number_of_permits=permits,
        query_request=query_pb2.QueryRequest(message_identifier=query_id, query=name),
    )
    request = query_pb2.SubscriptionQueryRequest(subscribe=subscription)
    await call.write(request.SerializeToString())
    return call


async def next_update(call: ClientCall) -> bytes:
    """Wait for an update and return its data."""
    message = await call.read()
    assert message is not None
    return query_pb2.SubscriptionQueryResponse.FromString(message).update.payload.data
