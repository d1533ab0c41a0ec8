from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ranvier.access.errors import (
    InvalidUserName,
    LastUser,
    PasswordRefused,
    SignInRefused,
    TooManyUsers,
    UnknownUser,
    UserExists,
)
from ranvier.security.secret import Secret
from ranvier.services.administer_users import refuse
from ranvier.services.identities import PasswordProof
from ranvier.storage.local_users import UserChange
from tests.support.memory_users import MemoryAccess

PASSWORD, OTHER = Secret("a quiet green door"), Secret("a loud yellow door")


def proof(name: str, password: Secret) -> PasswordProof:
    return PasswordProof(name, password, "192.0.2.1")


@pytest.fixture
async def access() -> AsyncIterator[MemoryAccess]:
    access = MemoryAccess()
    await access.passwords.start()
    yield access
    await access.passwords.stop()


async def test_a_user_is_made_and_signs_in(access: MemoryAccess) -> None:
    user = await access.administer.add("Anna", PASSWORD)
    assert user.name.shown == "Anna"
    assert (await access.sign_in.identify(proof("anna", PASSWORD))).user == "Anna"
    assert [each.name.shown for each in await access.administer.listed()] == ["Anna"]


async def test_what_cannot_be_made_is_refused(access: MemoryAccess) -> None:
    await access.administer.add("Anna", PASSWORD)
    with pytest.raises(UserExists):
        await access.administer.add("ANNA", PASSWORD)
    with pytest.raises(InvalidUserName):
        await access.administer.add("a/b", PASSWORD)
    with pytest.raises(PasswordRefused):
        await access.administer.add("bert", Secret("short"))
    for change, error in (
        (UserChange.TAKEN, UserExists),
        (UserChange.FULL, TooManyUsers),
        (UserChange.UNKNOWN, UnknownUser),
        (UserChange.LAST, LastUser),
    ):
        with pytest.raises(error):
            refuse(change, "anna")
    refuse(UserChange.DONE, "anna")


async def test_the_last_user_stays_and_keeps_its_sessions(access: MemoryAccess) -> None:
    await access.administer.add("Anna", PASSWORD)
    with pytest.raises(LastUser):
        await access.administer.remove("anna")
    with pytest.raises(UnknownUser):
        await access.administer.remove("bert")
    assert access.ended == []


async def test_removing_and_another_password_end_the_sessions(access: MemoryAccess) -> None:
    await access.administer.add("Anna", PASSWORD)
    await access.administer.add("Bert", PASSWORD)
    await access.administer.set_password("anna", OTHER)
    assert access.ended == ["Anna", "Anna"]
    with pytest.raises(SignInRefused):
        await access.sign_in.identify(proof("anna", PASSWORD))
    await access.administer.remove("bert")
    assert access.ended[2:] == ["Bert", "Bert"]
    await access.administer.sign_out("anna")
    assert access.ended[4:] == ["Anna"]


async def test_a_password_that_is_refused_ends_nothing(access: MemoryAccess) -> None:
    await access.administer.add("Anna", PASSWORD)
    with pytest.raises(PasswordRefused):
        await access.administer.set_password("anna", Secret("short"))
    with pytest.raises(UnknownUser):
        await access.administer.set_password("no\nbody", OTHER)
    assert access.ended == []


async def test_users_change_their_own_by_the_present_one(access: MemoryAccess) -> None:
    await access.administer.add("Anna", PASSWORD)
    with pytest.raises(SignInRefused):
        await access.administer.change_own(access.sign_in, proof("Anna", OTHER), OTHER)
    with pytest.raises(PasswordRefused):
        await access.administer.change_own(access.sign_in, proof("Anna", PASSWORD), Secret("x"))
    assert access.ended == []
    await access.administer.change_own(access.sign_in, proof("Anna", PASSWORD), OTHER)
    assert await access.sign_in.identify(proof("Anna", OTHER))
