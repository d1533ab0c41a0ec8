from __future__ import annotations

import pytest

from ranvier.config.database_address import DATABASE, DatabaseAddress
from ranvier.security.secret import Secret

PASSWORD = "s3cr3t"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://db/ranvier", "postgresql://db/ranvier"),
        ("Postgres://db", "postgresql://db"),
        (
            f"postgresql://me:{PASSWORD}@one:5432,two/ranvier",
            "postgresql://me@one:5432,two/ranvier",
        ),
        (f"postgresql://me@[::1]:5433/x?password={PASSWORD}", "postgresql://me@[::1]:5433/x"),
        ("postgresql:///ranvier?host=/run/postgresql&user=me", "postgresql:///ranvier"),
        (f"postgresql://me:%40{PASSWORD}%2F@db/x?sslmode=require", "postgresql://me@db/x"),
    ],
)
def test_an_address_of_a_server_is_shown_without_its_password(text: str, shown: str) -> None:
    address = DATABASE.read(text)
    assert str(address) == f"{address}" == shown
    assert address.dsn is not None
    assert address.dsn.reveal().partition("://")[2] == text.partition("://")[2]
    assert PASSWORD not in repr(address)


def test_an_address_that_no_reader_made_shows_nothing() -> None:
    assert PASSWORD not in str(DatabaseAddress(dsn=Secret(f"host=db password={PASSWORD}")))
