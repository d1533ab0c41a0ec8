from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ranvier.access.set_up_secret import SECRET_BYTES, digest_of, new_secret


@given(st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_a_secret_is_known_again_however_it_was_copied(chance: bytes) -> None:
    secret = new_secret(chance)
    assert len(secret) == 2 * SECRET_BYTES + 4
    for typed in (
        f" {secret}\n",
        secret.upper(),
        secret.replace("-", ""),
        secret.replace("-", " "),
    ):
        assert digest_of(typed) == digest_of(secret)


def test_other_secrets_have_other_digests() -> None:
    assert digest_of(new_secret(bytes(20))) != digest_of(new_secret(bytes(19) + b"\1"))
    assert digest_of("\ud800") != digest_of("")
