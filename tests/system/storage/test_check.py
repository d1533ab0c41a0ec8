"""The check finds what is wrong, names it, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from ranvier.storage.sqlite.check import check_directory
from ranvier.storage.sqlite.connections import database_path
from ranvier.storage.sqlite.database import SqliteDatabase
from tests.support.appends import event, store
from tests.support.databases import opened


async def filled(directory: Path) -> None:
    database = await opened(SqliteDatabase, directory)
    for number in range(30):
        await store(database, *(event(n, f"order-{number}") for n in range(4)))
    await database.stop()


def failed(directory: Path) -> dict[str, str]:
    report = check_directory(directory)
    return {one.subject: one.detail for one in report.findings if not one.passed}


@pytest.mark.parametrize(
    ("damage", "subjects"),
    [
        (
            "DELETE FROM event WHERE aggregate_id = 'order-7' AND sequence = 2",
            ["tokens of default", "sequences of default"],
        ),
        (
            "UPDATE event SET sequence = 9 WHERE aggregate_id = 'order-7' AND sequence = 3",
            ["sequences of default"],
        ),
        ("UPDATE context SET head = head - 1", ["tokens of default", "append keys of default"]),
        ("UPDATE context SET head = head + 1", ["tokens of default"]),
        ("PRAGMA journal_mode = DELETE", ["settings"]),
    ],
)
async def test_damage_is_found_and_named(tmp_path: Path, damage: str, subjects: list[str]) -> None:
    await filled(tmp_path)
    assert failed(tmp_path) == {}
    connection = apsw.Connection(str(database_path(tmp_path)))
    connection.execute(damage).fetchall()
    connection.close()
    found = failed(tmp_path)
    assert list(found) == subjects
    if "sequences of default" in found:
        assert "1 of 30 aggregates have gaps: order-7" in found["sequences of default"]


async def test_a_torn_page_is_found(tmp_path: Path) -> None:
    await filled(tmp_path)
    path = database_path(tmp_path)
    content = bytearray(path.read_bytes())
    for page in range(4, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\x55" * 64
    path.write_bytes(content)
    report = check_directory(tmp_path)
    assert not report.passed


async def test_the_check_changes_nothing(tmp_path: Path) -> None:
    await filled(tmp_path)
    before = database_path(tmp_path).read_bytes()
    assert check_directory(tmp_path).passed
    assert database_path(tmp_path).read_bytes() == before


def test_an_empty_directory_fails_the_check_with_a_sentence(tmp_path: Path) -> None:
    assert failed(tmp_path)["file"].startswith("there is no database")
