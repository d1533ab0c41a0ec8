"""Questions about tokens: the first, the last, the one at a time."""

from __future__ import annotations

from ranvier.axon.messages import parsed
from ranvier.axon.request_context import context_of
from ranvier.proto import event_pb2
from ranvier.services.read_events import ReadEvents
from ranvier.wire.grpc.server_call import ServerCall


class Tokens:
    """The token calls of the event store."""

    def __init__(self, read_events: ReadEvents) -> None:
        self._read_events = read_events

    async def get_first_token(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the token of the oldest event, 0 when there is none."""
        parsed(event_pb2.GetFirstTokenRequest, message)
        return tracking_token(await self._read_events.first_token(context_of(call)))

    async def get_last_token(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the token of the newest event, -1 when there is none."""
        parsed(event_pb2.GetLastTokenRequest, message)
        return tracking_token(await self._read_events.last_token(context_of(call)))

    async def get_token_at(self, call: ServerCall, message: bytes) -> bytes:
        """Answer the token of the first event at or after a time; last + 1 if all are earlier."""
        request = parsed(event_pb2.GetTokenAtRequest, message)
        return tracking_token(await self._read_events.token_at(context_of(call), request.instant))


def tracking_token(token: int) -> bytes:
    """Return the answer that holds this token."""
    return event_pb2.TrackingToken(token=token).SerializeToString()
