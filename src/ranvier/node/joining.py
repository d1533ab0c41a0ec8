"""Both sides of a join at this node, put together."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from dataclasses import dataclass
from functools import partial
from typing import Final

from ranvier import __version__
from ranvier.axon.request_context import DEFAULT_CONTEXT
from ranvier.cluster.joining.admission import Asked, Candidate, HeldContext, KnownNode
from ranvier.cluster.joining.errors import DatabaseUnreachable, OtherClusterDatabase
from ranvier.config.host_names import is_loopback
from ranvier.config.joined_cluster import JoinedCluster, shared_keys, write_joined
from ranvier.config.settings import Settings
from ranvier.mesh.join_client import MeshDoors
from ranvier.mesh.join_server import JoinServer
from ranvier.node.databases import open_database
from ranvier.node.life import NodeLife, Turn
from ranvier.node.wire_limits import grpc_limits
from ranvier.services.administer_cluster import AdministerCluster, ClusterStanding
from ranvier.services.admit_nodes import AdmissionPorts, AdmitNodes
from ranvier.services.join_cluster import JoinCluster, JoiningNode, JoinPorts
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.leave_cluster import LeaveCluster
from ranvier.services.own_cluster import OwnCluster
from ranvier.storage.database import Database
from ranvier.storage.errors import StorageError
from ranvier.wire.tls import TlsFiles

logger = logging.getLogger("ranvier.node")

REACHING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class JoiningParts:
    """What joining works with."""

    settings: Settings
    database: Database
    cluster: OwnCluster
    membership: KeepMembership
    life: NodeLife | None
    """None for a node that ends with its process alone, and joins nothing."""

    @property
    def is_on_loopback(self) -> bool:
        """Whether the internal port is open to this machine alone."""
        return is_loopback(self.settings.internal_bind)

    @property
    def is_shared(self) -> bool:
        """Whether other nodes can use the database."""
        return self.settings.database.dsn is not None


def leave_cluster(parts: JoiningParts) -> LeaveCluster:
    """Return what takes nodes out of the cluster, this one or another."""
    return LeaveCluster(parts.membership, parts.database.cluster_nodes, partial(leave, parts))


def administer_cluster(
    parts: JoiningParts, leaving: LeaveCluster, tls: TlsFiles | None
) -> AdministerCluster:
    """Return what an operator asks; `tls` is for the internal ports of other nodes."""
    ports = JoinPorts(
        partial(joining_node, parts),
        partial(candidate, parts),
        MeshDoors(tls, grpc_limits(parts.settings.limits)),
        partial(adopt, parts),
        os.urandom,
    )
    refusal = "" if parts.life is None else parts.life.refusal
    return AdministerCluster(
        parts.cluster,
        JoinCluster(ports),
        leaving,
        ClusterStanding("", parts.is_shared, refusal),
    )


def join_server(parts: JoiningParts) -> JoinServer:
    """Return what lets other nodes in."""
    admit = AdmitNodes(
        AdmissionPorts(
            parts.cluster,
            parts.database.cluster_identity,
            partial(asked, parts),
            lambda: shared_keys(parts.settings, parts.cluster.identity.secret),
            os.urandom,
            time.monotonic,
        )
    )
    return JoinServer(admit, is_on_loopback=parts.is_on_loopback)


def joining_node(parts: JoiningParts) -> JoiningNode:
    """Return this node as it greets."""
    return JoiningNode(
        parts.membership.own.node_id,
        parts.settings.name,
        __version__,
        parts.is_on_loopback,
        DEFAULT_CONTEXT,
    )


async def candidate(parts: JoiningParts) -> Candidate:
    """Return what this node would leave behind."""
    if parts.is_shared:
        return Candidate(parts.settings.name, (), parts.cluster.identity.cluster_id)
    database = parts.database
    heads = await database.events.heads()
    snapshots = await database.snapshot_counts()
    scheduled = await database.scheduled_events.counts()
    contexts = [
        HeldContext(name, not (heads.get(name) or snapshots.get(name) or name in scheduled))
        for name in await database.contexts.names()
    ]
    return Candidate(parts.settings.name, contexts, None)


def asked(parts: JoiningParts) -> Asked:
    """Return this node, and the others that it knows."""
    directory = None if parts.is_shared else str(parts.settings.database_directory.absolute())
    return Asked(
        parts.membership.own.node_id,
        parts.settings.name,
        directory,
        [
            KnownNode(view.member.node_id, view.member.name, view.state.is_alive)
            for view in parts.membership.members()
        ],
    )


async def adopt(parts: JoiningParts, joined: JoinedCluster) -> None:
    """Keep a cluster and start again in it; raises where settings or database do not allow it."""
    life = parts.life
    if life is None:
        raise RuntimeError("this node cannot start again")
    settings = life.within(joined)
    await expect_database(settings, joined)
    await asyncio.to_thread(write_joined, settings.data, joined)
    logger.info("The node joins a cluster.", extra={"action": "node.joining"})
    life.turn(Turn.JOIN)


async def expect_database(settings: Settings, joined: JoinedCluster) -> None:
    """Raise `DatabaseUnreachable` or `OtherClusterDatabase` where the node could not work there."""
    database = open_database(settings)
    try:
        async with asyncio.timeout(REACHING_SECONDS):
            await database.start()
            identity = await database.cluster_identity.read()
    except (StorageError, TimeoutError) as error:
        logger.warning("The database of the cluster cannot be used: %s", error)
        raise DatabaseUnreachable from error
    finally:
        await database.stop()
    if identity is None or identity.cluster_id != joined.cluster_id:
        raise OtherClusterDatabase


def leave(parts: JoiningParts) -> None:
    """Have the node end what it does in the cluster, and go on alone."""
    logger.warning("The node leaves the cluster.", extra={"action": "node.leaving"})
    if parts.life is not None:
        parts.life.turn(Turn.LEAVE)
