"""Which client handles what in the cluster, for whoever shows it or waits for its changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ranvier.messages.handler import Handler

logger = logging.getLogger("ranvier.services")

Kind = Literal["command", "query"]
Key = tuple[Kind, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Registration:
    """One name that one stream of a client handles; `result_names` are those of a query."""

    kind: Kind
    context: str
    name: str
    client_id: str
    stream_id: str
    component_name: str
    load_factor: int = 100
    result_names: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Of the client."""
    node: str = ""
    """The name of the node that holds the stream; empty where it is this one."""

    @property
    def key(self) -> Key:
        """What no two registrations share."""
        return self.kind, self.context, self.node, self.stream_id, self.name


@dataclass(frozen=True, slots=True)
class TopologyChange:
    """A registration that came, or came again with other particulars, or went."""

    registration: Registration
    is_added: bool


Observer = Callable[[TopologyChange], None]


class Topology:
    """All registrations that this node knows, in the order of coming."""

    def __init__(self) -> None:
        self._registrations: dict[str, dict[Key, Registration]] = {}
        self._observers: dict[str, dict[object, Observer]] = {}
        self._observers_of_all: list[Observer] = []

    def added(self, registration: Registration) -> None:
        """Note a registration; one with the same key is replaced."""
        of_context = self._registrations.setdefault(registration.context, {})
        if of_context.get(registration.key) != registration:
            of_context[registration.key] = registration
            self._tell(TopologyChange(registration, is_added=True))

    def removed(self, registration: Registration) -> None:
        """Forget a registration, found by its key; one that is not known is no error."""
        of_context = self._registrations.get(registration.context, {})
        known = of_context.pop(registration.key, None)
        if known is None:
            return
        if not of_context:
            del self._registrations[registration.context]
        self._tell(TopologyChange(known, is_added=False))

    def registrations(self, context: str | None = None) -> list[Registration]:
        """Return the registrations of one context, or of all."""
        if context is not None:
            return list(self._registrations.get(context, {}).values())
        return [each for own in self._registrations.values() for each in own.values()]

    def watch(self, context: str, observer: Observer) -> Callable[[], None]:
        """Tell `observer` of each change in a context from now on; return what ends it.

        He is called before the change's own call returns, and what he raises harms nobody.
        """
        ticket = object()
        self._observers.setdefault(context, {})[ticket] = observer

        def cancel() -> None:
            observers = self._observers.get(context, {})
            if observers.pop(ticket, None) is not None and not observers:
                del self._observers[context]

        return cancel

    def watch_all(self, observer: Observer) -> Callable[[], None]:
        """Do as `watch` in every context."""
        self._observers_of_all.append(observer)
        return lambda: self._observers_of_all.remove(observer)

    def _tell(self, change: TopologyChange) -> None:
        of_context = self._observers.get(change.registration.context, {})
        for observer in (*self._observers_of_all, *of_context.values()):
            try:
                observer(change)
            except Exception:
                logger.exception("An observer of the topology failed.")


def command_registration(handler: Handler, name: str, load_factor: int = 100) -> Registration:
    """Return what the topology knows of an offer to handle commands."""
    return Registration(
        "command",
        handler.context,
        name,
        handler.client_id,
        handler.stream_id,
        handler.component_name,
        load_factor,
        tags=tuple(handler.tags.items()),
        node=handler.node,
    )
