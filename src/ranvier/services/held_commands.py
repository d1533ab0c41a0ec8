"""Commands that wait for a handler which is just being moved to another node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ranvier.errors import RanvierError
from ranvier.messages.errors import NoCommandHandler
from ranvier.messages.moved_handlers import MovedHandlers
from ranvier.services.waiting_command import WaitingCommand

HELD_MAX: Final = 10_000
HELD_BYTES_MAX: Final = 64 * 1024 * 1024
"""Commands that wait at a time, and their bytes: within 5 seconds a handler is back or gone."""


class HeldCommands:
    """Commands without a handler, each until its handler comes or its wait is over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` tells seconds that never go back."""
        self._clock = clock
        self._moved = MovedHandlers()
        self._held: dict[tuple[str, str], dict[WaitingCommand, float]] = {}
        """By context and name: the commands, and until when each waits."""
        self._count = 0
        self._byte_count = 0

    def __len__(self) -> int:
        return self._count

    def moving(self) -> None:
        """Note that handlers are asked to go to another node: here or elsewhere, now."""
        self._moved.moving(self._clock())

    def left(self, context: str, name: str) -> None:
        """Note that a name has lost its last handler."""
        self._moved.left(context, name, self._clock())

    def hold(self, command: WaitingCommand, error: RanvierError) -> bool:
        """Let a command wait that has met this error; False where that is of no use.

        No handler may be on its way, too many commands may wait already, or it is not a handler
        that is missing.
        """
        if not isinstance(error, NoCommandHandler) or command.is_bound:
            return False
        until = self._moved.hold_until(command.context, command.name, self._clock())
        if until is None:
            return False
        size = len(command.message)
        if self._count >= HELD_MAX or self._byte_count + size > HELD_BYTES_MAX:
            return False
        held = self._held.setdefault((command.context, command.name), {})
        held[command] = min(until, command.expires_at)
        self._count += 1
        self._byte_count += size
        return True

    def came(self, context: str, name: str) -> list[WaitingCommand]:
        """Return the commands that have waited for a handler that is here now."""
        self._moved.came(context, name)
        return self._taken(list(self._held.get((context, name), ())))

    def forget(self, command: WaitingCommand) -> bool:
        """Forget a command whose caller has gone; False where it does not wait here."""
        is_held = command in self._held.get((command.context, command.name), {})
        if is_held:
            self._taken([command])
        return is_held

    def late(self) -> list[WaitingCommand]:
        """Return the commands that have waited for long enough."""
        if not self._held:
            return []
        now = self._clock()
        return self._taken(
            [each for held in self._held.values() for each, until in held.items() if until <= now]
        )

    def drain(self) -> list[WaitingCommand]:
        """Return all."""
        return self._taken([each for held in self._held.values() for each in held])

    def _taken(self, commands: Iterable[WaitingCommand]) -> list[WaitingCommand]:
        taken = list(commands)
        for command in taken:
            key = (command.context, command.name)
            held = self._held[key]
            del held[command]
            if not held:
                del self._held[key]
            self._count -= 1
            self._byte_count -= len(command.message)
        return taken
