"""Sessions in the Cockpit, without a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from ranvier.access.session import signed_in
from ranvier.storage.errors import StorageUnavailable
from tests.support.filled_form import hidden_fields, send
from tests.support.node_reports import member
from tests.support.web_node import WebNode

LIST = "/cockpit/sessions"
END = "/cockpit/sessions/end"


async def sign_in(node: WebNode, user: str, count: int = 1) -> list[str]:
    """Begin sessions of a user; return their handles."""
    sessions = node.session_node.parts.sessions
    held = [
        await sessions.change(await sessions.open(), lambda one: signed_in(one, user), renews=True)
        for _ in range(count)
    ]
    return [each.session.handle for each in held]


@pytest.fixture
async def other(node: WebNode) -> AsyncIterator[httpx2.AsyncClient]:
    async with node.client() as client:
        yield client


async def page(client: httpx2.AsyncClient, path: str, **query: str | int) -> str:
    response = await client.get(path, params=query or None)
    assert response.status_code == 200, response.text
    return response.text


async def test_who_looks_at_the_pages(node: WebNode, client: httpx2.AsyncClient) -> None:
    await sign_in(node, "<b>ada</b>\u202e")
    text = await page(client, LIST)
    assert "&lt;b&gt;ada&lt;/b&gt;⟨U+202E⟩" in text
    assert "<b>ada" not in text
    assert text.count("this one") == 1
    assert "nobody has signed in" in text
    assert "1 to 2 of 2" in text
    assert "1 to 1 of 1" in await page(client, LIST, search="ADA")
    assert "No session has" in await page(client, LIST, search="nobody")


async def test_sessions_are_paged_and_of_a_chosen_node(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.members.append(member("node-2"))
    await sign_in(node, "ada", 60)
    assert "51 to 61 of 61" in await page(client, LIST, page=2)
    assert "51 to 61 of 61" in await page(client, LIST, page=2, node="messaging1")
    assert "The chosen node serves no session." in await page(client, LIST, node="node-2")


async def test_one_session_is_ended(node: WebNode, client: httpx2.AsyncClient) -> None:
    (handle,) = await sign_in(node, "ada")
    text = await page(client, LIST, search="ada")
    fields = hidden_fields(text, END)
    assert fields["session"] == handle
    response = await client.post(END, data=fields)
    assert response.status_code == 303
    text = await page(client, response.headers["location"])
    assert "1 session was ended." in text
    assert "ada" not in text
    assert (await client.post(END, data=fields)).status_code == 303  # the same post again
    again = {**hidden_fields(text, END), "session": handle}
    response = await client.post(END, data=again)
    assert "had ended already" in await page(client, response.headers["location"])


async def test_all_sessions_of_a_user_are_ended(node: WebNode, client: httpx2.AsyncClient) -> None:
    await sign_in(node, "ada", 3)
    await sign_in(node, "bob")
    text = await page(client, END, user="ada")
    assert 'value="ada"' in text
    response = await send(client, END, user="ada")
    assert response.status_code == 303
    text = await page(client, response.headers["location"])
    assert "3 sessions were ended." in text
    assert "bob" in text
    response = await send(client, END, user="")
    assert response.status_code == 400
    assert 'role="alert"' in response.text


async def test_another_browser_cannot_send_this_ones_form(
    node: WebNode, client: httpx2.AsyncClient, other: httpx2.AsyncClient
) -> None:
    (handle,) = await sign_in(node, "ada")
    fields = hidden_fields(await page(client, LIST, search="ada"), END)
    await page(other, LIST)
    assert (await other.post(END, data=fields)).status_code == 403
    listed = await node.session_node.parts.sessions.listed()
    assert handle in [each.handle for each in listed]


async def test_without_the_database_the_page_says_so(
    node: WebNode, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_arguments: object) -> None:
        raise StorageUnavailable("the database is <b>away</b>")

    monkeypatch.setattr(node.session_node.parts.sessions, "listed", away)
    text = await page(client, LIST)
    assert "The sessions cannot be read now." in text
    assert "&lt;b&gt;away" in text
