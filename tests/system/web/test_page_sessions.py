from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from ranvier.access.session_cookie import cookie_of
from tests.support.form_pages import Browser, FormPages, PageNode, filled, page_node
from tests.support.memory_sessions import MemorySessions
from tests.support.web_node import is_problem

FORGED = cookie_of(b"f" * 32, "").key


@pytest.fixture
def store() -> MemorySessions:
    return MemorySessions()


@pytest.fixture
async def one(store: MemorySessions) -> AsyncIterator[PageNode]:
    async with page_node("node1", store) as node:
        yield node


@pytest.fixture
async def two(store: MemorySessions) -> AsyncIterator[PageNode]:
    async with page_node("node2", store) as node:
        yield node


@pytest.fixture
def browser() -> Browser:
    return Browser()


async def test_a_session_begins_with_the_first_page_and_nowhere_else(
    one: PageNode, browser: Browser
) -> None:
    for path in ("/", "/health/ready", "/api/sessions", "/static/node.css", "/portalx"):
        assert "set-cookie" not in (await browser.ask(one, "GET", path)).headers
    response = await browser.ask(one, "GET", "/portal/form")
    assert response.headers["set-cookie"] == (f"{browser.cookie}; Path=/; HttpOnly; SameSite=Lax")
    assert browser.route == "node1-route"
    assert len(browser.key) == 43
    assert browser.key not in str(one.sessions.store.rows)
    again = await browser.ask(one, "GET", "/portal/form")
    assert "set-cookie" not in again.headers
    assert len(one.sessions.store.rows) == 1


async def test_the_cookie_is_secure_where_the_browser_came_by_tls(store: MemorySessions) -> None:
    async with page_node("node1", store, url="https://node") as node:
        response = await Browser().ask(node, "GET", "/portal/form")
        assert response.headers["set-cookie"].endswith("; Secure")


