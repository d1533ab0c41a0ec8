"""`/v1/components` and `/v1/processors`: what is connected, and how it is steered."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction, InstructionKind
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.instruct_clients import ClientAnswer
from ranvier.services.keep_clients import ConnectedClient
from ranvier.services.topology import Registration
from tests.support.processors import Claims, instance
from tests.support.web_node import WebNode, is_problem


class Link:
    """Answers instructions with success, or with the failure that it was given."""

    def __init__(self, node: WebNode, failure: str) -> None:
        self._node = node
        self._failure = failure
        self.client: ConnectedClient | None = None
        self.done: list[str] = []

    def send_heartbeat(self) -> None: ...
    def ask_to_reconnect(self) -> None: ...
    def close(self, error: RanvierError) -> None: ...

    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None:
        assert self.client is not None
        if instruction.kind is InstructionKind.TELL:
            return
        self.done.append(f"{instruction.kind.value} {instruction.segment_id}")
        answer = ClientAnswer(
            instruction_id, is_success=not self._failure, error_message=self._failure
        )
        instruct = self._node.instruct
        tell = instruct.completed if self.client.identity.version else instruct.acknowledged
        asyncio.get_running_loop().call_soon(tell, self.client, answer)


def connect(
    node: WebNode, name: str, claims: Claims = (), *, failure: str = "", version: str = "4.6"
) -> Link:
    link = Link(node, failure)
    identity = ClientIdentity(name, "bank", version, {"zone": "a"})
    link.client = node.clients.connect(identity, "default", link)
    node.clients.processor_reported(link.client, instance(name, claims).status)
    node.seconds += 1
    return link


STEERING = "/v1/components/bank/processors/accounts"
WHICH = {"context": "default", "tokenStoreIdentifier": "store"}


async def test_a_processor_is_steered(node: WebNode, client: httpx2.AsyncClient) -> None:
    one, two = connect(node, "one", ((0, 2),)), connect(node, "two", ((1, 2),))
    for path in ("pause", "start", "segments/split", "segments/merge"):
        response = await client.patch(f"{STEERING}/{path}", params=WHICH)
        assert (response.status_code, response.content) == (200, b"")
    moved = await client.patch(f"{STEERING}/segments/0/move", params=WHICH | {"target": "two"})
    assert moved.status_code == 200
    assert one.done == ["pause 0", "start 0", "split 0", "merge 0", "release 0"]
    assert two.done == ["pause 0", "start 0", "release 1"]


async def test_what_only_is_accepted_is_202(node: WebNode, client: httpx2.AsyncClient) -> None:
    connect(node, "one", version="")
    assert (await client.patch(f"{STEERING}/pause", params=WHICH)).status_code == 202


async def test_a_failure_in_a_client_is_told(node: WebNode, client: httpx2.AsyncClient) -> None:
    connect(node, "one", failure="it is busy")
    refused = await client.patch(f"{STEERING}/pause", params=WHICH)
    assert is_problem(refused, 502, "AXONIQ-1003", lambda text: "it is busy" in text)


@pytest.mark.parametrize(
    ("path", "parameters", "status", "code"),
    [
        ("/pause", {"tokenStoreIdentifier": "other"}, 404, "AXONIQ-2800"),
        ("/pause", {"context": "other"}, 404, "AXONIQ-2800"),
        ("/segments/0/move", {"target": "nobody"}, 404, "AXONIQ-2801"),
        ("/segments/0/move", {}, 400, "RANVIER-INVALID-PARAMETER"),
        ("/segments/x/move", {"target": "one"}, 400, "RANVIER-INVALID-PARAMETER"),
        ("/segments/merge", {}, 409, "RANVIER-ONLY-ONE-SEGMENT"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    node: WebNode,
    client: httpx2.AsyncClient,
    *,
    path: str,
    parameters: dict[str, str],
    status: int,
    code: str,
) -> None:
    connect(node, "one", ((0, 1),))
    refused = await client.patch(STEERING + path, params=WHICH | parameters)
    assert is_problem(refused, status, code)


async def test_segments_are_spread(node: WebNode, client: httpx2.AsyncClient) -> None:
    busy = connect(node, "one", ((0, 2), (1, 2)))
    connect(node, "two")
    strategies = (await client.get("/v1/processors/loadbalance/strategies")).json()
    assert [each["name"] for each in strategies] == ["default", "threadNumber"]
    path = "/v1/processors/accounts/loadbalance"
    spread = await client.patch(path, params=WHICH | {"strategy": "threadNumber"})
    assert spread.status_code == 200
    assert busy.done == ["release 1"]
    unknown = await client.patch(path, params=WHICH | {"strategy": "random"})
    assert is_problem(unknown, 400, "RANVIER-UNKNOWN-STRATEGY")


async def test_components_show_clients_processors_and_handlers(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    connect(node, "one", ((0, 1),))
    node.topology.added(Registration("command", "default", "Pay", "one", "s-1", "bank"))
    for stream, results in (("s-2", ("Balance",)), ("s-3", ("Balance", "Text"))):
        node.topology.added(
            Registration("query", "default", "Get", "one", stream, "bank", result_names=results)
        )

    async def get(path: str) -> Any:
        return (await client.get(f"/v1/components/{path}")).json()

    known = {
        "name": "one",
        "componentName": "bank",
        "context": "default",
        "version": "4.6",
        "axonServer": "messaging1",
        "tags": {"zone": "a"},
    }
    assert await get("clients") == await get("bank/instances") == [known]
    assert await get("clientIds") == ["one"]
    assert await get("clients?context=other") == await get("other/instances") == []
    assert await get("bank/commands") == [{"name": "Pay"}]
    assert await get("bank/queries") == [{"name": "Get", "resultTypes": ["Balance", "Text"]}]
    assert await get("other/commands") == await get("other/queries") == []
    (processor,) = await get("bank/processors")
    assert (processor["name"], processor["streaming"]) == ("accounts", True)
    assert processor["instances"][0]["segments"][0]["claimedBy"] == "one"
    assert await get("other/processors") == []
    asked = await client.get("/v1/processors/accounts/clients", params=WHICH)
    assert asked.json() == ["one"]
