"""The measures of the PostgreSQL database; every bound with its unit and its reason."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.events.limits import DEFAULT_LIMITS, AppendLimits


@dataclass(frozen=True, slots=True)
class PostgresOptions:
    """What an operator or a test may measure differently."""

    limits: AppendLimits = DEFAULT_LIMITS
    """What one append may bring."""
    takes_unsafe: bool = False
    """Whether a server may be used that loses what it acknowledged when its power fails."""
    owner: str | None = None
    """The id of the cluster that places contexts here; None for a system database."""
    writer_connections: int = 4
    """Each sequencer has one batch under way, so this many contexts commit at the same time."""
    reader_connections: int = 8
    """Pages read at the same time; a page takes about a millisecond."""
    waiting_for_connection: int = 20_000
    """Questions that may wait for a connection: one for each client that a node takes."""
    connect_seconds: float = 5.0
    """For finding the primary among the hosts, signing in and being ready."""
    host_seconds: float = 0.5
    """How long one of several hosts is waited for before the next one is tried beside it."""
    connect_pause_seconds: float = 0.25
    """Between two attempts to connect while they fail; who asks meanwhile is told so at once."""
    knock_seconds: float = 0.5
    """Between two looks whether a database that was lost is back."""
    turn_seconds: float = 10.0
    """How long a question may wait for a connection: all that are lent come back sooner."""
    answer_seconds: float = 8.0
    """How long an answer may take before the connection is closed: the server ends a statement
    sooner by itself, so one that says nothing stands still, or waits for its standby."""
    lock_seconds: float = 3.0
    """How long an append waits for the head row before it looks who holds it."""
    read_seconds: float = 5.0
    """The longest that one statement may hold a snapshot of the database."""
    transaction_seconds: float = 30.0
    """How long a transaction may last, whatever it waits for, where the server can end it."""
    heartbeat_seconds: float = 2.0
    """How long a heartbeat may take before the database counts as out of reach."""
    stop_seconds: float = 10.0
    """How long a stop waits for what was handed in: a standby that is gone may hold it for ever."""
    unsent_seconds: float = 10.0
    """How long the network may leave bytes unacknowledged before a connection counts as lost."""
    rows_per_page: int = 5_000
    """Rows that one page looks at, whatever their size."""
    candidates_per_page: int = 5_000
    """Rows of an index that one page of a search by criteria looks at."""
    append_key_seconds: int = 600
    """How long an append can be looked up: far longer than any caller waits for its answer."""
    append_keys_per_sweep: int = 4_096
    """New keys after which old ones are removed, twice as many in one transaction."""
    clearing_rows: int = 1_000
    """Rows of a deleted context removed in one transaction: a few milliseconds each."""
