"""Real exchanges: browsers' requests through Apache's mod_jk and mod_proxy_ajp to the listener."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from ranvier.wire.ajp.limits import AjpLimits
from tests.support.ajp_application import Mirror
from tests.support.apache_fronts import KINDS, Front, apache_front
from tests.support.scale import scaled

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = bytes(index * 7 % 256 for index in range(100_000))
DIGEST = hashlib.sha256(BODY).hexdigest()
PATIENCE_SECONDS = 60.0


@pytest_asyncio.fixture(params=list(KINDS), scope="module", loop_scope="module")
async def standing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    directory: Path = tmp_path_factory.mktemp(request.param)
    async with apache_front(request.param, directory) as front:
        yield front


@pytest.fixture
def front(standing: Front) -> Front:
    standing.mirror = Mirror()
    return standing


@pytest_asyncio.fixture(loop_scope="module")
async def client(front: Front) -> AsyncIterator[httpx2.AsyncClient]:
    address = front.apache.url
    async with httpx2.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as client:
        yield client


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def mirrored(client: httpx2.AsyncClient, path: str, **more: Any) -> dict[str, Any]:
    response = await client.request(more.pop("method", "GET"), path, **more)
    assert response.status_code == 200, response.text
    scope: dict[str, Any] = response.json()
    return scope


async def test_paths_and_queries_arrive_as_they_were_sent(client: httpx2.AsyncClient) -> None:
    scope = await mirrored(client, "/mirror/a%2Fb/%C3%A4;v=1?q=%20%C3%A4&p")
    assert scope["raw_path"] == "/mirror/a%2Fb/%C3%A4;v=1"
    assert scope["path"] == "/mirror/a/b/\u00e4;v=1"
    assert scope["query_string"] == "q=%20%C3%A4&p"


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PROPFIND", "MADEUP"])
async def test_methods_arrive(client: httpx2.AsyncClient, method: str) -> None:
    assert (await mirrored(client, "/mirror", method=method))["method"] == method


async def test_addresses_are_those_that_apache_saw(
    front: Front, client: httpx2.AsyncClient
) -> None:
    headers = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=6.6.6.6",
    }
    scope = await mirrored(client, "/mirror", headers=headers)
    assert scope["client"][0] == "127.0.0.1"
    assert scope["client"][1] > 0
    assert scope["server"] == ["127.0.0.1", front.apache.port]
    assert scope["scheme"] == "http"
    assert "6.6.6.6" not in json.dumps(scope)


async def test_tls_is_told(front: Front) -> None:
    context = ssl.create_default_context()
    front.authority.configure_trust(context)
    address = f"https://localhost:{front.https_port}"
    async with httpx2.AsyncClient(base_url=address, verify=context) as client:
        scope = await mirrored(client, "/mirror")
    assert (scope["scheme"], scope["server"]) == ("https", ["localhost", front.https_port])
    told = scope["extensions"]["ajp"]
    assert told["tls_protocol"].startswith("TLSv1.")
    assert int(told["tls_key_bits"]) >= 128


async def test_the_balancer_says_what_it_makes_of_the_node(
    front: Front, client: httpx2.AsyncClient
) -> None:
    told = (await mirrored(client, "/mirror"))["extensions"]["ajp"]
    assert told.get("activation") == ("ACT" if front.kind == "mod_jk" else None)


async def test_cookies_pass_in_both_directions(client: httpx2.AsyncClient) -> None:
    response = await client.get("/cookies")
    assert response.headers.get_list("set-cookie") == [
        "JSESSIONID=abc.node1; Path=/; HttpOnly",
        "theme=dark",
    ]
    scope = await mirrored(client, "/mirror", headers={"Cookie": "a=1; JSESSIONID=x.node1"})
    sent = "; ".join(value for name, value in scope["headers"] if name == "cookie")
    assert "JSESSIONID=x.node1" in sent


async def test_an_upload_with_a_length(client: httpx2.AsyncClient) -> None:
    for _ in range(3):
        response = await client.post("/hash", content=BODY)
        assert response.json()["sha256"] == DIGEST


async def test_a_chunked_upload(client: httpx2.AsyncClient) -> None:
    for size in (100_000, 7_001):
        response = await client.post("/hash", content=pieces(BODY, size))
        assert (response.json()["sha256"], response.json()["size"]) == (DIGEST, 100_000)
    assert (await client.post("/hash", content=pieces(b"", 1))).json()["size"] == 0


async def test_an_upload_that_nobody_reads_leaves_the_connection_in_step(
    client: httpx2.AsyncClient,
) -> None:
    for _ in range(5):
        assert (await client.post("/unread", content=BODY)).text == "unread"
        assert (await client.post("/unread", content=pieces(BODY, 9_000))).text == "unread"
        assert (await client.post("/hash", content=BODY)).json()["sha256"] == DIGEST


async def test_a_slow_upload(front: Front) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.apache.port)
    half = len(BODY) // 2
    head = (
        b"POST /hash HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
    )
    writer.write(head + BODY[:half])
    async with asyncio.timeout(PATIENCE_SECONDS):
        # The second half is sent only when the first has come through.
        await front.mirror.has_begun.wait()
        writer.write(BODY[half:])
        assert DIGEST.encode() in await reader.read()
    writer.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("HEAD", "/large/5000", 200), ("GET", "/empty", 204), ("GET", "/unchanged", 304)],
)
async def test_answers_without_a_body(
    client: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    for _ in range(2):
        response = await client.request(method, path)
        assert (response.status_code, response.content) == (status, b"")


async def test_large_answers_and_long_streams(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/large/1000000")).content == b"x" * 1_000_000
    content = (await client.get("/stream/100")).content
    assert len(content) == 1_000_000
    assert content[99 * 10_000 :].startswith(b"99;")


async def test_the_first_part_of_a_stream_comes_before_the_last_is_made(
    front: Front, client: httpx2.AsyncClient
) -> None:
    async with client.stream("GET", "/wait") as response:
        parts = response.aiter_bytes()
        assert b"data: 1" in await anext(parts)
        front.mirror.may_go_on.set()
        assert b"data: 2" in b"".join([part async for part in parts])


async def test_a_reader_that_leaves_is_noticed(front: Front) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", front.apache.port)
    writer.write(b"GET /endless HTTP/1.1\r\nHost: node\r\n\r\n")
    writer.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await front.mirror.has_left.wait()


async def test_connections_are_used_again(front: Front, client: httpx2.AsyncClient) -> None:
    before = front.server.connection_count
    for _ in range(300):
        assert (await client.get("/unread")).text == "unread"
    # One per thread of the web server at most.
    assert front.server.connection_count - before < 150


async def test_requests_side_by_side_are_not_mixed_up(client: httpx2.AsyncClient) -> None:
    async def posted(number: int) -> None:
        body = b"%d" % number * 5_000
        response = await client.post("/hash", content=body)
        assert response.json()["sha256"] == hashlib.sha256(body).hexdigest()

    async with asyncio.TaskGroup() as group:
        for number in range(60):
            group.create_task(posted(number))


@pytest.mark.soak
async def test_many_requests_of_every_kind_stay_in_step(
    front: Front, client: httpx2.AsyncClient
) -> None:
    """Whatever is misread shows in the next answer on its connection."""
    random = Random(1)

    async def ask(number: int) -> None:
        size = random.choice((0, 1, 8_185, 8_186, 8_187, 30_000))
        body = b"%d;" % number * (size // 4 + 1)
        content = pieces(body, random.choice((999, 8_186))) if random.random() < 0.5 else body
        match random.randrange(4):
            case 0:
                assert (await client.post("/unread", content=content)).text == "unread"
            case 1:
                assert (await client.get(f"/large/{size}")).content == b"x" * size
            case 2:
                path = f"/mirror/{number}"
                assert (await mirrored(client, path))["raw_path"] == path
            case _:
                told = (await client.post("/hash", content=content)).json()
                assert told["sha256"] == hashlib.sha256(body).hexdigest()

    async def ask_in_turn(first: int, rounds: int) -> None:
        for number in range(rounds):
            front.mirror.scopes.clear()
            await ask(first + number)

    async with asyncio.TaskGroup() as group:
        for worker in range(4):
            group.create_task(ask_in_turn(worker * 10_000, scaled(10_000, suite=200) // 4))


async def test_a_large_head_passes_and_a_larger_one_is_refused(
    front: Front, client: httpx2.AsyncClient
) -> None:
    scope = await mirrored(client, "/mirror", headers={"Cookie": "a=" + "x" * 7_000})
    assert "x" * 7_000 in json.dumps(scope)
    seen = len(front.mirror.scopes)
    refused = await client.get("/mirror", headers={"Cookie": "a=" + "x" * 9_000})
    assert refused.status_code >= 400
    assert len(front.mirror.scopes) == seen


async def test_a_wrong_secret_is_refused(front: Front, client: httpx2.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get("/wrong/mirror")).status_code == 403
        assert (await client.post("/wrong/hash", content=BODY)).status_code == 403
    assert front.mirror.scopes == []
    assert (await client.get("/unread")).text == "unread"


async def test_a_failure_of_the_application_is_told(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/fail")).status_code == 500


async def test_apache_may_be_restarted(front: Front, client: httpx2.AsyncClient) -> None:
    assert (await client.get("/unread")).text == "unread"
    # In this thread: a program that another one has started may end with it.
    front.apache.restart()
    assert (await client.get("/unread")).text == "unread"
    assert (await client.post("/hash", content=BODY)).json()["sha256"] == DIGEST


async def test_the_node_may_be_restarted(front: Front, client: httpx2.AsyncClient) -> None:
    assert (await client.get("/unread")).text == "unread"
    await front.stop_node()
    await front.start_node()
    # What Apache keeps of the old connections is found dead before anything is sent by it.
    for _ in range(20):
        assert (await client.get("/unread")).text == "unread"


@pytest.mark.parametrize("kind", list(KINDS))
async def test_larger_packets_bear_larger_heads(kind: str, tmp_path: Path) -> None:
    limits = AjpLimits(packet_bytes=65536)
    async with (
        apache_front(kind, tmp_path / kind, limits) as front,
        httpx2.AsyncClient(base_url=front.apache.url, timeout=PATIENCE_SECONDS) as client,
    ):
        scope = await mirrored(client, "/mirror", headers={"Cookie": "a=" + "x" * 19_000})
        assert "x" * 19_000 in json.dumps(scope)
        assert (await client.post("/hash", content=BODY)).json()["parts"] == 2
        chunked = await client.post("/hash", content=pieces(BODY, 50_000))
        assert chunked.json()["sha256"] == DIGEST
        assert len((await client.get("/large/300000")).content) == 300_000
