"""What is refused about persistent streams.

StreamError
├── NoSuchStream               no stream of that name, and nothing said how to make one
├── InvalidStream              a part of a definition or change cannot be
├── UnknownSequencingPolicy    the policy is not one of ours, or lacks what it needs
├── TooManyStreams             a context has as many as a node keeps
├── StreamUnsettled            its segments were changed too often before they caught up
└── StreamOwnedElsewhere       another node has taken it over
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class StreamError(RanvierError):
    """A call about a persistent stream was refused, and nothing has changed."""

    code: ClassVar[str] = "RANVIER-INVALID-STREAM"


class NoSuchStream(StreamError):
    """The named stream does not exist in this context."""

    code: ClassVar[str] = "RANVIER-NO-SUCH-STREAM"

    def __init__(self, stream_id: str) -> None:
        super().__init__(
            f"There is no persistent stream {stream_id!r} in this context: create it, or open it"
            " with initialization properties."
        )
        self.stream_id = stream_id


class InvalidStream(StreamError):
    """A field of a definition or of a change has a value that cannot be."""

    code: ClassVar[str] = "RANVIER-INVALID-STREAM"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"The {field} {reason}.")
        self.field = field


class UnknownSequencingPolicy(StreamError):
    """The sequencing policy cannot be used."""

    code: ClassVar[str] = "RANVIER-SEQUENCING-POLICY"

    def __init__(self, policy_name: str, remedy: str) -> None:
        super().__init__(f"The sequencing policy {policy_name!r} cannot be used: {remedy}.")
        self.policy_name = policy_name


class TooManyStreams(StreamError):
    """A context has as many persistent streams as a node keeps for one."""

    code: ClassVar[str] = "RANVIER-TOO-MANY-STREAMS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A context has {limit} persistent streams at most: delete those nobody reads."
        )


class StreamUnsettled(StreamError):
    """The number of segments was changed again and again while consumers lag behind."""

    code: ClassVar[str] = "RANVIER-STREAM-UNSETTLED"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, stream_id: str) -> None:
        super().__init__(
            f"The segments of stream {stream_id!r} were changed too often in a row:"
            " change them again when its consumers have caught up."
        )


class StreamOwnedElsewhere(StreamError):
    """Another node owns the stream, or has just taken it over.

    `node_id` is that node's; empty where nobody is known to own it at the moment.
    """

    code: ClassVar[str] = "RANVIER-STREAM-OWNER"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, stream_id: str, node_id: str = "") -> None:
        super().__init__(
            f"The persistent stream {stream_id!r} is moving to another node: open it again."
        )
        self.stream_id = stream_id
        self.node_id = node_id
