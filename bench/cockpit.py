"""Figures of the Cockpit: what a page costs its node and the network, and what open pages cost.

`python -m bench cockpit`. Three nodes on one PostgreSQL; the pages are asked of the first one, over
HTTP, and its CPU is what the operating system counts. The bundle must have been made: `make pages`.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from bench.cluster import NODES, running
from bench.figure import Figure
from bench.measured_node import Meter
from examples.postgres_server import PostgresServer

PAGES = 200
WATCHERS = 500
OPENED_AT_ONCE = 50
SETTLE_SECONDS = 8.0
MEASURE_SECONDS = 30.0
REFERENCES = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:css|js|svg)[^"]*)"')
KILOBYTE = 1_000


def figures(folder: Path) -> list[Figure]:
    """Measure everything on the first of three nodes."""
    server = PostgresServer(place=Path(tempfile.gettempdir()))
    try:
        with running(folder / "three", server.address(), NODES) as nodes:
            nodes.until_linked(*NODES)
            node = nodes[NODES[0]]
            return asyncio.run(measured(node.http_address, Meter(node.process_id)))
    finally:
        server.close()


async def measured(address: str, meter: Meter) -> list[Figure]:
    """Ask for pages, weigh them, and watch."""
    async with httpx2.AsyncClient(base_url=address, headers={"Accept-Encoding": "br"}) as client:
        first, after = await transferred(client)
        page = await cpu_per_page(client, meter)
        cookie = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
    share = await cpu_of_watchers(address, cookie, meter)
    return [
        Figure("Dashboard of 3 nodes, CPU of one", page * 1_000, "ms", 15, lower_is_better=True),
        Figure("Dashboard, sent the first time", first, "kB", 250, lower_is_better=True),
        Figure("Dashboard, sent after that", after, "kB", 20, lower_is_better=True),
        Figure(f"{WATCHERS} open Dashboards", share * 100, "% of a core", 5, lower_is_better=True),
    ]


async def transferred(client: httpx2.AsyncClient) -> tuple[float, float]:
    """Return the kilobytes of bodies of a first visit with all its files, and of a later one."""
    page = await client.get("/cockpit")
    total = int(page.headers["content-length"])
    for path in dict.fromkeys(REFERENCES.findall(page.text)):
        total += int((await client.get(path)).headers["content-length"])
    later = await client.get("/cockpit")
    return total / KILOBYTE, int(later.headers["content-length"]) / KILOBYTE


async def cpu_per_page(client: httpx2.AsyncClient, meter: Meter) -> float:
    """Return the CPU seconds of a node for one page, whatever the machine does beside."""
    before = meter.cpu_seconds()
    for _ in range(PAGES):
        (await client.get("/cockpit")).raise_for_status()
    return (meter.cpu_seconds() - before) / PAGES


async def cpu_of_watchers(address: str, cookie: str, meter: Meter) -> float:
    """Return the share of a core that watchers cost, with what the node costs by itself."""
    watchers: list[asyncio.Task[None]] = []
    try:
        for _ in range(WATCHERS // OPENED_AT_ONCE):
            opened = [asyncio.Event() for _ in range(OPENED_AT_ONCE)]
            watchers += [asyncio.create_task(watch(address, cookie, each)) for each in opened]
            async with asyncio.timeout(60):
                await asyncio.gather(*(each.wait() for each in opened))
        await asyncio.sleep(SETTLE_SECONDS)
        before = meter.cpu_seconds()
        await asyncio.sleep(MEASURE_SECONDS)
        return (meter.cpu_seconds() - before) / MEASURE_SECONDS
    finally:
        for each in watchers:
            each.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def watch(address: str, cookie: str, opened: asyncio.Event) -> None:
    """Read the news of the Dashboard for ever, and come again when the stream ends."""
    place = urlsplit(address)
    request = (
        "GET /cockpit/live?page=dashboard HTTP/1.1\r\n"
        f"Host: {place.netloc}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n"
    )
    while True:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(request.encode())
        status = await reader.readline()
        if b"200" not in status:
            raise RuntimeError(status.decode())
        opened.set()
        while block := await reader.read(65_536):
            if b"event: done" in block:
                break
        writer.close()
