"""Contexts on databases of their own: real nodes, two PostgreSQL databases, kills and cuts."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit

import grpc
import pytest

import ranvier as ranvier_client
from examples.until import until
from ranvier.proto import event_pb2
from tests.support.axon_stubs import event_scheduler_stub, event_store_stub
from tests.support.cluster import Cluster, cluster
from tests.support.cutting_proxy import CuttingProxy
from tests.support.new_events import axon_event
from tests.support.node_program import ranvier
from tests.support.postgres_databases import new_database, run_statement
from tests.support.stream_calls import AGGREGATES
from tests.support.stream_consumer import Journal, StreamConsumer, properties

NAMES = ("one", "two")

LOST = "StatusCode.UNAVAILABLE [RANVIER-CONTEXT-DATABASE-UNAVAILABLE] The database cannot be used: "


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        nodes.start_all(NAMES)
        yield nodes


@pytest.fixture
def nodes(started: Cluster) -> Cluster:
    """Two nodes that run and see each other."""
    for name in NAMES:
        if not started[name].is_running:
            started.start(name)
    started.until_linked(*NAMES)
    return started


def send(nodes: Cluster, name: str, method: str, path: str, body: object = None) -> None:
    request = urllib.request.Request(
        f"{nodes[name].http_address}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    urllib.request.urlopen(request, timeout=30).close()


def refusal_of(nodes: Cluster, context: str, database: str) -> tuple[int, str]:
    """Ask for a context on a database that is not fit for it; return status and sentence."""
    with pytest.raises(HTTPError) as refused:
        send(nodes, "one", "POST", "/v1/context", {"context": context, "database": database})
    problem = json.load(refused.value)
    refused.value.close()
    return refused.value.code, problem["detail"]


def append(nodes: Cluster, name: str, context: str, sequences: range, aggregate: str = "a") -> None:
    with grpc.insecure_channel(nodes[name].grpc_address) as channel:
        event_store_stub(channel).AppendEvent(
            iter([axon_event(aggregate, number) for number in sequences]),
            metadata=(("axoniq-context", context),),
            timeout=30,
        )


def sequences(nodes: Cluster, name: str, context: str, aggregate: str = "a") -> list[int]:
    with grpc.insecure_channel(nodes[name].grpc_address) as channel:
        found = event_store_stub(channel).ListAggregateEvents(
            event_pb2.GetAggregateEventsRequest(aggregate_id=aggregate),
            metadata=(("axoniq-context", context),),
            timeout=30,
        )
        return [event.aggregate_sequence_number for event in found]


def scheduled_now(nodes: Cluster, name: str, context: str) -> str:
    """Schedule an event that is due in a moment; return its aggregate."""
    with grpc.insecure_channel(nodes[name].grpc_address) as channel:
        event_scheduler_stub(channel).ScheduleEvent(
            event_pb2.ScheduleEventRequest(
                instant=time.time_ns() // 1_000_000 + 200, event=axon_event("later")
            ),
            metadata=(("axoniq-context", context),),
            timeout=30,
        )
    return "later"


def count(nodes: Cluster, database: str, table: str = "event") -> int:
    return int(nodes.ask(f"SELECT count(*) FROM ranvier.{table}", at=database)[0][0])


async def test_a_client_creates_a_context_in_a_database_of_its_own(nodes: Cluster) -> None:
    other = new_database()
    async with ranvier_client.connect(nodes["one"].grpc_address) as hub:
        await hub.contexts.create("ledger", properties={"a": "b"}, database=other)
        assert (await hub.contexts.get("ledger")).properties == {"a": "b"}
    append(nodes, "one", "ledger", range(3))
    assert count(nodes, other) == 3
    said = ranvier("contexts", "-S", nodes["one"].http_address)
    assert "classic, own database" in said.out
    assert urlsplit(other).path[1:] not in said.out
    send(nodes, "one", "DELETE", "/v1/context/ledger")


def entries(nodes: Cluster, context: str) -> list[object]:
    return nodes.ask("SELECT 1 FROM ranvier.context_address WHERE name = $1", context)


def test_what_one_node_appends_lies_there_and_is_read_at_the_other(nodes: Cluster) -> None:
    other = new_database()
    server = ("-S", nodes["one"].http_address)
    command = ("register-context", "-c", "orders", "--database-file", "-", "-prop", "a=b", *server)
    said = ranvier(*command, given=other)
    assert said.out == "Context orders is created.\n"
    append(nodes, "one", "orders", range(5))
    assert sequences(nodes, "two", "orders") == [*range(5)]
    append(nodes, "two", "orders", range(5, 10))
    assert count(nodes, other) == 10
    before = count(nodes, nodes.database)
    nodes["one"].kill()
    append(nodes, "two", "orders", range(10, 15))
    nodes.start("one")
    append(nodes, "one", "orders", range(15, 20))
    assert sequences(nodes, "two", "orders") == [*range(20)]
    assert (count(nodes, other), count(nodes, nodes.database)) == (20, before)
    listed = nodes.get("two", "/v1/public/context")
    assert isinstance(listed, list)
    assert [each["metaData"] for each in listed if each["context"] == "orders"] == [{"a": "b"}]
    assert urlsplit(other).path[1:] not in json.dumps(listed) + nodes.log("one") + nodes.log("two")
    send(nodes, "two", "DELETE", "/v1/context/orders")
    until(lambda: count(nodes, other) + count(nodes, other, "context") == 0, "its rows are gone")
    until(lambda: not entries(nodes, "orders"), "it is forgotten")
    send(nodes, "one", "POST", "/v1/context", {"context": "orders"})
    append(nodes, "one", "orders", range(1))
    assert sequences(nodes, "two", "orders") == [0]
    assert count(nodes, nodes.database) == before + 1, "one of that name may lie elsewhere next"
    send(nodes, "two", "DELETE", "/v1/context/orders")


def test_schedule_and_streams_lie_with_the_events(nodes: Cluster) -> None:
    other, context = new_database(), "scheduled"
    send(nodes, "one", "POST", "/v1/context", {"context": context, "database": other})
    event = scheduled_now(nodes, "two", context)
    until(lambda: sequences(nodes, "one", context, event) == [0], "it is published")
    journal = Journal()
    consumer = StreamConsumer(
        nodes["one"].grpc_address, "c", journal, properties(2), context=context
    )
    consumer.wait_for_segments(2)
    for aggregate in range(AGGREGATES):
        append(nodes, "two", context, range(3), f"a{aggregate}")
    journal.wait_for_tokens(3 * AGGREGATES + 1)
    consumer.break_off()
    follower = StreamConsumer(nodes["two"].grpc_address, "d", journal, context=context)
    follower.wait_for_segments(2)
    append(nodes, "two", context, range(3, 4), "a0")
    journal.wait_for_tokens(3 * AGGREGATES + 2)
    assert count(nodes, other, "persistent_stream") == 1
    send(nodes, "one", "DELETE", f"/v1/context/{context}")
    follower.wait_for_end()
    follower.break_off()


def test_a_database_that_is_lost_harms_its_own_context_only(nodes: Cluster) -> None:
    own = urlsplit(new_database())
    link = CuttingProxy(nodes.proxies, (own.hostname or "127.0.0.1", own.port or 5432))
    nodes.database_links["far"] = link  # closed with the others
    user, at, _ = own.netloc.rpartition("@")
    address = urlunsplit(own._replace(netloc=f"{user}{at}127.0.0.1:{link.port}"))
    send(nodes, "one", "POST", "/v1/context", {"context": "far", "database": address})
    append(nodes, "one", "far", range(2))
    append(nodes, "two", "default", range(2), "near")
    link.cut()
    until(lambda: LOST in refused_context(nodes, "one"), "it is said that it is lost")
    until(lambda: "context far" in unready_parts(nodes, "two"), "health names it")
    append(nodes, "one", "default", range(2, 4), "near")
    assert sequences(nodes, "two", "default", "near") == [*range(4)]
    nodes["two"].kill()
    nodes.start("two")
    nodes.until_linked(*NAMES)
    until(lambda: LOST in refused_context(nodes, "two"), "it is said there too")
    link.heal()
    until(lambda: not unready_parts(nodes, "one") + unready_parts(nodes, "two"), "it is back")
    append(nodes, "two", "far", range(2, 4))
    assert sequences(nodes, "one", "far") == [*range(4)]
    link.hold()
    began = time.monotonic()
    append(nodes, "one", "default", range(4, 5), "near")
    assert sequences(nodes, "two", "default", "near") == [*range(5)]
    event = scheduled_now(nodes, "two", "default")
    until(lambda: sequences(nodes, "one", "default", event) == [0], "it is published")
    print(f"beside a silent database served after {time.monotonic() - began:.2f} s")
    link.heal()
    until(lambda: not unready_parts(nodes, "one") + unready_parts(nodes, "two"), "it is back")
    send(nodes, "one", "DELETE", "/v1/context/far")
    until(lambda: not entries(nodes, "far"), "it is forgotten")


def refused_context(nodes: Cluster, name: str) -> str:
    """Read the context; return what is said against it, without waiting for anything."""
    try:
        sequences(nodes, name, "far")
    except grpc.RpcError as error:
        return f"{error.code()} {error.details()}"
    return ""


def unready_parts(nodes: Cluster, name: str) -> list[str]:
    """Return the parts that are down at a node that is ready nevertheless."""
    found = nodes.get(name, "/health/ready")
    assert isinstance(found, dict)
    assert found["status"] == "UP"
    return [part for part, each in found["components"].items() if each["status"] == "DOWN"]


def test_a_database_that_is_not_fit_is_refused_in_a_sentence(
    nodes: Cluster, tmp_path: Path
) -> None:
    before = nodes.get("one", "/v1/public/context")
    assert refusal_of(nodes, "x", nodes.database) == (
        422,
        "Context x cannot have this database: it is the system database of this cluster.",
    )
    with cluster(tmp_path) as others:
        others.start("other")
        status, sentence = refusal_of(nodes, "x", others.database)
        assert (status, "it holds other contexts already" in sentence) == (422, True)
        theirs = new_database()
        send(others, "other", "POST", "/v1/context", {"context": "x", "database": theirs})
        status, sentence = refusal_of(nodes, "x", theirs)
        assert (status, "it keeps contexts of another cluster" in sentence) == (422, True)
    foreign = new_database()
    run_statement(foreign, "CREATE SCHEMA ranvier CREATE TABLE theirs (id integer)")
    status, sentence = refusal_of(nodes, "x", foreign)
    assert (status, "in use by another program" in sentence) == (422, True)
    status, sentence = refusal_of(nodes, "x", "postgresql://me:s3cret@127.0.0.1:1/x")
    assert (status, "nobody listens" in sentence, "s3cret" in sentence) == (503, True, False)
    status, sentence = refusal_of(nodes, "x", "mysql://me:s3cret@127.0.0.1/x")
    assert (status, "s3cret" in sentence) == (422, False)
    assert nodes.get("one", "/v1/public/context") == before
    assert "s3cret" not in nodes.log("one")
