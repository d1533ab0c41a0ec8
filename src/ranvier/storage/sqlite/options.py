"""The measures of the SQLite database; every bound with its unit and its reason."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.events.limits import DEFAULT_LIMITS, AppendLimits

MIB = 1024 * 1024

PAGE_SIZE_BYTES = 4096
"""Larger pages write more log for each touched leaf of the aggregate index, smaller ones read
slower (docs/decisions/0003-sqlite-layout.md)."""


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """What an operator or a test may measure differently."""

    limits: AppendLimits = DEFAULT_LIMITS
    """What one append may bring."""
    reader_count: int = 2
    """Threads for reading: one may wait for the disk while the other serves cached pages."""
    waiting_reads: int = 20_000
    """Reads that may wait for a reader: one for each connection that a node takes."""
    writer_cache_bytes: int = 16 * MIB
    """Pages that the writer keeps: the leaves of the aggregate index that are in use."""
    reader_cache_bytes: int = 4 * MIB
    """Pages that each reader keeps; the operating system's cache stands behind it."""
    value_bytes: int = 64 * MIB
    """The largest value a reader builds: four appends of the largest size."""
    busy_timeout_ms: int = 5_000
    """How long another program's lock is waited for."""
    checkpoint_pages: int = 4_096
    """Pages in the write-ahead log (16 MiB) after which they are brought home."""
    append_key_seconds: int = 600
    """How long an append can be looked up: far longer than any caller waits for its answer."""
    append_keys_per_sweep: int = 4_096
    """Old keys removed in one transaction, and new ones after which a sweep is due."""
    clearing_rows: int = 1_000
    """Rows of a deleted context removed in one transaction: a few milliseconds each."""
    reopen_seconds: float = 1.0
    """Pause between attempts to open the database anew after a failed commit."""
