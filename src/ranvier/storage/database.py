"""The port of a whole database: its parts, and the one contract of start and stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ranvier.storage.check_report import CheckReport
from ranvier.storage.cluster_configuration import ClusterConfiguration
from ranvier.storage.cluster_identity import ClusterIdentities
from ranvier.storage.cluster_nodes import ClusterNodes
from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.storage.event_log import EventLog
from ranvier.storage.event_tags import EventTags
from ranvier.storage.keyed_snapshots import KeyedSnapshots
from ranvier.storage.leases import Leases
from ranvier.storage.local_users import LocalUsers
from ranvier.storage.persistent_streams import PersistentStreams
from ranvier.storage.processor_strategies import ProcessorStrategies
from ranvier.storage.scheduled_events import ScheduledEvents
from ranvier.storage.sessions import Sessions
from ranvier.storage.sign_in_attempts import SignInAttempts
from ranvier.storage.snapshot_store import SnapshotStore


class Database(Protocol):
    """One system database; its parts may be used between `start` and `stop`."""

    @property
    def events(self) -> EventLog:
        """The events."""
        ...

    @property
    def snapshots(self) -> SnapshotStore:
        """The snapshots."""
        ...

    @property
    def tags(self) -> EventTags:
        """The tags of stored events."""
        ...

    @property
    def keyed_snapshots(self) -> KeyedSnapshots:
        """The snapshots that are kept by key."""
        ...

    @property
    def scheduled_events(self) -> ScheduledEvents:
        """The events that wait for their time."""
        ...

    @property
    def persistent_streams(self) -> PersistentStreams:
        """The streams whose position the node keeps."""
        ...

    @property
    def contexts(self) -> ContextCatalogue:
        """The contexts."""
        ...

    @property
    def processor_strategies(self) -> ProcessorStrategies:
        """How event processors are balanced."""
        ...

    @property
    def cluster_identity(self) -> ClusterIdentities:
        """Which cluster this is, and what its nodes prove themselves with."""
        ...

    @property
    def cluster_configuration(self) -> ClusterConfiguration:
        """What all nodes are told alike."""
        ...

    @property
    def local_users(self) -> LocalUsers:
        """The people who sign in with a password."""
        ...

    @property
    def sign_in_attempts(self) -> SignInAttempts:
        """The sign-ins that failed."""
        ...

    @property
    def leases(self) -> Leases:
        """What only one node does at a time."""
        ...

    @property
    def cluster_nodes(self) -> ClusterNodes:
        """The nodes that use this database."""
        ...

    @property
    def sessions(self) -> Sessions:
        """The sessions of people, and the posts that they have made once."""
        ...

    @property
    def ready(self) -> bool:
        """Whether writing is possible as far as is known; a failed commit makes it False."""
        ...

    @property
    def system_identifier(self) -> int:
        """Which database this is, as PostgreSQL tells them apart; 0 where nobody shares it."""
        ...

    @property
    def timeline(self) -> int:
        """The highest timeline of the database that is known here; 0 where it never fails over."""
        ...

    def unreachable_contexts(self) -> Mapping[str, str]:
        """Why contexts in databases of their own cannot be served, by name; the others can."""
        ...

    def hear_of_timeline(self, system_identifier: int, timeline: int) -> None:
        """Believe no server on a lower timeline than this, which another node has seen.

        That of another database than this one says nothing.
        """
        ...

    def oldest_read_seconds(self) -> float:
        """The age of the oldest view of the database that somebody here holds; 0 if nobody."""
        ...

    async def snapshot_counts(self) -> Mapping[str, int]:
        """How many snapshots each context has."""
        ...

    async def start(self) -> None:
        """Open the database, bring its tables up to date and make it ready."""
        ...

    async def stop(self) -> None:
        """Finish what was handed in, then close; stopping twice is allowed."""
        ...

    async def check(self) -> CheckReport:
        """Look for damage while the database is in use."""
        ...
