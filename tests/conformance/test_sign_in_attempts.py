from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ranvier.access.sign_in_delay import Admission, SeenFailures, admit, subjects_of
from ranvier.storage.database import Database

SUBJECTS = subjects_of("anna", "192.0.2.1")


async def admitted(database: Database) -> Admission:
    return admit(SUBJECTS, await database.sign_in_attempts.seen(SUBJECTS.all()))


async def counts(database: Database) -> list[int]:
    seen = await database.sign_in_attempts.seen(SUBJECTS.all())
    return [seen.get(each, SeenFailures()).count for each in SUBJECTS.all()]


async def test_nobody_has_failed_at_first(database: Database) -> None:
    assert await database.sign_in_attempts.seen(SUBJECTS.all()) == {}
    assert await database.sign_in_attempts.seen([]) == {}


async def test_an_attempt_counts_for_the_user_and_the_address(database: Database) -> None:
    for _ in range(2):
        assert await database.sign_in_attempts.begin(await admitted(database), SUBJECTS.address)
    assert await counts(database) == [2, 0, 2]
    seen = await database.sign_in_attempts.seen([SUBJECTS.user])
    assert 0 <= seen[SUBJECTS.user].age_seconds < 600


async def test_of_attempts_at_one_time_one_is_made(database: Database) -> None:
    admission = await admitted(database)
    attempts = (database.sign_in_attempts.begin(admission, SUBJECTS.address) for _ in range(5))
    assert sum(await asyncio.gather(*attempts)) == 1
    assert await counts(database) == [1, 0, 1]


async def test_success_takes_back_and_makes_the_place_familiar(database: Database) -> None:
    for _ in range(3):
        admission = await admitted(database)
        assert await database.sign_in_attempts.begin(admission, SUBJECTS.address)
    await database.sign_in_attempts.succeeded(admission.subject, SUBJECTS)
    assert await counts(database) == [0, 0, 2]
    seen = await database.sign_in_attempts.seen([SUBJECTS.user_there])
    assert seen[SUBJECTS.user_there].is_familiar


async def test_a_familiar_place_counts_apart_and_stays_familiar(database: Database) -> None:
    attempts = database.sign_in_attempts
    await attempts.succeeded(SUBJECTS.user, SUBJECTS)
    admission = await admitted(database)
    assert admission.subject == SUBJECTS.user_there
    assert await attempts.begin(admission, SUBJECTS.address)
    assert await counts(database) == [0, 1, 1]
    await attempts.succeeded(SUBJECTS.user_there, SUBJECTS)
    seen = await attempts.seen(SUBJECTS.all())
    assert seen[SUBJECTS.user_there].is_familiar
    assert seen[SUBJECTS.user_there].count == 0


async def test_what_is_old_is_swept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = database.sign_in_attempts
    await attempts.succeeded(SUBJECTS.user, SUBJECTS)
    other = subjects_of("bert", "192.0.2.2")
    assert await attempts.begin(Admission(0.0, other.user, 0, 1), other.address)
    for implementation in ("sqlite", "postgres"):
        of = f"ranvier.storage.{implementation}.sign_in_attempts"
        monkeypatch.setattr(f"{of}.STRANGE_KEPT_SECONDS", -3600.0)
    admission = replace(await admitted(database), subject=SUBJECTS.user, seen_count=0)
    assert await attempts.begin(admission, SUBJECTS.address)
    assert await attempts.seen([other.user, SUBJECTS.user]) == {}
    assert (await attempts.seen([SUBJECTS.user_there]))[SUBJECTS.user_there].is_familiar
    for implementation in ("sqlite", "postgres"):
        of = f"ranvier.storage.{implementation}.sign_in_attempts"
        monkeypatch.setattr(f"{of}.FAMILIAR_KEPT_SECONDS", -3600.0)
    assert await attempts.begin(admission, SUBJECTS.address)
    assert await attempts.seen(SUBJECTS.all()) == {}
