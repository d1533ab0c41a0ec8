from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

import pytest

from ranvier.access.errors import SignInDelayed, SignInRefused, TooManySignIns
from ranvier.access.sign_in_delay import ADDRESS_RULE, USER_RULE
from ranvier.access.user_name import read_user_name
from ranvier.security.password_hash import PasswordHash
from ranvier.security.secret import Secret
from ranvier.services import sign_in
from ranvier.services.check_passwords import CheckPasswords
from ranvier.services.identities import Identity, PasswordProof
from ranvier.services.sign_in import SignIn
from tests.support.memory_users import QUICK, MemoryAccess

PASSWORD = "a quiet green door"  # nobody's


def proof(
    name: str = "anna", password: str = PASSWORD, address: str = "192.0.2.1"
) -> PasswordProof:
    return PasswordProof(name, Secret(password), address)


@pytest.fixture
async def access() -> AsyncIterator[MemoryAccess]:
    access = MemoryAccess()
    await access.passwords.start()
    await access.users.add(read_user_name("Anna"), QUICK.of(Secret(PASSWORD)))
    yield access
    await access.passwords.stop()


async def test_the_right_password_tells_who_it_is(access: MemoryAccess) -> None:
    assert await access.sign_in.identify(proof("ANNA")) == Identity("Anna")
    assert access.users.users["anna"].signed_in_at_ms is not None
    assert access.counted == ["succeeded"]


@pytest.mark.parametrize(
    "wrong",
    [
        proof(password="another door"),
        proof(password=""),
        proof(password="x" * 5000),
        proof(password="\ud800"),
        proof("nobody"),
        proof("nobody\n"),
        proof("\ud800"),
        proof("x" * 100_000),
    ],
)
async def test_everything_else_is_refused_in_the_same_words(
    access: MemoryAccess, wrong: PasswordProof
) -> None:
    with pytest.raises(SignInRefused) as refusal:
        await access.sign_in.identify(wrong)
    assert str(refusal.value) == str(SignInRefused())
    assert access.counted == ["refused"]


async def test_a_user_who_does_not_exist_costs_the_same_work(
    access: MemoryAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Secret] = []
    matches = QUICK.matches

    def noted(kept: Secret, password: Secret) -> bool:
        compared.append(kept)
        return matches(kept, password)

    monkeypatch.setattr(QUICK, "matches", noted)
    for each in (proof(password="wrong password"), proof("nobody"), proof("no\nbody")):
        with pytest.raises(SignInRefused):
            await access.sign_in.identify(each)
    costs = {kept.reveal().rpartition("$")[0].rpartition("$")[0] for kept in compared}
    assert (len(compared), len(costs)) == (3, 1)


async def test_failures_are_slowed_and_looked_at_again_after_the_wait(
    access: MemoryAccess,
) -> None:
    for _ in range(USER_RULE.free_failures):
        with pytest.raises(SignInRefused):
            await access.sign_in.identify(proof(password="wrong password"))
    with pytest.raises(SignInDelayed) as delay:
        await access.sign_in.identify(proof())
    assert delay.value.retry_after_seconds == 1
    access.attempts.seconds += 1.0
    assert await access.sign_in.identify(proof()) == Identity("Anna")
    assert await access.sign_in.identify(proof()) == Identity("Anna")


async def test_many_at_one_time_are_no_way_around(access: MemoryAccess) -> None:
    attempts = (access.sign_in.identify(proof(password=f"guess {n}")) for n in range(30))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    looked_at = sum(isinstance(each, SignInRefused) for each in outcomes)
    assert looked_at <= USER_RULE.free_failures
    assert sum(isinstance(each, SignInDelayed) for each in outcomes) == 30 - looked_at


async def test_strangers_keep_nobody_from_where_they_have_signed_in(access: MemoryAccess) -> None:
    await access.sign_in.identify(proof())
    for number in range(2, 20):
        with pytest.raises((SignInRefused, SignInDelayed)):
            await access.sign_in.identify(proof(password="guess", address=f"192.0.2.{number}"))
    with pytest.raises(SignInDelayed):
        await access.sign_in.identify(proof(address="192.0.2.20"))
    assert await access.sign_in.identify(proof()) == Identity("Anna")


