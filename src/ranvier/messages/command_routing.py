"""Which handler gets a command: by tags, then by the routing key's place on the ring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from ranvier.messages.chosen_handler import ChosenHandler
from ranvier.messages.command_flow import CommandFlow
from ranvier.messages.errors import DuplicateCommand, NoCommandHandler
from ranvier.messages.handler import Handler
from ranvier.messages.subscriptions import Subscription, SubscriptionTable
from ranvier.messages.tag_score import best_by_tags

Flow = TypeVar("Flow", bound=CommandFlow[Any])
Metadata = Callable[[], Mapping[str, str]]


class CommandRouting(Generic[Flow]):
    """The handlers of commands, what they offer, and the choice among them."""

    __slots__ = ("_choice", "flows", "table")

    def __init__(self) -> None:
        self.table = SubscriptionTable()
        self.flows: dict[Handler, Flow] = {}
        """Of every open stream, subscribed to something or not."""
        self._choice = ChosenHandler()

    def join(self, flow: Flow) -> None:
        """Take a handler that has come; it handles nothing yet."""
        self.flows[flow.handler] = flow

    def leave(self, handler: Handler) -> tuple[str, ...]:
        """Forget a handler that is gone; return the names that it had offered to handle."""
        del self.flows[handler]
        names = self.table.leave(handler)
        if not self.flows:
            self._choice.forget()
        return names

    def choose(
        self, context: str, name: str, message_id: str, key: str, metadata: Metadata
    ) -> Flow:
        """Return the flow that a command belongs into; `key` is its routing key, else its id.

        A handler that holds the id already is passed over. Raises `NoCommandHandler`, and
        `DuplicateCommand` where every handler holds it.
        """
        candidates = self.table.candidates(context, name)
        if not candidates:
            raise NoCommandHandler(name, context)
        flow = self.flows[self._best(candidates, key, metadata)]
        if not flow.holds(message_id):
            return flow
        free = tuple(own for own in candidates if not self.flows[own.handler].holds(message_id))
        if not free:
            raise DuplicateCommand(message_id)
        return self.flows[self._best(free, key, metadata)]

    def _best(self, candidates: tuple[Subscription, ...], key: str, metadata: Metadata) -> Handler:
        if len(candidates) == 1:
            return candidates[0].handler
        return self._choice.find(best_by_tags(candidates, metadata), key)