async def test_another_node_adopts_session_and_draft_and_gives_its_own_route(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    await browser.post(one, "/portal/form", filled(shown, amount="12", note="half <b>"))
    key = browser.key
    adopted = await browser.look(two)
    assert adopted["draft"] == {"amount": "12", "note": "half <b>"}
    assert adopted["handle"] == shown["handle"]
    assert (browser.key, browser.route) == (key, "node2-route")


@pytest.mark.parametrize(
    "cookie",
    [
        "JSESSIONID=",
        "JSESSIONID=..",
        f"JSESSIONID={FORGED}.node1-route",
        f"JSESSIONID={FORGED}",
        "JSESSIONID=0123456789ABCDEF0123456789ABCDEF.tomcat",
        "JSESSIONID=" + "x" * 7000,
        'JSESSIONID="\x7f\xff"',
        "JSESSIONID=a; JSESSIONID=b; JSESSIONID=c",
    ],
)
async def test_whatever_is_shown_that_is_no_session_begins_a_new_one(
    one: PageNode, cookie: str
) -> None:
    browser = Browser(cookie)
    shown = await browser.look(one)
    assert shown["user"] is None
    assert browser.cookie != cookie
    assert browser.key != FORGED
    looked = [digest for each in one.sessions.store.looked for digest in each]
    assert len([digest for digest in looked if digest not in one.sessions.store.rows]) <= 1


async def test_a_session_of_ours_is_found_behind_one_of_another_program(
    one: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    browser.cookie = f"JSESSIONID=0123456789ABCDEF.tomcat; JSESSIONID={FORGED}.x; {browser.cookie}"
    assert (await browser.look(one))["handle"] == shown["handle"]


async def test_a_session_that_ran_out_is_a_new_one_without_an_error(
    one: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    key = browser.key
    one.sessions.store.now_ms += one.sessions.sessions.limits.idle_ms
    later = await browser.look(one)
    assert later["handle"] != shown["handle"]
    assert browser.key != key


async def test_signing_in_and_out_renews_the_cookie(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    planted = browser.cookie
    await browser.post(one, "/portal/sign-in", filled(shown, user="ann"))
    signed_in = await browser.look(two)
    assert signed_in["user"] == "ann"
    assert (await Browser(planted).look(one))["user"] is None
    left_behind = browser.cookie
    await browser.post(two, "/portal/sign-out", filled(signed_in))
    assert browser.key not in left_behind
    assert (await browser.look(one))["user"] is None
    assert (await Browser(left_behind).look(one))["user"] is None
    assert signed_in["csrf_token"] != shown["csrf_token"]


async def test_a_database_that_is_away_is_told_by_a_page_and_the_cookie_stays(
    one: PageNode, browser: Browser
) -> None:
    await browser.look(one)
    one.sessions.store.is_away = True
    response = await browser.ask(one, "GET", "/portal/form")
    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["retry-after"] == "1"
    assert "The database does not answer" in response.text
    assert "set-cookie" not in response.headers
    one.sessions.store.is_away = False
    assert await browser.look(one)


async def test_a_draining_node_serves_its_own_sessions_and_sends_all_others_away(
    one: PageNode, two: PageNode, store: MemorySessions, browser: Browser
) -> None:
    shown = await browser.look(one)
    other = Browser()
    await other.look(two)
    one.sessions.is_draining = True
    assert (await browser.look(one))["handle"] == shown["handle"]
    posted = await browser.post(one, "/portal/form", filled(shown, amount="1"))
    assert posted.status_code == 303
    calls = len(store.calls)
    for stranger in (other, Browser(), Browser("JSESSIONID=x"), Browser(f"JSESSIONID={FORGED}.n")):
        for method in ("GET", "POST"):
            response = await stranger.ask(one, method, "/portal/form")
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert "set-cookie" not in response.headers
    assert len(store.calls) == calls
    forged = Browser(f"JSESSIONID={FORGED}.node1-route")
    assert (await forged.ask(one, "GET", "/portal/form")).status_code == 503
    assert len(store.rows) == 2
    for path, status in (("/api/sessions", 200), ("/static/node.css", 404)):
        assert (await other.ask(one, "GET", path)).status_code == status
    assert (await other.look(two))["user"] is None


async def test_a_form_that_is_sent_twice_has_one_effect_and_one_answer(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    form = filled(shown, amount="1")
    first = await browser.post(one, "/portal/form", form)
    assert (first.status_code, first.headers["location"]) == (303, "/portal/form?1")
    for node in (one, two):
        again = await browser.post(node, "/portal/form", {**form, "amount": "2"})
        assert (again.status_code, again.headers["location"]) == (303, "/portal/form?1")
    assert (await browser.look(one))["draft"] == {"amount": "1"}
    assert one.pages.decided == 1
    assert two.pages.decided == 0


async def test_a_form_that_two_nodes_get_at_once_has_one_effect(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    form = filled(await browser.look(one), amount="1")
    tabs = [Browser(browser.cookie) for _ in range(6)]
    answers = await asyncio.gather(
        *(
            tab.post(node, "/portal/form", form)
            for tab, node in zip(tabs, [one, two] * 3, strict=True)
        )
    )
    assert {each.headers["location"] for each in answers} == {"/portal/form?1"}
    assert {row.version for row in one.sessions.store.rows.values()} == {2}


async def test_a_sign_in_that_a_balancer_repeats_gives_the_same_session(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    form = filled(await browser.look(one), user="ann")
    repeating = Browser(browser.cookie)
    first = await browser.post(one, "/portal/sign-in", form)
    again = await repeating.post(two, "/portal/sign-in", form)
    assert again.status_code == first.status_code == 303
    assert repeating.key == browser.key
    assert (await repeating.look(two))["user"] == "ann"
    assert browser.key not in str(one.sessions.store.posts)
    await one.sessions.sessions.end_all_of("ann")
    late = Browser(repeating.cookie)
    assert (await late.look(one))["user"] is None


async def test_an_effect_elsewhere_is_made_once(store: MemorySessions, browser: Browser) -> None:
    pages = FormPages()
    async with page_node("node1", store, pages) as one, page_node("node2", store, pages) as two:
        form = filled(await browser.look(one))
        first = await browser.post(one, "/portal/elsewhere", form)
        again = await browser.post(two, "/portal/elsewhere", form)
        assert first.text == again.text == "made 1"
        assert pages.effects == ["made"]
        other = await browser.look(one)
        assert (await browser.post(two, "/portal/elsewhere", filled(other))).text == "made 2"


async def test_two_tabs_with_one_draft_keep_the_later_one_whole(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    tabs = [await browser.look(one), await browser.look(two)]
    await browser.post(one, "/portal/form", filled(tabs[0], amount="1", note="a"))
    await browser.post(two, "/portal/form", filled(tabs[1], amount="2"))
    assert (await browser.look(one))["draft"] == {"amount": "2"}


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin", "origin": "http://elsewhere"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site", "origin": "http://node"}, False),
        ({"origin": "http://node"}, True),
        ({"origin": "https://NODE"}, True),
        ({"origin": "http://node:81"}, False),
        ({"origin": "http://node.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://[evil"}, False),
    ],
)
async def test_forms_are_taken_from_pages_of_this_site_alone(
    one: PageNode, browser: Browser, headers: dict[str, str], *, is_taken: bool
) -> None:
    form = filled(await browser.look(one), amount="1")
    response = await browser.post(one, "/portal/form", form, **headers)
    if is_taken:
        assert response.status_code == 303
    else:
        assert is_problem(response, 403, "RANVIER-CROSS-SITE")
        assert (await browser.look(one))["draft"] == {}


async def test_a_form_without_the_token_of_its_session_is_refused(
    one: PageNode, browser: Browser
) -> None:
    form = filled(await browser.look(one), amount="1")
    other = filled(await Browser().look(one))
    for token in ("", other["csrf_token"], form["csrf_token"][:-1]):
        response = await browser.post(one, "/portal/form", {**form, "csrf_token": token})
        assert is_problem(response, 403, "RANVIER-FORM-TOKEN")
    without = {name: value for name, value in form.items() if name != "csrf_token"}
    header = {"X-CSRF-Token": form["csrf_token"]}
    response = await browser.post(one, "/portal/form", without, **header)
    assert response.status_code == 303
    stranger = await Browser().post(one, "/portal/form", form)
    assert is_problem(stranger, 403, "RANVIER-FORM-TOKEN")


@pytest.mark.parametrize("post_key", ["", "short", "x" * 65, "with space in it 123", "\0" * 20])
async def test_a_form_without_a_key_is_refused(
    one: PageNode, browser: Browser, post_key: str
) -> None:
    form = filled(await browser.look(one)) | {"post_key": post_key}
    assert is_problem(await browser.post(one, "/portal/form", form), 400, "RANVIER-POST-KEY")


async def test_a_form_of_a_session_that_is_over_is_refused(one: PageNode, browser: Browser) -> None:
    form = filled(await browser.look(one), amount="1")
    one.sessions.store.rows.clear()
    response = await browser.post(one, "/portal/form", form)
    assert is_problem(response, 403, "RANVIER-SESSION-ENDED")
    assert (await browser.look(one))["draft"] == {}


async def test_forms_and_answers_have_a_length(one: PageNode, browser: Browser) -> None:
    shown = await browser.look(one)
    many = filled(shown) | {f"field{number}": "" for number in range(1000)}
    assert is_problem(await browser.post(one, "/portal/form", many), 413, "RANVIER-FORM-TOO-LONG")
    long = filled(shown, text="x" * 20_000)
    assert is_problem(await browser.post(one, "/portal/form", long), 413, "RANVIER-DRAFT-TOO-LARGE")
    answer = await browser.post(one, "/portal/long", filled(shown))
    assert is_problem(answer, 500, "RANVIER-POST-ANSWER")
    assert one.sessions.store.posts == {}


async def test_sessions_of_all_nodes_are_listed_and_ended_by_handle(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    await browser.post(one, "/portal/sign-in", filled(shown, user="ann"))
    await Browser().look(two)
    response = await two.client.get("/api/sessions")
    listed = response.json()
    assert {(each["user"], each["node"]) for each in listed} == {("ann", "node1"), (None, "node2")}
    assert browser.key not in response.text
    assert listed[0].keys() == {"id", "user", "node", "createdAt", "lastUsedAt"}
    page = await two.client.get("/api/sessions", params={"size": 1})
    link = page.headers["link"].partition(">")[0][1:]
    rest = await two.client.get(link)
    assert page.json() + rest.json() == listed
    assert len((await two.client.get("/api/sessions", params={"user": "ann"})).json()) == 1
    assert (await two.client.delete(f"/api/sessions/{shown['handle']}")).status_code == 204
    assert is_problem(
        await two.client.delete(f"/api/sessions/{shown['handle']}"), 404, "RANVIER-NO-SUCH-SESSION"
    )
    assert (await browser.look(one))["user"] is None


async def test_all_sessions_of_a_user_end_on_every_node(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    await browser.post(one, "/portal/sign-in", filled(await browser.look(one), user="ann"))
    ended = await two.client.delete("/api/sessions", params={"user": "ann"})
    assert ended.json() == {"ended": 1}
    assert (await browser.look(one))["user"] is None


@pytest.mark.parametrize("after", ["x", "-1.a", "9" * 30, "1²"])
async def test_a_page_that_nobody_has_named_is_refused(one: PageNode, after: str) -> None:
    response = await one.client.get("/api/sessions", params={"after": after})
    assert is_problem(response, 400, "RANVIER-INVALID-PARAMETER")


async def test_a_page_that_stays_open_sees_the_end_of_its_session(
    one: PageNode, browser: Browser
) -> None:
    assert (await browser.look(one))["is_current"] is True


async def test_the_pages_of_a_whole_node_have_sessions(client: httpx2.AsyncClient) -> None:
    response = await client.get("/portal")
    assert response.headers["set-cookie"].startswith("JSESSIONID=")
    assert response.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert len((await client.get("/api/sessions")).json()) == 1


async def test_an_answer_that_goes_on_ends_where_its_user_is_signed_out_elsewhere(
    one: PageNode, two: PageNode, browser: Browser
) -> None:
    shown = await browser.look(one)
    whole = b"part 0 part 1 part 2 part 3 part 4 "
    assert (await browser.ask(one, "GET", "/portal/stream")).content == whole
    await browser.post(one, "/portal/sign-in", filled(shown, user="ann"))
    assert (await browser.ask(one, "GET", "/portal/stream")).content == whole
    one.pages.between_parts = lambda: two.sessions.sessions.end_all_of("ann")
    assert (await browser.ask(one, "GET", "/portal/stream")).content == b"part 0 "
    assert (await browser.look(one))["user"] is None


async def test_a_database_that_is_away_signs_nobody_out(one: PageNode, browser: Browser) -> None:
    await browser.post(one, "/portal/sign-in", filled(await browser.look(one), user="ann"))

    async def lose_the_database() -> None:
        one.sessions.store.is_away = True

    one.pages.between_parts = lose_the_database
    assert b"part 4" in (await browser.ask(one, "GET", "/portal/stream")).content
    one.sessions.store.is_away = False
    assert (await browser.look(one))["user"] == "ann"


async def test_a_form_of_a_session_that_is_over_has_no_effect_elsewhere(
    one: PageNode, browser: Browser
) -> None:
    form = filled(await browser.look(one))
    store = one.sessions.store
    store.rows.clear()
    refused = await browser.post(one, "/portal/elsewhere", form)
    assert is_problem(refused, 403, "RANVIER-SESSION-ENDED")
    assert one.pages.effects == []
