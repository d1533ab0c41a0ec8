"""The cluster of this node, by its settings, its database and what it keeps in its data."""

from __future__ import annotations

import asyncio
import os
from functools import partial

from ranvier.config.host_names import is_loopback
from ranvier.config.joined_cluster import JoinedCluster, read_joined, write_joined
from ranvier.config.settings import Settings
from ranvier.services.own_cluster import OwnCluster, OwnTerms
from ranvier.storage.cluster_identity import ClusterIdentity
from ranvier.storage.database import Database


def own_cluster(database: Database, settings: Settings) -> OwnCluster:
    """Return the service that knows the cluster of this node."""
    return OwnCluster(
        database.cluster_identity,
        partial(own_terms, settings),
        os.urandom,
        partial(keep_cluster, settings),
    )


def own_terms(settings: Settings) -> OwnTerms:
    """Return what the node brings along when it starts."""
    joined = read_joined(settings.data)
    return OwnTerms(
        settings.cluster_secret,
        None if joined is None else joined.cluster_id,
        is_shared=settings.database.dsn is not None,
        is_on_loopback=is_loopback(settings.internal_bind),
    )


async def keep_cluster(settings: Settings, identity: ClusterIdentity) -> None:
    """Keep in the data directory which cluster the node is in, and its secret.

    Not the address of the database, which stands in the settings of a node that was not given it.
    """
    joined = JoinedCluster(identity.cluster_id, {"cluster_secret": identity.secret})
    await asyncio.to_thread(write_joined, settings.data, joined)
