"""A node's way to the database: each question gets an answer, or is known to have got none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.world import Connection, Party, dial

RETRY_SECONDS: Final = 0.1
IDLE_SECONDS: Final = 1.0

Answered = Callable[[Any], None]
LOST: Final = object()
"""Instead of an answer: nobody can tell what became of the question."""


class DatabaseLink:
    """Opens its connection again whenever it is lost."""

    def __init__(self, party: Party, database: ModelDatabase) -> None:
        self._party = party
        self._database = database
        self._connection: Connection | None = None
        self._asked: dict[int, Answered] = {}
        self._number = 0

    def connect(self) -> None:
        """Open the connection, now or as soon as it can be done."""
        self._connection = dial(self._party, self._database)
        if self._connection is None:
            self._party.after(RETRY_SECONDS, self.connect)
        else:
            self._connection.on_lost[self._party] = self._lost

    def ask(
        self, question: Callable[[], Any], answered: Answered, *, under_lock: bool = False
    ) -> None:
        """Ask; `answered` gets the answer or `LOST`, once."""
        connection = self._connection
        if connection is None:
            self._party.after(RETRY_SECONDS, answered, LOST)
            return
        self._number += 1
        number = self._number
        self._asked[number] = answered
        answer_here = partial(self._answer, number)

        def arrive() -> None:
            self._database.ask(connection, question, answer_here, under_lock=under_lock)

        if under_lock and self._party.world.random.random() < self._database.idle_share:
            self._leave_lying(connection, arrive)
        elif connection.is_open:
            connection.send(self._party, arrive)

    def _leave_lying(self, connection: Connection, arrive: Callable[[], None]) -> None:
        """Let a request lie in the server, which takes it up later, also if nobody waits."""
        world, database = self._party.world, self._database
        if connection.is_open:
            seconds = world.random.random() * IDLE_SECONDS
            world.after(seconds, database.do, database.life, arrive, ())

    def _answer(self, number: int, answer: Any) -> None:
        answered = self._asked.pop(number, None)
        if answered is not None:
            answered(answer)

    def _lost(self, connection: Connection) -> None:
        if connection is self._connection:
            asked, self._asked = self._asked, {}
            self.connect()
            for answered in asked.values():
                answered(LOST)
