"""Clients, handlers and event processors in the Cockpit, without a browser."""

from __future__ import annotations

import httpx2

from ranvier.cluster.member import NodeState
from ranvier.messages.processor_plans import InstructionKind
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.node_report import Details, ReportedClient, ReportedHandler
from tests.support.connected_clients import AnsweringLink
from tests.support.filled_form import hidden_fields, send
from tests.support.node_reports import member, told
from tests.support.processors import Claims, instance
from tests.support.web_node import WebNode

HANDLERS = "/cockpit/clients"
CLIENTS = "/cockpit/clients/connected"
PROCESSORS = "/cockpit/clients/processors"
ONE = "/cockpit/clients/processor"
HOSTILE = "<script>x</script>\u202e\u0000" + "n" * 300


def handler(name: str, number: int = 0, kind: str = "command") -> ReportedHandler:
    return ReportedHandler(
        kind=kind,  # type: ignore[arg-type]  # of a later version it may be another one
        context="default",
        name=name,
        client_id=f"client-{number}",
        component_name="bank",
        permits=5_000,
        waiting=number,
        in_flight=2,
    )


def handlers(*rows: ReportedHandler, count: int = 0) -> Details:
    return Details(handlers=rows, handler_count=count or len(rows))


def two_nodes(node: WebNode) -> None:
    node.members.append(member("node-2"))
    node.report = told("messaging1", details=handlers(handler("Buy"), handler("Sell", 7)))
    node.peers.reports["id-of-node-2"] = told("node-2", details=handlers(handler("Find", 1)))


async def page(client: httpx2.AsyncClient, path: str, **query: str | int) -> str:
    response = await client.get(path, params=query or None)
    assert response.status_code == 200, response.text
    return response.text


async def test_handlers_of_all_nodes(node: WebNode, client: httpx2.AsyncClient) -> None:
    two_nodes(node)
    text = await page(client, HANDLERS)
    assert "1 to 3 of 3" in text
    for shown in ("Buy", "Sell", "Find", "node-2", "messaging1", "5\N{NARROW NO-BREAK SPACE}000"):
        assert shown in text
    assert text.index("Buy") < text.index("Find") < text.index("Sell")
    text = await page(client, HANDLERS, sort="-waiting")
    assert text.index(">Sell<") < text.index(">Find<") < text.index(">Buy<")


async def test_handlers_of_a_chosen_node(node: WebNode, client: httpx2.AsyncClient) -> None:
    two_nodes(node)
    text = await page(client, HANDLERS, node="node-2")
    assert "1 to 1 of 1" in text
    assert "Find" in text
    assert (await client.get(HANDLERS, params={"node": "nobody"})).status_code == 404


async def test_a_search_is_made_on_every_node(node: WebNode, client: httpx2.AsyncClient) -> None:
    two_nodes(node)
    assert "1 to 1 of 1" in await page(client, HANDLERS, search="fIN")
    assert node.peers.asked[-1][1].search == "fIN"
    assert "No handler has “&lt;b&gt;”" in await page(client, HANDLERS, search="<b>")


