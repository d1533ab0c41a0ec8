"""Dispatch of queries: permits, queues, losses, limits; each query ends exactly once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.errors import PermitsNotPositive
from ranvier.observability.operation import Operation
from ranvier.services.errors import NodeStopping
from ranvier.services.query_stream import QueryStream
from ranvier.services.route_queries import RouteQueries
from ranvier.services.running_query import QueryHints
from ranvier.services.topology import Topology
from tests.support.query_links import HandlerLink, NotedCaller, handler_stream, question


class Routed(RouteQueries):
    """Queries on a clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.operation = Operation("axon.queries", "Queries")
        super().__init__(
            Topology(), lambda context, client: {}, lambda: self.seconds, self.operation
        )


def test_permits_come_before_or_after_the_subscription() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=0)
    for number in range(3):
        queries.dispatch.ask(question(f"q-{number}"), NotedCaller())
    queries.dispatch.granted(stream, 2)
    assert [query_id for query_id, _ in link.queries] == ["q-0", "q-1"]
    with pytest.raises(PermitsNotPositive):
        queries.dispatch.granted(stream, -1)
    queries.dispatch.granted(stream, 1)
    assert [query_id for query_id, _ in link.queries] == ["q-0", "q-1", "q-2"]


def test_priority_goes_first_then_arrival() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=0)
    for query_id, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5)):
        queries.dispatch.ask(question(query_id, hints=QueryHints(priority)), NotedCaller())
    queries.dispatch.granted(stream, 4)
    assert [query_id for query_id, _ in link.queries] == ["b", "d", "a", "c"]


def test_what_waits_for_a_client_that_does_not_read_is_sent_when_it_does() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    link.has_room = False
    queries.dispatch.ask(question("q-1"), NotedCaller())
    assert link.queries == []
    link.has_room = True
    queries.dispatch.send_waiting(stream)
    assert link.queries == [("q-1", 5_000)]


def test_axoniq_1900_bounds_the_bytes_of_all_queries_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    size = len(question("q-0").data)
    monkeypatch.setattr("ranvier.services.dispatch_queries.RUNNING_BYTES_MAX", 2 * size)
    callers = [NotedCaller() for _ in range(3)]
    for number, caller in enumerate(callers):
        queries.dispatch.ask(question(f"q-{number}"), caller)
    assert [caller.codes for caller in callers] == [[], [], ["AXONIQ-1900"]]
    queries.dispatch.completed(stream, "q-0")
    queries.dispatch.ask(question("q-3"), after := NotedCaller())
    assert after.codes == []


def test_axoniq_1900_bounds_the_bytes_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.services.dispatch_queries.WAITING_BYTES_MAX", 100)
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=0)
    callers = [NotedCaller() for _ in range(3)]
    for number, caller in enumerate(callers):
        queries.dispatch.ask(question(f"q-{number}", data=b"x" * 40), caller)
    assert [caller.codes for caller in callers] == [[], [], ["AXONIQ-1900"]]
    assert queries.dispatch.waiting_bytes == 80
    queries.dispatch.granted(stream, 10)
    assert (queries.dispatch.waiting_bytes, len(link.queries)) == (0, 2)


def test_axoniq_5006_is_checked_when_a_query_leaves_the_queue() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=0)
    late, early = NotedCaller(), NotedCaller()
    queries.dispatch.ask(question("late", hints=QueryHints(0, 100)), late)
    queries.dispatch.ask(question("early", hints=QueryHints(0, 2_000)), early)
    queries.seconds += 0.5
    assert late.ends == []
    queries.dispatch.granted(stream, 1)
    assert (late.codes, late.ends) == (["AXONIQ-5006"], [None])
    assert link.queries == [("early", 1_500)]


def test_axoniq_5006_ends_what_has_run_for_five_minutes() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=2)
    sent, streamed, waiting, young = (NotedCaller() for _ in range(4))
    queries.dispatch.ask(question("sent"), sent)
    queries.dispatch.ask(question("streamed", is_streaming=True), streamed)
    queries.dispatch.ask(question("waiting"), waiting)
    queries.dispatch.result(stream, "streamed", b"part", is_error=False)
    queries.seconds += 1
    queries.dispatch.ask(question("young"), young)
    queries.seconds += 299
    queries.dispatch.expire()
    assert [each.codes for each in (sent, streamed, waiting)] == [["AXONIQ-5006"]] * 3
    assert link.said == [("cancel", "streamed")]
    assert (queries.dispatch.running_count, young.ends) == (1, [])
    queries.dispatch.granted(stream, 1)
    assert [query_id for query_id, _ in link.queries][2:] == []
    queries.seconds += 1
    queries.dispatch.expire()
    assert queries.dispatch.running_count == 0


