"""Signing in, out and up at the pages, straight into the application."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from ranvier.access.set_up_secret import new_secret
from ranvier.access.sign_in_delay import USER_RULE
from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from tests.support.browser_like import PASSWORD, PEOPLE, fill_in_sign_in, hidden, show_only
from tests.support.memory_users import QUICK
from tests.support.web_node import WebNode, is_problem

OTHER = "a loud yellow door"
HOSTILE = "<script>alert(1)</script>&'\"".replace("/", "|")


@pytest.fixture
def node() -> WebNode:
    return WebNode(access_token="secret")


async def test_a_page_leads_to_the_sign_in_and_back(browser: httpx2.AsyncClient) -> None:
    asked = await browser.get("/cockpit?node=messaging1")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/sign-in?return_to=%2Fcockpit%3Fnode%3Dmessaging1",
    )
    page = await browser.get(asked.headers["location"])
    answer = await browser.post(
        "/sign-in", data=hidden(page) | {"name": "anna", "password": PASSWORD}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/cockpit?node=messaging1")
    shown = await browser.get("/cockpit")
    assert shown.status_code == 200
    assert "Anna" in shown.text
    assert (await browser.get("/sign-in")).headers["location"] == "/cockpit"


async def test_signing_in_gives_another_cookie(browser: httpx2.AsyncClient) -> None:
    await browser.get("/sign-in")
    before = browser.cookies["JSESSIONID"]
    await fill_in_sign_in(browser)
    assert browser.cookies["JSESSIONID"] != before
    show_only(browser, before)
    assert (await browser.get("/cockpit")).status_code == 303


async def test_a_wrong_password_and_no_such_user_look_alike(browser: httpx2.AsyncClient) -> None:
    pages = [
        await fill_in_sign_in(browser, "wrong password"),
        await fill_in_sign_in(browser, PASSWORD, "nobody"),
    ]
    assert [each.status_code for each in pages] == [401, 401]
    texts = [re.sub(r'value="[^"]*"', "", each.text) for each in pages]
    assert texts[0] == texts[1]
    assert "There is no such user with this password" in texts[0]
    assert (await browser.get("/cockpit")).status_code == 303


async def test_failures_are_slowed_with_retry_after(
    browser: httpx2.AsyncClient, node: WebNode
) -> None:
    for _ in range(USER_RULE.free_failures):
        assert (await fill_in_sign_in(browser, "wrong password")).status_code == 401
    slowed = await fill_in_sign_in(browser)
    assert slowed.status_code == 429
    assert slowed.headers["retry-after"] == "1"
    node.access.attempts.seconds += 1
    assert (await fill_in_sign_in(browser)).status_code == 303


@pytest.mark.parametrize("to", ["//example.com", "https://example.com", "/\\example.com", "x"])
async def test_nobody_is_sent_to_another_host(browser: httpx2.AsyncClient, to: str) -> None:
    answer = await fill_in_sign_in(browser, to=to)
    assert answer.headers["location"] == "/cockpit"
    await browser.post("/sign-out", data=hidden(await browser.get("/sign-out")))
    form = hidden(await browser.get("/sign-in")) | {"return_to": to}
    answer = await browser.post("/sign-in", data=form | {"name": "anna", "password": PASSWORD})
    assert answer.headers["location"] == "/cockpit"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/set-up", "/cockpit/account"])
async def test_a_form_of_another_site_is_refused(browser: httpx2.AsyncClient, path: str) -> None:
    await fill_in_sign_in(browser)
    form = hidden(await browser.get("/sign-out"))
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://example.com"}):
        assert (await browser.post(path, data=form, headers=headers)).status_code == 403
    for wrong in (form | {"csrf_token": "x"}, {"post_key": form["post_key"]}, {}):
        assert (await browser.post(path, data=wrong)).status_code == 403
    assert (await browser.get("/cockpit")).status_code == 200


async def test_what_somebody_typed_is_escaped(browser: httpx2.AsyncClient, node: WebNode) -> None:
    page = await fill_in_sign_in(browser, name=HOSTILE)
    assert page.status_code == 401
    assert "<script>" not in page.text
    await node.access.users.add(read_user_name(HOSTILE), QUICK.of(Secret(PASSWORD)))
    assert (await fill_in_sign_in(browser, name=HOSTILE)).status_code == 303
    for path in ("/cockpit", "/cockpit/account", "/sign-out"):
        shown = await browser.get(path)
        assert "<script>alert" not in shown.text
        assert "&lt;script&gt;alert" in shown.text


async def test_signing_out_ends_this_session_alone(browser: httpx2.AsyncClient) -> None:
    await fill_in_sign_in(browser)
    here = browser.cookies["JSESSIONID"]
    browser.cookies.clear()
    await fill_in_sign_in(browser)
    answer = await browser.post("/sign-out", data=hidden(await browser.get("/sign-out")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert (await browser.get("/cockpit")).status_code == 303
    show_only(browser, here)
    assert (await browser.get("/cockpit")).status_code == 200


async def test_signing_out_everywhere_ends_all(browser: httpx2.AsyncClient) -> None:
    await fill_in_sign_in(browser)
    here = browser.cookies["JSESSIONID"]
    browser.cookies.clear()
    await fill_in_sign_in(browser)
    form = hidden(await browser.get("/sign-out")) | {"everywhere": "yes"}
    assert (await browser.post("/sign-out", data=form)).status_code == 303
    assert (await browser.get("/cockpit")).status_code == 303
    show_only(browser, here)
    assert (await browser.get("/cockpit")).status_code == 303


async def test_signing_out_twice_is_done(browser: httpx2.AsyncClient) -> None:
    await fill_in_sign_in(browser)
    form = hidden(await browser.get("/sign-out"))
    shown = browser.cookies["JSESSIONID"]
    assert (await browser.post("/sign-out", data=form)).status_code == 303
    show_only(browser, shown)
    assert (await browser.post("/sign-out", data=form)).status_code == 303


async def test_one_post_sent_twice_signs_in_once(browser: httpx2.AsyncClient) -> None:
    page = await browser.get("/sign-in")
    shown = browser.cookies["JSESSIONID"]
    form = hidden(page) | {"name": "anna", "password": PASSWORD}
    first = await browser.post("/sign-in", data=form)
    renewed = browser.cookies["JSESSIONID"]
    show_only(browser, shown)
    again = await browser.post("/sign-in", data=form)
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert again.cookies["JSESSIONID"] == renewed


async def test_forged_cookies_are_nobodys(browser: httpx2.AsyncClient) -> None:
    for forged in ("x", "A" * 43 + ".node1", "A" * 5000, "..", "%00", "' OR 1=1 --"):
        headers = {"cookie": f"JSESSIONID={forged}"}
        assert (await browser.get("/cockpit", headers=headers)).status_code == 303
        answer = await browser.get("/v1/public/me", headers=headers)
        assert is_problem(answer, 401, "AXONIQ-1000")


async def test_users_change_their_password_and_go_on(browser: httpx2.AsyncClient) -> None:
    await fill_in_sign_in(browser)
    elsewhere = browser.cookies["JSESSIONID"]
    browser.cookies.clear()
    await fill_in_sign_in(browser)
    form = hidden(await browser.get("/sign-out"))
    new = {"password": OTHER, "repeated": OTHER}
    wrong = await browser.post("/cockpit/account", data=form | new | {"present": "wrong"})
    assert wrong.status_code == 401
    twice = await browser.post(
        "/cockpit/account", data=form | new | {"present": PASSWORD, "repeated": "else"}
    )
    assert twice.status_code == 422
    done = await browser.post("/cockpit/account", data=form | new | {"present": PASSWORD})
    assert done.status_code == 303
    assert "The password is changed" in (await browser.get(done.headers["location"])).text
    show_only(browser, elsewhere)
    assert (await browser.get("/cockpit")).status_code == 303
    assert (await fill_in_sign_in(browser, PASSWORD)).status_code == 401
    assert (await fill_in_sign_in(browser, OTHER)).status_code == 303


async def test_the_first_user_is_made_with_the_secret_once(node: WebNode) -> None:
    secret = new_secret(bytes(20))
    async with node.client() as client:
        client.headers.update(PEOPLE)
        await node.access.set_up.start()
        assert 'href="/set-up"' in (await client.get("/sign-in")).text
        form = hidden(await client.get("/set-up"))
        new = {"name": "Anna", "password": PASSWORD, "repeated": PASSWORD}
        wrong = await client.post("/set-up", data=form | new | {"secret": "wrong"})
        assert wrong.status_code == 403
        weak = {"secret": secret, "password": "short", "repeated": "short"}
        assert (await client.post("/set-up", data=form | new | weak)).status_code == 422
        made = await client.post("/set-up", data=form | new | {"secret": secret})
        assert (made.status_code, made.headers["location"]) == (303, "/cockpit")
        assert "Anna" in (await client.get("/cockpit")).text
        assert (await client.get("/set-up")).headers["location"] == "/sign-in"
        form = hidden(await client.get("/sign-out"))
        again = await client.post("/set-up", data=form | new | {"secret": secret, "name": "Bert"})
        assert again.status_code == 403
        assert len(node.access.users.users) == 1


async def test_without_access_control_nobody_is_asked(client: httpx2.AsyncClient) -> None:
    open_node = WebNode()
    open_node.access.is_controlled = False
    async with open_node.client() as browser:
        assert (await browser.get("/cockpit", headers=PEOPLE)).status_code == 200
        assert (await browser.get("/sign-in")).headers["location"] == "/cockpit"
        assert (await browser.get("/set-up")).status_code == 303
        assert (await browser.get("/cockpit/account")).status_code == 200
        for method, path, body in (
            ("POST", "/api/users", {"name": "anna", "password": PASSWORD}),
            ("POST", "/api/users/anna/password", {"password": PASSWORD}),
            ("POST", "/api/sessions", {"name": "anna", "password": PASSWORD}),
            ("DELETE", "/api/users/anna", None),
        ):
            answer = await browser.request(method, path, json=body)
            assert is_problem(answer, 409, "RANVIER-ACCESS-CONTROL-OFF")
        assert (await browser.get("/api/users")).json() == []


async def test_the_doors_tell_nothing_of_the_node(browser: httpx2.AsyncClient) -> None:
    for path in ("/sign-in", "/sign-out"):
        page = await browser.get(path)
        assert "messaging1" not in page.text
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert page.headers["cache-control"] == "no-store"


async def test_a_password_that_changes_while_the_session_is_opened_opens_none(
    browser: httpx2.AsyncClient, node: WebNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = node.session_node.sessions.change
    commit = node.session_node.sessions.commit

    async def changed_meanwhile() -> None:
        await node.access.administer.set_password("anna", Secret(OTHER))

    async def late_change(*parameters: Any, **named: Any) -> Any:
        await changed_meanwhile()
        return await change(*parameters, **named)

    async def late_commit(*parameters: Any, **named: Any) -> Any:
        monkeypatch.setattr(node.session_node.sessions, "commit", commit)
        await changed_meanwhile()
        return await commit(*parameters, **named)

    monkeypatch.setattr(node.session_node.sessions, "change", late_change)
    proof = {"name": "anna", "password": PASSWORD}
    answer = await browser.post("/api/sessions", json=proof)
    assert is_problem(answer, 401, "RANVIER-SIGN-IN-REFUSED")
    monkeypatch.setattr(node.session_node.sessions, "change", change)
    assert await node.session_node.sessions.listed() == []
    await node.access.administer.set_password("anna", Secret(PASSWORD))
    monkeypatch.setattr(node.session_node.sessions, "commit", late_commit)
    assert (await fill_in_sign_in(browser)).status_code == 401
    assert (await browser.get("/cockpit")).status_code == 303
