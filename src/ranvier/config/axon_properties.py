"""Properties of Axon Server that mean nothing to Ranvier, and why.

They stand in the files that Axon users bring along. None of them stops a node; `config explain`
says what became of each.
"""

from __future__ import annotations

from typing import Final

from ranvier.config.keys import AXON_PREFIX, canonical

_STORED = "Ranvier keeps everything in its database under `data` and has no files of this kind"
_REPLICATED = "Ranvier has no replicated log; a cluster shares one database"
_MEMBERSHIP = "forming a cluster is not supported yet"
_MESSAGES = "routing of commands and queries is not supported yet"
_STREAMS = "persistent streams are not supported yet"
_LICENCE = "Ranvier has no licence and no commercial extensions"
_THREADS = "a node runs on one core and sizes nothing by threads"

_REASONS: Final[dict[str, str]] = {
    "event.": _STORED,
    "snapshot.": _STORED,
    "controldb": _STORED,
    "storage": _STORED,
    "pid-file-location": _STORED,
    "check-sequence-nr-for-snapshots": "it is always checked",
    "read-sequence-validation-strategy": "sequences are checked when they are written",
    "replication.": _REPLICATED,
    "raft.": _REPLICATED,
    "cluster.": _MEMBERSHIP,
    "clustertemplate.": "only `clustertemplate.path` has a counterpart",
    "recoveryfile": "a node is known by its id, at a new address and under a new name, too",
    "standalone": "a node that stands alone always has the context `default`",
    "force-connection-to-primary-or-messaging-node": _MEMBERSHIP,
    "internal-bind-address": "set `internal_bind`",
    "command": _MESSAGES,
    "query": _MESSAGES,
    "queries": _MESSAGES,
    "default-command-timeout": _MESSAGES,
    "default-query-timeout": _MESSAGES,
    "cache-close-rate": _MESSAGES,
    "messages.": _MESSAGES,
    "metrics-query-handler-selector.": _MESSAGES,
    "instruction.": _MESSAGES,
    "processor-info-timeout": _MESSAGES,
    "event-processor-permits-check": _MESSAGES,
    "grpc-buffered-messages": "buffers are bounded by bytes",
    "executor-thread-count": _THREADS,
    "data-fetcher-threads": _THREADS,
    "data-writer-threads": _THREADS,
    "client-heartbeat-check-rate": "silence is noticed when it has lasted long enough",
    "client-heartbeat-initial-delay": "heartbeats begin with the connection",
    "heartbeat.": "only `heartbeat.enabled` has a counterpart",
    "accesscontrol.": "users and applications with roles are not supported yet",
    "ssl.": "only certificate, key and trusted authority have a counterpart",
    "enterprise.": _LICENCE,
    "license": _LICENCE,
    "streams.": _STREAMS,
    "plugin": "there are no plugins",
    "devmode.": "there is no development mode",
    "metrics.": "`/metrics` is always there",
    "preview.": "there are no previews",
}

_BY_PREFIX: Final = {canonical(AXON_PREFIX + name): why for name, why in _REASONS.items()}


def reason_for_no_effect(property_name: str) -> str | None:
    """Say why a property of Axon Server has no effect here; None for one that nobody knows."""
    name = canonical(property_name)
    known = [prefix for prefix in _BY_PREFIX if name.startswith(prefix)]
    return _BY_PREFIX[max(known, key=len)] if known else None
