"""Clients with control streams that say nothing, for the tests of what is shown of them."""

from __future__ import annotations

import asyncio

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.instruct_clients import ClientAnswer, InstructClients
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from tests.support.processors import Claims, instance


class SilentLink:
    """A control stream; keeps what the client is told to do."""

    def __init__(self) -> None:
        self.told: list[Instruction] = []
        self.closed_by: list[RanvierError] = []

    def send_heartbeat(self) -> None:
        pass

    def ask_to_reconnect(self) -> None:
        pass

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        assert instruction_id is not None
        self.told.append(instruction)

    def close(self, error: RanvierError) -> None:
        self.closed_by.append(error)


class AnsweringLink(SilentLink):
    """A control stream whose client confirms whatever it is told, or only says that it came."""

    def __init__(self, instruct: InstructClients, *, confirms: bool = True) -> None:
        super().__init__()
        self._instruct = instruct
        self._confirms = confirms
        self.client: ConnectedClient | None = None

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        super().instruct(instruction, instruction_id)
        if instruction_id and self.client is not None:
            answer = ClientAnswer(instruction_id, is_success=True, error_message="")
            tell = self._instruct.completed if self._confirms else self._instruct.acknowledged
            asyncio.get_running_loop().call_soon(tell, self.client, answer)


def connect(
    clients: KeepClients, client_id: str, component: str = "bank", context: str = "default"
) -> ConnectedClient:
    """Let a client come."""
    identity = ClientIdentity(client_id, component, "4.12.1", {"zone": "north"})
    return clients.connect(identity, context, SilentLink())


def run_processor(
    clients: KeepClients, client: ConnectedClient, claims: Claims = ((0, 1),)
) -> None:
    """Let a client tell of its processor `accounts`."""
    clients.processor_reported(client, instance(client.identity.client_id, claims).status)
