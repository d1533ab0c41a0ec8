"""What this node tells of itself and asks of the others, built over its services and its mesh."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ranvier.mesh.report_calls import ReportCalls
from ranvier.mesh.round_trips import RoundTrips
from ranvier.node.clocks import unix_ms
from ranvier.node.health import NodeHealth
from ranvier.node.mesh import MembersToDial, NodeMesh
from ranvier.node.services import NodeServices
from ranvier.observability.metrics import Metrics
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.lately_known import LatelyKnown
from ranvier.services.node_report import Work
from ranvier.services.node_reports import NodeReports
from ranvier.services.own_report import HealthWords, OwnReport, ProcessFigures, ReportSources
from ranvier.services.peers import PeerIdentity
from ranvier.services.report_details import ReportDetails
from ranvier.services.service import Service
from ranvier.wire.grpc.server import GrpcServer

MEMORY_FILE: Final = Path("/proc/self/statm")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ReportParties:
    """What of a node its report tells of."""

    services: NodeServices
    membership: KeepMembership
    health: NodeHealth
    metrics: Metrics
    session_counts: Callable[[], Awaitable[Mapping[str, int]]]
    """The sessions that each node has served last, by its name."""


class NodeReporting:
    """The reports of the cluster as this node gives and gathers them."""

    def __init__(self, parties: ReportParties, mesh: NodeMesh) -> None:
        services, metrics = parties.services, parties.metrics
        membership = self._membership = parties.membership
        self._session_counts = LatelyKnown(parties.session_counts, time.monotonic)
        links = mesh.mesh.links
        self._round_trips = RoundTrips(links, MembersToDial(membership), time.monotonic)
        details = ReportDetails(
            services.clients,
            services.commands,
            services.queries.handlers,
            services.topology,
            time.monotonic,
        )
        self._own = OwnReport(
            ReportSources(
                identity=self._identity,
                work=lambda: work_of(metrics),
                process=process_figures,
                queues=details.queues,
                health=lambda: health_words(parties.health),
                links=self._round_trips.reported,
                details=details.matching,
                client_count=lambda: services.clients.count,
                clock=time.monotonic,
                time_ms=unix_ms,
                open_sessions=self._open_sessions,
            )
        )
        self._calls = ReportCalls(links, self._own.report)
        self._server = mesh.mesh.server
        self.reports = NodeReports(
            self._own.report, self._calls, membership.members, time.monotonic
        )

    def add_to(self, server: GrpcServer) -> None:
        """Offer this node's report on the internal port."""
        self._calls.add_to(self._server, server)

    async def start(self) -> None:
        """Begin to measure the pace of the node's work."""
        for service in self._in_order():
            await service.start()

    async def stop(self) -> None:
        """Ask and measure nothing more; stopping twice is allowed."""
        for service in reversed(self._in_order()):
            await service.stop()
        await self._round_trips.stop()
        await self._session_counts.stop()

    def _in_order(self) -> Sequence[Service]:
        return (self._own, self.reports)

    def _open_sessions(self) -> int | None:
        counts = self._session_counts.get()
        return None if counts is None else counts.get(self._membership.own.name, 0)

    def _identity(self) -> PeerIdentity:
        own = self._membership.own
        return PeerIdentity(own.node_id, own.name, own.incarnation)


def work_of(metrics: Metrics) -> Work:
    """Return what a node has done since its start."""
    operations = (metrics.commands, metrics.queries, metrics.events_append)
    return Work(
        commands=metrics.commands.done_count,
        queries=metrics.queries.done_count,
        events_appended=metrics.events_append.done_count,
        events_read=metrics.events_sent.total,
        http_requests=metrics.http_requests.total,
        failures=sum(each.failed_count for each in operations),
    )


def health_words(health: NodeHealth) -> HealthWords:
    """Return how the parts of a node do, in sentences."""
    wrong = [part for part in health.parts() if not part.is_up]
    return HealthWords(
        not any(part.is_needed for part in wrong),
        tuple([part.reason[:1].upper() + part.reason[1:].rstrip(".") + "." for part in wrong]),
    )


def process_figures() -> ProcessFigures:
    """Return what this process has used; its memory is 0 where the system does not say."""
    return ProcessFigures(time.process_time(), memory_bytes())


def memory_bytes(file: Path = MEMORY_FILE) -> int:
    """Return the memory that is resident now, from the file where Linux says it in pages."""
    try:
        return int(file.read_text(encoding="ascii").split()[1]) * PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
