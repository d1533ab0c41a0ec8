"""Which events a stream has, and what is remembered of them."""

from __future__ import annotations

from ranvier.events.query import QueryError
from ranvier.events.query.values import Value
from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.sequencing import hash_of
from ranvier.services.event_sorter import REMEMBERED_EVENTS, EventSorter
from ranvier.services.stream_consumer import StreamEvent
from tests.support.new_events import axon_event
from tests.support.stream_scene import event_of


class Sorting:
    """A sorter, and how often an event was looked into."""

    def __init__(self, filter_text: str = "") -> None:
        self.looks = 0
        self.sorter = EventSorter(
            "default", StreamDefinition("s", "S", "", (), filter_text), self.event_of
        )

    def event_of(self, context: str, token: int, message: bytes) -> StreamEvent:
        self.looks += 1
        return event_of(context, token, message)


ROW = axon_event("a").SerializeToString()


def test_an_event_is_looked_into_once() -> None:
    sorting = Sorting()
    for _ in range(8):
        assert sorting.sorter.key_hash(3, ROW) == hash_of("a")
    assert sorting.looks == 1


def test_what_is_left_out_is_remembered_too() -> None:
    sorting = Sorting('aggregateType = "Other"')
    assert sorting.sorter.key_hash(3, ROW) is None
    assert sorting.sorter.key_hash(3, ROW) is None
    assert sorting.looks == 1


def test_memory_has_a_bound() -> None:
    sorting = Sorting()
    for token in range(3 * REMEMBERED_EVENTS):
        sorting.sorter.key_hash(token, ROW)
    assert len(sorting.sorter._known) <= REMEMBERED_EVENTS


class Monstrous:
    """An event that no filter can judge within its bounds."""

    place = 3
    aggregate_id = "a"
    payload = b""

    def meta_text(self, key: str) -> str | None:
        return None

    def cell(self, column: str) -> Value:
        raise QueryError("too much work")


def test_what_a_filter_cannot_judge_is_delivered() -> None:
    definition = StreamDefinition("s", "S", "", (), 'aggregateType = "Other"')
    sorter = EventSorter("default", definition, lambda *_: Monstrous())
    assert sorter.key_hash(3, ROW) == hash_of("a")
