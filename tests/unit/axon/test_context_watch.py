"""A watcher of contexts that does not read."""

from __future__ import annotations

from typing import cast

from ranvier.axon.context_admin import QUEUED_BYTES, ContextWatch
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.wire.grpc.server_call import ServerCall
from ranvier.wire.grpc.status import GrpcError
from tests.support.memory_event_log import MemoryCatalogue, MemoryEventLog


class UnreadCall:
    """Keeps what is sent."""

    queued_bytes = 0
    has_started = False
    end: GrpcError | None = None

    def start(self) -> None:
        self.has_started = True

    def send(self, message: bytes) -> None:
        self.queued_bytes += len(message)

    def finish(self, error: GrpcError) -> None:
        self.end = error


async def test_a_watcher_that_does_not_read_is_let_go() -> None:
    contexts = AdministerContexts(MemoryCatalogue(MemoryEventLog()))
    name = "a" * 255
    call = UnreadCall()
    ContextWatch(cast("ServerCall", call), contexts)
    assert call.has_started
    await contexts.create(name)
    while call.end is None:
        assert call.queued_bytes <= QUEUED_BYTES + 300
        await contexts.change_properties(name, {})
    assert "RANVIER-READER-TOO-SLOW" in call.end.message
    waiting_bytes = call.queued_bytes
    await contexts.delete(name)
    assert call.queued_bytes == waiting_bytes
