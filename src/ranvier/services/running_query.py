"""A query on its way: what is asked, who asked it, and what is known of its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from ranvier.errors import RanvierError
from ranvier.messages.handler import Handler
from ranvier.messages.query_fan_in import QueryFanIn, QueryResult
from ranvier.messages.query_routing import Metadata

DEFAULT_TIMEOUT_MS: Final = 5_000
"""What a query waits for a handler at most, where it does not say."""


QueryKey = tuple[str, str, int]
"""Context, id, and a number where another node asks: only ids of one node's clients are told
apart by themselves."""


class QueryHints(NamedTuple):
    """What a query says of its place in a queue."""

    priority: int = 0
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    """How long it may wait to be sent to a handler."""


# Not frozen, which takes longer to make; a tuple takes 0.1 µs more, and 0.1 more for ten reads.
@dataclass(slots=True)
class AskedQuery:
    """A query as it came; `data` is its bytes, which nobody on its way changes."""

    context: str
    query_id: str
    name: str
    data: bytes
    metadata: Metadata
    hints: Callable[[], QueryHints] = QueryHints
    """Read only for a query that has to wait."""
    is_streaming: bool = False
    """The caller asks for results by demand; the first handler to answer is the only one."""


class QueryCaller(Protocol):
    """Who gets the results of one query."""

    def take(self, result: QueryResult) -> None:
        """Take one result: a handler's, or an error of the node in its place."""

    def end(self, error: RanvierError | None = None) -> None:
        """Be told that nothing more comes."""


class AskingNode(QueryCaller, Protocol):
    """Another node that has chosen one handler of this node for a query of its own client."""

    def return_unsent(self) -> None:
        """Take the query back: its handler left before it was sent, so another may get it."""


class RunningQuery:
    """One query between its asking and its end."""

    __slots__ = (
        "asked_at",
        "asking_node",
        "caller",
        "demand",
        "fan_in",
        "has_failed",
        "key",
        "query",
        "tried",
    )

    def __init__(
        self, query: AskedQuery, caller: QueryCaller, fan_in: QueryFanIn, asked_at: float
    ) -> None:
        self.query = query
        self.caller = caller
        self.fan_in = fan_in
        self.asked_at = asked_at
        """On the clock of the service, in seconds."""
        self.demand = 0
        """Results that the caller has asked for; handlers that come late are told of it."""
        self.has_failed = False
        """The last thing that the caller was told is an error of the node."""
        self.asking_node: AskingNode | None = None
        """Who routes it anew where its handler leaves; None: this node does."""
        self.tried: set[Handler] | None = None
        """Handlers of other nodes that left before they were sent the query."""
        self.key: QueryKey = (query.context, query.query_id, 0)
