"""Which handler gets a command: by tags, then by the routing key's place on the ring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

from ranvier.messages.chosen_handler import ChosenHandler
from ranvier.messages.command_flow import CommandFlow
from ranvier.messages.errors import DuplicateCommand, NoCommandHandler
from ranvier.messages.handler import Handler
from ranvier.messages.subscriptions import Subscription, SubscriptionTable
from ranvier.messages.tag_score import best_by_tags

Flow = TypeVar("Flow", bound=CommandFlow[Any])


class Routed(Protocol):
    """What routing asks of a command; the methods are asked only where there is a choice."""

    context: str
    name: str
    message_id: str

    def routing_key(self) -> str:
        """Return the routing key, or the message id where the command has none."""
        ...

    def metadata(self) -> Mapping[str, str]:
        """Return the metadata as text."""
        ...


class CommandRouting(Generic[Flow]):
    """The handlers of commands, what they offer, and the choice among them."""

    __slots__ = ("_choice", "_revision", "_sole", "flows", "table")

    def __init__(self) -> None:
        self.table = SubscriptionTable()
        self.flows: dict[Handler, Flow] = {}
        """Of every open stream, subscribed to something or not."""
        self._choice = ChosenHandler()
        self._sole: dict[tuple[str, str], Flow] = {}
        """Of names that only one handler offers, as of a revision of the table."""
        self._revision = 0

    def join(self, flow: Flow) -> None:
        """Take a handler that has come; it handles nothing yet."""
        self.flows[flow.handler] = flow

    def leave(self, handler: Handler) -> tuple[str, ...]:
        """Forget a handler that is gone; return the names that it had offered to handle."""
        del self.flows[handler]
        names = self.table.leave(handler)
        self._sole.clear()
        if not self.flows:
            self._choice.forget()
        return names

    def sole(self, context: str, name: str) -> Flow | None:
        """Return the flow of a handler that was found to be the only one; None: `choose` knows."""
        # What most commands need takes 0.1 µs so, and 0.5 by way of the candidates.
        if self._revision != self.table.revision:
            return None
        return self._sole.get((context, name))

    def choose(self, command: Routed) -> Flow:
        """Return the flow that a command belongs into.

        A handler that holds its id already is passed over. Raises `NoCommandHandler`, and
        `DuplicateCommand` where every handler holds it.
        """
        context, name, message_id = command.context, command.name, command.message_id
        candidates = self.table.candidates(context, name)
        if not candidates:
            raise NoCommandHandler(name, context)
        flow = self._best(candidates, command)
        if len(candidates) == 1:
            self._note_sole(context, name, flow)
        if not flow.holds(message_id):
            return flow
        free = tuple(own for own in candidates if not self.flows[own.handler].holds(message_id))
        if not free:
            raise DuplicateCommand(message_id)
        return self._best(free, command)

    def _best(self, candidates: tuple[Subscription, ...], command: Routed) -> Flow:
        if len(candidates) == 1:
            return self.flows[candidates[0].handler]
        if self.table.has_tags:
            candidates = best_by_tags(candidates, command.metadata)
        return self.flows[self._choice.find(candidates, command.routing_key())]

    def _note_sole(self, context: str, name: str, flow: Flow) -> None:
        if self._revision != self.table.revision:
            self._sole.clear()
            self._revision = self.table.revision
        self._sole[context, name] = flow
