"""The system database of a cluster: opens it, gives out its parts, closes it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from ranvier.storage.check_report import CheckReport
from ranvier.storage.errors import StorageError, StorageUnavailable
from ranvier.storage.postgres.check import check_database
from ranvier.storage.postgres.cluster_configuration import PostgresClusterConfiguration
from ranvier.storage.postgres.cluster_identity import PostgresClusterIdentities
from ranvier.storage.postgres.cluster_nodes import PostgresClusterNodes
from ranvier.storage.postgres.confirmed_heads import ConfirmedHeads
from ranvier.storage.postgres.connections import Connections, ConnectionSettings
from ranvier.storage.postgres.contexts import PostgresContexts
from ranvier.storage.postgres.copy_target import refuse_half_copied
from ranvier.storage.postgres.event_log import PostgresEvents
from ranvier.storage.postgres.event_tags import PostgresEventTags
from ranvier.storage.postgres.keyed_snapshots import PostgresKeyedSnapshots
from ranvier.storage.postgres.known_contexts import KnownContexts
from ranvier.storage.postgres.leases import PostgresLeases
from ranvier.storage.postgres.local_users import PostgresLocalUsers
from ranvier.storage.postgres.migrate import migrate
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.ownership import refuse_other_use, take_for
from ranvier.storage.postgres.persistent_streams import PostgresPersistentStreams
from ranvier.storage.postgres.placements import PostgresPlacements
from ranvier.storage.postgres.primary import KnownPrimary
from ranvier.storage.postgres.processor_strategies import PostgresProcessorStrategies
from ranvier.storage.postgres.scheduled_events import PostgresScheduledEvents
from ranvier.storage.postgres.sessions import PostgresSessions
from ranvier.storage.postgres.sign_in_attempts import PostgresSignInAttempts
from ranvier.storage.postgres.snapshots import PostgresSnapshots
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.postgres.under_way import UnderWay
from ranvier.storage.seen_heads import SeenHeads

DEFAULT_OPTIONS = PostgresOptions()

MIGRATION_SETTINGS = ConnectionSettings(1, 0, {"application_name": "ranvier migration"})
"""A migration takes its time, and nodes that start together wait for the one that makes it."""

CONFIRMING_SETTINGS = ConnectionSettings(1, 0, {"application_name": "ranvier confirming"})
"""A commit that waits for a standby waits as long as it takes; it holds no lock."""


class PostgresDatabase:
    """Implements the port `Database` on a PostgreSQL that several nodes may share."""

    def __init__(self, dsn: str, options: PostgresOptions = DEFAULT_OPTIONS) -> None:
        """`dsn` is an address as libpq takes it; of several hosts the primary is found."""
        self._primary = KnownPrimary()
        self._options = options
        self._writers, self._readers, self._heartbeats, self._migrations = (
            Connections(dsn, options, self._primary, settings)
            for settings in (
                writer_settings(options),
                reader_settings(options),
                heartbeat_settings(options),
                MIGRATION_SETTINGS,
            )
        )
        self._knocking: asyncio.Task[None] | None = None
        self._confirming = Connections(dsn, options, self._primary, CONFIRMING_SETTINGS)
        self._confirmed = ConfirmedHeads(self._confirming, options.answer_seconds)
        tools = DatabaseTools(
            self._writers,
            self._readers,
            KnownContexts(self._readers),
            SeenHeads(),
            options,
            UnderWay(),
            self._confirmed,
        )
        self._connections = (
            self._migrations,
            self._heartbeats,
            self._confirming,
            self._writers,
            self._readers,
        )
        self._under_way = tools.under_way
        self._events = PostgresEvents(tools)
        self._snapshots = PostgresSnapshots(tools)
        self._contexts = PostgresContexts(tools)
        self._tags = PostgresEventTags(tools)
        self._keyed_snapshots = PostgresKeyedSnapshots(tools)
        self._scheduled_events = PostgresScheduledEvents(tools)
        self._persistent_streams = PostgresPersistentStreams(tools)
        self._processor_strategies = PostgresProcessorStrategies(tools)
        self._cluster_identity = PostgresClusterIdentities(tools)
        self._leases = PostgresLeases(tools)
        self._sessions = PostgresSessions(tools)
        self._cluster_configuration = PostgresClusterConfiguration(tools)
        self._local_users = PostgresLocalUsers(tools)
        self._sign_in_attempts = PostgresSignInAttempts(tools)
        self._placements = PostgresPlacements(tools)
        self._cluster_nodes = PostgresClusterNodes(tools, self._heartbeats)

    @property
    def events(self) -> PostgresEvents:
        """The events."""
        return self._events

    @property
    def snapshots(self) -> PostgresSnapshots:
        """The snapshots."""
        return self._snapshots

    @property
    def contexts(self) -> PostgresContexts:
        """The contexts."""
        return self._contexts

    @property
    def tags(self) -> PostgresEventTags:
        """The tags of stored events."""
        return self._tags

    @property
    def keyed_snapshots(self) -> PostgresKeyedSnapshots:
        """The snapshots that are kept by key."""
        return self._keyed_snapshots

    @property
    def scheduled_events(self) -> PostgresScheduledEvents:
        """The events that wait for their time."""
        return self._scheduled_events

    @property
    def persistent_streams(self) -> PostgresPersistentStreams:
        """The streams whose position the nodes keep."""
        return self._persistent_streams

    @property
    def processor_strategies(self) -> PostgresProcessorStrategies:
        """How event processors are balanced."""
        return self._processor_strategies

    @property
    def cluster_identity(self) -> PostgresClusterIdentities:
        """Which cluster this is, and what its nodes prove themselves with."""
        return self._cluster_identity

    @property
    def cluster_configuration(self) -> PostgresClusterConfiguration:
        """What all nodes are told alike."""
        return self._cluster_configuration

    @property
    def local_users(self) -> PostgresLocalUsers:
        """The people who sign in with a password."""
        return self._local_users

    @property
    def sign_in_attempts(self) -> PostgresSignInAttempts:
        """The sign-ins that failed."""
        return self._sign_in_attempts

    @property
    def leases(self) -> PostgresLeases:
        """What only one node does at a time."""
        return self._leases

    @property
    def sessions(self) -> PostgresSessions:
        """The sessions of people."""
        return self._sessions

    @property
    def cluster_nodes(self) -> PostgresClusterNodes:
        """The nodes that use this database."""
        return self._cluster_nodes

    @property
    def placements(self) -> PostgresPlacements:
        """The contexts whose events lie elsewhere."""
        return self._placements

    @property
    def ready(self) -> bool:
        """Whether the primary answered when it was last asked to read and to write."""
        return self._under_way.is_open and self._readers.works and self._writers.works

    @property
    def system_identifier(self) -> int:
        """Which database this is: no two PostgreSQL clusters have the same."""
        return self._primary.system_identifier

    @property
    def timeline(self) -> int:
        """The highest timeline of the database that is known here; other nodes want to know it."""
        return self._primary.timeline

    def unreachable_contexts(self) -> Mapping[str, str]:
        """None: contexts lie here."""
        return {}

    def hear_of_timeline(self, system_identifier: int, timeline: int) -> None:
        """Believe no server on a lower timeline than this, which another node has seen."""
        self._primary.hear_of(system_identifier, timeline)

    def oldest_read_seconds(self) -> float:
        """The age of the oldest statement or transaction of this node that is under way."""
        return max(self._readers.oldest_loan_seconds(), self._writers.oldest_loan_seconds())

    async def snapshot_counts(self) -> Mapping[str, int]:
        """How many snapshots each context has."""
        return await self._snapshots.counts()

    async def start(self) -> None:
        """Connect, bring the tables up to date and be ready; raises `StorageUnavailable`."""
        for connections in self._connections:
            connections.open()
        self._under_way.is_open = True
        try:
            async with self._migrations.lend() as lent:
                await refuse_other_use(lent, self._options.owner)
                await migrate(lent.connection)
                await refuse_half_copied(lent)
                if self._options.owner is not None:
                    await take_for(lent, self._options.owner)
            await self._migrations.close()
            await self._writers.ask("SELECT")
            await self._contexts.names()
            await self._contexts.clear_leftovers()
            self._knocking = asyncio.create_task(self._knock_for_ever())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish what was handed in, then close; stopping twice is allowed."""
        if self._knocking is not None:
            self._knocking.cancel()
        await self._under_way.drain(self._options.stop_seconds)
        await self._confirmed.stop()
        for connections in self._connections:
            await connections.close()

    async def _knock_for_ever(self) -> None:
        """See whether a database that was lost is back, also while nobody asks it anything."""
        while True:
            await asyncio.sleep(self._options.knock_seconds)
            for connections in (self._writers, self._readers):
                if not connections.works:
                    with suppress(StorageError):
                        await connections.ask("SELECT")

    async def check(self) -> CheckReport:
        """Look for damage; the database may be in use meanwhile."""
        if not self._readers.is_open:
            raise StorageUnavailable("it is not open")
        return await check_database(self._readers)


