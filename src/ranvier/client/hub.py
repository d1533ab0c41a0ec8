"""A connected hub: one object with a place for each thing that it does."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.client.codec import Codec
from ranvier.client.connection import Connection


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Bounds of what one hub handles at a time."""

    concurrency: int = 256
    """Commands, and apart from them queries, that handlers work on at once; others wait."""
    permits: int = 5_000
    """Messages of each kind that the server may send ahead; refilled by quarters."""
    grace_seconds: float = 10.0
    """How long running handlers get to finish when the hub is closed."""


class Hub:
    """What a program does with a hub; made by `connect`."""

    def __init__(
        self, connection: Connection, codec: Codec, options: HubOptions | None = None
    ) -> None:
        self.connection = connection
        self.codec = codec
        self.options = options or HubOptions()

    async def close(self) -> None:
        """Let handlers finish what they have begun; `connect` calls it at the end of its block."""
