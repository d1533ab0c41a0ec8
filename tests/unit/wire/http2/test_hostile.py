"""Every broken sequence is answered by the error that the RFC names, however it is cut."""

from __future__ import annotations

import pytest

from ranvier.wire.http2.connection import Role
from tests.support.http2_peer import Frame, Peer, client, frame, headers, kinds, server
from tests.unit.wire.http2.hostile_corpus import Case, cases, response_cases

CASES = cases()
RESPONSE_CASES = response_cases()


def peer_of(case: Case) -> Peer:
    peer = Peer(Role.SERVER)
    peer.consumes = False
    if case.has_greeted:
        return peer.greet()
    peer.connection.start()
    peer.connection.take_output()
    return peer


def client_peer() -> Peer:
    peer = client()
    peer.open()
    peer.open(end=True)
    peer.take()
    return peer


def check(case: Case, peer: Peer, answer: list[Frame]) -> None:
    connection = peer.connection
    if case.stream_id is None:
        assert connection.fault is not None
        assert connection.fault.error_code is case.code, connection.fault
        assert answer[-1].kind == "GOAWAY"
        assert answer[-1].code is case.code
        assert connection.should_close
        assert connection.open_stream_count == 0
        assert all(len(heard.ends) == 1 for heard in peer.streams.values())
        return
    assert connection.fault is None, connection.fault
    resets = [each for each in answer if each.kind == "RST_STREAM"]
    assert [(each.stream_id, each.code) for each in resets] == [(case.stream_id, case.code)]
    assert "GOAWAY" not in kinds(answer)
    pong = peer.send(frame("PING", 0, b"still up"))
    assert [(each.kind, each.flags) for each in pong] == [("PING", 1)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_server_answers_as_the_rfc_says(case: Case) -> None:
    peer = peer_of(case)
    check(case, peer, peer.send(case.sent))


@pytest.mark.parametrize(
    "case", [case for case in CASES if len(case.sent) < 2_000], ids=lambda case: case.name
)
def test_and_byte_by_byte_too(case: Case) -> None:
    peer = peer_of(case)
    answer = []
    for octet in case.sent:
        answer += peer.send(bytes((octet,)))
    check(case, peer, answer)


@pytest.mark.parametrize("case", RESPONSE_CASES, ids=lambda case: case.name)
def test_a_client_answers_as_the_rfc_says(case: Case) -> None:
    peer = client_peer()
    check(case, peer, peer.send(case.sent))


def test_the_corpus_has_no_two_cases_of_one_name() -> None:
    for corpus in (CASES, RESPONSE_CASES):
        names = [case.name for case in corpus]
        assert len(names) == len(set(names))


def test_nothing_is_read_after_a_fault() -> None:
    peer = server()
    peer.send(frame("DATA", 0, b"x"))
    assert peer.send(frame("PING", 0, bytes(8))) == []
    assert peer.connection.buffered_bytes == 0


def test_the_goaway_names_the_last_stream_that_was_looked_at() -> None:
    peer = server()
    (goaway,) = peer.send(headers(1), headers(5), frame("DATA", 0, b"x"))
    assert goaway.number == 5
