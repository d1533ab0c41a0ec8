"""How long somebody has to wait after sign-ins that failed: longer each time, and never for good.

Failures count for the user and for the address, wherever they meet. An address from which the
user has signed in before is *familiar*: there the user's failures count apart, so that strangers
who guess cannot keep the user out.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DelayRule:
    """The wait after a failure: none, then doubling up to a bound; failures are forgotten."""

    free_failures: int
    first_seconds: float
    most_seconds: float
    forgotten_after_seconds: float


FORGOTTEN_AFTER_SECONDS: Final = 15 * 60.0

USER_RULE: Final = DelayRule(4, 1.0, 30.0, FORGOTTEN_AFTER_SECONDS)
"""Some 2,900 guesses a day at one user, from however many addresses."""

ADDRESS_RULE: Final = DelayRule(40, 1.0, 60.0, FORGOTTEN_AFTER_SECONDS)
"""Milder at first: a whole office, or a balancer that nobody has named, may be one address."""


@dataclass(frozen=True, slots=True)
class SeenFailures:
    """What is kept of one subject."""

    count: int = 0
    age_seconds: float = 0.0
    """Since the latest attempt, by the clock of the database."""
    is_familiar: bool = False


UNSEEN: Final = SeenFailures()


@dataclass(frozen=True, slots=True)
class Subjects:
    """Whose failures count for one attempt, as digests: the database learns no name from them."""

    user: bytes
    user_there: bytes
    """The user at this address."""
    address: bytes

    def all(self) -> tuple[bytes, bytes, bytes]:
        """Return all three."""
        return self.user, self.user_there, self.address


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt may be made now, and for whom it counts as failed until it succeeds."""

    wait_seconds: float
    subject: bytes
    seen_count: int
    """What was seen of the subject; whoever finds another number there is too late."""
    new_count: int


def subjects_of(user_key: str, address: str) -> Subjects:
    """Return the subjects of an attempt; a network of IPv6 (64 bits) is one address."""
    place = _place(address)
    return Subjects(
        _digest("user", user_key), _digest("user there", user_key, place), _digest("address", place)
    )


def admit(subjects: Subjects, seen: Mapping[bytes, SeenFailures]) -> Admission:
    """Decide about an attempt by what is kept of its subjects."""
    there = seen.get(subjects.user_there, UNSEEN)
    subject = subjects.user_there if there.is_familiar else subjects.user
    of_user = seen.get(subject, UNSEEN)
    wait_seconds = max(
        wait_of(USER_RULE, of_user),
        wait_of(ADDRESS_RULE, seen.get(subjects.address, UNSEEN)),
    )
    return Admission(wait_seconds, subject, of_user.count, counting(USER_RULE, of_user) + 1)


def wait_of(rule: DelayRule, seen: SeenFailures) -> float:
    """Return how many seconds are left to wait."""
    beyond = counting(rule, seen) - rule.free_failures
    if beyond < 0:
        return 0.0
    # The exponent is bounded because nobody has bounded the count.
    whole_seconds = min(rule.first_seconds * 2.0 ** min(beyond, 32), rule.most_seconds)
    return max(0.0, whole_seconds - seen.age_seconds)


def counting(rule: DelayRule, seen: SeenFailures) -> int:
    """Return how many failures are not forgotten."""
    return 0 if seen.age_seconds >= rule.forgotten_after_seconds else seen.count


def _place(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


def _digest(*parts: str) -> bytes:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).digest()[:16]
