"""The balancers whose word about a client is taken, by their addresses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Network = IPv4Network | IPv6Network

REMEMBERED_ADDRESSES: Final = 1024


class TrustedNetworks:
    """Addresses and networks; with none, nobody is trusted."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)
        self.trusts = lru_cache(REMEMBERED_ADDRESSES)(self._trusts)
        """Say whether a peer of this address is believed."""

    def __bool__(self) -> bool:
        return bool(self._networks)

    def _trusts(self, address: str) -> bool:
        try:
            known = ip_address(address)
        except ValueError:
            return False
        if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
            # As sockets for both versions tell an IPv4 peer.
            known = known.ipv4_mapped
        return any(known in network for network in self._networks)
