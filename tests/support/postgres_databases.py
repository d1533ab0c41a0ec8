"""Databases on PostgreSQL for the tests: one for each directory, copied from a ready one.

`RANVIER_TEST_POSTGRES` is the address of a server to use; else one is started for the run.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.postgres_server import PostgresServer

SERVER: Final = "RANVIER_TEST_POSTGRES"

_numbers = itertools.count(1)


def postgres_database(directory: Path) -> PostgresDatabase:
    """Return the database that belongs to a directory; it is made when it is first asked for."""
    return PostgresDatabase(database_address(directory))


@cache
def database_address(directory: Path) -> str:
    """Return the address of a directory's own database, whose tables are there already."""
    del directory  # only the key
    return new_database(_template())


def new_database(template: str = "template1") -> str:
    """Make a database as a copy of another one, by default an empty one; return its address."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _run(_ask(server_address(), f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    if os.environ.get(SERVER):
        atexit.register(lambda: _run(_ask(server_address(), f"DROP DATABASE {name} WITH (FORCE)")))
    return _address_of(name)


def run_statement(address: str, statement: str) -> None:
    """Run a statement on a database of this server, as its administrator would."""
    _run(_ask(address, statement))


@cache
def server_address() -> str:
    """Return the address of the server of this run."""
    return os.environ.get(SERVER) or PostgresServer().address()


@cache
def _template() -> str:
    address = new_database()
    _run(_migrate(address))
    return urlsplit(address).path[1:]


def _address_of(name: str) -> str:
    return urlunsplit(urlsplit(server_address())._replace(path=f"/{name}"))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run some work to its end, also where the caller is in a running loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _migrate(address: str) -> None:
    database = PostgresDatabase(address)
    await database.start()
    await database.stop()
    await _ask(address, "SELECT 1")  # whoever connects first collects what later ones load


async def _ask(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
