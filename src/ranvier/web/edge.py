"""Whom the HTTP listener believes about clients that are not its peers."""

from __future__ import annotations

from dataclasses import dataclass, field

from ranvier.web.trusted_networks import TrustedNetworks


@dataclass(frozen=True, slots=True)
class Edge:
    """What balancers before the listener may tell; without any, nobody may."""

    trusted: TrustedNetworks = field(default_factory=TrustedNetworks)
    told_by: str = "x-forwarded"
    """The headers that they set: `x-forwarded` or `forwarded`."""
    expects_preamble: bool = False
    """Whether their connections begin with a PROXY header."""
