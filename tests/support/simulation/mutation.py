"""Faults that are planted in the simulated nodes, so that the simulation is seen to catch them."""

from __future__ import annotations

from enum import Enum, auto


class Mutation(Enum):
    """What a node does wrong."""

    GUESSES = auto()
    """It takes an append without an answer for one that did not happen."""
    TRUSTS_REFUSALS = auto()
    """It believes that an append was refused by others that may have met itself, come late."""
    BELIEVES_WAKE_UPS = auto()
    """It takes wake-ups as the only sign of new events."""
    SENDS_AGAIN = auto()
    """It routes a command anew that it had sent to a handler which is lost."""
    TRUSTS_ITS_LEASE = auto()
    """It believes to hold a lease for as long as nobody tells it otherwise."""
