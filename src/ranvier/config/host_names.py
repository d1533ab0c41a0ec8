"""Host names: what a node is called, and what it tells others to dial."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

HOST_LENGTH: Final = 253
"""The longest name that DNS carries (RFC 1035 section 2.3.4, without the root's dot)."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""RFC 1123 section 2.1, and the underscore that container networks put into names."""


def is_address(text: str) -> bool:
    """Say whether `text` is an IP address, version 4 or 6, rather than a name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(text: str) -> bool:
    """Say whether only this machine reaches `text`; of names only `localhost` is believed."""
    return ipaddress.ip_address(text).is_loopback if is_address(text) else text == "localhost"


def is_host(text: str) -> bool:
    """Say whether `text` is an IP address or a well-formed host name."""
    if is_address(text):
        return True
    return len(text) <= HOST_LENGTH and all(_LABEL.fullmatch(label) for label in text.split("."))


def first_label(host: str) -> str:
    """Give a host name up to its first dot, and an IP address whole."""
    return host if is_address(host) else host.partition(".")[0]


def domain_of(host: str) -> str:
    """Give what follows the first dot of a host name; an IP address has no domain."""
    return "" if is_address(host) else host.partition(".")[2]


def advertised_host(hostname: str, domain: str) -> str:
    """Join the name that others dial; a host name that already ends in the domain is left alone.

    Addresses and `localhost` mean the same with and without a domain, so they never get one.
    """
    if not domain or is_address(hostname) or hostname == "localhost":
        return hostname
    if f".{hostname}".lower().endswith(f".{domain}".lower()):
        return hostname
    return f"{hostname}.{domain}"


def default_domain(hostname: str, otherwise: str) -> str:
    """Give the domain that a dotted host name brings along, and `otherwise` to a short one.

    A dotted host name that someone wrote down is complete: adding where the machine happens to
    live would make a name that nobody meant.
    """
    return domain_of(hostname) or ("" if is_address(hostname) else otherwise)