def test_a_withdrawn_name_moves_what_waits_to_another_of_the_component() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", "Other", permits=0)
    caller = NotedCaller()
    queries.dispatch.ask(question("q-1"), caller)
    _, other = handler_stream(queries, "Find")
    queries.handlers.unsubscribe(stream, "Find", "")
    queries.dispatch.granted(stream, 1)
    assert (link.queries, [query_id for query_id, _ in other.queries]) == ([], ["q-1"])


def test_axoniq_5000_is_the_end_of_what_waited_for_the_last_handler() -> None:
    queries = Routed()
    stream, _ = handler_stream(queries, "Find", permits=0)
    caller = NotedCaller()
    queries.dispatch.ask(question("q-1"), caller)
    queries.handlers.closed(stream)
    queries.handlers.closed(stream)
    assert (caller.codes, caller.ends) == (["AXONIQ-5000"], [None])
    assert queries.dispatch.waiting_bytes == 0


def test_demand_reaches_handlers_that_are_sent_the_query_later() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find", permits=0)
    running = queries.dispatch.ask(question("q-1", is_streaming=True), NotedCaller())
    assert running is not None
    queries.dispatch.demand(running, 10)
    queries.dispatch.demand(running, 5)
    assert link.said == []
    queries.dispatch.granted(stream, 1)
    queries.dispatch.demand(running, 1)
    assert link.said == [("demand 15", "q-1"), ("demand 1", "q-1")]
    queries.dispatch.cancel(running)
    queries.dispatch.cancel(running)
    assert link.said[2:] == [("cancel", "q-1")]


def test_axoniq_5007_keeps_a_late_result_from_passing_for_the_answer_to_a_new_query() -> None:
    queries = Routed()
    stream, link = handler_stream(queries, "Find")
    running = queries.dispatch.ask(question("q-1"), NotedCaller())
    assert running is not None
    queries.dispatch.cancel(running)
    queries.dispatch.ask(question("q-1"), second := NotedCaller())
    queries.dispatch.result(stream, "q-1", b"late", is_error=False)
    assert (second.codes, second.ends, len(link.queries)) == (["AXONIQ-5007"], [None], 1)
    queries.dispatch.completed(stream, "q-1")
    queries.dispatch.ask(question("q-1"), third := NotedCaller())
    queries.dispatch.result(stream, "q-1", b"own", is_error=False)
    queries.dispatch.completed(stream, "q-1")
    assert (third.results, third.ends) == ([b"own"], [None])


def test_an_id_that_one_handler_may_still_answer_is_free_at_the_others() -> None:
    queries = Routed()
    slow, slow_link = handler_stream(queries, "Find", component="slow")
    running = queries.dispatch.ask(question("q-1"), NotedCaller())
    assert running is not None
    queries.dispatch.cancel(running)
    quick, _ = handler_stream(queries, "Find", component="quick")
    queries.dispatch.ask(question("q-1"), caller := NotedCaller())
    queries.dispatch.result(slow, "q-1", b"late", is_error=False)
    queries.dispatch.result(quick, "q-1", b"own", is_error=False)
    queries.dispatch.completed(quick, "q-1")
    assert (caller.results, caller.ends, len(slow_link.queries)) == ([b"own"], [None], 1)


def test_the_ids_that_are_kept_for_late_results_have_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ranvier.services.query_stream.ABANDONED_MAX", 2)
    queries = Routed()
    stream, _ = handler_stream(queries, "Find")
    for number in range(3):
        running = queries.dispatch.ask(question(f"q-{number}"), NotedCaller())
        assert running is not None
        queries.dispatch.cancel(running)
    assert list(stream.abandoned) == ["q-1", "q-2"]


