"""Finds the database in which a context lies, and speaks to it about that context.

There the context has a name of its own, with the number of its entry in the system database: one
that is created anew never meets rows of the deleted one, wherever they lie.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from ranvier.events.errors import ContextExists, UnknownContext
from ranvier.security.secret import Secret
from ranvier.storage.errors import (
    ContextDatabaseUnavailable,
    HeadWentBack,
    StorageError,
    StorageNotOpen,
    StorageUnavailable,
)
from ranvier.storage.placed.opened_database import OpenedDatabase
from ranvier.storage.placements import Placement, PlacingDatabase

Result = TypeVar("Result")

OpenDatabase = Callable[[Secret, str], PlacingDatabase]
"""Returns the database at an address, not started, for contexts of the cluster of this id."""

NAME_CHARACTERS: Final = 50
"""Of its name, those that a context bears in its own database: for whoever looks there."""

EMPTIED: Final = "it has lost the context; restore the right database there"


@dataclass(slots=True)
class PlacedContext:
    """A context that lies in a database of its own."""

    name: str
    number: int
    dcb: bool
    database: OpenedDatabase
    is_made: bool
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a batch is handed in: batches keep their order while the database is opened."""

    @property
    def name_there(self) -> str:
        """Its name in its own database."""
        return name_there(self.name, self.number)


def name_there(name: str, number: int) -> str:
    """Return the name that a context has in its own database; the number alone makes it unique."""
    return f"{name[:NAME_CHARACTERS]}#{number}"


