"""The kinds of values that settings take: how each is read from text, and what it must be."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from ranvier.config.host_names import is_host
from ranvier.config.route import ROUTE_LENGTH, ROUTE_PATTERN
from ranvier.security.secret import Secret

Value = TypeVar("Value", covariant=True)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """A way to read a value; `read` raises `ValueError` for what is not `expected`."""

    expected: str
    """Ends the sentence "it must be …"."""
    read: Callable[[str], Value]
    is_switch: bool = False
    """True where the flag alone, without a value, means yes."""
    is_secret: bool = False
    """True where not even a wrong value may be shown."""


def integer(low: int, high: int) -> Kind[int]:
    """A whole number between two bounds, both included."""
    return Kind(f"a whole number from {low} to {high}", lambda text: _bounded(text, low, high))


def duration(low_seconds: float, high_seconds: float) -> Kind[float]:
    """A time between two bounds, both included; a bare number is in seconds."""

    def read(text: str) -> float:
        seconds = _read_duration(text, "s")
        if not low_seconds <= seconds <= high_seconds:
            raise ValueError(text)
        return seconds

    expected = f"a time such as 30s, 15m or 12h, from {low_seconds:g} s to {high_seconds:g} s"
    return Kind(expected, read)


def choice(*words: str) -> Kind[str]:
    """One of a few words."""

    def read(text: str) -> str:
        return words[words.index(text.lower())]

    return Kind(" or ".join(f"`{word}`" for word in words), read)


def optional(kind: Kind[Value]) -> Kind[Value | None]:
    """The same kind, or `off` (and 0, as Axon's files have it), which reads as None."""
    return Kind(
        f"{kind.expected}, or `off`",
        lambda text: None if text.lower() in {"off", "0"} else kind.read(text),
    )


def _bounded(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise ValueError(text)
    return number


def _read_switch(text: str) -> bool:
    word = text.lower()
    if word in {"true", "on", "yes", "1"}:
        return True
    if word in {"false", "off", "no", "0"}:
        return False
    raise ValueError(text)


_BYTE_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SECOND_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_SECONDS: Final = 3650 * 86400.0
"""Ten years: beyond it a number is a slip of the unit."""


def _read_bytes(text: str) -> int:
    matched = re.fullmatch(r"(\d{1,15})\s*([bkmg]?)(?:(?<=[kmg])i?b)?", text.lower())
    if matched is None or int(matched[1]) == 0:
        raise ValueError(text)
    return int(matched[1]) * _BYTE_UNITS[matched[2]]


def _read_duration(text: str, bare_unit: str) -> float:
    matched = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)?", text.lower())
    if matched is None:
        raise ValueError(text)
    seconds = float(matched[1]) * _SECOND_UNITS[matched[2] or bare_unit]
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError(text)
    return seconds


def _read_host(text: str) -> str:
    host = text.removesuffix(".")
    if not is_host(host):
        raise ValueError(text)
    return host


def _read_bind_address(text: str) -> str:
    return text if text == "localhost" else str(ipaddress.ip_address(text))


def _read_path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError(text)
    return Path(text)


def _matching(pattern: str | re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(text)
        return text

    return read


def _read_token(text: str) -> Secret:
    return Secret(_matching(r"[!-~]{1,1024}")(text))


def _read_tags(text: str) -> Mapping[str, str]:
    tags: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not (name and equals and value) or len(part) > _LONGEST_TAG or len(tags) >= _MOST_TAGS:
            raise ValueError(text)
        tags[name] = value
    return MappingProxyType(tags)


def _read_networks(text: str) -> tuple[Network, ...]:
    parts = list(filter(None, map(str.strip, text.split(","))))
    if len(parts) > _MOST_NETWORKS:
        raise ValueError(text)
    return tuple(ipaddress.ip_network(part) for part in parts)


_MOST_NETWORKS: Final = 256
_LONGEST_TAG: Final = 255
_MOST_TAGS: Final = 64
"""Every node tells every other one its tags."""

SWITCH: Final = Kind("true or false", _read_switch, is_switch=True)
COUNT: Final = integer(1, 1_000_000_000)
PORT: Final = Kind(
    "a port from 0 to 65535, where 0 takes any free one", lambda text: _bounded(text, 0, 65535)
)
BYTES: Final = Kind("a number of bytes such as 65536, 64KB or 4MB (1 KB is 1024)", _read_bytes)
SECONDS: Final = Kind(
    "a time in seconds above 0, or one with a unit, such as 500ms, 2s or 5m",
    lambda text: _read_duration(text, "s"),
)
MILLISECONDS: Final = Kind(
    "a time in milliseconds above 0, or one with a unit, such as 500ms, 2s or 5m",
    lambda text: _read_duration(text, "ms"),
)
NODE_NAME: Final = Kind(
    "1 to 255 letters, digits, dots, colons, dashes or underscores",
    _matching(r"[A-Za-z0-9._:-]{1,255}"),
)
HOST: Final = Kind("a host name or an IP address", _read_host)
DOMAIN: Final = Kind(
    "a domain name, or empty for none", lambda text: _read_host(text) if text else ""
)
BIND_ADDRESS: Final = Kind(
    "an IP address of this machine, such as 127.0.0.1 or 0.0.0.0", _read_bind_address
)
NETWORKS: Final = Kind(
    "IP addresses and networks such as 10.0.0.5 or 10.1.0.0/16, with commas between them",
    _read_networks,
)
ROUTE: Final = Kind(
    f"1 to {ROUTE_LENGTH} letters, digits, dashes or underscores, and no dot",
    _matching(ROUTE_PATTERN),
)
COOKIE_NAME: Final = Kind(
    "1 to 64 letters, digits, dashes or underscores", _matching(r"[A-Za-z0-9_-]{1,64}")
)
PATH: Final = Kind("a path", _read_path)
TAGS: Final = Kind("pairs such as `region=eu,zone=a`, or empty for none", _read_tags)
SECRET_TOKEN: Final = Kind(
    "1 to 1024 visible ASCII characters without spaces", _read_token, is_secret=True
)
