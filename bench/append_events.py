"""Figures of appending: one event a call, answered after the sync, beside SQLite alone."""

from __future__ import annotations

import selectors
import statistics
import time
from pathlib import Path

from bench.figure import Figure
from bench.load_connection import LoadConnection, message, request_block
from bench.measured_node import measured_node
from bench.sqlite_append import raw_append_rate
from bench.stored_events import event_bytes

APPEND_EVENT = "/io.axoniq.axonserver.grpc.event.EventStore/AppendEvent"
ROUNDS = 3
CALLERS = (1, 64, 512)
CALLERS_PER_CONNECTION = 128
SECONDS = 3.0
CALLS_BUILT_AHEAD = 400_000


def figures(folder: Path) -> list[Figure]:
    """Measure each number of callers and SQLite alone, turn by turn, on the same file system."""
    return [figure for callers in CALLERS for figure in compared(folder, callers)]


def compared(folder: Path, callers: int) -> list[Figure]:
    """Return the node's rate and its ratio to SQLite's for one number of callers."""
    rates: list[float] = []
    ratios: list[float] = []
    for turn in range(ROUNDS):
        place = folder / f"append-{callers}-{turn}"
        raw = raw_append_rate(place / "raw", events_per_batch=callers, seconds=SECONDS)
        rates.append(node_rate(place / "node", callers))
        ratios.append(rates[-1] / raw)
    rate, ratio = statistics.median(rates), statistics.median(ratios)
    return [
        Figure(f"AppendEvent, {callers} callers", rate, "events/s", None),
        Figure(f"... beside apsw alone in batches of {callers}", ratio, "x", 0.5),
    ]


def node_rate(data: Path, callers: int) -> float:
    """Append for a while with so many callers; return acknowledged events per second."""
    bodies = [message(event_bytes(number)) for number in range(CALLS_BUILT_AHEAD)]
    rate, _ = append_rates(data, callers, APPEND_EVENT, bodies)
    return rate


def append_rates(
    data: Path, callers: int, path: str, bodies: list[bytes], *flags: str
) -> tuple[float, float]:
    """Make calls for a while; return answers per second, and per second of server CPU."""
    data.parent.mkdir(parents=True, exist_ok=True)
    with measured_node(data, *flags) as (node, meter):
        connections = [
            LoadConnection(int(str(node.ready["grpc"])))
            for _ in range(-(-callers // CALLERS_PER_CONNECTION))
        ]
        before = meter.cpu_seconds()
        try:
            rate, ended = drive(connections, path, bodies, callers)
            return rate, ended / (meter.cpu_seconds() - before)
        finally:
            for connection in connections:
                connection.close()


def drive(
    connections: list[LoadConnection], path: str, bodies: list[bytes], callers: int
) -> tuple[float, int]:
    """Keep `callers` calls in flight until time is up; return rate and number of the answers.

    The calls of an aggregate stay on one connection, in order: the store gets them as one caller
    after another would send them.
    """
    block = request_block(path)
    share = len(bodies) // len(connections)
    streams = [iter(bodies[n * share : (n + 1) * share]) for n in range(len(connections))]
    selector = selectors.DefaultSelector()
    started = time.perf_counter()
    for connection, stream in zip(connections, streams, strict=True):
        alone = selector.register(connection, selectors.EVENT_READ, stream)
        each = callers // len(connections)
        connection.calls([block] * each, [next(stream) for _ in range(each)])
    while time.perf_counter() - started < SECONDS:
        # A single connection is waited for by reading from it.
        ready = selector.select(timeout=1.0) if len(connections) > 1 else [(alone, 0)]
        for key, _ in ready:
            assert isinstance(key.fileobj, LoadConnection)
            before = key.fileobj.ended
            key.fileobj.receive()
            freed = key.fileobj.ended - before
            if freed:
                key.fileobj.calls([block] * freed, [next(key.data) for _ in range(freed)])
    ended = sum(connection.ended for connection in connections)
    failed = sum(connection.failed for connection in connections)
    selector.close()
    if failed:
        raise AssertionError(f"{failed} of {ended} appends were refused")
    return ended / (time.perf_counter() - started), ended
