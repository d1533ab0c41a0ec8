"""Pages for people: true, escaped, and without a single request to another host."""

from __future__ import annotations

import platform
import re
from html.parser import HTMLParser

import httpx2
import pytest

from ranvier import __version__
from ranvier.errors import RanvierError
from ranvier.events.snapshot import Snapshot
from ranvier.messages.processor_plans import Instruction
from ranvier.services.connected_client import ClientIdentity
from ranvier.storage.errors import StorageUnavailable
from ranvier.web.dependencies import PartHealth
from tests.support.new_events import stream
from tests.support.web_node import NotedEventLog, WebNode

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Reads a page: its words, what it refers to, and whether its tags close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value))
            if name in ("href", "src", "action") and value:
                self.references.append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())

    @property
    def words(self) -> str:
        return " ".join(filter(None, self.text))


class Silent:
    """The link of a client that nothing is sent to."""

    def send_heartbeat(self) -> None: ...
    def ask_to_reconnect(self) -> None: ...
    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None: ...
    def close(self, error: RanvierError) -> None: ...


async def page(client: httpx2.AsyncClient, path: str = "/") -> Page:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Page(response.text)


async def test_the_page_tells_what_the_node_is(client: httpx2.AsyncClient) -> None:
    words = (await page(client)).words
    for fact in (
        "messaging1",
        "messaging1.axoniq.io",
        "port 8024",
        "port 8124",
        "port 8224",
        "1 d 3 h",
        __version__,
        platform.python_version(),
        "Ready",
    ):
        assert fact in words


async def test_the_page_tells_what_the_node_holds() -> None:
    log = NotedEventLog("default", "orders")
    log.store("orders", *stream(1_234))
    log.contexts["orders"].snapshots["a", 7] = Snapshot("a", 7, 0, b"")
    node = WebNode(log)
    node.clients.connect(ClientIdentity("client-7", "shop", "4.6"), "orders", Silent())
    node.seconds += 75
    async with node.client() as client:
        words = (await page(client)).words
    assert "Contexts 2" in words
    assert "default 0 none yet 0" in words
    assert "orders 1\u202f234 1\u202f233 1" in words
    assert "shop client-7 orders 4.6 1 min 15 s" in words


async def test_a_node_that_is_not_ready_shows_why(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.health = [PartHealth("database", is_up=False, reason="The disk is full.")]
    words = (await page(client)).words
    assert "Not ready" in words
    assert "The disk is full." in words


async def test_a_database_that_sleeps_leaves_the_page_standing(
    node: WebNode, client: httpx2.AsyncClient
) -> None:
    node.log.read_error = StorageUnavailable("it is asleep")
    assert "it is asleep" in (await page(client)).words


async def test_names_from_outside_are_only_text(node: WebNode, client: httpx2.AsyncClient) -> None:
    evil = '<script>alert("1")</script>'
    node.log.contexts[evil] = node.log.contexts["default"]
    node.clients.connect(ClientIdentity(evil, evil, evil), evil, Silent())
    found = await page(client)
    assert "script" not in found.open
    assert found.words.count(evil) == 5


async def test_a_great_many_contexts_and_clients_stay_an_overview() -> None:
    node = WebNode(NotedEventLog(*(f"context-{number:04}" for number in range(2_000))))
    for number in range(300):
        node.clients.connect(ClientIdentity(f"client-{number}", "shop"), "default", Silent())
    async with node.client() as client:
        words = (await page(client)).words
    assert "Contexts 2\u202f000" in words
    assert "The first 100 are shown" in words
    assert "Connected clients 300" in words


async def test_every_link_of_the_page_leads_somewhere(client: httpx2.AsyncClient) -> None:
    for reference in (await page(client)).references:
        if not reference.startswith("#"):
            assert (await client.get(reference)).status_code == 200


async def test_links_keep_the_token_that_opened_the_page() -> None:
    node = WebNode(access_token="s&cret/")
    async with node.client() as client:
        found = await page(client, "/?AxonIQ-Access-Token=s%26cret%2F")
        for reference in found.references:
            if not reference.startswith("#"):
                assert (await client.get(reference)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/swagger-ui.html", "/swagger-ui/index.html"])
async def test_pages_are_whole_and_ask_only_this_node(
    client: httpx2.AsyncClient, path: str
) -> None:
    found = await page(client, path)
    assert found.open == []
    assert found.references
    assert all(re.match(r"/(?!/)|#", each) for each in found.references)
    inline = [name for _, name, _ in found.attributes if name == "style" or name.startswith("on")]
    assert inline == []


@pytest.mark.parametrize("path", ["/swagger-ui.html", "/swagger-ui/index.html"])
async def test_swagger_ui_is_there_with_all_its_files(
    client: httpx2.AsyncClient, path: str
) -> None:
    found = await page(client, path)
    for reference in found.references:
        assert (await client.get(reference)).status_code == 200
    scripts = [value for tag, name, value in found.attributes if (tag, name) == ("script", "src")]
    assert scripts == ["/static/swagger-ui-bundle.js", "/static/swagger-start.js"]
    bundle = await client.get("/static/swagger-ui-bundle.js")
    assert len(bundle.content) > 1_000_000
    assert "SwaggerUIBundle" in bundle.text
    start = (await client.get("/static/swagger-start.js")).text
    assert re.findall(r"https?://", start) == []


async def test_files_are_not_sent_twice(client: httpx2.AsyncClient) -> None:
    first = await client.get("/static/node.css")
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = await client.get("/static/node.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = await client.get("/static/node.css", headers={"If-None-Match": '"other"'})
    assert changed.content == first.content


async def test_what_is_said_of_a_moment_is_not_kept(client: httpx2.AsyncClient) -> None:
    for path in ("/", "/health/ready", "/v1/public/me", "/nothing"):
        assert (await client.get(path)).headers["cache-control"] == "no-store"


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"),
        ("ink", "card"),
        ("quiet", "paper"),
        ("quiet", "card"),
        ("link", "card"),
        ("up", "up-paper"),
        ("down", "down-paper"),
    ],
)
async def test_words_stand_out_from_their_ground(
    client: httpx2.AsyncClient, scheme: str, ink: str, paper: str
) -> None:
    light, dark = (await client.get("/static/node.css")).text.split("prefers-color-scheme: dark")
    colours = dict(
        re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark)
    )
    darker, lighter = sorted([luminance(colours[ink]), luminance(colours[paper])])
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
