"""Shares one configuration with all nodes: proposes revisions, judges them, and has them applied.

A node looks at the database twice a second. It says of a proposed revision whether it can live
with it, and applies the one in force; who has proposed one decides when all running nodes have
spoken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ranvier.cluster.configuration import (
    ConfigurationRevision,
    RevisionState,
    changed,
    refusal_of,
)
from ranvier.errors import RanvierError
from ranvier.services.errors import ConfigurationMoved, ConfigurationRefused, NodeStopping
from ranvier.services.standing_trouble import StandingTrouble
from ranvier.services.to_its_end import to_its_end
from ranvier.storage.cluster_configuration import ClusterConfiguration

LOOK_SECONDS: Final = 0.5
"""Between two looks: a revision is in force everywhere within two of them."""

VERDICT_SECONDS: Final = 5.0
"""In which every running node must have said what it thinks of a revision."""

ORPHAN_SECONDS: Final = 15.0
"""After which a revision that nobody decides on is withdrawn: its proposer has gone."""

HISTORY_AT_MOST: Final = 1_000

logger = logging.getLogger("ranvier.services")


@dataclass(frozen=True, slots=True)
class SharingPorts:
    """What sharing works with."""

    store: ClusterConfiguration
    own_id: Callable[[], str]
    running: Callable[[], Mapping[str, str] | None]
    """The nodes that have to agree, this one among them: their names by their ids. None while this
    node cannot know them: one that came while the database was out of reach has to agree, too."""
    refusal: Callable[[Mapping[str, str]], str]
    """Says in a sentence why this node cannot live with values; empty if it can."""
    apply: Callable[[ConfigurationRevision], Awaitable[None]]
    """Puts a revision in force on this node."""
    clock: Callable[[], float]
    now_ms: Callable[[], int]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


class ShareConfiguration:
    """The configuration of the cluster, as one node has its part in it."""

    def __init__(self, ports: SharingPorts) -> None:
        self._ports = ports
        self._store = ports.store
        self._applied = -1
        self._judged = 0
        self._proposed_since: tuple[int, float] = (0, 0.0)
        self._is_stopping = False
        self._looking: asyncio.Task[None] | None = None
        self._looking_now = asyncio.Lock()

    async def start(self) -> None:
        """Apply what is in force, and begin to look."""
        await self.look()
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look no more."""
        self._is_stopping = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def in_force(self) -> ConfigurationRevision:
        """Return the revision that counts now."""
        return (await self._store.look()).in_force

    async def history(self, limit: int) -> Sequence[ConfigurationRevision]:
        """Return the latest revisions, the newest first, refused ones among them."""
        return await self._store.history(min(limit, HISTORY_AT_MOST))

    @to_its_end
    async def change(
        self, changes: Mapping[str, str | None], author: str, replaces: int | None = None
    ) -> ConfigurationRevision:
        """Change values for all nodes; None takes one away. Returns the revision in force then.

        What is so already makes no revision.

        `replaces` is the revision that the author has seen; without it, the present one. Raises
        `ConfigurationMoved` where that is in force no more, and `ConfigurationRefused`.
        """
        if self._is_stopping:
            raise NodeStopping
        in_force = await self.in_force()
        if replaces is not None and replaces != in_force.number:
            raise ConfigurationMoved(replaces, in_force.number)
        values = changed(in_force.values, changes)
        if values == in_force.values:
            return in_force
        own_refusal = self._ports.refusal(values)
        if own_refusal:
            raise ConfigurationRefused(own_refusal)
        proposed = await self._store.propose(
            ConfigurationRevision(0, in_force.number, values, author, self._ports.now_ms())
        )
        if proposed is None:
            raise ConfigurationMoved(in_force.number, (await self.in_force()).number)
        await self._decide(proposed)
        await self.look()
        return replace(proposed, state=RevisionState.ACCEPTED)

    async def look(self) -> None:
        """Judge what is proposed and apply what is in force; raises `StorageUnavailable`."""
        async with self._looking_now:
            look = await self._store.look()
            if look.proposed is not None:
                await self._judge(look.proposed)
                await self._withdraw_orphan(look.proposed)
            if look.in_force.number > self._applied:
                await self._ports.apply(look.in_force)
                self._applied = look.in_force.number

    async def _judge(self, proposed: ConfigurationRevision) -> None:
        if proposed.number != self._judged:
            refusal = self._ports.refusal(proposed.values)
            await self._store.judge(proposed.number, self._ports.own_id(), refusal)
            self._judged = proposed.number

    async def _withdraw_orphan(self, proposed: ConfigurationRevision) -> None:
        number, since = self._proposed_since
        now = self._ports.clock()
        if number != proposed.number:
            self._proposed_since = (proposed.number, now)
        elif now - since > ORPHAN_SECONDS:
            await self._store.decide(proposed.number, "The node that has proposed it has gone.")

    async def _decide(self, proposed: ConfigurationRevision) -> None:
        """Wait for the other nodes and decide; raises `ConfigurationRefused`."""
        ports = self._ports
        give_up_at = ports.clock() + VERDICT_SECONDS
        await self._judge(proposed)
        while True:
            is_late = ports.clock() >= give_up_at
            verdicts = await self._store.verdicts(proposed.number)
            refusal = refusal_of(ports.running(), verdicts, is_late=is_late)
            if refusal is not None:
                break
            await ports.pause(LOOK_SECONDS / 5)
        is_decided = await self._store.decide(proposed.number, refusal)
        if refusal or not is_decided:
            raise ConfigurationRefused(refusal or "It took too long, and was withdrawn.")
        logger.info(
            "Revision %d of the configuration is in force, set by %s.",
            proposed.number,
            proposed.author,
            extra={"action": "configuration.changed"},
        )

    async def _look_for_ever(self) -> None:
        trouble = StandingTrouble("the shared configuration could not be looked at")
        while True:
            await self._ports.pause(LOOK_SECONDS)
            try:
                await self.look()
                trouble.end()
            except RanvierError as error:
                trouble.tell(error)
            except Exception:
                logger.exception("the look at the shared configuration failed")