class Routing:
    """Which contexts lie elsewhere, as last seen; the databases where they do."""

    def __init__(self, home: PlacingDatabase, open_database: OpenDatabase) -> None:
        self.home = home
        self._open_database = open_database
        self._placed: dict[str, PlacedContext] = {}
        self._databases: dict[str, OpenedDatabase] = {}
        self._awaited: dict[str, int] = {}
        """Addresses that somebody is about to place a context at."""
        self._background: dict[str, asyncio.Task[None]] = {}
        self._refreshing = asyncio.Lock()
        self.is_open = False

    def start(self) -> None:
        """Take questions."""
        self.is_open = True

    async def stop(self) -> None:
        """Close every database that was opened."""
        self.is_open = False
        tasks = [*self._background.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(each.close() for each in self._databases.values()))

    def find(self, context: str) -> PlacedContext | None:
        """The context, if it is known to lie in a database of its own."""
        return self._placed.get(context)

    def numbered(self, number: int) -> PlacedContext | None:
        """The context of a number."""
        return next((each for each in self._placed.values() if each.number == number), None)

    def contexts(self) -> Sequence[PlacedContext]:
        """All contexts that are known to lie elsewhere."""
        return list(self._placed.values())

    def databases(self) -> Sequence[OpenedDatabase]:
        """All databases where contexts lie, each once."""
        return list(dict.fromkeys(each.database for each in self._placed.values()))

    def outer_names(self) -> Mapping[str, str]:
        """The names of contexts here, by their names there."""
        return {each.name_there: each.name for each in self._placed.values()}

    async def ask(
        self, context: str, question: Callable[[PlacingDatabase, str], Awaitable[Result]]
    ) -> Result:
        """Put a question to the database of a context, under its name there.

        Raises `UnknownContext`, or `ContextDatabaseUnavailable` where its own one does not answer.
        """
        placed = self._placed.get(context)
        try:
            if placed is None:
                return await question(self.home, context)
            return await self.ask_placed(placed, question)
        except UnknownContext:
            # Another node may have placed it, or deleted it and created it anew.
            await self.refresh()
            found = self._placed.get(context)
            if found is placed and placed is not None:
                raise ContextDatabaseUnavailable(context, EMPTIED) from None
            if found is None and placed is None:
                raise UnknownContext(context) from None
        if found is None:
            return await question(self.home, context)
        return await self.ask_placed(found, question)

    async def ask_placed(
        self,
        placed: PlacedContext,
        question: Callable[[PlacingDatabase, str], Awaitable[Result]],
    ) -> Result:
        """Put a question to the own database of a context."""
        database = await self.database_of(placed)
        try:
            return await question(database, placed.name_there)
        except StorageError as error:
            raise in_words_for(placed.name, error) from error

    async def database_of(self, placed: PlacedContext) -> PlacingDatabase:
        """Return the open database with the context in it."""
        try:
            database = await placed.database.opened()
            if not placed.is_made:
                with suppress(ContextExists):
                    await database.contexts.create(placed.name_there, dcb=placed.dcb)
                await self.home.placements.made(placed.number)
                placed.is_made = True
        except StorageError as error:
            raise in_words_for(placed.name, error) from error
        return database

    async def refresh(self) -> None:
        """See anew which contexts lie elsewhere; close what nobody needs any more."""
        if not self.is_open:
            raise StorageNotOpen
        async with self._refreshing:
            entries = await self.home.placements.all()
            marks = await self.home.contexts.marks() if entries else {}
            former, self._placed = self._placed, {}
            for entry in entries:
                mark = marks.get(entry.context)
                if entry.is_deleted or mark is None or mark.number != entry.number:
                    continue
                known = former.get(entry.context)
                if known is None or known.number != entry.number:
                    database = self.database_at(entry.address)
                    known = PlacedContext(
                        entry.context, entry.number, mark.dcb, database, entry.is_made
                    )
                self._placed[entry.context] = known
            self._clear_deleted([entry for entry in entries if entry.is_deleted])
            self._close_unneeded({entry.address.reveal() for entry in entries})

    def database_at(self, address: Secret) -> OpenedDatabase:
        """Return the database at an address, which may not be open yet."""
        text = address.reveal()
        if text not in self._databases:
            self._databases[text] = OpenedDatabase(lambda: self._make(address))
        return self._databases[text]

    def await_context_at(self, address: Secret, *, is_over: bool = False) -> None:
        """Keep a database while a context is being placed there, or no longer so."""
        text = address.reveal()
        self._awaited[text] = self._awaited.get(text, 0) + (-1 if is_over else 1)
        if not self._awaited[text]:
            del self._awaited[text]

    async def _make(self, address: Secret) -> PlacingDatabase:
        identity = await self.home.cluster_identity.read()
        return self._open_database(address, "" if identity is None else identity.cluster_id)

    def _clear_deleted(self, deleted: Iterable[Placement]) -> None:
        for entry in deleted:
            self._begin(f"clear {entry.number}", partial(self._clear, entry))

    async def _clear(self, entry: Placement) -> None:
        """Have the rows of a deleted context removed, and forget it once nothing is left."""
        with suppress(StorageError):
            database = await self.database_at(entry.address).opened()
            with suppress(UnknownContext):
                await database.contexts.delete(name_there(entry.context, entry.number))
            if await database.placements.is_cleared():
                await self.home.placements.forget(entry.number)

    def _close_unneeded(self, needed: set[str]) -> None:
        for address in [*self._databases]:
            if address not in needed and address not in self._awaited:
                database = self._databases.pop(address)
                self._begin(f"close {id(database)}", database.close)

    def _begin(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do something in the background, unless it is being done."""
        if name in self._background:
            return

        async def run() -> None:
            await work()

        task = asyncio.get_running_loop().create_task(run())
        self._background[name] = task
        task.add_done_callback(lambda _: self._background.pop(name, None))


def in_words_for(context: str, error: StorageError) -> StorageError:
    """Return what is told of an error in a context's own database: never its address."""
    if isinstance(error, (StorageNotOpen, ContextDatabaseUnavailable)):
        return error
    if isinstance(error, HeadWentBack):
        return HeadWentBack(context, error.seen, error.found)
    if isinstance(error, StorageUnavailable):
        return ContextDatabaseUnavailable(context, in_place(error.reason))
    return error


def in_place(reason: str) -> str:
    """Return a reason that does not name the key of the system database."""
    return reason.replace("the key `database`", "the address given for it")
