"""`/v1/commands`: who handles, what is under way, commands in JSON."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from ranvier.errors import RanvierError
from ranvier.proto.command_pb2 import Command, CommandResponse
from ranvier.services.waiting_command import HandlerStream, WaitingCommand
from tests.support.message_handlers import handler
from tests.support.web_node import NOW_MS, WebNode, is_problem

ORDER = {"name": "Buy", "payload": {"type": "Buy", "data": "a lamp"}}


@pytest.fixture(autouse=True)
def default_context(node: WebNode) -> None:
    node.kinds.learn("default", dcb=False)


class AnsweringLink:
    """Answers each command at once, if it is given an answer."""

    def __init__(self, node: WebNode, answer: CommandResponse | None) -> None:
        self.sent: list[Command] = []
        self.has_sent = asyncio.Event()
        self._node = node
        self._answer = answer
        self.stream: HandlerStream | None = None

    def send_command(self, message: bytes, command: WaitingCommand) -> bool:
        assert command.was_sent
        self.sent.append(Command.FromString(message))
        self.has_sent.set()
        if self._answer is not None and self.stream is not None:
            message_id = self.sent[-1].message_identifier
            self._answer.request_identifier = message_id
            self._node.commands.answer(self.stream, message_id, self._answer.SerializeToString())
        return True

    def close(self, error: RanvierError) -> None:
        """Do nothing: the test is over."""


def handling(
    node: WebNode,
    answer: CommandResponse | None = None,
    *,
    name: str = "Buy",
    component: str = "shop",
) -> AnsweringLink:
    link = AnsweringLink(node, answer)
    node.commands.opened("default", link)
    link.stream = node.commands.join(handler(component, component=component), link)
    node.commands.subscribe(link.stream, "Buy", 100)
    node.commands.grant(link.stream, 10)
    return link


async def test_registrations_are_listed_by_name_and_component(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    assert (await client.get("/v1/commands")).json() == []
    handling(node, component="shop")
    handling(node, component="archive")
    shown = {
        "context": "default",
        "command": "Buy",
        "components": [
            {"name": "archive", "clients": ["client-archive"]},
            {"name": "shop", "clients": ["client-shop"]},
        ],
    }
    assert (await client.get("/v1/commands")).json() == [shown]


async def test_a_command_is_dispatched_and_its_answer_shown(
    client: httpx2.AsyncClient, node: WebNode
) -> None:
    answer = CommandResponse(message_identifier="r")
    answer.payload.type = "Bought"
    answer.payload.data = b"one"
    answer.meta_data["n"].number_value = 7
    link = handling(node, answer)
    posted = ORDER | {"metaData": {"user": "ada"}, "priority": 3, "timeout": 900}
    response = await client.post("/v1/commands/run", json=posted | {"routingKey": "order-1"})
    assert response.status_code == 200
    assert response.json() == {
        "messageIdentifier": "r",
        "requestIdentifier": "minted-0",
        "errorCode": None,
        "errorMessage": None,
        "payload": {"type": "Bought", "revision": "", "data": "one"},
        "metaData": {"n": 7},
    }
    (sent,) = link.sent
    assert (sent.name, sent.timestamp, sent.payload.data) == ("Buy", NOW_MS, b"a lamp")
    assert sent.meta_data["user"].text_value == "ada"
    values = [each.value for each in sent.processing_instructions]
    assert values[0].text_value == "order-1"
    assert [each.number_value for each in values[1:]] == [3, 900]


async def test_4000_is_an_answer(client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/commands/run", json=ORDER | {"messageIdentifier": "mine"})
    assert response.status_code == 200
    answer = response.json()
    assert (answer["errorCode"], answer["requestIdentifier"]) == ("AXONIQ-4000", "mine")
    assert "Buy" in answer["errorMessage"]["message"]


async def test_a_command_out_of_time_is_4002(client: httpx2.AsyncClient, node: WebNode) -> None:
    link = handling(node)
    running = asyncio.create_task(client.post("/v1/commands/run", json=ORDER | {"timeout": 1}))
    await link.has_sent.wait()
    queue = (await client.get("/v1/commands/queues")).json()
    assert queue == [
        {"client": "client-shop", "component": "shop", "count": 0, "activeCount": 1, "permits": 9}
    ]
    assert (await client.get("/v1/commands/count")).json() == 1
    node.seconds += 1
    assert (await running).json()["errorCode"] == "AXONIQ-4002"
    assert (await client.get("/v1/commands/count")).json() == 0


async def test_a_stopping_node_refuses(client: httpx2.AsyncClient, node: WebNode) -> None:
    await node.commands.stop()
    response = await client.post("/v1/commands/run", json=ORDER)
    assert is_problem(response, 503, "RANVIER-STOPPING")


async def test_an_unknown_context_is_1302(client: httpx2.AsyncClient) -> None:
    nowhere = {"AxonIQ-Context": "nowhere"}
    for path in ("/v1/commands", "/v1/commands/queues", "/v1/commands/count"):
        assert is_problem(await client.get(path, headers=nowhere), 404, "AXONIQ-1302")
    response = await client.post("/v1/commands/run", json=ORDER, headers=nowhere)
    assert is_problem(response, 404, "AXONIQ-1302")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 300_001}, "timeout"),
        ({"priority": 2**31}, "priority"),
        ({"surprise": 1}, "surprise"),
        ({"payload": {"data": "%", "encoding": "base64"}}, "payload.data"),
    ],
)
async def test_a_wrong_body_is_refused_by_its_field(
    client: httpx2.AsyncClient, change: dict[str, object], field: str
) -> None:
    response = await client.post("/v1/commands/run", json=ORDER | change)
    assert is_problem(response, 400, "RANVIER-INVALID-BODY")
    assert response.json()["field"] == field
