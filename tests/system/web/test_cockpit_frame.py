"""What every page of the Cockpit stands in, without a browser."""

from __future__ import annotations

from dataclasses import replace

import httpx2

from ranvier.cluster.member import MemberView, NodeState
from tests.support.web_node import OWN, WebNode


def other(name: str, state: NodeState = NodeState.RUNNING) -> MemberView:
    member = replace(OWN.member, node_id=f"id-of-{name}", name=name, route=name)
    return replace(OWN, member=member, state=state, is_own=False)


async def test_a_page_says_where_one_is(client: httpx2.AsyncClient) -> None:
    response = await client.get("/cockpit")
    assert response.status_code == 200
    assert '<a href="/cockpit" class="is-current" aria-current="page">' in response.text
    assert '<a class="skip" href="#content">' in response.text
    assert "Answered by messaging1" in response.text


async def test_the_theme_is_that_of_the_cookie(client: httpx2.AsyncClient) -> None:
    for said, theme in (("dark", "dark"), ("light", "light"), ("auto", "auto"), ('"><b>', "auto")):
        text = (await client.get("/cockpit", headers={"cookie": f"ranvier_theme={said}"})).text
        assert f'<html lang="en" data-bs-theme="{theme}">' in text


async def test_one_of_several_nodes_can_be_chosen(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.members.append(other("<b>evil</b>"))
    text = (await client.get("/cockpit", params={"node": "<b>evil</b>"})).text
    assert '<option value="&lt;b&gt;evil&lt;/b&gt;" selected>' in text
    assert 'href="/cockpit?node=%3Cb%3Eevil%3C%2Fb%3E"' in text
    assert "<b>evil" not in text


async def test_a_node_that_is_none_is_refused_on_a_page(client: httpx2.AsyncClient) -> None:
    response = await client.get("/cockpit", params={"node": "<b>none</b>"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "RANVIER-NO-SUCH-NODE" in response.text
    assert "<b>none" not in response.text


async def test_a_path_that_is_no_page_is_refused_on_a_page(client: httpx2.AsyncClient) -> None:
    response = await client.get("/cockpit/nothing")
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert (await client.get("/cockpitnothing")).json()["code"] == "RANVIER-NOT-FOUND"


async def test_every_page_tells_of_what_is_wrong(node: WebNode, client: httpx2.AsyncClient) -> None:
    assert "All is well" in (await client.get("/cockpit")).text
    node.members.append(other("node-2", NodeState.DOWN))
    assert "1 thing to look at" in (await client.get("/cockpit")).text
    node.members.append(other("node-3"))
    assert "2 things to look at" in (await client.get("/cockpit")).text
