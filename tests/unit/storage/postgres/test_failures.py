from __future__ import annotations

import asyncpg
import pytest

from ranvier.events.errors import InvalidEvent
from ranvier.storage.errors import StorageFull, StorageUnavailable
from ranvier.storage.postgres.failures import in_our_words, is_outage, is_poison, reason_of


@pytest.mark.parametrize(
    ("error", "poison", "outage"),
    [
        (asyncpg.UniqueViolationError("twice"), True, False),
        (asyncpg.CharacterNotInRepertoireError("NUL"), True, False),
        (asyncpg.ProgramLimitExceededError("too long"), True, False),
        (asyncpg.DeadlockDetectedError("deadlock"), False, False),
        (asyncpg.LockNotAvailableError("held"), False, False),
        (asyncpg.QueryCanceledError("too slow"), False, False),
        (asyncpg.AdminShutdownError("ended"), False, True),
        (asyncpg.ReadOnlySQLTransactionError("standby"), False, True),
        (asyncpg.ConnectionDoesNotExistError("lost"), False, True),
        (asyncpg.InterfaceError("closed"), False, True),
        (asyncpg.InternalClientError("closed within"), False, True),
        (ConnectionResetError(), False, True),
        (TimeoutError(), False, True),
    ],
)
def test_a_row_a_moment_and_an_outage_are_told_apart(
    error: Exception, *, poison: bool, outage: bool
) -> None:
    assert is_poison(error) is poison
    assert is_outage(error) is outage


def test_errors_come_in_the_words_of_the_port() -> None:
    assert isinstance(in_our_words(asyncpg.UniqueViolationError("twice")), InvalidEvent)
    assert isinstance(in_our_words(asyncpg.DiskFullError("full")), StorageFull)
    assert isinstance(in_our_words(asyncpg.AdminShutdownError("ended")), StorageUnavailable)
    assert isinstance(in_our_words(TimeoutError()), StorageUnavailable)
    mine = KeyError("ours")
    assert in_our_words(mine) is mine


def test_what_a_database_says_of_its_rows_is_not_told_to_clients() -> None:
    error = asyncpg.UniqueViolationError("duplicate key\nDETAIL:  Key (id)=(secret)")
    assert "secret" not in str(in_our_words(error))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ConnectionError('PostgreSQL server at "db1:8024" rejected SSL upgrade'),
            ("db1:8024", "no PostgreSQL is there", "sslmode"),
        ),
        (FileNotFoundError(2, "No such file or directory"), ("certificate", "correct the path")),
        (ConnectionRefusedError(111, "Connection refused"), ("nobody listens",)),
    ],
)
def test_who_cannot_get_in_is_told_where_to_look(error: Exception, words: tuple[str, ...]) -> None:
    for word in words:
        assert word in reason_of(error)
