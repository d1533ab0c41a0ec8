"""The sessions of people at the web pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ranvier.config.keys import setting
from ranvier.config.kinds import COOKIE_NAME, duration

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How long people stay signed in, and by which cookie."""

    cookie_name: str = setting(
        COOKIE_NAME,
        "name of the session cookie, alike on all nodes and in the balancer",
        default="JSESSIONID",
    )
    idle_seconds: float = setting(
        duration(1.0, _DAY), "time without a request that ends a session", default=900.0
    )
    absolute_seconds: float = setting(
        duration(1.0, 30 * _DAY),
        "time from the sign-in that ends a session in any case",
        default=12 * _HOUR,
    )
    touch_seconds: float = setting(
        duration(1.0, _HOUR),
        "time between two notes in the database that a session is in use",
        default=30.0,
    )