async def test_what_a_node_does_not_tell_is_said(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.members += [member("<b>old</b>"), member("lost"), member("down", NodeState.DOWN)]
    node.peers.reports["id-of-<b>old</b>"] = "It runs an <i>earlier</i> version."
    for path in (HANDLERS, CLIENTS):
        text = await page(client, path)
        assert "What node &lt;b&gt;old&lt;/b&gt; holds is not in this list." in text
        assert "It runs an &lt;i&gt;earlier&lt;/i&gt; version." in text
        assert "There is no link with the node at present." in text
        assert "Node down is down" in text or "What node down holds" not in text
        assert "Node down is down." in await page(client, path, node="down")


async def test_more_handlers_than_are_told_at_once(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.report = told("messaging1", details=handlers(handler("Buy"), count=2_001))
    assert "Of node messaging1, 1 of 2001 are in this list" in await page(client, HANDLERS)


async def test_hostile_names_are_shown_and_nothing_else(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    row = ReportedHandler(
        kind="query",
        context=HOSTILE,
        name=HOSTILE,
        client_id=HOSTILE,
        component_name=HOSTILE,
        load_factor=-1,
    )
    who = ReportedClient(
        context=HOSTILE,
        client_id=HOSTILE,
        component_name=HOSTILE,
        version=HOSTILE,
        tags={HOSTILE: HOSTILE},
    )
    details = Details(handlers=(row,), handler_count=1, clients=(who,), client_count=1)
    node.report = told("messaging1", details=details)
    for path in (HANDLERS, CLIENTS):
        text = await page(client, path)
        assert "<script>x" not in text
        assert "\u202e" not in text
        assert "\0" not in text
        assert "⟨U+202E⟩␀" in text


async def test_nobody_is_there_yet(client: httpx2.AsyncClient) -> None:
    assert "Nobody handles anything yet." in await page(client, HANDLERS)
    assert "No application is connected." in await page(client, CLIENTS)
    assert "No client runs an event processor." in await page(client, PROCESSORS)
    text = await page(client, ONE, context="default", name="<b>none")
    assert "No client runs this event processor now." in text
    assert "<b>none" not in text


async def test_connected_clients(node: WebNode, client: httpx2.AsyncClient) -> None:
    shown = [
        ReportedClient(
            context="default",
            client_id=f"c-{number}",
            component_name="bank",
            version="4.12.1",
            tags={"zone": "north"},
            connected_seconds=90.0,
        )
        for number in range(60)
    ]
    details = Details(clients=tuple(shown), client_count=60)
    node.report = told("messaging1", details=details)
    text = await page(client, CLIENTS)
    for found in ("c-0", "4.12.1", "zone=north", "1 min 30 s", "1 to 50 of 60"):
        assert found in text
    assert "51 to 60 of 60" in await page(client, CLIENTS, page=2)
    assert "1 to 1 of 1" in await page(client, CLIENTS, search="c-33")


class Run:
    """A client of the node that runs the processor `accounts`."""

    def __init__(
        self, node: WebNode, client_id: str, claims: Claims, *, runs: bool = True, old: bool = False
    ) -> None:
        self.link = AnsweringLink(node.instruct, confirms=not old)
        identity = ClientIdentity(client_id, "bank", "" if old else "4.6")
        client = self.link.client = node.clients.connect(identity, "default", self.link)
        status = instance(client_id, claims, is_running=runs).status
        node.clients.processor_reported(client, status)

    @property
    def told(self) -> list[InstructionKind]:
        return [each.kind for each in self.link.told]


async def test_processors_with_their_segments(node: WebNode, client: httpx2.AsyncClient) -> None:
    Run(node, "one", ((0, 2), (1, 2)))
    Run(node, "two", (), runs=False)
    text = await page(client, PROCESSORS)
    assert "partly paused" in text
    assert "/processor?context=default&amp;name=accounts&amp;store=store" in text
    text = await page(client, ONE, context="default", name="accounts", store="store")
    assert "one of 2" in text
    assert '<option value="two">two</option>' in text
    assert "caught up" in text
    assert "1 to 1 of 1" in await page(client, PROCESSORS, node="messaging1")
    node.members.append(member("node-2"))
    assert "No client runs" in await page(client, PROCESSORS, node="node-2")


async def steer(client: httpx2.AsyncClient, **fields: str) -> httpx2.Response:
    text = await page(client, ONE, context="default", name="accounts", store="store")
    return await client.post(ONE, data={**hidden_fields(text, ONE), **fields})


async def test_a_processor_is_steered_by_forms(node: WebNode, client: httpx2.AsyncClient) -> None:
    one = Run(node, "one", ((0, 2), (1, 2)))
    two = Run(node, "two", ())
    for action, kind in (
        ("pause", InstructionKind.PAUSE),
        ("start", InstructionKind.START),
        ("split", InstructionKind.SPLIT),
        ("merge", InstructionKind.MERGE),
    ):
        response = await steer(client, action=action)
        assert response.status_code == 303, response.text
        assert f"done={action}" in response.headers["location"]
        assert kind in one.told
    assert InstructionKind.PAUSE in two.told
    text = await page(client, response.headers["location"])
    assert "Its smallest segment was merged with its sibling." in text
    response = await steer(client, action="move", segment="1", target="two")
    assert response.status_code == 303
    assert InstructionKind.RELEASE in one.told
    response = await steer(client, action="strategy", strategy="threadNumber")
    assert "done=strategy" in response.headers["location"]
    assert "threadNumber" in node.processors.strategies.values()
    response = await steer(client, action="balance", strategy="default")
    assert "done=balance" in response.headers["location"]


async def test_clients_too_old_to_tell_what_became_of_it(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    Run(node, "one", ((0, 1),), old=True)
    response = await steer(client, action="pause")
    assert "The clients have got it" in await page(client, response.headers["location"])


async def test_what_cannot_be_done_is_said_on_the_page(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    Run(node, "one", ((0, 1),))
    for fields in (
        {"action": "merge"},
        {"action": "move", "segment": "0", "target": "<b>nobody"},
        {"action": "move", "segment": "x", "target": "one"},
        {"action": "balance", "strategy": "<b>worst"},
        {"action": "<b>explode"},
    ):
        response = await steer(client, **fields)
        assert 400 <= response.status_code < 500, fields
        assert 'role="alert"' in response.text
        assert "<b>" not in response.text


async def test_a_form_sent_twice_counts_once(node: WebNode, client: httpx2.AsyncClient) -> None:
    one = Run(node, "one", ((0, 1),))
    text = await page(client, ONE, context="default", name="accounts", store="store")
    fields = {**hidden_fields(text, ONE), "action": "pause"}
    first = await client.post(ONE, data=fields)
    second = await client.post(ONE, data=fields)
    assert first.status_code == second.status_code == 303
    assert one.told.count(InstructionKind.PAUSE) == 1


async def test_a_form_of_another_site_is_refused(node: WebNode, client: httpx2.AsyncClient) -> None:
    one = Run(node, "one", ((0, 1),))
    fields = {"context": "default", "name": "accounts", "store": "store", "action": "pause"}
    response = await client.post(ONE, data=fields)
    assert response.status_code == 403
    response = await client.post(ONE, data=fields, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert one.told == []


async def test_contexts_are_made_and_deleted_by_forms(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    new = "/cockpit/contexts/-/new"
    response = await send(client, new, name=" orders ", kind="dcb")
    assert response.status_code == 303
    assert node.log.contexts["orders"].dcb
    assert "The context was created" in await page(client, response.headers["location"])
    for name in ("orders", "<b>bad", "", "_admin"):
        response = await send(client, new, name=name, kind="classic")
        assert 400 <= response.status_code < 500
        assert "<b>bad" not in response.text
        assert "Create</button>" in response.text
    assert "<b>bad" not in node.log.contexts
    delete = "/cockpit/contexts/orders/delete"
    response = await send(client, delete, repeat="order")
    assert response.status_code == 422
    assert "nothing was deleted" in response.text
    assert "orders" in node.log.contexts
    response = await send(client, delete, repeat="orders")
    assert response.status_code == 303
    assert "orders" not in node.log.contexts
    assert "was deleted" in await page(client, response.headers["location"])
    assert (await client.get(delete)).status_code == 404
