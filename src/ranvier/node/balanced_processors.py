"""The balancing of event processors, by the one node that holds the lease for it."""

from __future__ import annotations

from typing import Final

from ranvier.services.administer_processors import AdministerProcessors
from ranvier.services.balance_processors import BalanceProcessors
from ranvier.services.hold_leases import HoldLeases

BALANCING: Final = "processor-balancing"
"""The name of the lease."""


def balanced_processors(processors: AdministerProcessors, leases: HoldLeases) -> BalanceProcessors:
    """Return what balances while this node has the lease, which it tries to get from now on."""
    leases.campaign(BALANCING)
    return BalanceProcessors(processors, may_balance=lambda: leases.is_held(BALANCING))
