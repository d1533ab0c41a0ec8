from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.events.errors import InvalidEvent, UnknownContext
from ranvier.messages.event_processor import ProcessorId
from ranvier.storage.database import Database
from tests.support.databases import CONTEXT, MakeDatabase, opened

ACCOUNTS = ProcessorId(CONTEXT, "accounts", "store-1")
ELSEWHERE = ProcessorId(CONTEXT, "accounts", "store-2")


async def test_a_choice_is_kept_replaced_and_taken_away(database: Database) -> None:
    strategies = database.processor_strategies
    await strategies.choose(ACCOUNTS, "one")
    await strategies.choose(ELSEWHERE, "two")
    await strategies.choose(ACCOUNTS, "three")
    assert await strategies.all() == {ACCOUNTS: "three", ELSEWHERE: "two"}
    await strategies.choose(ACCOUNTS, None)
    await strategies.choose(ACCOUNTS, None)
    assert await strategies.all() == {ELSEWHERE: "two"}


async def test_a_choice_goes_with_its_context(database: Database) -> None:
    await database.contexts.create("orders")
    await database.processor_strategies.choose(ProcessorId("orders", "p", ""), "one")
    await database.contexts.delete("orders")
    await database.contexts.create("orders")
    assert await database.processor_strategies.all() == {}


async def test_what_cannot_be_stored_is_refused(database: Database) -> None:
    with pytest.raises(UnknownContext):
        await database.processor_strategies.choose(ProcessorId("nowhere", "p", ""), "one")
    for broken in (ProcessorId(CONTEXT, "a" * 256, ""), ProcessorId(CONTEXT, "p", "\0")):
        with pytest.raises(InvalidEvent):
            await database.processor_strategies.choose(broken, "one")
    assert await database.processor_strategies.all() == {}


async def test_a_choice_survives_a_restart(make_database: MakeDatabase, tmp_path: Path) -> None:
    database = await opened(make_database, tmp_path)
    await database.processor_strategies.choose(ACCOUNTS, "one")
    await database.stop()
    database = await opened(make_database, tmp_path)
    assert await database.processor_strategies.all() == {ACCOUNTS: "one"}
    await database.stop()
