"""A process killed in the middle of its commits: nothing acknowledged is lost, nothing is torn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import all_rows
from tests.support.databases import CONTEXT, opened
from tests.support.scale import scaled

EVENTS_PER_APPEND = 3
APPENDS_PER_BATCH = 20
ACKNOWLEDGEMENTS_BEFORE_THE_KILL = 15

WRITER = """
import asyncio, sys
from pathlib import Path
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import append, event
from tests.support.databases import opened

directory = Path(sys.argv[1])
events_per_append, appends_per_batch = int(sys.argv[2]), int(sys.argv[3])

async def write():
    database = await opened(SqliteDatabase, directory)
    number = await database.events.head("default") // events_per_append
    while True:
        batch = []
        for _ in range(appends_per_batch):
            batch.append(append(*(event(n, f"order-{number}", data=b"%d/%d" % (number, n))
                                  for n in range(events_per_append))))
            number += 1
        await database.events.append("default", batch)
        print(number, flush=True)

asyncio.run(write())
"""


def write_and_kill(directory: Path) -> int:
    """Let a process append until some batches are acknowledged; return how many appends were."""
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            WRITER,
            str(directory),
            str(EVENTS_PER_APPEND),
            str(APPENDS_PER_BATCH),
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        for _ in range(ACKNOWLEDGEMENTS_BEFORE_THE_KILL):
            acknowledged = writer.stdout.readline()
        writer.kill()
        # What it had said before it died was said after a commit.
        return int((writer.stdout.read().split() or [acknowledged])[-1])


@pytest.mark.soak
async def test_acknowledged_appends_survive_a_kill_whole(tmp_path: Path) -> None:
    for _ in range(scaled(20, suite=4)):
        acknowledged = write_and_kill(tmp_path)
        database = await opened(SqliteDatabase, tmp_path)
        rows = await all_rows(database)
        assert len(rows) >= acknowledged * EVENTS_PER_APPEND
        # A batch is one transaction: all of its appends, or none.
        assert len(rows) % (EVENTS_PER_APPEND * APPENDS_PER_BATCH) == 0
        assert rows == [b"%d/%d" % divmod(token, EVENTS_PER_APPEND) for token in range(len(rows))]
        assert await database.events.last_sequence(CONTEXT, "order-0") == EVENTS_PER_APPEND - 1
        assert (await database.check()).passed
        await database.stop()
