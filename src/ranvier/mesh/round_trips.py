"""How long a call to each linked node takes, measured now and then while somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ranvier.mesh.mesh_links import MeshLinks
from ranvier.mesh.peer_link import PeerLink
from ranvier.mesh.report_calls import REPORT_PATH
from ranvier.proto.ranvier import mesh_pb2
from ranvier.services.node_report import ReportedLink
from ranvier.services.peers import PeerAddresses
from ranvier.wire.grpc.status import GrpcError, StatusCode

PAUSE_SECONDS: Final = 5.0
"""Between two measurements of all links; nobody measures while nobody asks."""

ANSWER_SECONDS: Final = 5.0
"""A node that is slower is shown without a time."""

PROBE: Final = mesh_pb2.ReportCall(is_probe=True).SerializeToString()


class RoundTrips:
    """The last times, by nodes."""

    def __init__(
        self, links: MeshLinks, addresses: PeerAddresses, clock: Callable[[], float]
    ) -> None:
        """`clock` tells seconds that never go back."""
        self._links = links
        self._addresses = addresses
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._measuring: asyncio.Task[None] | None = None
        self._measured_at: float | None = None

    def reported(self) -> tuple[ReportedLink, ...]:
        """Return the links to all nodes that run, and have their times measured for next time."""
        self._measure_if_due()
        return tuple(
            [
                ReportedLink(
                    node_id=peer.node_id,
                    name=peer.name,
                    is_up=self._links.link_to(peer.node_id) is not None,
                    round_trip_seconds=self._seconds.get(peer.node_id),
                )
                for peer in sorted(self._addresses.running_peers(), key=lambda peer: peer.name)
            ]
        )

    async def stop(self) -> None:
        """Measure no more."""
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)

    def _measure_if_due(self) -> None:
        now = self._clock()
        if self._measured_at is not None and now - self._measured_at < PAUSE_SECONDS:
            return
        if self._measuring is None or self._measuring.done():
            self._measured_at = now
            self._measuring = asyncio.get_running_loop().create_task(self.measure())

    async def measure(self) -> None:
        """Measure every link that is up; those of the others are forgotten."""
        links = self._links.links()
        measured = await asyncio.gather(*(self._seconds_of(link) for link in links))
        self._seconds = {
            link.peer.node_id: seconds
            for link, seconds in zip(links, measured, strict=True)
            if seconds is not None
        }

    async def _seconds_of(self, link: PeerLink) -> float | None:
        began_at = self._clock()
        try:
            await link.channel.unary(REPORT_PATH, PROBE, timeout_seconds=ANSWER_SECONDS)
        except GrpcError as error:
            # A node of an earlier version says so as fast as it would answer.
            if error.status is not StatusCode.UNIMPLEMENTED:
                return None
        return self._clock() - began_at
