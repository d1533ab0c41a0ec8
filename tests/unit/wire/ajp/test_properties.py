"""What holds for every request: it comes back as it was written, however its bytes are cut."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.ajp_packets import Answer, Forwarded, body_part, forward_request
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.connection import BodyPart, Connection, Event
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request import Request
from ranvier.wire.ajp.request_reader import (
    METHOD,
    PROTOCOL,
    QUERY,
    TELLING_OTHERWISE,
    TELLING_OTHERWISE_PREFIX,
    URI,
    read_request,
)
from ranvier.wire.ajp.response_packets import NOT_FORWARDED, body_chunks, response_head

LIMITS = AjpLimits(packet_bytes=65536, head_bytes=65536, header_count=20)

TEXTS = st.binary(max_size=40)
NAMES = (
    st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,80}", fullmatch=True)
    .map(bytes.lower)
    .filter(lambda name: name not in {b"content-length", b"transfer-encoding"})
    .filter(lambda name: name not in TELLING_OTHERWISE)
    .filter(lambda name: not name.startswith(TELLING_OTHERWISE_PREFIX))
)
VALUES = st.from_regex(rb"[\t -~\x80-\xff]{0,60}", fullmatch=True)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=15)
CODED = st.sampled_from([1, 2, 3, 4, 6, 7, 8, 9, 12])


@st.composite
def forwarded(draw: st.DrawFn) -> Forwarded:
    coded = draw(st.dictionaries(CODED, TEXTS))
    if draw(st.booleans()):
        coded[codes.QUERY_STRING] = draw(st.from_regex(QUERY, fullmatch=True))
    method = draw(
        st.sampled_from(list(codes.METHODS.values()))
        | st.from_regex(METHOD, fullmatch=True).map(bytes.decode)
    )
    return Forwarded(
        method=method,
        uri=draw(st.from_regex(URI, fullmatch=True)),
        protocol=draw(st.from_regex(PROTOCOL, fullmatch=True)),
        remote_address=draw(st.none() | TEXTS),
        remote_host=draw(st.none() | TEXTS),
        server_name=draw(st.none() | TEXTS),
        server_port=draw(st.integers(0, 65535)),
        is_tls=draw(st.booleans()),
        headers=draw(HEADERS),
        coded=coded,
        named=draw(st.dictionaries(TEXTS, TEXTS, max_size=4)),
        tls_key_bits=draw(st.none() | st.integers(0, 65535)),
    )


@given(forwarded())
def test_a_request_comes_back_as_it_was_written(written: Forwarded) -> None:
    read = read_request(forward_request(written)[4:], LIMITS)
    coded = dict(read.coded)
    coded.pop(codes.STORED_METHOD_NAME, None)
    assert read._replace(coded=coded) == Request(
        method=written.method,
        protocol=written.protocol,
        uri=written.uri,
        remote_address=written.remote_address,
        remote_host=written.remote_host,
        server_name=written.server_name,
        server_port=written.server_port,
        is_tls=written.is_tls,
        headers=list(written.headers),
        coded=written.coded,
        named=written.named,
        tls_key_bits=written.tls_key_bits,
        content_length=None,
        is_chunked=False,
    )


@given(st.integers(100, 999), HEADERS, st.binary(max_size=30_000))
def test_an_answer_comes_back_as_it_was_written(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    answer = Answer()
    answer.take_head(response_head(status, headers, 8192)[4:])
    sent = body_chunks(body, 8192)
    while sent:
        size = int.from_bytes(sent[2:4], "big")
        answer.take_part(sent[4 : size + 4])
        sent = sent[size + 4 :]
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers == [each for each in headers if each[0] not in NOT_FORWARDED]


@settings(max_examples=25)
@given(
    st.lists(st.tuples(forwarded(), st.binary(max_size=300)), min_size=1, max_size=3),
    st.lists(st.integers(1, 400), min_size=1, max_size=20),
)
def test_it_does_not_matter_how_the_bytes_are_cut(
    requests: list[tuple[Forwarded, bytes]], cuts: list[int]
) -> None:
    whole, cut = Connection(LIMITS), Connection(LIMITS)
    for request, body in requests:
        headers = [*request.headers, (b"content-length", b"%d" % len(body))]
        data = forward_request(Forwarded("POST", request.uri, headers=headers))
        if body:
            data += body_part(body)
        expected = whole.receive_data(data)
        found: list[Event] = []
        position, turn = 0, 0
        while position < len(data):
            size = cuts[turn % len(cuts)]
            found += cut.receive_data(data[position : position + size])
            position, turn = position + size, turn + 1
        assert found == expected
        assert b"".join(each.body for each in found if isinstance(each, BodyPart)) == body
        for connection in (whole, cut):
            connection.end_response(reuse=True)
