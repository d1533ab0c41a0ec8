"""What the Cockpit's forms do: asked before, done once, and never for the page of a stranger."""

from __future__ import annotations

from urllib.parse import quote

import httpx2
import pytest

from ranvier.cluster.member import NodeState
from ranvier.services.errors import NodeStopping
from ranvier.web.cockpit.navigation import HOME
from tests.support.pages import Form, ReadPage
from tests.support.played_cluster import EVIL, other_node, played_cluster
from tests.support.web_node import WebNode

DRAIN = "/cockpit/cluster/messaging2/drain"


async def form(client: httpx2.AsyncClient, path: str, action: str | None = None) -> Form:
    response = await client.get(path)
    assert response.status_code == 200
    return ReadPage(response.text).posted_to(action or path)


def posting_paths(node: WebNode) -> list[str]:
    """Return every path of the Cockpit that takes a post."""
    routes = [
        (getattr(each, "path", ""), getattr(each, "methods", ()))
        for each in node.application().routes
    ]
    return [path for path, methods in routes if path.startswith(HOME) and "POST" in (methods or ())]


async def test_a_node_is_drained_after_a_question_and_once() -> None:
    node = played_cluster()
    async with node.client() as client:
        asked = await form(client, DRAIN)
        assert node.drains.asked == []
        for _ in range(2):
            answer = await client.post(DRAIN, data=asked.fields)
            assert answer.status_code == 303
            assert answer.headers["location"] == "/cockpit/cluster/messaging2?told=drain"
        assert node.drains.asked == [("drain", "messaging2")]
        text = (await client.get(answer.headers["location"])).text
        assert "messaging2 was asked to drain" in text


async def test_a_node_is_resumed() -> None:
    node = played_cluster()
    path = "/cockpit/cluster/messaging3/resume"
    async with node.client() as client:
        answer = await client.post(path, data=(await form(client, path)).fields)
    assert answer.headers["location"] == "/cockpit/cluster/messaging3?told=resume"
    assert node.drains.asked == [("resume", "messaging3")]


async def test_a_node_with_a_hostile_name_is_drained_and_nothing_else() -> None:
    node = played_cluster()
    node.members.append(other_node(EVIL, NodeState.RUNNING))
    path = f"/cockpit/cluster/{quote(EVIL, safe='')}/drain"
    async with node.client() as client:
        response = await client.get(path)
        if response.status_code == 404:
            # A slash in a name ends its place in a path, encoded or not.
            return
        assert "<script>alert" not in response.text


async def test_a_refusal_is_told_on_a_page() -> None:
    node = played_cluster()
    async with node.client() as client:
        asked = await form(client, DRAIN)
        node.drains.refusal = NodeStopping()
        answer = await client.post(DRAIN, data=asked.fields)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "That could not be done" in answer.text


@pytest.mark.parametrize(
    "path", ["/cockpit/cluster/nobody/drain", "/cockpit/cluster/messaging2/bomb"]
)
async def test_there_is_no_question_about_nothing(path: str) -> None:
    async with played_cluster().client() as client:
        assert (await client.get(path)).status_code == 404


async def test_every_form_is_refused_without_its_token_and_from_elsewhere() -> None:
    node = played_cluster()
    paths = posting_paths(node)
    assert {"/cockpit/theme", "/cockpit/cluster/{name}/{action}"} <= {*paths}
    async with node.client() as client:
        fields = (await form(client, DRAIN)).fields
        for path in paths:
            path = path.replace("{name}", "messaging2").replace("{action}", "drain")
            bare = await client.post(path, data={**fields, "csrf_token": ""})
            stolen = await client.post(path, data={**fields, "csrf_token": "x" * 43})
            foreign = await client.post(path, data=fields, headers={"sec-fetch-site": "cross-site"})
            origin = await client.post(path, data=fields, headers={"origin": "http://evil.example"})
            assert [each.status_code for each in (bare, stolen, foreign, origin)] == [403] * 4, path
    assert node.drains.asked == []


async def test_a_theme_is_kept_and_leads_back_to_the_page() -> None:
    async with played_cluster().client() as client:
        page = "/cockpit/cluster?node=messaging2"
        asked = await form(client, page, "/cockpit/theme")
        answer = await client.post("/cockpit/theme", data={**asked.fields, "theme": "dark"})
        assert answer.headers["location"] == page
        assert 'data-bs-theme="dark"' in (await client.get(page)).text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/cockpit.evil", ""])
async def test_a_theme_leads_to_nobody_else(back: str) -> None:
    async with played_cluster().client() as client:
        asked = await form(client, "/cockpit", "/cockpit/theme")
        fields = {**asked.fields, "theme": "<b>", "back": back}
        answer = await client.post("/cockpit/theme", data=fields)
        assert answer.headers["location"] == "/cockpit"
        assert 'data-bs-theme="auto"' in (await client.get("/cockpit")).text
