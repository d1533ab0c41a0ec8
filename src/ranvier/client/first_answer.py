"""The one result that a point-to-point query waits for."""

from __future__ import annotations

import asyncio

from ranvier.client.errors import QueryFailed
from ranvier.proto import common_pb2, query_pb2
from ranvier.wire.grpc.status import GrpcError
from ranvier.wire.http2.headers import HeaderPairs


class FirstAnswer:
    """The first answer to a query as a future; the rest is not waited for."""

    def __init__(self) -> None:
        self.response: asyncio.Future[query_pb2.QueryResponse] = (
            asyncio.get_running_loop().create_future()
        )

    def headers_received(self, headers: HeaderPairs) -> None:
        """Do nothing."""

    def message_received(self, message: bytes) -> None:
        """Give the waiting caller his answer."""
        if not self.response.done():
            self.response.set_result(query_pb2.QueryResponse.FromString(message))

    def writable(self) -> None:
        """Do nothing."""

    def finished(self, error: GrpcError | None, trailers: HeaderPairs) -> None:  # noqa: ARG002  # the error has them
        """Give the waiting caller his error; an end without an answer is one, too."""
        if self.response.done():
            return
        if error is None:
            nothing = query_pb2.QueryResponse(
                error_code=QueryFailed.code,
                error_message=common_pb2.ErrorMessage(message="no handler gave a result"),
            )
            self.response.set_result(nothing)
        else:
            self.response.set_exception(error)
