"""What a data directory tells of the process that had it last: whether that has surely ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

LIFE_FILE: Final = "last-life"
BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")


class FormerLife:
    """Ties each life of a node to the lock that its process held.

    The kept file names an incarnation and the lock: the running system, and the file system and
    number of the locked file. Who holds the very same lock on the very same system knows that the
    process of that incarnation has ended. In a copied directory the locked file is another one.
    """

    def __init__(
        self,
        directory: Path,
        lock_place: Callable[[], tuple[int, int] | None],
        boot_id_file: Path = BOOT_ID_FILE,
    ) -> None:
        """`lock_place` returns device and number of the file that this process has locked."""
        self._path = directory / LIFE_FILE
        self._lock_place = lock_place
        self._boot_id_file = boot_id_file

    def ended_incarnation(self) -> int:
        """Return the incarnation whose process has ended for certain; 0 where none is known."""
        mark = self._mark()
        try:
            incarnation, _, kept = self._path.read_text("ascii", "replace").strip().partition(" ")
            return int(incarnation) if mark and kept == mark else 0
        except (OSError, ValueError):
            return 0

    def keep(self, incarnation: int) -> None:
        """Note that this process is the node in this incarnation."""
        mark = self._mark()
        # Without the note, the next start watches the former life for a moment: no harm is done.
        with contextlib.suppress(OSError):
            draft = self._path.with_suffix(".new")
            draft.write_text(f"{incarnation} {mark}\n" if mark else "", "ascii")
            draft.replace(self._path)

    def _mark(self) -> str:
        """Return what names the lock, unlike any other that is held now; empty if unknown."""
        place = self._lock_place()
        try:
            boot_id = self._boot_id_file.read_text("ascii", "replace").strip()
        except OSError:
            return ""
        return f"{boot_id} {place[0]}:{place[1]}" if boot_id and place is not None else ""
