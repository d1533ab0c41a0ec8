"""A simulated node drains and resumes, as an operator asks of it or of another node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, Protocol

from ranvier.cluster.draining import (
    Drain,
    DrainableNode,
    DrainStep,
    check_may_drain,
    check_may_resume,
)
from ranvier.cluster.member import NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.errors import RanvierError
from tests.support.checkers.history import Told
from tests.support.simulation.membership import Membership
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.world import Connection, Party

LOOK_SECONDS: Final = 0.4
NOTICE_SECONDS: Final = 0.8
DRAIN_SECONDS: Final = 2.0


class DrainedClient(Protocol):
    """Who is connected to a node."""

    def asked_to_leave(self, connection: Connection) -> None:
        """Go to another node, if it likes to."""

    def leave(self, connection: Connection) -> None:
        """Go to another node: it was not let in."""


class Draining:
    """Takes in clients, or sends them away while another node is there for them."""

    def __init__(
        self,
        party: Party,
        membership: Membership,
        serving: frozenset[str],
        mutation: Mutation | None,
    ) -> None:
        """`serving` are the names of the nodes that clients go to."""
        self._party = party
        self._serving = serving
        self._membership = membership
        self._mutation = mutation
        self._drain: Drain | None = None
        self.clients: dict[Connection, DrainedClient] = {}

    @property
    def is_refusing(self) -> bool:
        """Whether clients that come are sent away."""
        if self._drain is not None and self._mutation is Mutation.DRAINS_THE_LAST:
            return True
        return self._drain is not None and self._has_ready_peer

    @property
    def kept(self) -> int:
        """How many clients a draining node still has though there is another one for them."""
        return sum(each.is_open for each in self.clients) if self.is_refusing else 0

    def begin(self) -> None:
        """Look for what is asked of this node, again and again."""
        self._obey()
        self._resume_if_nobody_is_left()
        self._step()
        self._party.after(LOOK_SECONDS, self.begin)

    def came(self, connection: Connection, client: DrainedClient) -> None:
        """Take a client, or send it away."""
        if self.is_refusing:
            connection.send(self._party, client.leave, connection)
        else:
            self.clients[connection] = client

    def went(self, connection: Connection) -> None:
        """Forget a client."""
        self.clients.pop(connection, None)

    def ask(self, name: str, wish: NodeWish) -> Told:
        """Have a node drain or resume; tell whether it may."""
        nodes = list(self._nodes())
        try:
            if self._mutation is not Mutation.DRAINS_THE_LAST:
                (check_may_drain if wish is NodeWish.DRAIN else check_may_resume)(name, nodes)
        except RanvierError:
            return Told.FAILED
        if name != self._party.name:
            self._membership.leave_wish(name, wish)
        elif wish is NodeWish.DRAIN:
            self._begin()
        else:
            self._end()
        return Told.OK

    @property
    def _has_ready_peer(self) -> bool:
        return any(
            state is NodeState.RUNNING and name in self._serving and name != self._party.name
            for name, state in self._membership.states
        )

    def _nodes(self) -> Iterator[DrainableNode]:
        for name, state in self._membership.states:
            is_running = state == NodeState.RUNNING and name in self._serving
            yield DrainableNode(
                name,
                is_running=is_running,
                is_ready=is_running,
                is_draining=state == NodeState.DRAINING,
            )

    def _begin(self) -> None:
        if self._drain is None:
            self._party.world.note(f"{self._party.name} drains")
            self._drain = Drain(self._party.world.now, DRAIN_SECONDS)
            self._membership.set_state(NodeState.DRAINING)

    def _end(self) -> None:
        if self._drain is not None:
            self._party.world.note(f"{self._party.name} resumes")
            self._drain = None
            self._membership.set_state(NodeState.RUNNING)

    def _obey(self) -> None:
        wish = self._membership.wish
        if wish in (NodeWish.DRAIN, NodeWish.RESUME):
            self.ask(self._party.name, wish)
            self._membership.fulfil()

    def _resume_if_nobody_is_left(self) -> None:
        drain = self._drain
        if self._mutation is Mutation.DRAINS_THE_LAST:
            return
        if drain is None or self._party.world.now < drain.began_at + NOTICE_SECONDS:
            return
        if self._has_ready_peer:
            return
        states = self._membership.states
        draining = [name for name, state in states if state == NodeState.DRAINING]
        is_alone = not any(state.is_alive for name, state in states if name != self._party.name)
        if is_alone or (len(draining) > 1 and min(draining) == self._party.name):
            self._end()

    def _step(self) -> None:
        drain, now = self._drain, self._party.world.now
        if drain is not None and not self._has_ready_peer:
            self._drain = drain = drain.alone(now)
        if drain is None or now < drain.began_at + NOTICE_SECONDS:
            return
        step: Any = drain.step(clients=len(self.clients), now=now)
        if step is DrainStep.ASK:
            self._drain = replace(drain, asked_at=now)
            for connection, client in self.clients.items():
                connection.send(self._party, client.asked_to_leave, connection)
        elif step is DrainStep.CUT:
            self._drain = replace(drain, asked_at=now, has_cut=True)
            if self._mutation is not Mutation.NEVER_CUTS:
                for connection in list(self.clients):
                    connection.lose()
