"""Who somebody is: the seam behind which users of the cluster, of a directory, of others stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ranvier.security.secret import Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who has proved to be a user."""

    user: str
    """The name as it is shown, and by which the sessions of the user are found."""
    seal: Secret | None = field(default=None, compare=False)
    """What tells later whether the proof would still be one; its owner alone reads it."""


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """What somebody has typed, and from where."""

    name: str
    password: Secret
    address: str


class Identities(Protocol):
    """Tells who it is that offers a proof; `SignIn` does for the users of the cluster."""

    async def identify(self, proof: PasswordProof) -> Identity:
        """Return who it is.

        Raises `SignInRefused`, in the same time and words whether it is the user or the password
        that is wrong, or, unlooked at, `SignInDelayed` or `TooManySignIns`.
        """
        ...

    async def stands(self, identity: Identity) -> bool:
        """Tell whether the proof would still be one.

        Asked when a session was opened for it: whatever takes a proof its worth ends the sessions
        that there are, and this one may have come a moment later.
        """
        ...