def writer_settings(options: PostgresOptions) -> ConnectionSettings:
    """Return the settings of connections that append."""
    return ConnectionSettings(
        options.writer_connections,
        options.transaction_seconds,
        {
            "application_name": "ranvier writer",
            "lock_timeout": f"{int(options.lock_seconds * 1000)}",
            "statement_timeout": f"{int(options.read_seconds * 1000)}",
            "idle_in_transaction_session_timeout": "10000",
        },
        options.answer_seconds,
    )


def reader_settings(options: PostgresOptions) -> ConnectionSettings:
    """Return the settings of connections that read."""
    return ConnectionSettings(
        options.reader_connections,
        options.transaction_seconds,
        {
            "application_name": "ranvier reader",
            "statement_timeout": f"{int(options.read_seconds * 1000)}",
        },
        options.answer_seconds,
    )


def heartbeat_settings(options: PostgresOptions) -> ConnectionSettings:
    """Return the settings of the connection that shows that the node lives."""
    return ConnectionSettings(
        1,
        options.heartbeat_seconds,
        {
            "application_name": "ranvier heartbeat",
            "lock_timeout": f"{int(options.heartbeat_seconds * 1000)}",
            "statement_timeout": f"{int(options.heartbeat_seconds * 1000)}",
            # A heartbeat that is lost with the server is followed by the next.
            "synchronous_commit": "off",
        },
    )
