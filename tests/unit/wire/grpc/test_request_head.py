from __future__ import annotations

import pytest

from ranvier.wire.grpc.request_head import MEMO_ENTRIES, HeadMemo, Refusal
from ranvier.wire.http2.headers import HeaderPairs

METHODS = {b"/a.B/C": "the method"}


def request(**changes: bytes) -> HeaderPairs:
    fields = {
        ":method": b"POST",
        ":scheme": b"http",
        ":path": b"/a.B/C",
        "te": b"trailers",
        "content-type": b"application/grpc",
    }
    fields |= {name.replace("__", ":").replace("_", "-"): value for name, value in changes.items()}
    return tuple((name.encode(), value) for name, value in fields.items())


def refused(headers: HeaderPairs) -> dict[bytes, bytes]:
    with pytest.raises(Refusal) as caught:
        HeadMemo(METHODS).read(headers)
    return dict(caught.value.answer)


def test_a_plain_call_is_read() -> None:
    head = HeadMemo(METHODS).read(request())
    assert (head.path, head.method) == ("/a.B/C", "the method")
    assert (head.timeout_seconds, head.inflate) == (None, None)


def test_timeout_and_compression_are_read() -> None:
    head = HeadMemo(METHODS).read(request(grpc_timeout=b"250m", grpc_encoding=b"gzip"))
    assert head.timeout_seconds == 0.25
    assert head.inflate is not None


@pytest.mark.parametrize("content_type", [b"application/grpc+proto", b"application/grpc;x=y"])
def test_other_forms_of_the_content_type_are_accepted(content_type: bytes) -> None:
    assert HeadMemo(METHODS).read(request(content_type=content_type)).method == "the method"


@pytest.mark.parametrize(
    "content_type", [b"", b"application/json", b"application/grpc-web", b"application/grpcx"]
)
def test_what_is_no_grpc_gets_http_415(content_type: bytes) -> None:
    assert refused(request(content_type=content_type))[b":status"] == b"415"


def test_another_verb_gets_http_405() -> None:
    assert refused(request(__method=b"GET"))[b":status"] == b"405"


def test_an_unknown_method_is_unimplemented() -> None:
    answer = refused(request(__path=b"/a.B/D"))
    assert (answer[b":status"], answer[b"grpc-status"]) == (b"200", b"12")


def test_an_unknown_compression_is_unimplemented_and_told_what_is_known() -> None:
    answer = refused(request(grpc_encoding=b"snappy"))
    assert answer[b"grpc-status"] == b"12"
    assert answer[b"grpc-accept-encoding"] == b"identity,deflate,gzip"


def test_a_malformed_timeout_is_an_error_of_the_protocol() -> None:
    assert refused(request(grpc_timeout=b"soon"))[b"grpc-status"] == b"13"


def test_the_same_headers_give_the_same_head_without_reading() -> None:
    memo = HeadMemo(METHODS)
    headers = request()
    head = memo.read(headers)
    known = memo.recall(id(headers))
    assert known is not None
    assert known[0] is headers
    assert known[1] is memo.read(headers) is head


def test_headers_that_differ_in_metadata_alone_share_a_head() -> None:
    memo = HeadMemo(METHODS)
    assert memo.read(request(x_trace=b"1")) is memo.read(request(x_trace=b"2"))


def test_both_memos_are_bounded_and_stay_right() -> None:
    memo = HeadMemo(METHODS)
    kept = []
    for number in range(5 * MEMO_ENTRIES):
        headers = request(grpc_timeout=b"%dS" % number)
        kept.append(headers)
        assert memo.read(headers).timeout_seconds == number
    assert sum(memo.recall(id(headers)) is not None for headers in kept) <= MEMO_ENTRIES
    assert all(memo.read(headers).timeout_seconds == n for n, headers in enumerate(kept))


def test_a_deadline_is_never_remembered_as_a_point_in_time() -> None:
    memo = HeadMemo(METHODS)
    headers = request(grpc_timeout=b"1S")
    assert memo.read(headers).timeout_seconds == memo.read(headers).timeout_seconds == 1
