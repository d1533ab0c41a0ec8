"""Where a context's events lie in the table of all events."""

from __future__ import annotations

TOKEN_BITS = 40
TOKEN_LIMIT = 1 << TOKEN_BITS
"""Events that one context can hold: a trillion, thirty years at a thousand a second."""


def base_position(context_id: int) -> int:
    """The position of the event with token 0; `1 << TOKEN_BITS` on is the next context's."""
    return context_id << TOKEN_BITS


def bounded_token(token: int) -> int:
    """Bring a token that a client named into the range that a context can have."""
    return min(max(token, 0), TOKEN_LIMIT)
