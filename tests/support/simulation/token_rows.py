"""The rows of join tokens in the simulated database."""

from __future__ import annotations

from typing import Final

from ranvier.cluster.joining.admission import TokenState
from tests.support.checkers.joining import Admission
from tests.support.simulation.world import World

TOKEN_SECONDS: Final = 7.0


class TokenRows:
    """Tokens: used once, for a time that the database measures."""

    def __init__(self, world: World) -> None:
        self.admissions: list[Admission] = []
        self._world = world
        self._used_by: dict[str, str] = {}

    def state(self, token: str, node_id: str) -> TokenState:
        """Tell how a token stands toward a node."""
        if self._used_by.get(token, node_id) != node_id:
            return TokenState.USED
        is_expired = self._world.now > TOKEN_SECONDS
        return TokenState.EXPIRED if is_expired else TokenState.FRESH

    def use(self, token: str, node_id: str) -> bool:
        """Use a token up, if it is still good for this node."""
        if self.state(token, node_id) is not TokenState.FRESH:
            return False
        self._used_by[token] = node_id
        return True

    def let_in(self, token: str, node_id: str) -> None:
        """Note that a node was let in, right or wrong."""
        is_expired = self._world.now > TOKEN_SECONDS and token not in self._used_by
        self.admissions.append(Admission(token, node_id, is_expired=is_expired))
