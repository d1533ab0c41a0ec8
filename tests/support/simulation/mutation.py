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
    TRUSTS_ITS_LOOK_AT_TOKENS = auto()
    """It lets in whoever brought a token that was good a moment ago."""
    TAKES_ANY_NAME = auto()
    """It takes its place without looking whether a node of that name lives."""
    DRAINS_THE_LAST = auto()
    """It drains, and sends clients away, also where nobody else is there for them."""
    NEVER_CUTS = auto()
    """It waits for ever for the clients that stay when it drains."""
    DECIDES_ALONE = auto()
    """It puts a revision of the configuration in force that others have not looked at."""
    FORGETS_WHAT_IT_REPLACES = auto()
    """It takes a revision that was made for another one than that in force."""