async def test_a_stop_waits_a_little_and_then_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.services.dispatch_queries.DRAIN_SECONDS", 0.01)
    queries = Routed()
    await queries.start()
    _, link = handler_stream(queries, "Find")
    caller, late = NotedCaller(), NotedCaller()
    queries.dispatch.ask(question("q-1"), caller)
    stopping = asyncio.ensure_future(queries.stop())
    await asyncio.sleep(0)
    queries.dispatch.ask(question("q-2"), late)
    await stopping
    for each in (caller, late):
        assert [type(end) for end in each.ends] == [NodeStopping]
    assert [type(end) for end in link.closed_by] == [NodeStopping]
    with pytest.raises(NodeStopping):
        handler_stream(queries, "Find")


def test_the_end_of_a_context_ends_its_handlers_and_queries_alone() -> None:
    queries = Routed()
    _, link = handler_stream(queries, "Find")
    caller = NotedCaller()
    queries.dispatch.ask(question("q-1"), caller)
    queries.end_context("other")
    assert link.closed_by == []
    queries.end_context("default")
    assert [error.code for error in link.closed_by if error] == ["AXONIQ-1302"]
    assert caller.codes == ["AXONIQ-4001"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "grant", "result", "error", "complete", "lose", "join", "cancel"]),
        st.integers(0, 3),
    ),
    max_size=60,
)


@given(STEPS)
def test_no_permit_is_overdrawn_and_each_query_ends_once(steps: list[tuple[str, int]]) -> None:
    world = World()
    for what, which in steps:
        getattr(world, what)(which)
        world.check()
    world.finish()


class World:
    """Some handlers and queries, and what must hold of them at every moment."""

    def __init__(self) -> None:
        self.queries = Routed()
        self.handlers: list[tuple[QueryStream, HandlerLink]] = []
        self.granted: dict[QueryStream, int] = {}
        self.callers: dict[str, NotedCaller] = {}
        self.running: dict[str, object] = {}
        self.cancelled: set[str] = set()

    def join(self, which: int) -> None:
        component = f"component-{which % 2}"
        stream, link = handler_stream(self.queries, "Find", component=component, permits=0)
        self.handlers.append((stream, link))
        self.granted[stream] = 0

    def grant(self, which: int) -> None:
        for stream, _ in self.handlers[which : which + 1]:
            self.granted[stream] += which + 1
            self.queries.dispatch.granted(stream, which + 1)

    def ask(self, which: int) -> None:
        query_id = f"q-{len(self.callers)}"
        caller = self.callers[query_id] = NotedCaller()
        query = question(query_id, is_streaming=which == 3)
        self.running[query_id] = self.queries.dispatch.ask(query, caller)

    def result(self, which: int) -> None:
        self._say(which, is_error=False)

    def error(self, which: int) -> None:
        self._say(which, is_error=True)

    def _say(self, which: int, *, is_error: bool) -> None:
        for stream, link in self.handlers[which : which + 1]:
            for query_id, _ in link.queries[-2:]:
                self.queries.dispatch.result(stream, query_id, b"r", is_error=is_error)

    def complete(self, which: int) -> None:
        for stream, link in self.handlers[which : which + 1]:
            for query_id, _ in link.queries[:2]:
                self.queries.dispatch.completed(stream, query_id)

    def lose(self, which: int) -> None:
        for stream, _ in self.handlers[which : which + 1]:
            self.queries.handlers.closed(stream)

    def cancel(self, which: int) -> None:
        for query_id, running in list(self.running.items())[which : which + 1]:
            if running is not None and not self.callers[query_id].ends:
                self.queries.dispatch.cancel(running)  # type: ignore[arg-type]  # as it was given
                self.cancelled.add(query_id)

    def check(self) -> None:
        for stream, link in self.handlers:
            assert len(link.queries) <= self.granted[stream]
            assert stream.permits.available == self.granted[stream] - len(link.queries)
        for query_id, caller in self.callers.items():
            assert len(caller.ends) <= (0 if query_id in self.cancelled else 1)

    def finish(self) -> None:
        for stream, _ in self.handlers:
            self.queries.handlers.closed(stream)
        for query_id, caller in self.callers.items():
            assert len(caller.ends) == (0 if query_id in self.cancelled else 1), query_id
        assert self.queries.dispatch.running_count == 0
        assert self.queries.dispatch.waiting_bytes == 0
        assert len(self.queries.handlers.table) == 0
