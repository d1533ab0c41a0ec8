"""Proofs: true for the one secret, the one side and the one pair of greetings only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ranvier.mesh.errors import (
    BrokenLink,
    ClusterSecretDiffers,
    ClusterSecretMissing,
    LinkToItself,
    OtherNode,
)
from ranvier.mesh.greetings import expect_meant, greeting_from, hello_of
from ranvier.mesh.proof import DIALLED, DIALLER, Greeting, digest, is_proven
from ranvier.mesh.trust import Trust
from ranvier.proto.ranvier import mesh_pb2
from ranvier.security.secret import Secret

A = Greeting("id-a", "a", 1, bytes(32))
B = Greeting("id-b", "b", 2, bytes(range(32)))
SECRET = Secret("one text for all")


def trust(secret: Secret | None, *, is_on_loopback: bool = True) -> Trust:
    return Trust(lambda: secret, is_on_loopback=is_on_loopback)


def test_a_proof_is_true_for_its_own_link_only() -> None:
    proof = digest(SECRET, DIALLER, A, B)
    assert is_proven(SECRET, DIALLER, (A, B), proof)


@pytest.mark.parametrize(
    ("secret", "label", "greetings"),
    [
        (Secret("another"), DIALLER, (A, B)),
        (SECRET, DIALLED, (A, B)),
        (SECRET, DIALLER, (B, A)),
        (SECRET, DIALLER, (A, replace(B, nonce=bytes(32)))),
        (SECRET, DIALLER, (replace(A, node_id="id-c"), B)),
        (SECRET, DIALLER, (replace(A, incarnation=9), B)),
        (SECRET, DIALLER, (replace(A, node_id="id-", name="aa"), B)),
    ],
)
def test_a_proof_is_false_for_any_other(
    secret: Secret, label: bytes, greetings: tuple[Greeting, Greeting]
) -> None:
    assert not is_proven(secret, label, greetings, digest(SECRET, DIALLER, A, B))


@pytest.mark.parametrize(
    ("ours", "theirs", "is_believed"),
    [
        (SECRET, SECRET, True),
        (SECRET, Secret("another"), False),
        (SECRET, None, False),
        (None, SECRET, False),
        (None, None, True),
    ],
)
def test_both_must_know_the_same_secret_or_none(
    ours: Secret | None, theirs: Secret | None, *, is_believed: bool
) -> None:
    offered = trust(theirs).proof(DIALLER, A, B)
    if is_believed:
        trust(ours).expect_proof(DIALLER, (A, B), offered, "b")
    else:
        with pytest.raises(ClusterSecretDiffers, match="'b' has another cluster secret"):
            trust(ours).expect_proof(DIALLER, (A, B), offered, "b")


@pytest.mark.parametrize(
    ("secret", "is_on_loopback", "host", "is_allowed"),
    [
        (None, True, "127.0.0.1", True),
        (None, True, "localhost", True),
        (None, True, "::1", True),
        (None, True, "192.0.2.1", False),
        (None, True, "box.example.org", False),
        (None, False, "127.0.0.1", False),
        (SECRET, False, "192.0.2.1", True),
    ],
)
def test_without_a_secret_no_link_leaves_the_machine(
    secret: Secret | None, host: str, *, is_on_loopback: bool, is_allowed: bool
) -> None:
    if is_allowed:
        trust(secret, is_on_loopback=is_on_loopback).expect_place(host)
    else:
        with pytest.raises(ClusterSecretMissing, match="set cluster_secret"):
            trust(secret, is_on_loopback=is_on_loopback).expect_place(host)


def test_a_greeting_comes_over_as_it_was_meant() -> None:
    hello = hello_of(A, "1.0", "id-b")
    assert greeting_from(hello) == A
    assert (hello.version, hello.meant_node_id) == ("1.0", "id-b")


@pytest.mark.parametrize(
    "fault",
    [{"nonce": b"short"}, {"node_id": ""}, {"protocol": 0}, {"name": "n" * 256}],
)
def test_a_greeting_that_says_too_little_or_too_much_is_refused(fault: dict[str, object]) -> None:
    hello = hello_of(A, "1.0")
    for name, value in fault.items():
        setattr(hello, name, value)
    with pytest.raises(BrokenLink):
        greeting_from(hello)


def test_a_later_protocol_is_understood_as_far_as_it_can_be() -> None:
    hello = hello_of(A, "9.0")
    hello.protocol = 7
    again = mesh_pb2.Hello.FromString(hello.SerializeToString() + b"\xfa\x7f\x01x")
    assert greeting_from(again) == A


def test_the_node_that_answers_must_be_the_one_that_was_meant() -> None:
    expect_meant(("id-b", "b"), B, "id-a")
    with pytest.raises(OtherNode, match="'c' was dialled, 'b' answers"):
        expect_meant(("id-c", "c"), B, "id-a")
    with pytest.raises(LinkToItself, match="'a' has dialled itself"):
        expect_meant(("id-b", "b"), A, "id-a")
