"""Which database the nodes of a test keep their things in.

`TEST_DATABASE=postgres` lets every test that starts a node do so on PostgreSQL; a test that
is about files of a node says so by `SQLITE_ONLY`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest

from examples.node_process import NodeProcess
from ranvier.storage.database import Database
from tests.support.databases import FACTORIES
from tests.support.postgres_databases import database_address

CHOICE: Final = os.environ.get("TEST_DATABASE", "sqlite")

SQLITE_ONLY: Final = pytest.mark.skipif(CHOICE != "sqlite", reason="it is about files of a node")


def node_database(directory: Path) -> Database:
    """Return the database, not started, that belongs to a directory."""
    return FACTORIES[CHOICE](directory)


def node_process(data: Path, *flags: str, **named: Any) -> NodeProcess:
    """Start a node over the database that belongs to its data directory."""
    return NodeProcess(data, *database_flags(data, flags), **named)


def database_flags(data: Path, flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the flags with one that names the database, unless there is one."""
    if CHOICE == "sqlite" or "--database" in flags:
        return flags
    return (*flags, "--database", database_address(data))
