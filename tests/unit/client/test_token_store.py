"""Positions are kept by name, and those in a file outlive their store."""

from __future__ import annotations

from pathlib import Path

from ranvier.client import MemoryTokenStore, SqliteTokenStore


async def test_a_name_without_position_is_new() -> None:
    positions = MemoryTokenStore()
    assert await positions.load("default/balances") is None
    await positions.store("default/balances", 0)
    assert await positions.load("default/balances") == 0


async def test_positions_in_a_file_are_there_again(tmp_path: Path) -> None:
    path = tmp_path / "positions.db"
    with SqliteTokenStore(path) as positions:
        assert await positions.load("a") is None
        await positions.store("a", 4)
        await positions.store("b", 9)
        await positions.store("a", 5)
    with SqliteTokenStore(path) as positions:
        assert (await positions.load("a"), await positions.load("b")) == (5, 9)
