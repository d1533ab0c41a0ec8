from __future__ import annotations

from ranvier.security.password_hash import MEMORY_KIB, TIME_COST, PasswordHash
from ranvier.security.secret import Secret

QUICK = PasswordHash(1, 8)
PASSWORD = Secret("a quiet green door")


def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    one, other = PasswordHash().of(PASSWORD), PasswordHash().of(PASSWORD)
    assert one != other
    assert one.reveal().startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p=1$")
    assert QUICK.matches(one, PASSWORD)


def test_only_its_password_matches() -> None:
    kept = QUICK.of(PASSWORD)
    assert QUICK.matches(kept, PASSWORD)
    for other in ("", "a quiet green doo", "A quiet green door", "x" * 1024):
        assert not QUICK.matches(kept, Secret(other))


def test_what_is_no_hash_matches_nothing_and_stays() -> None:
    for broken in ("", "nothing", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$12$abcdefghijklmnopqrstuv"):
        assert not QUICK.matches(Secret(broken), PASSWORD)
        assert not QUICK.is_outgrown(Secret(broken))


def test_hashes_are_outgrown_by_more_work_alone() -> None:
    kept = QUICK.of(PASSWORD)
    assert PasswordHash(2, 8).is_outgrown(kept)
    assert PasswordHash(1, 16).is_outgrown(kept)
    assert not QUICK.is_outgrown(kept)
    assert not QUICK.is_outgrown(PasswordHash(2, 16).of(PASSWORD))
