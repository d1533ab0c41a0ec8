"""The users by REST, and what a signed-in session opens there."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.browser_like import PASSWORD, fill_in_sign_in, hidden
from tests.support.web_node import WebNode, is_problem

OTHER = "a loud yellow door"
TOKEN = {"AxonIQ-Access-Token": "secret"}


@pytest.fixture
def node() -> WebNode:
    return WebNode(access_token="secret")


async def test_programs_are_told_and_not_sent_around(browser: httpx2.AsyncClient) -> None:
    for path in ("/v1/public/me", "/api/users", "/unknown"):
        assert is_problem(await browser.get(path), 401, "AXONIQ-1000")
    assert is_problem(await browser.get("/cockpit", headers={"accept": "*/*"}), 401, "AXONIQ-1000")
    part = await browser.get("/cockpit", headers={"hx-request": "true"})
    assert is_problem(part, 401, "AXONIQ-1000")
    assert part.headers["hx-redirect"].startswith("/sign-in?return_to=")
    posted = await browser.post("/cockpit/account")
    assert posted.headers["location"] == "/sign-in?return_to=%2Fcockpit"


async def test_a_signed_in_session_opens_rest_and_changes_need_the_header(
    browser: httpx2.AsyncClient,
) -> None:
    await fill_in_sign_in(browser)
    assert (await browser.get("/v1/public/me")).status_code == 200
    assert (await browser.get("/")).status_code == 200
    token = hidden(await browser.get("/sign-out"))["csrf_token"]
    path = "/api/cluster/nodes/messaging1/drain"
    missing = await browser.post(path)
    assert is_problem(missing, 403, "RANVIER-FORM-TOKEN")
    assert "X-CSRF-Token" in missing.json()["detail"]
    wrong = {"X-CSRF-Token": token[:-1]}
    assert is_problem(await browser.post(path, headers=wrong), 403, "RANVIER-FORM-TOKEN")
    right = {"X-CSRF-Token": token}
    foreign = right | {"sec-fetch-site": "same-site"}
    assert is_problem(await browser.post(path, headers=foreign), 403, "RANVIER-CROSS-SITE")
    assert (await browser.post(path, headers=right)).status_code == 202


async def test_swagger_ui_has_the_token_of_who_has_signed_in_and_of_nobody_else(
    browser: httpx2.AsyncClient, node: WebNode
) -> None:
    await browser.get("/sign-in")
    stranger = await browser.get("/swagger-ui.html", headers=TOKEN)
    assert (stranger.status_code, "csrf-token" in stranger.text) == (200, False)
    await fill_in_sign_in(browser)
    token = hidden(await browser.get("/sign-out"))["csrf_token"]
    for path in ("/swagger-ui.html", "/swagger-ui/index.html"):
        page = await browser.get(path)
        assert f'<meta name="csrf-token" content="{token}">' in page.text
        assert page.headers["cache-control"] == "no-store"
    node.session_node.store.is_away = True
    away = await browser.get("/swagger-ui.html", headers=TOKEN)
    assert (away.status_code, "csrf-token" in away.text) == (200, False)


async def test_a_wrong_token_is_refused_though_there_is_a_session(
    browser: httpx2.AsyncClient,
) -> None:
    await fill_in_sign_in(browser)
    answer = await browser.get("/v1/public/me", headers={"AxonIQ-Access-Token": "wrong"})
    assert is_problem(answer, 403, "AXONIQ-1001")


async def test_programs_sign_in_with_a_cookie_jar(node: WebNode) -> None:
    async with node.client() as client:
        made = await client.post(
            "/api/users", json={"name": "Anna", "password": PASSWORD}, headers=TOKEN
        )
        assert (made.status_code, made.json()["name"]) == (201, "Anna")
        assert made.json()["signedInAt"] is None
        opened = await client.post("/api/sessions", json={"name": "anna", "password": PASSWORD})
        assert opened.status_code == 201
        assert opened.json()["user"] == "Anna"
        assert "HttpOnly" in opened.headers["set-cookie"]
        (user,) = (await client.get("/api/users")).json()
        assert user["signedInAt"] is not None
        assert "password" not in {name.lower() for name in user}
        csrf = {"X-CSRF-Token": opened.json()["csrfToken"]}
        answer = await client.post(
            "/api/users", json={"name": "Bert", "password": OTHER}, headers=csrf
        )
        assert answer.status_code == 201
        removed = await client.delete("/api/users/bert", headers=csrf)
        assert removed.status_code == 204
        last = await client.delete("/api/users/anna", headers=csrf)
        assert is_problem(last, 409, "RANVIER-LAST-USER")
        out = await client.delete(f"/api/sessions/{opened.json()['id']}", headers=csrf)
        assert out.status_code == 204
        assert is_problem(await client.get("/api/users"), 401, "AXONIQ-1000")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "anna", "password": "wrong password"}, 401, "RANVIER-SIGN-IN-REFUSED"),
        ({"name": "nobody", "password": PASSWORD}, 401, "RANVIER-SIGN-IN-REFUSED"),
        ({"name": "anna"}, 400, "RANVIER-INVALID-BODY"),
        ({"name": 1, "password": PASSWORD}, 400, "RANVIER-INVALID-BODY"),
    ],
)
async def test_programs_are_refused_by_problems(
    browser: httpx2.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    assert is_problem(await browser.post("/api/sessions", json=body), status, code)
    assert "JSESSIONID" not in browser.cookies


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "", {"name": "ANNA", "password": PASSWORD}, 409, "RANVIER-USER-EXISTS"),
        ("POST", "", {"name": "a/b", "password": PASSWORD}, 422, "RANVIER-USER-NAME"),
        ("POST", "", {"name": "x" * 129, "password": PASSWORD}, 422, "RANVIER-USER-NAME"),
        ("POST", "", {"name": "bert", "password": "short"}, 422, "RANVIER-PASSWORD"),
        ("POST", "", {"name": "bert", "password": "x" * 1025}, 422, "RANVIER-PASSWORD"),
        ("POST", "", {"name": "bert"}, 400, "RANVIER-INVALID-BODY"),
        ("POST", "/nobody/password", {"password": PASSWORD}, 404, "RANVIER-NO-SUCH-USER"),
        ("POST", "/anna/password", {"password": "short"}, 422, "RANVIER-PASSWORD"),
        ("DELETE", "/nobody", None, 404, "RANVIER-NO-SUCH-USER"),
        ("DELETE", "/%00", None, 404, "RANVIER-NO-SUCH-USER"),
    ],
)
async def test_wrong_users_are_refused_by_problems(
    browser: httpx2.AsyncClient,
    method: str,
    path: str,
    body: dict[str, object] | None,
    status: int,
    code: str,
) -> None:
    answer = await browser.request(method, f"/api/users{path}", json=body, headers=TOKEN)
    assert is_problem(answer, status, code)


async def test_another_password_or_removal_ends_the_sessions(browser: httpx2.AsyncClient) -> None:
    await fill_in_sign_in(browser)
    await browser.post("/api/users/anna/password", json={"password": OTHER}, headers=TOKEN)
    assert (await browser.get("/cockpit")).status_code == 303
    assert (await fill_in_sign_in(browser, OTHER)).status_code == 303
    await browser.post("/api/users", json={"name": "bert", "password": OTHER}, headers=TOKEN)
    assert (await browser.delete("/api/users/anna", headers=TOKEN)).status_code == 204
    assert (await browser.get("/cockpit")).status_code == 303
