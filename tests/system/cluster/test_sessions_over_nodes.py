"""Sessions where nodes are killed: processes with pages on PostgreSQL, and whole nodes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from examples.until import until
from tests.support.cluster import Cluster, cluster
from tests.support.form_pages import Browser, filled
from tests.support.postgres_databases import database_address

WAIT_SECONDS = 60.0


@dataclass
class PageProcess:
    """One process with pages; `client` is a way to it."""

    process: subprocess.Popen[str]
    client: httpx2.AsyncClient
    kept: list[asyncio.Task[Any]] = field(default_factory=list)

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.kill()
        self.process.wait()

    async def heard(self) -> Any:
        """Return what it tells next."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(self.process.stdout.readline), WAIT_SECONDS)
        return json.loads(line)

    async def killed_at(self, moment: str, asked: asyncio.Task[Any]) -> None:
        """Kill it at a moment of the request that it is asked."""
        assert await self.heard() == {"moment": moment}
        self.kill()
        with suppress(httpx2.HTTPError):
            await asyncio.wait_for(asked, WAIT_SECONDS)


def started(address: str, name: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.support.page_program", address, name]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


@asynccontextmanager
async def reached(process: subprocess.Popen[str]) -> AsyncIterator[PageProcess]:
    assert process.stdout is not None
    try:
        port = json.loads(await asyncio.to_thread(process.stdout.readline))["port"]
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=WAIT_SECONDS, trust_env=False
        ) as client:
            yield PageProcess(process, client)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[PageProcess, PageProcess]]:
    address = database_address(tmp_path)
    first, second = started(address, "one"), started(address, "two")
    try:
        async with reached(first) as one, reached(second) as two:
            yield one, two
    finally:
        second.kill()
        second.wait()


async def test_the_next_node_adopts_session_and_draft_of_one_that_was_killed(
    pair: tuple[PageProcess, PageProcess],
) -> None:
    one, two = pair
    browser = Browser()
    await browser.post(one, "/portal/sign-in", filled(await browser.look(one), user="ann"))
    shown = await browser.look(one)
    await browser.post(one, "/portal/form", filled(shown, amount="12"))
    key = browser.key
    one.kill()
    adopted = await browser.look(two)
    assert (adopted["user"], adopted["draft"]) == ("ann", {"amount": "12"})
    assert adopted["handle"] == shown["handle"]
    assert (browser.key, browser.route) == (key, "two-route")
    # The form that was open meanwhile is taken as if nothing had happened.
    again = await browser.post(two, "/portal/form", filled(shown, amount="13"))
    assert again.status_code == 303


async def test_a_post_whose_answer_was_lost_with_the_node_is_answered_by_the_next_one(
    pair: tuple[PageProcess, PageProcess],
) -> None:
    one, two = pair
    browser = Browser()
    form = filled(await browser.look(one), amount="1")
    asked = asyncio.create_task(browser.post(one, "/portal/stuck", form))
    await one.killed_at("committed", asked)
    answered = await browser.post(two, "/portal/form", {**form, "amount": "2"})
    assert (answered.status_code, answered.headers["location"]) == (303, "/portal/form?1")
    assert (await browser.look(two))["draft"] == {"amount": "1"}


async def test_an_effect_elsewhere_is_made_again_where_its_node_was_killed_in_between(
    pair: tuple[PageProcess, PageProcess],
) -> None:
    one, two = pair
    browser = Browser()
    form = filled(await browser.look(one))
    asked = asyncio.create_task(browser.post(one, "/portal/half", form))
    await one.killed_at("effect", asked)
    answers = [await browser.post(two, "/portal/elsewhere", form) for _ in range(2)]
    assert [each.text for each in answers] == ["made 1", "made 1"]


async def test_one_session_on_two_nodes_at_once(pair: tuple[PageProcess, PageProcess]) -> None:
    one, two = pair
    browser = Browser()
    form = filled(await browser.look(one))
    tabs = [Browser(browser.cookie) for _ in range(10)]
    answers = await asyncio.gather(
        *(
            tab.post(node, "/portal/form", form | {"amount": f"{number}"})
            for number, (tab, node) in enumerate(zip(tabs, pair * 5, strict=True))
        )
    )
    assert [each.status_code for each in answers] == [303] * 10
    assert len({each.headers["location"] for each in answers}) == 1
    seen = [await browser.look(node) for node in pair]
    assert seen[0]["draft"] == seen[1]["draft"]
    # Who is signed out on one node is out on the other.
    await browser.post(one, "/portal/sign-in", filled(await browser.look(one), user="ann"))
    shown = await browser.look(two)
    stolen = Browser(browser.cookie)
    assert (await stolen.look(one))["user"] == "ann"
    await browser.post(two, "/portal/sign-out", filled(shown))
    assert (await stolen.look(one))["user"] is None


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        started.start_all(("one", "two"))
        started.until_linked("one", "two")
        yield started


def page(nodes: Cluster, name: str, cookie: str = "") -> httpx2.Response:
    return httpx2.get(
        f"{nodes[name].http_address}/portal",
        headers={"cookie": cookie} if cookie else {},
        timeout=WAIT_SECONDS,
        trust_env=False,
    )


def cookie_of(response: httpx2.Response) -> str:
    return response.headers["set-cookie"].partition(";")[0]


def test_whole_nodes_hand_sessions_on_while_they_drain_and_when_they_are_killed(
    nodes: Cluster,
) -> None:
    routes = {each["name"]: each["jvmRoute"] for each in nodes.members("one")}
    mine, other = cookie_of(page(nodes, "one")), cookie_of(page(nodes, "two"))
    assert mine.endswith(f".{routes['one']}")
    assert other.endswith(f".{routes['two']}")
    drain = f"{nodes['two'].http_address}/api/cluster/nodes/one/drain"
    assert httpx2.post(drain, timeout=WAIT_SECONDS, trust_env=False).status_code == 202
    until(lambda: page(nodes, "one", other).status_code == 503, "one drains", WAIT_SECONDS)
    assert page(nodes, "one").status_code == 503
    assert "set-cookie" not in page(nodes, "one").headers
    assert page(nodes, "one", mine).status_code != 503
    ready = httpx2.get(f"{nodes['one'].http_address}/health/ready", trust_env=False)
    assert ready.status_code == 503
    nodes["one"].kill()
    adopted = page(nodes, "two", mine)
    assert adopted.status_code != 503
    assert cookie_of(adopted) == f"{mine.partition('.')[0]}.{routes['two']}"
    listed = httpx2.get(f"{nodes['two'].http_address}/api/sessions", trust_env=False).json()
    assert len(listed) == 2
    assert "two" in {each["node"] for each in listed}
    # The database is away for a moment: a page says so, and the cookie stays.
    mine = cookie_of(adopted)
    nodes.database_links["two"].cut()
    until(lambda: page(nodes, "two", mine).status_code == 503, "it is away", WAIT_SECONDS)
    away = page(nodes, "two", mine)
    assert "The database does not answer" in away.text
    assert "set-cookie" not in away.headers
    nodes.heal()
    until(lambda: page(nodes, "two", mine).status_code != 503, "it is back", WAIT_SECONDS)
    assert "set-cookie" not in page(nodes, "two", mine).headers
