"""Looks whether a database holds together, and whether its server writes what it acknowledges."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from ranvier.storage.check_report import CheckReport, Finding
from ranvier.storage.errors import StorageError
from ranvier.storage.postgres.connections import Connections, ConnectionSettings
from ranvier.storage.postgres.fail_over import fail_over_finding
from ranvier.storage.postgres.host_roles import host_findings
from ranvier.storage.postgres.migrate import Migration, missing_migrations
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.primary import KnownPrimary
from ranvier.storage.postgres.suitability import OLDEST_VERSION
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "check")

TOKENS_PER_PAGE: Final = 100_000
"""Events that one statement counts, so that no snapshot gets old."""

ROWS_PER_PAGE: Final = 50_000
"""Rows of the aggregates' index that one statement looks at."""

MOST_NAMED: Final = 5
"""Aggregates named in a finding; who has more to mend needs a back-up, not a list."""


async def check_database(readers: Connections) -> CheckReport:
    """Check the database, whether nodes use it or not; nothing is changed."""
    try:
        return CheckReport(tuple([finding async for finding in findings(readers)]))
    except StorageError as error:
        return CheckReport((Finding("server", passed=False, detail=str(error)),))


async def check_address(dsn: str) -> CheckReport:
    """Check a database that is not open here, also where no node may run on it.

    Beside what damage there is it says whether a fail-over would be safe; that a server is alone is
    no damage, and fails no check.
    """
    options = PostgresOptions(takes_unsafe=True)
    seconds = {"statement_timeout": f"{int(options.read_seconds * 1000)}"}
    settings = ConnectionSettings(1, 0, {"application_name": "ranvier check", **seconds})
    readers = Connections(dsn, options, KnownPrimary(), settings)
    readers.open()
    hosts = await host_findings(dsn, options.connect_seconds)
    try:
        report = replace(await check_database(readers), hosts=hosts)
        if not readers.works:
            return report
        return replace(report, fail_over=await fail_over_finding(readers))
    except StorageError as error:
        return CheckReport((Finding("server", passed=False, detail=str(error)),))
    finally:
        await readers.close()


async def findings(readers: Connections) -> AsyncIterator[Finding]:
    """Yield what is found, one thing after the other."""
    (server,) = await readers.ask(_SQL["server"])
    yield version_finding(server)
    yield disk_finding(server)
    async with readers.lend() as lent:
        missing = await missing_migrations(lent.connection)
    yield migrations_finding(missing)
    if any(migration.step == "pre" for migration in missing):
        return
    for context_id, name, head in await readers.ask(_SQL["contexts"]):
        yield await tokens_finding(readers, context_id, name, head)
        yield await sequences_finding(readers, context_id, name)


def version_finding(server: Any) -> Finding:
    """Say whether the server's version is one that is tried."""
    major = server["version"] // 10_000
    return Finding("version", passed=major >= OLDEST_VERSION, detail=f"PostgreSQL {major}")


def migrations_finding(missing: Sequence[Migration]) -> Finding:
    """Say whether the tables are those of this program."""
    if not missing:
        return Finding("migrations", passed=True, detail="all are applied")
    if all(migration.step == "post" for migration in missing):
        detail = "once no older node runs: ranvier database migrate --post"
        return Finding("migrations", passed=True, detail=detail)
    return Finding("migrations", passed=False, detail="some are missing: ranvier database migrate")


def disk_finding(server: Any) -> Finding:
    """Say whether the server itself writes what it acknowledges."""
    is_safe = server["fsync"] == "on" and server["full_page_writes"] == "on"
    return Finding(
        "disk",
        passed=is_safe,
        detail="fsync and full_page_writes are on"
        if is_safe
        else "fsync or full_page_writes is off: a power failure would lose acknowledged events",
    )


async def tokens_finding(readers: Connections, context_id: int, name: str, head: int) -> Finding:
    """Say whether the tokens of a context are dense."""
    count, gap = 0, ""
    for first in range(0, head, TOKENS_PER_PAGE):
        before = min(first + TOKENS_PER_PAGE, head)
        ((found, lowest, highest),) = await readers.ask(_SQL["tokens"], context_id, first, before)
        count += found
        if not gap and (found != before - first or (lowest, highest) != (first, before - 1)):
            gap = f"tokens {first} to {before - 1} have gaps"
    return Finding(f"tokens of {name}", passed=not gap, detail=gap or f"{count} events, dense")


async def sequences_finding(readers: Connections, context_id: int, name: str) -> Finding:
    """Say whether the sequence numbers of every aggregate are dense from 0."""
    broken: set[str] = set()
    aggregate_id, sequence, looked_at = "", -1, ROWS_PER_PAGE
    while looked_at == ROWS_PER_PAGE and len(broken) < MOST_NAMED:
        ((looked_at, found, aggregate_id, sequence),) = await readers.ask(
            _SQL["sequence_gaps"], context_id, aggregate_id, sequence, ROWS_PER_PAGE
        )
        broken.update(found or ())
    named = ", ".join(sorted(broken)[:MOST_NAMED])
    return Finding(
        f"sequence numbers of {name}",
        passed=not broken,
        detail=f"gaps in {named}" if broken else "dense from 0",
    )
