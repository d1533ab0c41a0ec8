"""What all databases answer to one question, none of them waited for in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from ranvier.storage.placed.opened_database import OpenedDatabase
from ranvier.storage.placed.prompt_answer import PromptAnswer
from ranvier.storage.placed.routing import Routing
from ranvier.storage.placements import PlacingDatabase

Answer = TypeVar("Answer")


class Merged(Generic[Answer]):
    """Asks every database beside the system database, and remembers what each said last."""

    def __init__(
        self,
        routing: Routing,
        question: Callable[[PlacingDatabase], Awaitable[Answer]],
        first: Answer,
    ) -> None:
        """`first` stands for a database that has never answered."""
        self._routing = routing
        self._question = question
        self._first = first
        self._prompt: dict[OpenedDatabase, PromptAnswer[Answer]] = {}

    async def get(self) -> Sequence[Answer]:
        """One answer from each; from one that is slow or gone, its last."""
        databases = self._routing.databases()
        if not databases and not self._prompt:
            return ()
        self._prompt = {each: self._prompt.get(each) or self._of(each) for each in databases}
        return await asyncio.gather(*(each.get() for each in self._prompt.values()))

    def _of(self, database: OpenedDatabase) -> PromptAnswer[Answer]:
        async def ask() -> Answer:
            return await self._question(await database.opened())

        return PromptAnswer(ask, self._first)
