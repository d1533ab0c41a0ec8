"""Who is believed: the right-most hop that is no balancer of ours, and nothing left of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.web.errors import ForwardedUnreadable
from ranvier.web.forwarded_origin import (
    Origin,
    forwarded_origin,
    read_node,
    tells_origin,
    x_forwarded_origin,
)

BALANCERS = {"10.0.0.1", "10.0.0.2", "fd00::1"}


def trusts(address: str) -> bool:
    return address in BALANCERS


def x_told(**headers: str) -> Origin:
    pairs = [
        (f"x-forwarded-{name.rstrip('2')}".encode(), value.encode())
        for name, value in headers.items()
    ]
    return x_forwarded_origin(pairs, trusts)


def told(*lines: str) -> Origin:
    return forwarded_origin([(b"forwarded", line.encode()) for line in lines], trusts)


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("192.0.2.1", ("192.0.2.1", 0)),
        ("192.0.2.1:4711", ("192.0.2.1", 4711)),
        ("2001:db8::1", ("2001:db8::1", 0)),
        ("[2001:DB8::1]", ("2001:db8::1", 0)),
        ("[2001:db8::1]:4711", ("2001:db8::1", 4711)),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
        ("192.0.2", None),
        ("192.0.2.1:99999", None),
        ("192.0.2.1:", None),
        ("2001:db8::1]:1", None),
        ("host.example.org", None),
        ("192.0.2.1\n", None),
        ("fe80::1%eth0", None),
    ],
)
def test_how_a_hop_is_read(text: str, client: tuple[str, int] | None) -> None:
    assert read_node(text) == client


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        # The client wrote the first one itself.
        ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("192.0.2.1,10.0.0.2,10.0.0.1", "192.0.2.1"),
        ("10.0.0.1, 192.0.2.1", "192.0.2.1"),
        # All are ours: the first of them is where it began.
        ("10.0.0.2, 10.0.0.1", "10.0.0.2"),
        ("unknown, 10.0.0.1", "10.0.0.1"),
        ("6.6.6.6, rubbish, 10.0.0.2", "10.0.0.2"),
        ("rubbish", None),
        ("", None),
        ("192.0.2.1,", None),
        ("6.6.6.6," * 1000 + "192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_right_most_stranger_is_the_client(hops: str, client: str | None) -> None:
    expected = None if client is None else (client, 0)
    assert x_told(**{"for": hops}).client == expected


def test_several_lines_are_one_list() -> None:
    lines = [(b"x-forwarded-for", b"6.6.6.6, 192.0.2.1"), (b"x-forwarded-for", b"10.0.0.2")]
    assert x_forwarded_origin(lines, trusts).client == ("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, Origin()),
        ({"proto": "https"}, Origin(scheme="https")),
        ({"proto": "HTTPS", "port": "8443"}, Origin(scheme="https", port=8443)),
        ({"proto": "wss"}, Origin(scheme="https")),
        ({"proto": "javascript"}, Origin()),
        ({"host": "www.example.org:8443"}, Origin(host="www.example.org:8443", port=8443)),
        ({"host": "[2001:db8::1]:8443"}, Origin(host="[2001:db8::1]:8443", port=8443)),
        ({"host": "a.example/../b"}, Origin()),
        ({"host": "a@b"}, Origin()),
        ({"host": "a:99999"}, Origin()),
        ({"port": "0"}, Origin()),
        ({"port": "65536"}, Origin()),
        ({"port": "-1"}, Origin()),
        # As many as hops: each belongs to its hop; the client's is the one that counts.
        (
            {"for": "6.6.6.6, 192.0.2.1, 10.0.0.2", "proto": "http, https, http"},
            Origin(("192.0.2.1", 0), "https"),
        ),
        (
            {"for": "6.6.6.6, 192.0.2.1", "host": "evil.example, www.example.org"},
            Origin(("192.0.2.1", 0), host="www.example.org"),
        ),
        # Fewer or more: the nearest balancer's.
        (
            {"for": "6.6.6.6, 192.0.2.1, 10.0.0.2", "proto": "http, https"},
            Origin(("192.0.2.1", 0), "https"),
        ),
    ],
)
def test_scheme_host_and_port(headers: dict[str, str], origin: Origin) -> None:
    assert x_told(**headers) == origin


@pytest.mark.parametrize(
    ("lines", "origin"),
    [
        ([], Origin()),
        (["for=192.0.2.1"], Origin(("192.0.2.1", 0))),
        (["for=6.6.6.6, for=192.0.2.1"], Origin(("192.0.2.1", 0))),
        (
            ["for=192.0.2.1;proto=https;host=www.example.org, for=10.0.0.1;proto=http"],
            Origin(("192.0.2.1", 0), "https", "www.example.org"),
        ),
        (['for="[2001:db8::1]:4711"', "for=10.0.0.2"], Origin(("2001:db8::1", 4711))),
        (["for=unknown;proto=https"], Origin(scheme="https")),
        (["for=6.6.6.6;proto=https, for=_hidden"], Origin()),
        (['for="6.6.6.6, for=192.0.2.1"'], Origin()),
    ],
)
def test_the_standard_header(lines: list[str], origin: Origin) -> None:
    assert told(*lines) == origin


def test_a_header_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(ForwardedUnreadable):
        told('for="6.6.6.6', "for=192.0.2.1")


def test_neither_family_hears_the_other() -> None:
    pairs = [(b"forwarded", b"for=6.6.6.6"), (b"x-forwarded-for", b"192.0.2.1")]
    assert x_forwarded_origin(pairs, trusts).client == ("192.0.2.1", 0)
    assert forwarded_origin(pairs, trusts).client == ("6.6.6.6", 0)


@pytest.mark.parametrize("name", [b"forwarded", b"x-forwarded-for", b"x-forwarded-x", b"x-real-ip"])
def test_what_only_balancers_may_say(name: bytes) -> None:
    assert tells_origin(name)
    assert not tells_origin(b"x-request-id")


HOPS = st.sampled_from(
    ["192.0.2.1", "10.0.0.1", "10.0.0.2", "6.6.6.6", "unknown", "", "[::1]:1", "fd00::1"]
)


@given(st.lists(HOPS, max_size=12), st.lists(HOPS, max_size=12))
def test_nothing_left_of_a_stranger_counts(left: list[str], right: list[str]) -> None:
    def client(hops: list[str]) -> object:
        return x_told(**{"for": ",".join(hops)}).client

    assert client([*left, "192.0.2.9", *right]) == client(["192.0.2.9", *right])


@given(st.binary(max_size=300), st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_give_an_origin(hops: bytes, proto: bytes, host: bytes) -> None:
    pairs = [(b"x-forwarded-for", hops), (b"x-forwarded-proto", proto)]
    origin = x_forwarded_origin([*pairs, (b"x-forwarded-host", host)], trusts)
    assert origin.scheme in (None, "http", "https")
    assert origin.host is None or origin.host.isascii()
