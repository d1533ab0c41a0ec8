"""The DCB event store on a whole node, called by the stubs that `axonclient` ships."""

from __future__ import annotations

import grpc

from tests.support.dcb_client import DcbClient, criterion, tagged
from tests.support.live_call import refused


def test_source_sends_what_matches_in_order_and_then_one_marker(client: DcbClient) -> None:
    client.append(tagged("Opened", "seat=1"), tagged("Opened", "seat=2"))
    client.append(tagged("Paid", "seat=1", "vip=yes"), tagged("Closed"))
    assert client.source(criterion("seat=1")) == ([(0, "Opened"), (2, "Paid")], 4)
    assert client.source(criterion("seat=1", "vip=yes")) == ([(2, "Paid")], 4)
    assert client.source(criterion(names=["Closed", "Paid"])) == ([(2, "Paid"), (3, "Closed")], 4)
    either = criterion("seat=2"), criterion("seat=1", names=["Opened"])
    assert client.source(*either) == ([(0, "Opened"), (1, "Opened")], 4)
    assert [sequence for sequence, _ in client.source()[0]] == [0, 1, 2, 3]
    assert client.source(criterion("seat=1"), first=1) == ([(2, "Paid")], 4)
    assert client.source(first=-1)[1] == 4


def test_source_without_a_match_still_sends_the_marker(client: DcbClient) -> None:
    assert client.source(criterion("seat=1")) == ([], 0)
    client.append(tagged("Opened"))
    assert client.source(criterion("seat=1")) == ([], 1)
    assert client.source(first=5) == ([], 1)


def test_an_event_comes_back_as_it_was_sent(client: DcbClient) -> None:
    sent = tagged("Opened", "seat=1", time_ms=7, payload=b"\x00\xff" * 40_000)
    sent.event.version = "2"
    sent.event.metadata["who"] = "Zoë"
    client.append(sent)
    (answer, _) = client.source_answers(criterion("seat=1"))
    assert answer.event.event == sent.event


def test_a_long_source_comes_in_pages_without_a_gap(client: DcbClient) -> None:
    for start in range(0, 3_000, 1_000):
        client.append(
            *(
                tagged("Even" if n % 2 == 0 else "Odd", "all=1", payload=b"x" * 500)
                for n in range(start, start + 1_000)
            )
        )
    found, marker = client.source(criterion("all=1"))
    assert ([sequence for sequence, _ in found], marker) == (list(range(3_000)), 3_000)
    found, marker = client.source(criterion("all=1", names=["Even"]))
    assert ([sequence for sequence, _ in found], marker) == (list(range(0, 3_000, 2)), 3_000)


def test_a_stream_goes_on_with_what_comes(client: DcbClient) -> None:
    client.append(tagged("Opened", "seat=1"), tagged("Opened", "seat=2"))
    stream = client.stream(criterion("seat=1"), first=-1)
    assert next(stream).event.sequence == 0
    client.append(tagged("Paid", "seat=2"))
    client.append(tagged("Paid", "seat=1"))
    answer = next(stream).event
    assert (answer.sequence, answer.event.name) == (3, "Paid")
    stream.cancel()


def test_a_stream_begins_at_its_sequence_and_without_criteria_has_all(client: DcbClient) -> None:
    client.append(tagged("A"), tagged("B"), tagged("C"))
    stream = client.stream(first=1)
    assert [next(stream).event.event.name for _ in range(2)] == ["B", "C"]
    client.append(tagged("D"))
    assert next(stream).event.event.name == "D"
    stream.cancel()


def test_head_and_tail_and_the_sequence_at_a_time(client: DcbClient) -> None:
    assert (client.head(), client.tail(), client.sequence_at(5)) == (0, 0, 0)
    client.append(*(tagged("A", time_ms=time_ms) for time_ms in (10, 20, 30)))
    assert (client.head(), client.tail()) == (3, 0)
    at = [client.sequence_at(time_ms) for time_ms in (0, 10, 11, 20, 30, 31)]
    assert at == [0, 0, 1, 1, 2, 3]


def test_too_many_criteria_are_refused(client: DcbClient) -> None:
    many = [criterion(f"seat={n}") for n in range(1_001)]
    for call in (client.source_answers, client.stream):
        refusal = refused(lambda call=call: call(*many))  # type: ignore[misc]  # bound in the loop
        assert refusal.status is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.axon_code == "RANVIER-INVALID-EVENT"


def test_classic_contexts_refuse_every_call(channel: grpc.Channel) -> None:
    classic = DcbClient(channel)
    for call in (classic.source, classic.head, classic.tail, lambda: list(classic.stream())):
        refusal = refused(call)
        assert refusal.status is grpc.StatusCode.FAILED_PRECONDITION
        assert refusal.axon_code == "RANVIER-CONTEXT-KIND"


def test_unknown_contexts_are_refused_by_axoniq_1302(channel: grpc.Channel) -> None:
    nowhere = DcbClient(channel, "nowhere")
    for call in (nowhere.source, nowhere.head, lambda: list(nowhere.stream())):
        assert refused(call).axon_code == "AXONIQ-1302"
