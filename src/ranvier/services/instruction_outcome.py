"""How far an instruction to a client is known to have come."""

from __future__ import annotations

from enum import Enum


class InstructionOutcome(Enum):
    """What failed is an error instead."""

    CONFIRMED = "confirmed"
    """The client told that it was done."""
    ACCEPTED = "accepted"
    """The client got it; it is of a kind that tells no more."""
