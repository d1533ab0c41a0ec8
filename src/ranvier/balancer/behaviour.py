"""What all balancers are told alike: how long to wait, how much to let through, what to ask."""

from __future__ import annotations

from typing import Final

READY_PATH: Final = "/health/ready"
"""200 while a node takes new work, 503 while it does not."""
OWN_HEALTH_PATH: Final = "/balancer/health"
"""Answered by the balancer itself, for who watches it."""
COOKIE: Final = "JSESSIONID"
CHECK_SECONDS: Final = 1
CONNECT_SECONDS: Final = 2
"""A node that takes no connection within it is passed over."""
SILENCE_SECONDS: Final = 330
"""A command may wait five minutes for its handler."""
PAGE_SILENCE_SECONDS: Final = 30
"""Pages are made at once, and live ones hear something every 15 seconds: the node is frozen."""
IDLE_SECONDS: Final = 20
"""Connections are kept for less time than nodes keep them (30 s): none closes under use."""
BODY_BYTES: Final = 32 * 1024 * 1024
"""Twice what a node takes: it is the node that refuses, with a reason."""
PAGE_PATHS: Final = ("/cockpit", "/portal", "/sign-in", "/sign-out", "/set-up")
"""Forms of pages bear a key by which a node knows a repeated post; calls of programs do not."""
