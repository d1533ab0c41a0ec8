"""Which database a node works with: the only place that knows that there are two kinds."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from ranvier.config.settings import Settings
from ranvier.storage.database import Database


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; it is opened by its `start`."""
    # Only the kind in use is loaded: the other one with its driver takes 6 % of a start.
    kind = "sqlite" if settings.database.dsn is None else "postgres"
    return cast("Database", import_module(f"ranvier.node.{kind}_database").database_of(settings))
