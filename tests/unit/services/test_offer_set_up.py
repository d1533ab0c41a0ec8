from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator

import pytest

from ranvier.access.errors import PasswordRefused, SetUpRefused
from ranvier.access.set_up_secret import new_secret
from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.local_users import UserChange
from tests.support.memory_users import QUICK, MemoryAccess

PASSWORD = Secret("a quiet green door")
SECRET = Secret(new_secret(bytes(20)))


@pytest.fixture
async def access() -> AsyncIterator[MemoryAccess]:
    access = MemoryAccess()
    await access.passwords.start()
    yield access
    await access.set_up.stop()
    await access.passwords.stop()


async def test_the_secret_is_told_once_and_makes_the_first_user(
    access: MemoryAccess, caplog: pytest.LogCaptureFixture
) -> None:
    await access.set_up.start()
    await access.set_up.start()
    (told,) = re.findall(r"([0-9a-f]{8}(?:-[0-9a-f]{8}){4})$", caplog.text, re.MULTILINE)
    assert "was shown when a node first offered it" in caplog.text
    assert await access.set_up.is_open()
    assert (await access.set_up.set_up(Secret(told), "Anna", PASSWORD)).user == "Anna"
    assert not await access.set_up.is_open()
    (first,) = await access.users.listed()
    assert first.signed_in_at_ms is not None
    with pytest.raises(SetUpRefused):
        await access.set_up.set_up(Secret(told), "Bert", PASSWORD)


async def test_another_secret_is_refused_without_any_hashing(
    access: MemoryAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await access.set_up.start()
    hashed: list[Secret] = []
    monkeypatch.setattr(QUICK, "of", hashed.append)
    with pytest.raises(SetUpRefused):
        await access.set_up.set_up(Secret("another"), "Anna", PASSWORD)
    assert hashed == []


async def test_a_refused_password_leaves_the_secret_of_use(access: MemoryAccess) -> None:
    await access.set_up.start()
    with pytest.raises(PasswordRefused):
        await access.set_up.set_up(SECRET, "Anna", Secret("short"))
    assert await access.set_up.set_up(SECRET, "Anna", PASSWORD)


async def test_of_two_one_is_first(access: MemoryAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    await access.set_up.start()

    async def late(*_: object) -> UserChange:
        return UserChange.REFUSED

    monkeypatch.setattr(access.users, "set_up", late)
    with pytest.raises(SetUpRefused):
        await access.set_up.set_up(SECRET, "Anna", PASSWORD)


async def test_nothing_is_offered_without_access_control_or_need(
    access: MemoryAccess, caplog: pytest.LogCaptureFixture
) -> None:
    access.is_controlled = False
    await access.set_up.start()
    assert not await access.set_up.is_open()
    with pytest.raises(SetUpRefused):
        await access.set_up.set_up(SECRET, "Anna", PASSWORD)
    access.is_controlled = True
    await access.users.add(read_user_name("Anna"), QUICK.of(PASSWORD))
    await access.set_up.start()
    assert caplog.text == ""


async def test_it_is_offered_when_access_control_is_turned_on(
    access: MemoryAccess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.ERROR)

    async def away() -> int:
        raise StorageUnavailable("it is away")

    with monkeypatch.context() as patched:
        patched.setattr(access.users, "count", away)
        await access.set_up.look_again()
    assert "could not be offered" in caplog.text
    assert not await access.set_up.is_open()
    await access.set_up.look_again()
    assert await access.set_up.is_open()
