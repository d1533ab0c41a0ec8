"""Clients of other nodes among those of this one, and instructions to them."""

from __future__ import annotations

import pytest

from ranvier.messages.processor_plans import Instruction, InstructionKind
from ranvier.services.cluster_clients import ClusterClients, RemoteClient
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.instruct_clients import InstructClients
from ranvier.services.instruction_outcome import InstructionOutcome
from ranvier.services.keep_clients import KeepClients
from tests.support.processors import instance


class Way:
    """Notes what is to be told to a client of another node."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def instruct(self, instruction: Instruction) -> InstructionOutcome:
        self.asked.append(instruction.kind.value)
        return InstructionOutcome.ACCEPTED

    def tell(self, instruction: Instruction) -> None:
        self.asked.append(f"tell {instruction.kind.value}")


def remote(node: str, name: str, way: Way | None = None) -> RemoteClient:
    status = instance(name).status
    identity = ClientIdentity(name, "bank", "4.6")
    return RemoteClient(node, identity, "default", way or Way(), (status,))


def test_clients_of_other_nodes_stand_behind_by_the_names_of_their_nodes() -> None:
    clients = ClusterClients(KeepClients(lambda: 0.0))
    later, earlier = remote("node-3", "c"), remote("node-2", "b")
    for client in (later, earlier):
        assert clients.came(client)
    assert clients.clients() == [earlier, later]
    assert [each.name for each in clients.processors_of(later)] == ["accounts"]
    clients.went(later)
    clients.went(later)
    assert clients.clients() == [earlier]


def test_no_more_clients_are_kept_than_a_cluster_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.services.cluster_clients.REMOTE_CLIENTS_MAX", 1)
    clients = ClusterClients(KeepClients(lambda: 0.0))
    assert [clients.came(remote("node-2", name)) for name in ("a", "b")] == [True, False]


async def test_instructions_go_to_the_node_of_a_client() -> None:
    way = Way()
    instruct = InstructClients(lambda: "i-1")
    instruction = Instruction(remote("node-2", "b", way), InstructionKind.PAUSE, "accounts")
    assert await instruct.follow(((instruction,),)) is InstructionOutcome.ACCEPTED
    instruct.tell(((instruction,),))
    assert way.asked == ["pause", "tell pause"]
    assert instruct.waiting_count == 0
