"""Who is connected to this node and handles what, for its report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from ranvier.services.dispatch_commands import DispatchCommands
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from ranvier.services.node_report import (
    Details,
    Queues,
    ReportedClient,
    ReportedHandler,
    ReportedProcessor,
)
from ranvier.services.query_handlers import QueryHandlers
from ranvier.services.topology import Registration, Topology

ROWS_MAX: Final = 2_000
"""Of each list in a report: some 300 kB. Whoever looks for one of more searches."""

Row = TypeVar("Row")
StreamFigures = tuple[int, int, int]
"""Permits, messages that wait, messages in flight."""


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """Reads the registries of this node."""

    clients: KeepClients
    commands: DispatchCommands
    queries: QueryHandlers
    topology: Topology
    clock: Callable[[], float]
    """That of the clients."""

    def queues(self) -> Queues:
        """Return what is under way toward the handlers of this node."""
        commands = [each for each in self.commands.streams() if not each.handler.node]
        queries = self.queries.streams()
        return Queues(
            commands_waiting=sum([len(each.waiting) for each in commands]),
            commands_in_flight=sum([len(each.sent) for each in commands]),
            queries_waiting=sum([len(each.mailbox) for each in queries]),
            queries_in_flight=sum([len(each.in_flight) for each in queries]),
        )

    def matching(self, search: str) -> Details:
        """Return what holds this text, in the order of coming, at most `ROWS_MAX` of each kind."""
        text = search.casefold()
        handlers, handler_count = bounded(self._handlers(text))
        clients, client_count = bounded(self._clients(text))
        processors, processor_count = bounded(self._processors(text))
        figures = self._figures()
        return Details(
            handlers=tuple([reported_handler(each, figures) for each in handlers]),
            handler_count=handler_count,
            clients=tuple([self._reported_client(each) for each in clients]),
            client_count=client_count,
            processors=processors,
            processor_count=processor_count,
        )

    def _handlers(self, text: str) -> Iterator[Registration]:
        for each in self.topology.registrations():
            named = (each.context, each.name, each.component_name, each.client_id)
            if not each.node and holds(text, named):
                yield each

    def _clients(self, text: str) -> Iterator[ConnectedClient]:
        for each in self.clients.clients():
            named = (each.context, each.identity.component_name, each.identity.client_id)
            if holds(text, named):
                yield each

    def _processors(self, text: str) -> Iterator[ReportedProcessor]:
        for client in self.clients.clients():
            who = client.identity
            for status in self.clients.processors_of(client) if client.processors else ():
                if holds(text, (client.context, status.name, who.component_name, who.client_id)):
                    yield ReportedProcessor(
                        context=client.context,
                        name=status.name,
                        client_id=who.client_id,
                        component_name=who.component_name,
                        mode=status.mode,
                        is_running=status.is_running,
                        is_error=status.is_error,
                        active_threads=status.active_threads,
                        available_threads=status.available_threads,
                        segment_count=len(status.segments),
                    )

    def _figures(self) -> dict[tuple[str, str], StreamFigures]:
        """Return the figures of every stream, by kind and id."""
        found: dict[tuple[str, str], StreamFigures] = {}
        for command in self.commands.streams():
            if not command.handler.node:
                key = ("command", command.handler.stream_id)
                found[key] = (command.permits.available, len(command.waiting), len(command.sent))
        for query in self.queries.streams():
            if query.handler is not None:
                key = ("query", query.handler.stream_id)
                found[key] = (query.permits.available, len(query.mailbox), len(query.in_flight))
        return found

    def _reported_client(self, client: ConnectedClient) -> ReportedClient:
        who = client.identity
        return ReportedClient(
            context=client.context,
            client_id=who.client_id,
            component_name=who.component_name,
            version=who.version,
            tags=dict(who.tags),
            connected_seconds=self.clock() - client.connected_at,
        )


def reported_handler(
    registration: Registration, figures: dict[tuple[str, str], StreamFigures]
) -> ReportedHandler:
    """Return what is told of a handler; a stream that is just closing has no figures."""
    key = (registration.kind, registration.stream_id)
    permits, waiting, in_flight = figures.get(key, (0, 0, 0))
    return ReportedHandler(
        kind=registration.kind,
        context=registration.context,
        name=registration.name,
        client_id=registration.client_id,
        component_name=registration.component_name,
        load_factor=registration.load_factor,
        permits=permits,
        waiting=waiting,
        in_flight=in_flight,
    )


def holds(text: str, named: Iterable[str]) -> bool:
    """Tell whether one of these names holds a text that is case-folded; all hold the empty one."""
    return not text or any(text in each.casefold() for each in named)


def bounded(rows: Iterator[Row]) -> tuple[tuple[Row, ...], int]:
    """Return the first rows, and how many there are."""
    kept = tuple(islice(rows, ROWS_MAX))
    return kept, len(kept) + sum(1 for _ in rows)
