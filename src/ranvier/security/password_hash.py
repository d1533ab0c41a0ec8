"""Passwords as argon2id keeps them: salted, slow to guess, and no way back.

Sources: RFC 9106; the parameters are those that OWASP's password storage cheat sheet gives for
19 MiB, some 20 ms on one core.
"""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from ranvier.security.secret import Secret

TIME_COST: Final = 2
MEMORY_KIB: Final = 19 * 1024
LANES: Final = 1


class PasswordHash:
    """Hashes and compares, in the caller's thread, which it keeps for as long as it takes."""

    def __init__(self, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, LANES)
        self._work = time_cost * memory_kib

    def of(self, password: Secret) -> Secret:
        """Return the hash of a password, each time with another salt."""
        return Secret(self._hasher.hash(password.reveal()))

    def matches(self, kept: Secret, password: Secret) -> bool:
        """Say whether this is the password; a hash that cannot be read matches none."""
        try:
            return self._hasher.verify(kept.reveal(), password.reveal())
        except (VerificationError, InvalidHashError):
            return False

    def is_outgrown(self, kept: Secret) -> bool:
        """Say whether a hash was made with less work than is asked for now.

        One of more work stays: nodes of two versions must not undo each other's.
        """
        try:
            parameters = extract_parameters(kept.reveal())
        except InvalidHashError:
            return False
        return parameters.time_cost * parameters.memory_cost < self._work
