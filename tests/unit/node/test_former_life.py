from __future__ import annotations

import shutil
from pathlib import Path

from ranvier.node.former_life import FormerLife
from ranvier.storage.sqlite.directory_lock import DirectoryLock


class Process:
    """One process that has a data directory."""

    def __init__(self, directory: Path, boot_id: str = "boot") -> None:
        directory.mkdir(exist_ok=True)
        boot_id_file = directory.parent / boot_id
        boot_id_file.write_text(boot_id and f"{boot_id}\n")
        self.lock = DirectoryLock(directory)
        self.lock.acquire()
        self.life = FormerLife(directory, lambda: self.lock.place, boot_id_file)

    def end(self) -> None:
        self.lock.release()


def test_who_has_the_same_lock_knows_that_the_life_before_has_ended(tmp_path: Path) -> None:
    first = Process(tmp_path / "data")
    assert first.life.ended_incarnation() == 0
    first.life.keep(7)
    first.end()
    second = Process(tmp_path / "data")
    assert second.life.ended_incarnation() == 7
    second.life.keep(9)
    second.end()
    third = Process(tmp_path / "data")
    assert third.life.ended_incarnation() == 9
    third.end()


def test_a_copy_of_the_directory_knows_nothing(tmp_path: Path) -> None:
    first = Process(tmp_path / "data")
    first.life.keep(7)
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    copy = Process(tmp_path / "copy")
    assert copy.life.ended_incarnation() == 0
    copy.end()
    first.end()


def test_another_system_knows_nothing(tmp_path: Path) -> None:
    first = Process(tmp_path / "data")
    first.life.keep(7)
    first.end()
    after = Process(tmp_path / "data", "another-boot")
    assert after.life.ended_incarnation() == 0
    after.end()


def test_without_a_lock_or_the_name_of_the_system_nothing_is_known(tmp_path: Path) -> None:
    first = Process(tmp_path / "data")
    first.life.keep(7)
    first.end()
    assert first.life.ended_incarnation() == 0
    nameless = FormerLife(tmp_path / "data", lambda: (1, 2), tmp_path / "none")
    nameless.keep(8)
    assert nameless.ended_incarnation() == 0
    FormerLife(tmp_path / "no-directory", lambda: (1, 2)).keep(8)


def test_what_is_no_note_is_none(tmp_path: Path) -> None:
    process = Process(tmp_path / "data")
    process.life.keep(7)
    note = tmp_path / "data" / "last-life"
    for text in ("", "seven", "seven " + note.read_text().partition(" ")[2], "\0"):
        note.write_text(text)
        assert process.life.ended_incarnation() == 0
    process.end()
