from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ranvier.access.user_name import read_user_name
from ranvier.security.secret import Secret
from ranvier.storage.database import Database
from ranvier.storage.local_users import UserChange
from tests.support.databases import MakeDatabase, opened

ANNA, BERT = read_user_name("Anna"), read_user_name("bert")
HASH, OTHER = Secret("hash-1"), Secret("hash-2")
DIGEST = bytes(range(32))


async def test_nobody_is_there_at_first(database: Database) -> None:
    assert await database.local_users.count() == 0
    assert await database.local_users.find("anna") is None
    assert await database.local_users.listed() == []


async def test_a_user_is_kept_as_given_and_found_by_key(database: Database) -> None:
    users = database.local_users
    assert await users.add(BERT, OTHER) is UserChange.DONE
    assert await users.add(ANNA, HASH) is UserChange.DONE
    found = await users.find("anna")
    assert found is not None
    assert (found.name, found.password_hash, found.signed_in_at_ms) == (ANNA, HASH, None)
    assert found.created_at_ms == found.password_changed_at_ms > 1_700_000_000_000
    assert [each.name for each in await users.listed()] == [ANNA, BERT]
    assert await users.count() == 2


async def test_one_name_is_given_once(database: Database) -> None:
    users = database.local_users
    changes = await asyncio.gather(*(users.add(ANNA, Secret(f"hash-{n}")) for n in range(6)))
    assert sorted(each.value for each in changes) == ["done", *["taken"] * 5]
    assert await users.count() == 1


async def test_users_are_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for implementation in ("sqlite", "postgres"):
        monkeypatch.setattr(f"ranvier.storage.{implementation}.local_users.USERS_MOST", 1)
    await database.local_users.add(ANNA, HASH)
    assert await database.local_users.add(BERT, HASH) is UserChange.FULL


async def test_a_password_is_replaced(database: Database) -> None:
    users = database.local_users
    await users.add(ANNA, HASH)
    assert await users.change_password("anna", OTHER)
    found = await users.find("anna")
    assert found is not None
    assert found.password_hash == OTHER
    assert found.password_changed_at_ms >= found.created_at_ms
    assert not await users.change_password("bert", OTHER)


async def test_a_hash_is_replaced_only_if_it_is_still_that_one(database: Database) -> None:
    users = database.local_users
    await users.add(ANNA, HASH)
    assert await users.change_password("anna", OTHER, HASH)
    assert not await users.change_password("anna", Secret("hash-3"), HASH)
    found = await users.find("anna")
    assert found is not None
    assert found.password_hash == OTHER


async def test_a_sign_in_is_noted_under_the_password_that_was_checked(database: Database) -> None:
    users = database.local_users
    await users.add(ANNA, HASH)
    assert await users.signed_in("anna", HASH)
    found = await users.find("anna")
    assert found is not None
    assert found.signed_in_at_ms is not None
    assert not await users.signed_in("anna", OTHER)
    assert not await users.signed_in("bert", HASH)


async def test_the_last_user_stays(database: Database) -> None:
    users = database.local_users
    await users.add(ANNA, HASH)
    assert await users.remove("bert") is UserChange.UNKNOWN
    assert await users.remove("anna") is UserChange.LAST
    await users.add(BERT, HASH)
    assert await users.remove("anna") is UserChange.DONE
    assert [each.name for each in await users.listed()] == [BERT]


async def test_of_removals_at_one_time_one_user_is_left(database: Database) -> None:
    users = database.local_users
    names = [read_user_name(f"user-{n}") for n in range(4)]
    for name in names:
        await users.add(name, HASH)
    changes = await asyncio.gather(*(users.remove(name.key) for name in names))
    assert changes.count(UserChange.DONE) == 3
    assert changes.count(UserChange.LAST) == 1


async def test_one_set_up_secret_is_kept(database: Database) -> None:
    users = database.local_users
    offers = await asyncio.gather(*(users.offer_set_up(bytes([n]) * 32) for n in range(4)))
    assert sorted(offers) == [False, False, False, True]


async def test_no_set_up_where_there_is_a_user(database: Database) -> None:
    await database.local_users.add(ANNA, HASH)
    assert not await database.local_users.offer_set_up(DIGEST)


async def test_the_set_up_secret_makes_the_first_user_once(database: Database) -> None:
    users = database.local_users
    assert await users.set_up(DIGEST, ANNA, HASH) is UserChange.REFUSED
    assert await users.set_up_digest() is None
    await users.offer_set_up(DIGEST)
    assert await users.set_up_digest() == DIGEST
    assert await users.set_up(bytes(32), ANNA, HASH) is UserChange.REFUSED
    names = [read_user_name(f"user-{n}") for n in range(4)]
    changes = await asyncio.gather(*(users.set_up(DIGEST, each, HASH) for each in names))
    assert sorted(each.value for each in changes) == ["done", *["refused"] * 3]
    assert await users.count() == 1


async def test_the_set_up_secret_ends_with_the_first_user(database: Database) -> None:
    users = database.local_users
    await users.offer_set_up(DIGEST)
    await users.add(ANNA, HASH)
    assert await users.set_up_digest() is None
    assert await users.set_up(DIGEST, BERT, HASH) is UserChange.REFUSED
    assert await users.count() == 1


async def test_users_survive_a_restart(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = await opened(make_database, tmp_path)
    await database.local_users.add(ANNA, HASH)
    await database.stop()
    database = await opened(make_database, tmp_path)
    assert [each.name for each in await database.local_users.listed()] == [ANNA]
    await database.stop()


async def test_hostile_names_are_only_texts(database: Database) -> None:
    name = read_user_name("<b onclick=x>'; DROP TABLE local_user; --</b>".replace("/", "|"))
    await database.local_users.add(name, HASH)
    assert [each.name for each in await database.local_users.listed()] == [name]
