"""Contexts and events in the Cockpit, without a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from ranvier.events.event import NewEvent
from ranvier.events.snapshot import Snapshot
from ranvier.events.tag import Tag
from ranvier.proto import dcb_pb2
from ranvier.storage.errors import StorageUnavailable
from ranvier.web.cockpit import question, tail_page
from ranvier.web.dependencies import PartHealth
from tests.support.memory_event_log import MemoryContext
from tests.support.new_events import axon_event, new_event, stream
from tests.support.web_node import WebNode

LIST = "/cockpit/contexts"
HOSTILE = "<script>alert(1)</script>\u202eexe.\u0007\u200b" + "long" * 100


def rich_event(data: bytes = b'{"amount":1.10,"by":"<b>"}', name: str = HOSTILE) -> NewEvent:
    message = axon_event("a", 0, payload_type=name, data=data)
    message.meta_data["<i>key"].text_value = "<u>value\u202e"
    message.meta_data["n"].number_value = -5
    message.meta_data["t"].boolean_value = True
    message.meta_data["d"].double_value = 0.5
    message.meta_data["o"].bytes_value.type = "Blob"
    message.meta_data["o"].bytes_value.data = b"\x00\x01"
    tags = (Tag(b"<k>", b"v"), Tag(b"raw", b"\xff"))
    return NewEvent(name, message.SerializeToString(), 0, "a", "Account", 0, tags)


def dcb_event(name: str) -> NewEvent:
    message = dcb_pb2.Event(identifier=f"id-{name}", timestamp=5, name=name, payload=b"[1,2]")
    return NewEvent(name, message.SerializeToString(), 5, None, "", 0)


async def page(client: httpx2.AsyncClient, path: str, **query: str | int) -> str:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.text


def tokens(text: str) -> list[int]:
    """Return the tokens that a page leads to, in their order."""
    return [int(part.partition('"')[0].partition("?")[0]) for part in text.split("/events/")[1:]]


async def test_every_context_with_what_it_holds(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.contexts["orders"] = MemoryContext(dcb=True)
    node.log.store("default", *stream(1234))
    node.log.contexts["default"].snapshots["a", 3] = Snapshot("a", 3, 0, b"")
    node.health.append(PartHealth("context orders", is_up=False, reason="gone <b>away"))
    text = await page(client, LIST)
    assert 'href="/cockpit/contexts/default"' in text
    assert "1\N{NARROW NO-BREAK SPACE}234" in text
    assert "DCB" in text
    assert "gone &lt;b&gt;away" in text
    assert text.index("contexts/default") < text.index("contexts/orders")
    text = await page(client, LIST, sort="-name")
    assert text.index("contexts/orders") < text.index("contexts/default")
    assert 'aria-sort="descending"' in text


async def test_contexts_are_searched_and_paged(node: WebNode, client: httpx2.AsyncClient) -> None:
    for number in range(120):
        node.log.contexts[f"c{number:03}"] = MemoryContext()
    text = await page(client, LIST, page=2)
    assert "51 to 100 of 121" in text
    assert 'rel="prev"' in text
    assert 'rel="next"' in text
    assert "1 to 1 of 1" in await page(client, LIST, search="C077")
    assert "No context has “&lt;b&gt;” in its name." in await page(client, LIST, search="<b>")
    assert "101 to 121 of 121" in await page(client, LIST, page=9999999)
    for query in ({"page": "x"}, {"page": "-1"}, {"sort": "<b>"}, {"page": "٣"}):
        assert "1 to 50 of 121" in await page(client, LIST, **query)


async def test_without_the_database_the_page_says_so(
    node: WebNode, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> Sequence[object]:
        raise StorageUnavailable("the database is <b>away</b>")

    monkeypatch.setattr(node.contexts, "all", away)
    text = await page(client, LIST)
    assert "The contexts cannot be read now." in text
    assert "&lt;b&gt;away" in text
    assert "Try again" in text


async def test_an_empty_node_says_what_to_do_next(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.contexts.clear()
    assert "There is no context yet." in await page(client, LIST)
    node.log.contexts["new"] = MemoryContext()
    assert "There is no event yet." in await page(client, f"{LIST}/new")


async def test_events_of_a_context_the_newest_first_a_page_at_a_time(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", *stream(120))
    text = await page(client, f"{LIST}/default")
    assert tokens(text) == list(range(119, 69, -1))
    assert "before=70" in text
    text = await page(client, f"{LIST}/default", before=70)
    assert tokens(text) == list(range(69, 19, -1))
    text = await page(client, f"{LIST}/default", before=20)
    assert tokens(text) == list(range(19, -1, -1))
    assert text.count("before=") == text.count('name="back"')


async def test_the_query_language_and_its_pages(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.store("default", *stream(120), *stream(3, "b"))
    asked = {"query": 'aggregateIdentifier = "a"'}
    text = await page(client, f"{LIST}/default", **asked)
    assert "before=70" in text  # by sequence numbers: it is one aggregate
    text = await page(client, f"{LIST}/default", query='token > 10 | payloadType = "Opened"')
    assert tokens(text)[0] == 122
    text = await page(client, f"{LIST}/default", query="groupby(aggregateIdentifier, count() as n)")
    assert "120" in text
    assert "/events/" not in text
    text = await page(client, f"{LIST}/default", query='payloadType = "Never"')
    assert "Nothing matches." in text


async def test_a_fault_is_shown_at_its_place(client: httpx2.AsyncClient) -> None:
    response = await client.get(
        f"{LIST}/default", params={"query": "token < 5 | <script> payloadType"}
    )
    assert response.status_code == 400
    assert "<mark>&lt;</mark>" in response.text
    assert 'aria-invalid="true"' in response.text
    assert 'aria-describedby="query-hint query-fault"' in response.text
    assert "<script> payload" not in response.text
    response = await client.get(f"{LIST}/default", params={"query": "token <"})
    assert "<mark>␣</mark>" in response.text


async def test_a_search_that_takes_long_shows_what_it_has_found(
    node: WebNode, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_arguments: object, **_named: object) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(question, "ANSWER_SECONDS", 0.0)
    monkeypatch.setattr(node.log, "read", never)
    node.log.store("default", *stream(5))
    text = await page(client, f"{LIST}/default", query='payloadType = "Never"')
    assert "The search was ended after ten seconds" in text


async def test_snapshots_are_searched_too(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.store("default", *stream(3))
    text = await page(client, f"{LIST}/default", snapshots="on")
    assert "There is no snapshot yet." in text
    message = axon_event("a", 2, payload_type="State")
    message.snapshot = True
    snapshot = Snapshot("a", 2, 0, message.SerializeToString(), "State")
    node.log.contexts["default"].snapshots["a", 2] = snapshot
    assert "State" in await page(client, f"{LIST}/default", snapshots="on")


async def test_the_events_of_a_dcb_context(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.contexts["orders"] = MemoryContext(dcb=True)
    node.log.store("orders", *(dcb_event(f"E{number}") for number in range(70)))
    text = await page(client, f"{LIST}/orders")
    assert tokens(text) == list(range(69, 19, -1))
    assert "Aggregate" not in text
    text = await page(client, f"{LIST}/orders", before=20)
    assert tokens(text) == list(range(19, -1, -1))
    text = await page(client, f"{LIST}/orders/events/7")
    assert "E7" in text
    assert "[\n  1,\n  2\n]" in text


async def test_one_event_in_full(node: WebNode, client: httpx2.AsyncClient) -> None:
    node.log.store("default", rich_event())
    text = await page(client, f"{LIST}/default/events/0")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩exe.␇⟨U+200B⟩" in text
    assert "long" * 100 in text
    assert "&#34;amount&#34;: 1.10" in text  # its numbers as they came
    assert "&lt;i&gt;key" in text
    assert "&lt;u&gt;value⟨U+202E⟩" in text
    for value in ("-5", "true", "0.5", "Blob", "&lt;k&gt;", "0xff"):
        assert value in text
    assert '/aggregate?id=a"' in text


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "bears nothing but its name"),
        (b"<order/>", "XML, 8 bytes"),
        (b"just text", "text, 9 bytes"),
        (b'{"broken": ', "text, 11 bytes"),
        (b"[" * 100_000, "text, 100"),
        (b"\x00\xff" * 4_000, "00000ff0  00 ff"),
        (b"x" * 300_000, "This is its beginning"),
        ('{"a": "\u202e"}'.encode(), "⟨U+202E⟩"),
    ],
)
async def test_content_is_shown_by_what_it_is(
    node: WebNode, client: httpx2.AsyncClient, data: bytes, shown: str
) -> None:
    node.log.store("default", rich_event(data))
    assert shown in await page(client, f"{LIST}/default/events/0")


async def test_what_is_not_there_is_said_on_a_page(client: httpx2.AsyncClient) -> None:
    for path in ("default/events/0", "default/events/x", f"default/events/{10**30}", "none"):
        response = await client.get(f"{LIST}/{path}")
        assert response.status_code == 404, path
        assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_an_aggregate_with_its_stream_and_snapshot(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.store("default", *stream(60, HOSTILE[:255]))
    message = axon_event(HOSTILE[:255], 7, payload_type="State", data=b"the state")
    snapshot = Snapshot(HOSTILE[:255], 7, 0, message.SerializeToString(), "State")
    node.log.contexts["default"].snapshots[HOSTILE[:255], 7] = snapshot
    text = await page(client, f"{LIST}/default/aggregate", id=HOSTILE[:255])
    assert "<script>alert" not in text
    assert 'id="sequence-0"' in text
    assert 'id="sequence-49"' in text
    assert 'id="sequence-50"' not in text
    assert "the state" in text
    assert "from=50" in text
    text = (
        await client.get(f"{LIST}/default/aggregate", params={"id": HOSTILE[:255], "from": 50})
    ).text
    assert 'id="sequence-59"' in text
    text = await page(client, f"{LIST}/default/aggregate", id="nobody")
    assert "This aggregate has no events here." in text


async def test_what_comes_is_shown_as_it_comes(
    node: WebNode, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_page, "SILENCE_SECONDS", 0.01)
    node.log.store("default", new_event())
    assert tokens(await page(client, f"{LIST}/default/tail")) == [0]
    listener = Listener('"version":"2"')
    listening = asyncio.create_task(listener.listen(node, f"{LIST}/default/tail/stream"))
    await node.follow.followed.wait()
    await node.append.append("default", [new_event("b", 0, "<b>Closed")])
    async with asyncio.timeout(30):
        await listening
    blocks = [block for block in listener.text.split("\n\n") if "event: parts" in block]
    news = [json.loads(block.partition("data: ")[2]) for block in blocks]
    assert [each["version"] for each in news] == ["1", "2"]
    assert tokens(news[1]["parts"]["tail"]) == [1, 0]
    assert "&lt;b&gt;Closed" in news[1]["parts"]["tail"]


async def test_a_silent_stream_says_that_it_lives(
    node: WebNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_page, "SILENCE_SECONDS", 0.0)
    listener = Listener("event: still")
    async with asyncio.timeout(30):
        await listener.listen(node, f"{LIST}/default/tail/stream")


class Listener:
    """Takes a stream until a text has come, then leaves."""

    def __init__(self, last: str) -> None:
        self.text = ""
        self._last = last
        self._has_come = asyncio.Event()
        self._has_asked = False

    async def listen(self, node: WebNode, path: str) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
        }
        await node.application()(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._has_come.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.text += message.get("body", b"").decode()
        if self._last in self.text:
            self._has_come.set()


async def test_what_comes_is_asked_for_where_no_stream_can_be(
    node: WebNode, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_page, "POLL_SECONDS", 0.0)
    path = f"{LIST}/default/tail/poll"
    assert (await client.get(path)).json()["version"] == "0"
    assert (await client.get(path, params={"since": 0})).json()["version"] == "0"
    monkeypatch.setattr(tail_page, "POLL_SECONDS", 30.0)
    asking = asyncio.create_task(client.get(path, params={"since": 0}))
    await node.follow.followed.wait()
    await node.append.append("default", [new_event()])
    assert (await asking).json()["version"] == "1"


async def test_a_stream_has_no_head_to_ask_for(client: httpx2.AsyncClient) -> None:
    assert (await client.head(f"{LIST}/default/tail/stream")).status_code == 405


async def test_links_keep_the_chosen_node(node: WebNode, client: httpx2.AsyncClient) -> None:
    own = node.members[0]
    member = replace(own.member, node_id="2", name="node-2")
    node.members.append(replace(own, member=member, is_own=False))
    text = await page(client, LIST, node="node-2")
    assert 'href="/cockpit/contexts/default?node=node-2"' in text
    assert '<input type="hidden" name="node" value="node-2">' in text
