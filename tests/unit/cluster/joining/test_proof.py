from __future__ import annotations

from dataclasses import replace

import pytest

from ranvier.cluster.joining.proof import Handshake, Side, is_proven, prove, secret_key
from ranvier.cluster.joining.token import ID_BYTES, SECRET_BYTES, new_token, read_token

KEY = secret_key("the secret of all")
HANDSHAKE = Handshake("id-b", b"1" * 32, "cluster", b"2" * 32)


def test_whoever_knows_the_secret_proves_it() -> None:
    for side in Side:
        assert is_proven(prove(KEY, side, HANDSHAKE), KEY, side, HANDSHAKE)


@pytest.mark.parametrize(
    "other",
    [
        replace(HANDSHAKE, joiner_id="id-c"),
        replace(HANDSHAKE, joiner_nonce=b"3" * 32),
        replace(HANDSHAKE, cluster_id="other"),
        replace(HANDSHAKE, cluster_nonce=b"3" * 32),
        # The same bytes cut at another place.
        replace(HANDSHAKE, joiner_id="id-b1", joiner_nonce=b"1" * 31),
    ],
)
def test_a_proof_is_good_for_one_handshake(other: Handshake) -> None:
    assert not is_proven(prove(KEY, Side.JOINER, HANDSHAKE), KEY, Side.JOINER, other)


def test_a_proof_is_good_for_one_side_and_one_secret() -> None:
    proof = prove(KEY, Side.JOINER, HANDSHAKE)
    assert not is_proven(proof, KEY, Side.CLUSTER, HANDSHAKE)
    assert not is_proven(proof, secret_key("another"), Side.JOINER, HANDSHAKE)
    assert not is_proven(b"", KEY, Side.JOINER, HANDSHAKE)


def test_a_token_is_read_as_it_was_written() -> None:
    text, token = new_token(bytes(range(ID_BYTES + SECRET_BYTES)))
    assert read_token(f" {text}\n") == token
    assert token.token_id == "000102030405"
    assert len(token.digest) == 32
    assert new_token(bytes(ID_BYTES + SECRET_BYTES))[1] != token


@pytest.mark.parametrize("text", ["", "abc", "g" * 12 + "." + "0" * 48, "0" * 12 + "." + "0" * 47])
def test_what_never_was_a_token_is_none(text: str) -> None:
    assert read_token(text) is None
