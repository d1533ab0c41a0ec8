from __future__ import annotations

import pytest

from ranvier.config.host_names import (
    advertised_host,
    default_domain,
    first_label,
    is_host,
    is_loopback,
)


@pytest.mark.parametrize(
    ("hostname", "domain", "advertised"),
    [
        ("messaging1", "axoniq.io", "messaging1.axoniq.io"),
        ("messaging1.axoniq.io", "axoniq.io", "messaging1.axoniq.io"),
        ("messaging1.AxonIQ.io", "axoniq.IO", "messaging1.AxonIQ.io"),
        ("messaging1.eu", "axoniq.io", "messaging1.eu.axoniq.io"),
        ("notaxoniq.io", "axoniq.io", "notaxoniq.io.axoniq.io"),
        ("axoniq.io", "axoniq.io", "axoniq.io"),
        ("messaging1", "", "messaging1"),
        ("10.1.2.3", "axoniq.io", "10.1.2.3"),
        ("fe80::1", "axoniq.io", "fe80::1"),
        ("localhost", "axoniq.io", "localhost"),
    ],
)
def test_a_domain_is_added_once_and_only_to_names(
    hostname: str, domain: str, advertised: str
) -> None:
    assert advertised_host(hostname, domain) == advertised


@pytest.mark.parametrize(
    ("hostname", "domain"),
    [("messaging1", "machine.org"), ("messaging1.axoniq.io", "axoniq.io"), ("10.1.2.3", "")],
)
def test_only_a_short_name_takes_the_domain_of_the_machine(hostname: str, domain: str) -> None:
    assert default_domain(hostname, "machine.org") == domain


@pytest.mark.parametrize(
    ("host", "label"),
    [("messaging1.axoniq.io", "messaging1"), ("box", "box"), ("10.1.2.3", "10.1.2.3")],
)
def test_the_first_label_of_an_address_is_the_address(host: str, label: str) -> None:
    assert first_label(host) == label


@pytest.mark.parametrize("host", ["a", "a.b", "a-b.c_d", "10.0.0.1", "::1", "x" * 63])
def test_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host", ["", "a..b", "-a", "a-", "a b", "a/b", "x" * 64, "a." * 127 + "a", "http://a", "a\n"]
)
def test_what_is_no_host(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("myhost", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
