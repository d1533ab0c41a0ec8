"""Copies a node's embedded database into PostgreSQL, and proves that it is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranvier.storage.copied_tables import TABLES, CopiedTable, Row
from ranvier.storage.errors import CopyDiffers
from ranvier.storage.postgres.copy_target import PostgresCopyTarget
from ranvier.storage.sqlite.copy_source import SqliteCopySource


class CopyProgress(Protocol):
    """Is told what is done."""

    def begin(self, work: str, total: int, done: int) -> None:
        """Go over to a piece of work of which so many rows are done already."""

    def advance(self, count: int) -> None:
        """Note that so many further rows are done."""


@dataclass(frozen=True, slots=True)
class CopiedRows:
    """What was copied of one table: how many rows, and the digest of them all, hexadecimal."""

    table: str
    count: int
    digest: str


async def copy_database(
    source: SqliteCopySource, target: PostgresCopyTarget, progress: CopyProgress
) -> Sequence[CopiedRows]:
    """Copy every table, compare all rows, and let nodes use the target; says what was copied.

    Killed at any point, the same call goes on where this one was. Raises `StorageError`.
    """
    await target.prepare(source.fingerprint)
    for table in TABLES:
        await copy_table(source, target, table, progress)
    copied = [await compare_table(source, target, table, progress) for table in TABLES]
    await target.finish()
    return copied


async def copy_table(
    source: SqliteCopySource,
    target: PostgresCopyTarget,
    table: CopiedTable,
    progress: CopyProgress,
) -> None:
    """Copy the rows of a table that are not there yet."""
    after = await target.last_key(table)
    done = 0 if after is None else await target.count(table)
    progress.begin(f"copying {table.name}", source.count(table), done)
    for page in source.pages(table, after):
        await target.insert(table, page)
        progress.advance(len(page))


async def compare_table(
    source: SqliteCopySource,
    target: PostgresCopyTarget,
    table: CopiedTable,
    progress: CopyProgress,
) -> CopiedRows:
    """Read a table on both sides; raises `CopyDiffers` where counts or digests do."""
    ours, theirs = hashlib.sha256(), hashlib.sha256()
    count, after = 0, None
    progress.begin(f"comparing {table.name}", source.count(table), 0)
    for page in source.pages(table, None):
        last = table.key_of(page[-1])
        digest_rows(page, ours.update)
        digest_rows(await target.rows(table, after, last), theirs.update)
        count, after = count + len(page), last
        progress.advance(len(page))
    found = await target.count(table)
    if found != count or ours.digest() != theirs.digest():
        raise CopyDiffers(table.name, count, found)
    return CopiedRows(table.name, count, ours.hexdigest())


def digest_rows(rows: Sequence[Row], take: Callable[[bytes], object]) -> None:
    """Hand rows to a digest: two lists of rows give the same bytes only if they are the same."""
    for row in rows:
        take(repr(row).encode())
