"""A walk over every route that there is: none is open by mistake, none changes without asking."""

from __future__ import annotations

import re

import httpx2
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from ranvier.web.access import DOORS, SAFE_METHODS, SIGN_IN_CALL, is_open
from tests.support.browser_like import fill_in_sign_in, hidden
from tests.support.web_node import WebNode, is_problem


@pytest.fixture
def node() -> WebNode:
    return WebNode(access_token="secret")


async def test_no_path_of_all_that_there_are_is_open_by_mistake(node: WebNode) -> None:
    app = node.application()
    async with node.client() as client:
        for method, path in routes_of(app):
            answer = await client.request(method, path)
            if is_open(path, method):
                assert answer.status_code not in {401, 303} or path in DOORS, (method, path)
            else:
                assert is_problem(answer, 401, "AXONIQ-1000"), (method, path)


async def test_every_form_asks_for_its_token_and_its_site(
    browser: httpx2.AsyncClient, node: WebNode
) -> None:
    await fill_in_sign_in(browser)
    token = hidden(await browser.get("/sign-out"))["csrf_token"]
    changing = [
        (method, path)
        for method, path in routes_of(node.application())
        if method not in SAFE_METHODS and (method, path) != SIGN_IN_CALL
    ]
    assert ("POST", "/sign-out") in changing
    for method, path in changing:
        without = await browser.request(method, path)
        assert without.status_code == 403, (method, path)
        wrong = {"X-CSRF-Token": "x" + token[1:]}
        assert (await browser.request(method, path, headers=wrong)).status_code == 403
        foreign = {"X-CSRF-Token": token, "sec-fetch-site": "cross-site"}
        assert (await browser.request(method, path, headers=foreign)).status_code == 403
    assert (await browser.get("/cockpit")).status_code == 200


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Return every route, its parameters filled in."""
    return [
        (method, re.sub(r"\{[^}]*\}", "x", route.path))
        for route in app.routes
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]
