"""What a simulated node does when another one asks to join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ranvier.cluster.joining.admission import (
    Asked,
    Asking,
    KnownNode,
    Offered,
    ProofKind,
    refuse_greeting,
    refuse_node,
    refuse_proof,
)
from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.database_link import LOST, DatabaseLink
from tests.support.simulation.membership import Membership
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.world import Party


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who wants to join, under which name, with which token."""

    node_id: str
    name: str
    token: str


class Admitting:
    """What a node in the cluster does when another one asks to join."""

    def __init__(
        self,
        party: Party,
        database: ModelDatabase,
        link: DatabaseLink,
        membership: Membership,
        mutation: Mutation | None,
    ) -> None:
        self._party = party
        self._tokens = database.tokens
        self._link = link
        self._membership = membership
        self._mutation = mutation

    def ask(self, wanted: Wanted, answered: Callable[[bool | None], None]) -> None:
        """Let a node in or not; None where it should ask again."""
        asking = Asking(wanted.node_id, wanted.name, proof=ProofKind.TOKEN)
        if refuse_greeting(asking, self._asked(), is_one_machine=False) is not None:
            answered(False)
            return

        def looked(state: Any) -> None:
            if state is LOST:
                answered(None)
                return
            offered = Offered(ProofKind.TOKEN, is_valid=True, token=state)
            if (refuse_proof(offered) or refuse_node(asking, self._asked())) is not None:
                answered(False)
            else:
                self._use_up(wanted, answered)

        self._link.ask(lambda: self._tokens.state(wanted.token, wanted.node_id), looked)

    def _use_up(self, wanted: Wanted, answered: Callable[[bool | None], None]) -> None:
        def used(is_used: Any) -> None:
            if self._mutation is Mutation.TRUSTS_ITS_LOOK_AT_TOKENS and is_used is not LOST:
                is_used = True
            if is_used is True:
                self._tokens.let_in(wanted.token, wanted.node_id)
            answered(None if is_used is LOST else is_used)

        self._link.ask(lambda: self._tokens.use(wanted.token, wanted.node_id), used)

    def _asked(self) -> Asked:
        known = [
            KnownNode(record.member.node_id, record.member.name, is_alive=record.state.is_alive)
            for record in self._membership.records
        ]
        return Asked(self._party.name, self._party.name, None, known)
