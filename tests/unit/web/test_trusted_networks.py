from __future__ import annotations

from ipaddress import ip_network

import pytest

from ranvier.web.trusted_networks import TrustedNetworks

TRUSTED = TrustedNetworks(
    [ip_network("10.1.0.0/16"), ip_network("192.0.2.7"), ip_network("fd00::/8")]
)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.0.2.7", "fd00::1", "::ffff:10.1.2.3"])
def test_those_within_are_trusted(address: str) -> None:
    assert TRUSTED.trusts(address)


@pytest.mark.parametrize(
    "address", ["10.2.0.1", "192.0.2.8", "::1", "127.0.0.1", "::ffff:10.2.0.1", "", "?", "10.1.2"]
)
def test_all_others_are_not(address: str) -> None:
    assert not TRUSTED.trusts(address)


def test_without_networks_nobody_is_trusted() -> None:
    assert not TrustedNetworks().trusts("127.0.0.1")
    assert not TrustedNetworks()
    assert TRUSTED
