"""The system database of a cluster: opens it, gives out its parts, closes it."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.storage.check_report import CheckReport
from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.postgres.check import check_database
from ranvier.storage.postgres.connections import Connections
from ranvier.storage.postgres.contexts import PostgresContexts
from ranvier.storage.postgres.event_log import PostgresEvents
from ranvier.storage.postgres.event_tags import PostgresEventTags
from ranvier.storage.postgres.keyed_snapshots import PostgresKeyedSnapshots
from ranvier.storage.postgres.known_contexts import KnownContexts
from ranvier.storage.postgres.migrate import migrate
from ranvier.storage.postgres.options import PostgresOptions
from ranvier.storage.postgres.persistent_streams import PostgresPersistentStreams
from ranvier.storage.postgres.processor_strategies import PostgresProcessorStrategies
from ranvier.storage.postgres.scheduled_events import PostgresScheduledEvents
from ranvier.storage.postgres.snapshots import PostgresSnapshots
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.postgres.under_way import UnderWay
from ranvier.storage.seen_heads import SeenHeads

DEFAULT_OPTIONS = PostgresOptions()


class PostgresDatabase:
    """Implements the port `Database` on a PostgreSQL that several nodes may share."""

    def __init__(self, dsn: str, options: PostgresOptions = DEFAULT_OPTIONS) -> None:
        """`dsn` is an address as libpq takes it; of several hosts the primary is found."""
        self._writers = Connections(
            dsn, options, options.writer_connections, writer_settings(options)
        )
        self._readers = Connections(
            dsn, options, options.reader_connections, reader_settings(options)
        )
        tools = DatabaseTools(
            self._writers,
            self._readers,
            KnownContexts(self._readers),
            SeenHeads(),
            options,
            UnderWay(),
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
    def ready(self) -> bool:
        """Whether the last question to the database was answered."""
        return self._writers.is_open and self._readers.works

    async def snapshot_counts(self) -> Mapping[str, int]:
        """How many snapshots each context has."""
        return await self._snapshots.counts()

    async def start(self) -> None:
        """Connect, bring the tables up to date and be ready; raises `StorageUnavailable`."""
        self._writers.open()
        self._readers.open()
        try:
            async with self._writers.lend() as lent:
                await migrate(lent.connection, "pre", "post")
            await self._contexts.names()
            await self._contexts.clear_leftovers()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish what was handed in, then close; stopping twice is allowed."""
        if self._writers.is_open:
            self._writers.is_open = self._readers.is_open = False
            await self._under_way.drain()
        await self._writers.close()
        await self._readers.close()

    async def check(self) -> CheckReport:
        """Look for damage; the database may be in use meanwhile."""
        if not self._readers.is_open:
            raise StorageUnavailable("it is not open")
        return await check_database(self._readers)


def writer_settings(options: PostgresOptions) -> dict[str, str]:
    """Return the server's settings for connections that append."""
    return {
        "application_name": "ranvier writer",
        "lock_timeout": f"{int(options.lock_seconds * 1000)}",
        "idle_in_transaction_session_timeout": "10000",
    }


def reader_settings(options: PostgresOptions) -> dict[str, str]:
    """Return the server's settings for connections that read."""
    return {
        "application_name": "ranvier reader",
        "statement_timeout": f"{int(options.read_seconds * 1000)}",
    }
