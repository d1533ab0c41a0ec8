"""A system database together with the databases in which contexts lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from ranvier.storage.check_report import CheckReport, Finding
from ranvier.storage.cluster_configuration import ClusterConfiguration
from ranvier.storage.cluster_identity import ClusterIdentities
from ranvier.storage.cluster_nodes import ClusterNodes
from ranvier.storage.context_catalogue import ContextCatalogue
from ranvier.storage.errors import StorageError
from ranvier.storage.local_users import LocalUsers
from ranvier.storage.placed.contexts import PlacedContexts
from ranvier.storage.placed.event_tags import PlacedEventTags
from ranvier.storage.placed.events import PlacedEvents
from ranvier.storage.placed.keyed_snapshots import PlacedKeyedSnapshots
from ranvier.storage.placed.leases import PlacedLeases
from ranvier.storage.placed.opened_database import OpenedDatabase
from ranvier.storage.placed.persistent_streams import PlacedPersistentStreams
from ranvier.storage.placed.routing import OpenDatabase, Routing
from ranvier.storage.placed.scheduled_events import PlacedScheduledEvents
from ranvier.storage.placed.snapshots import PlacedSnapshots
from ranvier.storage.placements import PlacingDatabase
from ranvier.storage.processor_strategies import ProcessorStrategies
from ranvier.storage.sessions import Sessions
from ranvier.storage.sign_in_attempts import SignInAttempts


class PlacedDatabase:
    """Implements the port `Database`: each context's calls go to where the context lies.

    What is ready, and how far the time of the database has come, is the system database's to say:
    one of the others that does not answer harms its own contexts only.
    """

    def __init__(self, home: PlacingDatabase, open_database: OpenDatabase) -> None:
        self._home = home
        self._routing = Routing(home, open_database)
        self._events = PlacedEvents(self._routing)
        self._snapshots = PlacedSnapshots(self._routing)
        self._tags = PlacedEventTags(self._routing)
        self._keyed_snapshots = PlacedKeyedSnapshots(self._routing)
        self._scheduled_events = PlacedScheduledEvents(self._routing)
        self._persistent_streams = PlacedPersistentStreams(self._routing)
        self._contexts = PlacedContexts(self._routing, self._events)
        self._leases = PlacedLeases(self._routing)

    @property
    def events(self) -> PlacedEvents:
        """The events."""
        return self._events

    @property
    def snapshots(self) -> PlacedSnapshots:
        """The snapshots."""
        return self._snapshots

    @property
    def tags(self) -> PlacedEventTags:
        """The tags of stored events."""
        return self._tags

    @property
    def keyed_snapshots(self) -> PlacedKeyedSnapshots:
        """The snapshots that are kept by key."""
        return self._keyed_snapshots

    @property
    def scheduled_events(self) -> PlacedScheduledEvents:
        """The events that wait for their time."""
        return self._scheduled_events

    @property
    def persistent_streams(self) -> PlacedPersistentStreams:
        """The streams whose position the nodes keep."""
        return self._persistent_streams

    @property
    def contexts(self) -> ContextCatalogue:
        """The contexts."""
        return self._contexts

    @property
    def leases(self) -> PlacedLeases:
        """What only one node does at a time."""
        return self._leases

    @property
    def processor_strategies(self) -> ProcessorStrategies:
        """How event processors are balanced."""
        return self._home.processor_strategies

    @property
    def cluster_identity(self) -> ClusterIdentities:
        """Which cluster this is, and what its nodes prove themselves with."""
        return self._home.cluster_identity

    @property
    def sessions(self) -> Sessions:
        """The sessions of people."""
        return self._home.sessions

    @property
    def cluster_configuration(self) -> ClusterConfiguration:
        """What all nodes are told alike."""
        return self._home.cluster_configuration

    @property
    def local_users(self) -> LocalUsers:
        """The people who sign in with a password."""
        return self._home.local_users

    @property
    def sign_in_attempts(self) -> SignInAttempts:
        """The sign-ins that failed."""
        return self._home.sign_in_attempts

    @property
    def cluster_nodes(self) -> ClusterNodes:
        """The nodes that use this database."""
        return self._home.cluster_nodes

    @property
    def ready(self) -> bool:
        """Whether the system database takes writes as far as is known."""
        return self._home.ready

    @property
    def system_identifier(self) -> int:
        """Which PostgreSQL the system database is on."""
        return self._home.system_identifier

    @property
    def timeline(self) -> int:
        """The highest timeline of the system database that is known here."""
        return self._home.timeline

    def unreachable_contexts(self) -> Mapping[str, str]:
        """Why the contexts that cannot be served are not, by name."""
        return {
            each.name: each.database.reason
            for each in self._routing.contexts()
            if each.database.reason
        }

    def hear_of_timeline(self, system_identifier: int, timeline: int) -> None:
        """Believe no system database on a lower timeline than this."""
        self._home.hear_of_timeline(system_identifier, timeline)

    def oldest_read_seconds(self) -> float:
        """The age of the oldest view of any database that somebody here holds."""
        opened = [each.in_use for each in self._routing.databases()]
        return max(each.oldest_read_seconds() for each in (self._home, *opened) if each is not None)

    async def snapshot_counts(self) -> Mapping[str, int]:
        """How many snapshots each context has."""
        return await self._snapshots.counts()

    async def start(self) -> None:
        """Open the system database; the others are opened when they are needed."""
        await self._home.start()
        self._routing.start()
        try:
            await self._routing.refresh()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish what was handed in, then close all; stopping twice is allowed."""
        await self._routing.stop()
        await self._events.drain()
        await self._home.stop()

    async def check(self) -> CheckReport:
        """Look for damage in every database; one that is gone is a finding of its own."""
        report = await self._home.check()
        found = [await check_other(each) for each in self._routing.databases()]
        return replace(report, findings=(*report.findings, *chain.from_iterable(found)))


async def check_other(other: OpenedDatabase) -> Sequence[Finding]:
    """Return what is found in a database beside the system database; why not, where it is gone."""
    try:
        database = await other.opened()
        return (await database.check()).findings
    except StorageError as error:
        return (Finding("database of contexts", passed=False, detail=str(error)),)
