"""What each host of an address with several of them is at this moment."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg

from ranvier.storage.check_report import Finding
from ranvier.storage.postgres.failures import FAILURES, reason_of
from ranvier.storage.postgres.hosts import host_of, naming_host, single_hosts
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "check")

PRIMARY: Final = "primary"
STANDBY: Final = "standby"


async def host_findings(dsn: str, seconds: float) -> tuple[Finding, ...]:
    """Ask all hosts at once, each for so many seconds; none where the address names only one."""
    addresses = single_hosts(dsn)
    if len(addresses) < 2:
        return ()
    return tuple(await asyncio.gather(*(_host_finding(each, seconds) for each in addresses)))


async def _host_finding(address: str, seconds: float) -> Finding:
    subject = f"host {host_of(address)}"
    try:
        async with asyncio.timeout(seconds):
            with naming_host(address):
                connection = await asyncpg.connect(address)
            try:
                is_standby = await connection.fetchval(_SQL["is_standby"])
            finally:
                connection.terminate()
    except FAILURES as error:
        return Finding(subject, passed=False, detail=f"unreachable: {reason_of(error)}")
    return Finding(subject, passed=True, detail=STANDBY if is_standby else PRIMARY)
