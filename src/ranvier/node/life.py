"""What outlives a node that starts again in the same process: on another database, say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from ranvier.config.joined_cluster import JoinedCluster
from ranvier.config.load import LoadedSettings
from ranvier.config.settings import Settings
from ranvier.node.ready_line import BoundPorts


class Turn(Enum):
    """Why a node ends its services."""

    STOP = auto()
    """The system asks the process to end."""
    JOIN = auto()
    """The node goes on in the cluster that is kept in its data directory now."""
    LEAVE = auto()
    """The node goes on alone, if its own settings let it."""


class NodeLife:
    """The settings of a node, read anew at each turn, and the next turn."""

    def __init__(self, loaded: LoadedSettings, load: Callable[[], LoadedSettings]) -> None:
        """Begin with these settings; `load` reads them anew."""
        self._load = load
        self._turn: Turn | None = None
        self._turned = asyncio.Event()
        self.loaded = loaded
        self.ports: BoundPorts | None = None
        """Those that the node had first, and keeps."""
        self.refusal = ""
        """Why the node did not start in the cluster that it was let into last."""

    @property
    def settings(self) -> Settings:
        """The settings, with the ports that the node has had since its first start."""
        settings, ports = self.loaded.settings, self.ports
        if ports is None:
            return settings
        return replace(
            settings,
            http_port=ports.http,
            grpc_port=ports.grpc,
            internal_port=ports.internal,
            ajp_port=settings.ajp_port if ports.ajp is None else ports.ajp,
        )

    def within(self, joined: JoinedCluster) -> Settings:
        """Return what the settings would be in a cluster; raises `ConfigError`."""
        return self.loaded.within(joined).settings

    def turn(self, turn: Turn) -> None:
        """Ask for a turn; one to stop is never taken back."""
        if self._turn is not Turn.STOP:
            self._turn = turn
        self._turned.set()

    async def next_turn(self) -> Turn:
        """Wait until a turn is asked for."""
        await self._turned.wait()
        turn, self._turn = self._turn or Turn.STOP, None
        if turn is not Turn.STOP:
            self._turned.clear()
        return turn

    def read_again(self) -> None:
        """Read the settings as they are now; raises `ConfigError`."""
        self.loaded = self._load()