async def test_an_address_that_tries_many_names_is_slowed(access: MemoryAccess) -> None:
    for number in range(ADDRESS_RULE.free_failures):
        with pytest.raises(SignInRefused):
            await access.sign_in.identify(proof(f"user-{number}"))
    with pytest.raises(SignInDelayed):
        await access.sign_in.identify(proof())
    assert await access.sign_in.identify(proof(address="192.0.2.2")) == Identity("Anna")


async def test_who_signs_in_counts_not_against_the_address(access: MemoryAccess) -> None:
    for _ in range(ADDRESS_RULE.free_failures + 5):
        await access.sign_in.identify(proof())


async def test_a_password_that_changes_meanwhile_is_none(
    access: MemoryAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = access.passwords.matches

    async def changed_meanwhile(kept: Secret | None, password: Secret) -> bool:
        found = await matches(kept, password)
        await access.users.change_password("anna", QUICK.of(Secret("another green door")))
        return found

    monkeypatch.setattr(access.passwords, "matches", changed_meanwhile)
    with pytest.raises(SignInRefused):
        await access.sign_in.identify(proof())


async def test_a_hash_of_less_work_is_made_anew(access: MemoryAccess) -> None:
    stronger = CheckPasswords(PasswordHash(2, 16), bytes)
    await stronger.start()
    signing = SignIn(access.users, access.attempts, stronger, access.counted.append)
    weak = access.users.users["anna"].password_hash
    await signing.identify(proof())
    strong = access.users.users["anna"].password_hash
    assert stronger.is_outgrown(weak)
    assert not stronger.is_outgrown(strong)
    await access.sign_in.identify(proof())
    assert access.users.users["anna"].password_hash == strong
    await stronger.stop()


class Gate(PasswordHash):
    """Works only when it is let."""

    def __init__(self) -> None:
        super().__init__(1, 8)
        self.opened = threading.Event()
        self.opened.set()

    def matches(self, kept: Secret, password: Secret) -> bool:
        assert self.opened.wait(30)
        return super().matches(kept, password)


async def test_more_than_may_wait_are_turned_away_at_once() -> None:
    access, gate = MemoryAccess(), Gate()
    passwords = CheckPasswords(gate, bytes, waiting_most=3)
    await passwords.start()
    await access.users.add(read_user_name("Anna"), gate.of(Secret(PASSWORD)))
    signing = SignIn(access.users, access.attempts, passwords, access.counted.append)
    gate.opened.clear()
    kept = access.users.users["anna"].password_hash
    waiting = [asyncio.create_task(passwords.matches(kept, Secret(PASSWORD))) for _ in range(3)]
    await asyncio.sleep(0)
    assert passwords.waiting == 3
    with pytest.raises(TooManySignIns) as refusal:
        await signing.identify(proof())
    assert refusal.value.retry_after_seconds > 0
    assert access.counted == ["turned away"]
    gate.opened.set()
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await signing.identify(proof()) == Identity("Anna")
    await passwords.stop()


async def test_lookups_at_one_time_are_bounded_too(
    access: MemoryAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "AT_ONE_TIME_MOST", 0)
    with pytest.raises(TooManySignIns):
        await access.sign_in.identify(proof())


async def test_no_log_has_a_password_or_a_name_that_nobody_has(
    access: MemoryAccess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await access.sign_in.identify(proof())
    for each in (proof(password="my secret guess"), proof("my-password-in-the-wrong-field")):
        with pytest.raises(SignInRefused):
            await access.sign_in.identify(each)
    assert "Anna has signed in from 192.0.2.1." in caplog.text
    assert "A sign-in of Anna from 192.0.2.1 was refused." in caplog.text
    assert "A sign-in of somebody unknown from 192.0.2.1 was refused." in caplog.text
    for kept_back in (PASSWORD, "my secret guess", "my-password-in-the-wrong-field"):
        assert kept_back not in caplog.text
