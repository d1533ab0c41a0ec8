"""Old append keys are swept away as new ones come, so their table stays as large as its time."""

from __future__ import annotations

import time

import apsw

from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.statements import load_statements
from ranvier.storage.sqlite.workers import Workers
from ranvier.storage.sqlite.writer import Writer

_FORGET_APPEND_KEYS = load_statements("append")["forget_append_keys"]


class KeySweeping:
    """Counts appends and removes what is too old to be asked for; used on the writer thread."""

    def __init__(self, writers: Workers[Writer], options: SqliteOptions) -> None:
        self._writers = writers
        self._options = options
        self._new_keys: dict[int, int] = {}

    def appended(self, context_id: int, count: int) -> None:
        """Take note of new keys; when there are enough of them, a sweep is due."""
        new_keys = self._new_keys.get(context_id, 0) + count
        if new_keys >= self._options.append_keys_per_sweep:
            new_keys = 0
            self._writers.post_unless_stopped(lambda writer: self._sweep(writer, context_id))
        self._new_keys[context_id] = new_keys

    def _sweep(self, writer: Writer, context_id: int) -> None:
        # Twice as many go as came, so that a backlog gets shorter.
        most = 2 * self._options.append_keys_per_sweep
        oldest = _append_id_at(
            time.time_ns() // 1_000_000 - self._options.append_key_seconds * 1000
        )

        def forget(cursor: apsw.Cursor) -> bool:
            cursor.execute(_FORGET_APPEND_KEYS, (context_id, oldest, most))
            return True

        writer.try_transact(forget)


def _append_id_at(time_ms: int) -> bytes:
    """The lowest append id minted at that time: version 7 of UUID begins with its milliseconds."""
    return max(time_ms, 0).to_bytes(6, "big") + bytes(10)
