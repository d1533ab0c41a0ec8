"""The system database of one node: opens it, gives out its parts, closes it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import apsw

from ranvier.storage.check_report import CheckReport
from ranvier.storage.errors import DatabaseTooNew, StorageUnavailable
from ranvier.storage.seen_heads import SeenHeads
from ranvier.storage.sqlite.check import check_directory
from ranvier.storage.sqlite.checkpointing import Checkpointing
from ranvier.storage.sqlite.cluster_configuration import SqliteClusterConfiguration
from ranvier.storage.sqlite.cluster_identity import SqliteClusterIdentities
from ranvier.storage.sqlite.cluster_nodes import SqliteClusterNodes
from ranvier.storage.sqlite.connections import (
    close_quietly,
    database_path,
    open_checkpointer,
    open_reader,
    sync_log,
)
from ranvier.storage.sqlite.contexts import ContextTools, KnownContexts, SqliteContexts
from ranvier.storage.sqlite.directory_lock import DirectoryLock
from ranvier.storage.sqlite.event_log import SqliteEvents
from ranvier.storage.sqlite.event_tags import SqliteEventTags
from ranvier.storage.sqlite.keyed_snapshots import SqliteKeyedSnapshots
from ranvier.storage.sqlite.leases import SqliteLeases
from ranvier.storage.sqlite.local_users import SqliteLocalUsers
from ranvier.storage.sqlite.migrate import migrate, refuse_unsuitable_file
from ranvier.storage.sqlite.options import SqliteOptions
from ranvier.storage.sqlite.persistent_streams import SqlitePersistentStreams
from ranvier.storage.sqlite.processor_strategies import SqliteProcessorStrategies
from ranvier.storage.sqlite.scheduled_events import SqliteScheduledEvents
from ranvier.storage.sqlite.sessions import SqliteSessions
from ranvier.storage.sqlite.sign_in_attempts import SqliteSignInAttempts
from ranvier.storage.sqlite.snapshots import SqliteSnapshots
from ranvier.storage.sqlite.workers import Workers, tell
from ranvier.storage.sqlite.writer import Writer, WriterHooks

DEFAULT_OPTIONS = SqliteOptions()


class SqliteDatabase:
    """Implements the port `Database` in one directory, which it holds from start to stop."""

    def __init__(self, directory: Path, options: SqliteOptions = DEFAULT_OPTIONS) -> None:
        self._directory = directory
        self._options = options
        self._path = database_path(directory)
        self._lock = DirectoryLock(directory)
        self._known = KnownContexts()
        self._checkpointing = Checkpointing(options)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = Writer(
            self._path,
            options,
            WriterHooks(self._checkpointing.committed, self._writer_lost, self._known.load),
        )
        self._writers = Workers("ranvier-writer", self._open_writer, Writer.close)
        self._readers = Workers(
            "ranvier-reader",
            lambda: open_reader(self._path, options),
            close_quietly,
            count=options.reader_count,
            waiting_limit=options.waiting_reads,
        )
        self._checkpointers = Workers(
            "ranvier-checkpointer",
            lambda: open_checkpointer(self._path, options),
            close_quietly,
        )
        self._checkpointing.use(self._checkpointers, self._writers)
        tools = ContextTools(self._writers, self._readers, self._known, SeenHeads(), options)
        self._events = SqliteEvents(tools)
        self._snapshots = SqliteSnapshots(tools)
        self._tags = SqliteEventTags(tools)
        self._keyed_snapshots = SqliteKeyedSnapshots(tools)
        self._scheduled_events = SqliteScheduledEvents(tools)
        self._persistent_streams = SqlitePersistentStreams(tools)
        self._contexts = SqliteContexts(tools)
        self._processor_strategies = SqliteProcessorStrategies(tools)
        self._cluster_identity = SqliteClusterIdentities(tools)
        self._leases = SqliteLeases(tools)
        self._sessions = SqliteSessions(tools)
        self._cluster_configuration = SqliteClusterConfiguration(tools)
        self._local_users = SqliteLocalUsers(tools)
        self._sign_in_attempts = SqliteSignInAttempts(tools)
        self._cluster_nodes = SqliteClusterNodes(tools)

    @property
    def events(self) -> SqliteEvents:
        """The events."""
        return self._events

    @property
    def snapshots(self) -> SqliteSnapshots:
        """The snapshots."""
        return self._snapshots

    @property
    def tags(self) -> SqliteEventTags:
        """The tags of stored events."""
        return self._tags

    @property
    def keyed_snapshots(self) -> SqliteKeyedSnapshots:
        """The snapshots that are kept by key."""
        return self._keyed_snapshots

    @property
    def scheduled_events(self) -> SqliteScheduledEvents:
        """The events that wait for their time."""
        return self._scheduled_events

    @property
    def persistent_streams(self) -> SqlitePersistentStreams:
        """The streams whose position the node keeps."""
        return self._persistent_streams

    @property
    def contexts(self) -> SqliteContexts:
        """The contexts."""
        return self._contexts

    @property
    def processor_strategies(self) -> SqliteProcessorStrategies:
        """How event processors are balanced."""
        return self._processor_strategies

    @property
    def cluster_identity(self) -> SqliteClusterIdentities:
        """Which cluster this is, and what its nodes prove themselves with."""
        return self._cluster_identity

    @property
    def cluster_configuration(self) -> SqliteClusterConfiguration:
        """What all nodes are told alike."""
        return self._cluster_configuration

    @property
    def local_users(self) -> SqliteLocalUsers:
        """The people who sign in with a password."""
        return self._local_users

    @property
    def sign_in_attempts(self) -> SqliteSignInAttempts:
        """The sign-ins that failed."""
        return self._sign_in_attempts

    @property
    def leases(self) -> SqliteLeases:
        """What only one node does at a time."""
        return self._leases

    @property
    def sessions(self) -> SqliteSessions:
        """The sessions of people."""
        return self._sessions

    @property
    def cluster_nodes(self) -> SqliteClusterNodes:
        """The node that uses this database."""
        return self._cluster_nodes

    @property
    def ready(self) -> bool:
        """Whether writing is possible as far as is known; a failed commit makes it False."""
        return self._writer.ready

    @property
    def system_identifier(self) -> int:
        """Nobody shares a file of this node: 0."""
        return 0

    @property
    def timeline(self) -> int:
        """The database is a file of this node and never fails over: 0."""
        return 0

    def unreachable_contexts(self) -> Mapping[str, str]:
        """None: contexts lie here."""
        return {}

    def hear_of_timeline(self, system_identifier: int, timeline: int) -> None:
        """Nothing that others see concerns a file of this node."""

    def oldest_read_seconds(self) -> float:
        """The age of the oldest snapshot of the database that a reader holds."""
        return self._readers.oldest_job_seconds()

    async def snapshot_counts(self) -> Mapping[str, int]:
        """How many snapshots each context has."""
        return await self._snapshots.counts()

    async def start(self) -> None:
        """Take the directory, bring the tables up to date and be ready.

        Raises `DataDirectoryInUse`, `DatabaseTooNew`, `ForeignDatabase` or `MigrationChanged` and
        has then changed nothing.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
        except OSError as error:
            reason = f"the directory {self._directory} does not allow it ({error.strerror})"
            raise StorageUnavailable(reason) from error
        try:
            await self._writers.start()
            await self._readers.start()
            await self._checkpointers.start()
        except BaseException:
            await self.stop()
            raise
        await self._contexts.clear_leftovers()

    async def stop(self) -> None:
        """Finish what was handed in, then close; the directory is free for the next node."""
        await self._checkpointers.stop()
        await self._readers.stop()
        await self._writers.stop()
        self._lock.release()

    async def check(self) -> CheckReport:
        """Look for damage; the database may be in use meanwhile."""
        return await asyncio.to_thread(check_directory, self._directory)

    def _open_writer(self) -> Writer:
        refuse_unsuitable_file(self._path)
        sync_log(self._path)
        connection = self._writer.open()
        try:
            migrate(connection, self._path)
        except DatabaseTooNew:
            # The log of the newer program stays as it is, too.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._writer.close()
            raise
        except BaseException:
            self._writer.close()
            raise
        self._known.load(connection)
        return self._writer

    def _writer_lost(self) -> None:
        if self._loop is not None:
            tell(self._loop, self._reopen_later)

    def _reopen_later(self) -> None:
        """Try on the writer thread after a pause, and again after each failure."""
        if self._loop is not None:
            self._loop.call_later(
                self._options.reopen_seconds,
                self._writers.post_unless_stopped,
                lambda writer: None if writer.try_open() else self._writer_lost(),
            )
