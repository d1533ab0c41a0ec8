"""The handlers that hang on this node, numbered for the other nodes and told to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.topology import Kind, Registration, Topology, TopologyChange

PART_REGISTRATIONS: Final = 256
"""Of one part of the list: far below the limit of a message, with names of the longest kind too."""

KINDS: Final = {
    "command": mesh_pb2.Registration.COMMAND,
    "query": mesh_pb2.Registration.QUERY,
}

Observer = Callable[[mesh_pb2.Table], None]


class LocalTable:
    """Follows the topology of a node and leaves out what hangs on other nodes."""

    def __init__(self, topology: Topology) -> None:
        self.revision = 0
        """Grows with every change."""
        self._topology = topology
        self._fresh_numbers = count(1)
        self._numbers: dict[str, int] = {}
        self._stream_ids: dict[int, str] = {}
        self._names: dict[str, set[tuple[Kind, str]]] = {}
        """By stream; one that has none left loses its number."""
        self._observers: list[Observer] = []
        self._is_withdrawn = False
        for registration in self._local():
            self._number(registration)
        topology.watch_all(self._changed)

    def stream_id_of(self, number: int) -> str | None:
        """Return whose number it is; None where it is nobody's any more."""
        return self._stream_ids.get(number)

    def parts(self) -> Iterator[mesh_pb2.Table]:
        """Return the whole list as it is now, in parts; the last one says so."""
        listed = [self._described(each) for each in self._local()]
        for start in range(0, max(len(listed), 1), PART_REGISTRATIONS):
            end = start + PART_REGISTRATIONS
            yield mesh_pb2.Table(
                revision=self.revision,
                added=listed[start:end],
                is_complete=end >= len(listed),
            )

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Tell of each change from now on, before its own call returns; return what ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def withdraw(self) -> None:
        """Tell that all handlers go, and tell of none any more: the node stops."""
        if self._is_withdrawn:
            return
        self.revision += 1
        removed = [self._named(each) for each in self._local()]
        self._is_withdrawn = True
        self._tell(mesh_pb2.Table(revision=self.revision, removed=removed, is_complete=True))

    def _local(self) -> list[Registration]:
        if self._is_withdrawn:
            return []
        return [each for each in self._topology.registrations() if not each.node]

    def _changed(self, change: TopologyChange) -> None:
        registration = change.registration
        if registration.node or self._is_withdrawn:
            return
        self.revision += 1
        table = mesh_pb2.Table(revision=self.revision, is_complete=True)
        if change.is_added:
            self._number(registration)
            table.added.append(self._described(registration))
        else:
            table.removed.append(self._named(registration))
            self._release(registration)
        self._tell(table)

    def _tell(self, table: mesh_pb2.Table) -> None:
        for observer in list(self._observers):
            observer(table)

    def _number(self, registration: Registration) -> None:
        stream_id = registration.stream_id
        if stream_id not in self._numbers:
            number = self._numbers[stream_id] = next(self._fresh_numbers)
            self._stream_ids[number] = stream_id
            self._names[stream_id] = set()
        self._names[stream_id].add((registration.kind, registration.name))

    def _release(self, registration: Registration) -> None:
        stream_id = registration.stream_id
        names = self._names[stream_id]
        names.discard((registration.kind, registration.name))
        if not names:
            del self._names[stream_id]
            del self._stream_ids[self._numbers.pop(stream_id)]

    def _named(self, registration: Registration) -> mesh_pb2.Registration:
        return mesh_pb2.Registration(
            handler=self._numbers[registration.stream_id],
            kind=KINDS[registration.kind],
            name=registration.name,
        )

    def _described(self, registration: Registration) -> mesh_pb2.Registration:
        return mesh_pb2.Registration(
            handler=self._numbers[registration.stream_id],
            kind=KINDS[registration.kind],
            context=registration.context,
            name=registration.name,
            client_id=registration.client_id,
            stream_id=registration.stream_id,
            component_name=registration.component_name,
            load_factor=registration.load_factor,
            result_names=registration.result_names,
            tags=dict(registration.tags),
        )
