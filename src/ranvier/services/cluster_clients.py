"""The clients of the whole cluster: this node's own, and what other nodes tell of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ranvier.messages.event_processor import ProcessorStatus
from ranvier.messages.processor_plans import Instruction
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.services.keep_clients import ConnectedClient, KeepClients

REMOTE_CLIENTS_MAX: Final = 100_000
"""Of all other nodes together: ten nodes, each with as many as one serves."""


class RemoteInstructor(Protocol):
    """The way to one client of another node."""

    async def instruct(self, instruction: Instruction) -> InstructionOutcome:
        """Give an instruction and wait for what becomes of it, or raise why it failed."""
        ...

    def tell(self, instruction: Instruction) -> None:
        """Give an instruction whose outcome nobody waits for."""


@dataclass(slots=True, eq=False)
class RemoteClient:
    """A client with a control stream to another node, as that node last told."""

    node: str
    """The name of its node."""
    identity: ClientIdentity
    context: str
    way: RemoteInstructor
    processors: tuple[ProcessorStatus, ...] = ()
    """Whose status that node counts as fresh."""


AnyClient = ConnectedClient | RemoteClient


class ClusterClients:
    """All of them; those of this node come first."""

    def __init__(self, own: KeepClients) -> None:
        self._own = own
        self._remote: dict[RemoteClient, None] = {}

    def came(self, client: RemoteClient) -> bool:
        """Take a client of another node; False where as many are known as are kept."""
        if len(self._remote) >= REMOTE_CLIENTS_MAX:
            return False
        self._remote[client] = None
        return True

    def went(self, client: RemoteClient) -> None:
        """Forget it; a second time nothing happens."""
        self._remote.pop(client, None)

    def clients(self) -> list[AnyClient]:
        """Return who is connected: here in the order of coming, then by other nodes' names."""
        remote = sorted(self._remote, key=lambda client: client.node)
        return [*self._own.clients(), *remote]

    def processors_of(self, client: AnyClient) -> Sequence[ProcessorStatus]:
        """Return the processors of a client whose status is still fresh."""
        if isinstance(client, RemoteClient):
            return client.processors
        return self._own.processors_of(client)
