"""Small changes of rows; those that arrive together share one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import apsw

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.sqlite.errors import CommitUnknown, Poisoned
from ranvier.storage.sqlite.gathering import Gathering
from ranvier.storage.sqlite.workers import Workers
from ranvier.storage.sqlite.writer import Writer

Result = TypeVar("Result")
Change = Callable[[apsw.Cursor], Any]

MOST_IN_ONE_COMMIT = 256
"""Changes of one commit: some milliseconds, in which appends wait."""


class RowChanges:
    """Makes changes in the order in which they are asked for.

    A change must not raise: one that refuses returns that. Its answer is given when it is durable.
    """

    def __init__(
        self, writers: Workers[Writer], *, most_in_one_commit: int = MOST_IN_ONE_COMMIT
    ) -> None:
        self._changes: Gathering[Writer, Change, Any] = Gathering(
            writers, _make_all, most_at_once=most_in_one_commit
        )

    async def make(self, change: Callable[[apsw.Cursor], Result]) -> Result:
        """Make one change and return what it returned."""
        return cast("Result", await self._changes.ask(change))


def _make_all(writer: Writer, changes: Sequence[Change]) -> Sequence[Any]:
    try:
        return writer.transact(lambda cursor: [change(cursor) for change in changes])
    except CommitUnknown:
        failure = StorageUnavailable("the commit of this change failed, look whether it was made")
        return [failure] * len(changes)
    except Poisoned as refusal:
        if len(changes) == 1:
            return [refusal]
        middle = len(changes) // 2
        return [*_make_all(writer, changes[:middle]), *_make_all(writer, changes[middle:])]
