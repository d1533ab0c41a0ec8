"""A simulated node's part in the configuration that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ranvier.cluster.configuration import (
    ConfigurationRevision,
    changed,
    refusal_of,
)
from tests.support.checkers.history import Told
from tests.support.simulation.configuration_rows import COUNTER
from tests.support.simulation.database import ModelDatabase
from tests.support.simulation.database_link import LOST, DatabaseLink
from tests.support.simulation.membership import Membership
from tests.support.simulation.mutation import Mutation
from tests.support.simulation.world import Party

LOOK_SECONDS: Final = 0.5
ASK_AGAIN_SECONDS: Final = 0.1
VERDICT_SECONDS: Final = 2.0
ORPHAN_SECONDS: Final = 3.0
TASTE: Final = "taste"

Changed = Callable[[int | None, Told], None]


class SharedConfiguration:
    """Judges what is proposed, applies what is in force, and proposes what clients want."""

    def __init__(
        self,
        party: Party,
        database: ModelDatabase,
        link: DatabaseLink,
        membership: Membership,
        mutation: Mutation | None = None,
    ) -> None:
        self._party = party
        self._rows = database.configuration
        self._running_long = database.nodes.running_long
        self._link = link
        self._membership = membership
        self._mutation = mutation
        self._judged = 0
        self._orphan: tuple[int, float] = (0, 0.0)
        self.applied = ConfigurationRevision()

    def begin(self) -> None:
        """Look at once, and again and again."""
        self._link.ask(lambda: (self._rows.in_force, self._rows.proposed), self._looked)
        self._party.after(LOOK_SECONDS, self.begin)

    def change(self, taste: str, seen: ConfigurationRevision, done: Changed) -> None:
        """Propose what follows a revision that somebody has seen; tell what became of it."""
        counter = int(seen.values.get(COUNTER, "0")) + 1
        values = changed(seen.values, {COUNTER: str(counter), TASTE: taste})
        if not self._membership.records or self._refusal(values):
            done(None, Told.FAILED)
            return

        def propose() -> ConfigurationRevision | None:
            follows = seen.number
            if self._mutation is Mutation.FORGETS_WHAT_IT_REPLACES:
                follows = self._rows.in_force.number
            return self._rows.propose(ConfigurationRevision(0, follows, values))

        def proposed(answer: Any) -> None:
            if answer is LOST or answer is None:
                done(None, Told.UNKNOWN if answer is LOST else Told.FAILED)
            else:
                self._judge(answer)
                self._decide(answer, self._party.world.now + VERDICT_SECONDS, done)

        self._link.ask(propose, proposed)

    def _decide(self, proposed: ConfigurationRevision, late_at: float, done: Changed) -> None:
        def heard(verdicts: Any) -> None:
            if verdicts is LOST:
                done(proposed.number, Told.UNKNOWN)
                return
            is_late = self._party.world.now >= late_at
            known = self._membership.running
            running = None if known is None else {node_id: node_id for node_id in known}
            if self._mutation is Mutation.DECIDES_ALONE:
                running = {self._party.name: self._party.name}
            refusal = refusal_of(running, verdicts, is_late=is_late)
            if refusal is None:
                self._party.after(ASK_AGAIN_SECONDS, self._decide, proposed, late_at, done)
            else:
                self._settle(proposed, refusal, done)

        self._link.ask(lambda: self._rows.verdicts(proposed.number), heard)

    def _settle(self, proposed: ConfigurationRevision, refusal: str, done: Changed) -> None:
        def settled(is_decided: Any) -> None:
            if is_decided is LOST:
                told = Told.UNKNOWN
            else:
                told = Told.OK if is_decided and not refusal else Told.FAILED
            done(proposed.number, told)

        asked = self._running_long
        self._link.ask(lambda: self._rows.decide(proposed.number, refusal, asked()), settled)

    def _looked(self, answer: Any) -> None:
        if answer is LOST:
            return
        in_force, proposed = answer
        if proposed is not None and proposed.number != self._judged:
            self._judge(proposed)
        if proposed is not None:
            self._withdraw_orphan(proposed)
        if in_force.number > self.applied.number:
            self._party.world.note(f"{self._party.name} applies {in_force.number}")
            self.applied = in_force

    def _judge(self, proposed: ConfigurationRevision) -> None:
        number, refusal = proposed.number, self._refusal(proposed.values)

        def judged(answer: Any) -> None:
            if answer is not LOST:
                self._judged = number

        self._link.ask(lambda: self._rows.judge(number, self._party.name, refusal), judged)

    def _withdraw_orphan(self, proposed: ConfigurationRevision) -> None:
        number, since = self._orphan
        now, asked = self._party.world.now, self._running_long
        if number != proposed.number:
            self._orphan = (proposed.number, now)
        elif now - since > ORPHAN_SECONDS:
            self._link.ask(
                lambda: self._rows.decide(proposed.number, "forgotten", asked()), lambda _: None
            )

    def _refusal(self, values: Mapping[str, str]) -> str:
        """Say why this node cannot live with values: not everybody likes everything."""
        return "not to my taste" if values[TASTE] == self._party.name else ""
