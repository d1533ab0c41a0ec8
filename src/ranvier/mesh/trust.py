"""Whom a node believes: who knows the cluster secret, or without one who is on the same machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ranvier.config.host_names import is_loopback
from ranvier.mesh.errors import ClusterSecretDiffers, ClusterSecretMissing
from ranvier.mesh.proof import Greeting, digest, is_proven
from ranvier.security.secret import Secret


@dataclass(frozen=True, slots=True)
class Trust:
    """What proofs are made and checked with; the secret may become known while the node runs."""

    secret: Callable[[], Secret | None]
    is_on_loopback: bool
    """This node's internal port is open to its own machine alone."""

    def expect_place(self, host: str) -> None:
        """Raise `ClusterSecretMissing` where a link without a secret would leave the machine."""
        if self.secret() is None and not (self.is_on_loopback and is_loopback(host)):
            raise ClusterSecretMissing(host if self.is_on_loopback else "the internal port")

    def proof(self, label: bytes, dialler: Greeting, dialled: Greeting) -> bytes:
        """Return the proof of the side that `label` names; empty without a secret."""
        secret = self.secret()
        return b"" if secret is None else digest(secret, label, dialler, dialled)

    def expect_proof(
        self, label: bytes, greetings: tuple[Greeting, Greeting], offered: bytes, name: str
    ) -> None:
        """Raise `ClusterSecretDiffers` if the proof of node `name` is not true."""
        secret = self.secret()
        is_true = not offered if secret is None else is_proven(secret, label, greetings, offered)
        if not is_true:
            raise ClusterSecretDiffers(name)
