"""Reads all events of a node in one `ListEvents` call."""

from __future__ import annotations

from bench.load_connection import LoadConnection, message, messages_of, request_block
from ranvier.proto.event_pb2 import EventWithToken, GetEventsRequest

LIST_EVENTS = "/io.axoniq.axonserver.grpc.event.EventStore/ListEvents"
MORE_THAN_ENOUGH = 1 << 40


def read_whole_log(port: int) -> list[EventWithToken]:
    """Return every event that the node at this gRPC port has committed, in its order."""
    request = GetEventsRequest(tracking_token=0, number_of_permits=MORE_THAN_ENOUGH)
    connection = LoadConnection(port)
    try:
        connection.chunks = []
        connection.calls([request_block(LIST_EVENTS)], [message(request.SerializeToString())])
        while not connection.ended:
            connection.receive()
        assert not connection.failed
        return [EventWithToken.FromString(each) for each in messages_of(connection.chunks)]
    finally:
        connection.close()
