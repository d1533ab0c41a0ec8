"""A node's process that does nothing but append; says what it tries and what was acknowledged.

`python -m tests.support.postgres_writer <address> <name>` prints one line of JSON for each step:
`["try", [ids]]`, then `["stored", [[id, first token], …]]`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ranvier.events.append import Accepted, Append, LeftOut, Outcome
from ranvier.storage.postgres.database import PostgresDatabase
from ranvier.storage.postgres.options import PostgresOptions
from tests.support.appends import append, event
from tests.support.databases import CONTEXT

APPENDS_PER_BATCH: Final = 20
EVENTS_PER_APPEND: Final = 2
LOCK_SECONDS: Final = 1.1


async def write(address: str, name: str) -> None:
    """Append for ever; all appends of a batch are new aggregates, so that none is refused."""
    database = PostgresDatabase(address, PostgresOptions(lock_seconds=LOCK_SECONDS))
    await database.start()
    number = 0
    while True:
        appends = [new_append(name, number + more) for more in range(APPENDS_PER_BATCH)]
        number += APPENDS_PER_BATCH
        tell("try", [one.append_id.hex() for one in appends])
        while appends:
            outcomes = await database.events.append(CONTEXT, appends)
            appends = tell_stored(appends, outcomes)


def new_append(name: str, number: int) -> Append:
    """An append whose events say to which append they belong."""
    one = append()
    events = tuple(
        event(place, f"{name}-{number}", data=one.append_id + b"/%d" % place)
        for place in range(EVENTS_PER_APPEND)
    )
    return append(*events, append_id=one.append_id)


def tell_stored(appends: Sequence[Append], outcomes: Sequence[Outcome]) -> list[Append]:
    """Print what was stored; return what was left out."""
    pairs = list(zip(appends, outcomes, strict=True))
    stored = [
        (one.append_id.hex(), outcome.first_token)
        for one, outcome in pairs
        if isinstance(outcome, Accepted)
    ]
    tell("stored", stored)
    left_out = [one for one, outcome in pairs if isinstance(outcome, LeftOut)]
    assert len(stored) + len(left_out) == len(appends), outcomes
    return left_out


def tell(what: str, details: object) -> None:
    """Print one step."""
    print(json.dumps([what, details]), flush=True)


@dataclass
class Notes:
    """What writers said: every append that they tried, and the tokens of those acknowledged."""

    tried: set[bytes] = field(default_factory=set)
    stored: dict[bytes, int] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Note one line, unless the writer was killed in the middle of it."""
        if not line.endswith("\n"):
            return
        what, details = json.loads(line)
        if what == "try":
            self.tried.update(map(bytes.fromhex, details))
        else:
            self.stored.update((bytes.fromhex(one), token) for one, token in details)


class WriterProcess:
    """A process of the program above."""

    def __init__(self, address: str, name: str, notes: Notes) -> None:
        self._arguments = (sys.executable, "-m", __name__, address, name)
        self._notes = notes

    async def start(self) -> None:
        """Start it, and return when it has stored its first batch."""
        self.process = await asyncio.create_subprocess_exec(
            *self._arguments, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        await self.read(batches=1)
        self.reading = asyncio.create_task(self.read(batches=1 << 60))

    async def read(self, *, batches: int) -> None:
        """Note what it says, until so many batches are stored or it has ended."""
        assert self.process.stdout is not None
        while batches and (line := await self.process.stdout.readline()):
            self._notes.take(line.decode())
            batches -= b"stored" in line

    async def kill(self) -> None:
        """End it at once, and note what it had still said."""
        self.process.kill()
        await self.reading
        await self.process.wait()


def check_rows(rows: list[bytes], notes: Notes) -> set[bytes]:
    """Check that each append is stored whole, once, and where it was said; return their ids."""
    found = {}
    for token in range(0, len(rows), EVENTS_PER_APPEND):
        append_id = rows[token][:16]
        for place in range(EVENTS_PER_APPEND):
            assert rows[token + place] == append_id + b"/%d" % place
        assert append_id not in found, "stored twice"
        found[append_id] = token
    assert {one: found.get(one) for one in notes.stored} == notes.stored
    assert found.keys() <= notes.tried
    return set(found)


if __name__ == "__main__":
    asyncio.run(write(*sys.argv[1:]))
