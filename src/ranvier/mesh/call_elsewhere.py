"""What all calls about one query to a handler of another node have in common."""

from __future__ import annotations

from ranvier.wire.grpc.outgoing_call import OutgoingCall
from ranvier.wire.http2.headers import HeaderPairs


class CallElsewhere:
    """A call that is opened after it was made, and may be given up before it has ended."""

    __slots__ = ("_query_id", "call")

    def __init__(self, query_id: str) -> None:
        self.call: OutgoingCall | None = None
        """Set once it is opened."""
        self._query_id = query_id

    def cancel(self) -> None:
        """Give the query up at this handler."""
        if self.call is not None:
            self.call.cancel()

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def writable(self) -> None:
        """Do nothing: what is sent is short, or came in one piece."""
