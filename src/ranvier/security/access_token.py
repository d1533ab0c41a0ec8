"""The one decision about an access token, the same for gRPC and REST."""

from __future__ import annotations

from enum import Enum

from ranvier.security.secret import Secret


class TokenVerdict(Enum):
    """What is to be said to a caller who offered this token; the values are Axon's codes."""

    ADMITTED = ""
    MISSING = "AXONIQ-1000"
    WRONG = "AXONIQ-1001"


def judge_access_token(required: Secret | None, offered: str | None) -> TokenVerdict:
    """Judge what came as `AxonIQ-Access-Token`; where no token is required, all are admitted."""
    if required is None:
        return TokenVerdict.ADMITTED
    if not offered:
        return TokenVerdict.MISSING
    return TokenVerdict.ADMITTED if required.matches(offered) else TokenVerdict.WRONG
