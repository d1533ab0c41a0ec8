"""The settings of a running node: its own, and what the cluster shares in their place."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial

from ranvier.axon.event_store import EventServices
from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.cluster.member import NodeState
from ranvier.config.errors import ConfigError
from ranvier.config.settings import Settings
from ranvier.config.shared_configuration import (
    KeptConfiguration,
    read_kept,
    with_shared,
    write_kept,
)
from ranvier.node.clocks import unix_ms
from ranvier.node.services import heartbeats
from ranvier.security.secret import Secret
from ranvier.services.keep_clients import KeepClients
from ranvier.services.keep_membership import KeepMembership
from ranvier.services.share_configuration import ShareConfiguration, SharingPorts
from ranvier.storage.database import Database

logger = logging.getLogger("ranvier.node")

Taker = Callable[[Settings], None]
"""Takes over what of the settings it works by, while it works."""


class SharedSettings:
    """The settings that count now; before the database is read, by what was kept of it."""

    def __init__(self, own: Settings) -> None:
        """Raises `ConfigError` where what was kept does not go with the node's own settings."""
        self._own = own
        self.current = with_shared(own, read_kept(own.data).values)
        self._takers: list[Taker] = []
        self._nobodys_token = Secret(secrets.token_hex(32))

    @property
    def required_token(self) -> Secret | None:
        """What clients must send; None while access control is off.

        Where it is on and no token is set, it is one that nobody knows: only people get in.
        """
        if not self.current.access_control:
            return None
        return self.current.access_token or self._nobodys_token

    def hand_to(self, taker: Taker) -> None:
        """Let somebody take the settings over whenever they change."""
        self._takers.append(taker)

    def refusal(self, values: Mapping[str, str]) -> str:
        """Say why this node cannot work with shared values; an empty text if it can."""
        try:
            with_shared(self._own, values)
        except ConfigError as error:
            return str(error)
        return ""

    async def apply(self, revision: ConfigurationRevision) -> bool:
        """Work by a revision from now on; False, and the log says why, where that cannot be."""
        try:
            self.current = with_shared(self._own, revision.values)
        except ConfigError as error:
            logger.error(
                "Revision %d of the configuration counts not here: %s", revision.number, error
            )
            return False
        for taker in self._takers:
            taker(self.current)
        kept = KeptConfiguration(revision.number, revision.values)
        try:
            if revision.number:
                await asyncio.to_thread(write_kept, self._own.data, kept)
        except OSError as error:
            logger.warning("the shared configuration could not be kept: %s", error.strerror)
        return True


def share_configuration(
    database: Database, settings: SharedSettings, membership: KeepMembership
) -> ShareConfiguration:
    """Return the service by which this node takes part in what all share."""

    async def apply(revision: ConfigurationRevision) -> None:
        if await settings.apply(revision):
            await membership.set_config_revision(revision.number)

    return ShareConfiguration(
        SharingPorts(
            database.cluster_configuration,
            lambda: membership.own.node_id,
            partial(nodes_that_run, membership),
            settings.refusal,
            apply,
            time.monotonic,
            unix_ms,
        )
    )


def nodes_that_run(membership: KeepMembership) -> dict[str, str] | None:
    """Return the names, by id, of the nodes that have to agree to what they share.

    None while the database is out of reach, and until it was looked at again after that.
    """
    if not membership.is_in_touch:
        return None
    return {
        view.member.node_id: view.member.name
        for view in membership.members()
        if view.is_own or view.state in (NodeState.RUNNING, NodeState.DRAINING)
    }


def take_heartbeats(clients: KeepClients, settings: Settings) -> None:
    """Let heartbeats be as the settings say."""
    clients.use(heartbeats(settings))


def take_query_limits(services: EventServices, settings: Settings) -> None:
    """Let ad-hoc queries have the bounds that the settings say."""
    services.query_limits.rows = settings.query.limit
    services.query_limits.timeout_seconds = settings.query.timeout_seconds
