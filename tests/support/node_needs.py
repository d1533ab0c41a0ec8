"""What a node of `AxonNode` needs of its database."""

from __future__ import annotations

from typing import Protocol

from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.storage.event_log import EventLog
from ranvier.storage.event_tags import EventTags
from ranvier.storage.keyed_snapshots import KeyedSnapshots
from ranvier.storage.processor_strategies import ProcessorStrategies
from ranvier.storage.snapshot_store import SnapshotStore


class NodeDatabase(Protocol):
    """What a node needs of its database; `SqliteDatabase` has it."""

    @property
    def events(self) -> EventLog: ...
    @property
    def snapshots(self) -> SnapshotStore: ...
    @property
    def tags(self) -> EventTags: ...
    @property
    def keyed_snapshots(self) -> KeyedSnapshots: ...
    @property
    def contexts(self) -> ContextCatalogue: ...
    @property
    def processor_strategies(self) -> ProcessorStrategies: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
