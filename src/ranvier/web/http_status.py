"""Which HTTP status tells a user of which refusal; the codes themselves are the contract."""

from __future__ import annotations

from typing import Final

from ranvier.errors import RanvierError
from ranvier.events.errors import ConditionNotMet, EventError
from ranvier.web.errors import WebError

STATUS_BY_CODE: Final = {
    "AXONIQ-1302": 404,
    "AXONIQ-1304": 409,
    "AXONIQ-2000": 409,
    "AXONIQ-2305": 403,
    "AXONIQ-2001": 413,
    "AXONIQ-2002": 413,
    "AXONIQ-2511": 400,
    "AXONIQ-1002": 502,
    "AXONIQ-1003": 502,
    "AXONIQ-11000": 504,
    "AXONIQ-2800": 404,
    "AXONIQ-2801": 404,
    "AXONIQ-2802": 409,
    "AXONIQ-3000": 503,
    "RANVIER-ACCESS-CONTROL-OFF": 409,
    "RANVIER-BASE-NOT-ACCEPTED": 409,
    "RANVIER-BEYOND-HEAD": 409,
    "RANVIER-CANNOT-PRESERVE-EVENTS": 409,
    "RANVIER-CONFIG-KEY": 422,
    "RANVIER-CONFIG-NOT-SHARED": 422,
    "RANVIER-CONFIG-VALUE": 422,
    "RANVIER-CONFIGURATION-MOVED": 409,
    "RANVIER-CONFIGURATION-REFUSED": 422,
    "RANVIER-CONTENDED": 503,
    "RANVIER-CONTEXT-DATABASE": 422,
    "RANVIER-CONTEXT-DATABASE-ADDRESS": 422,
    "RANVIER-CONTEXT-DATABASE-HERE": 409,
    "RANVIER-CONTEXT-DATABASE-UNAVAILABLE": 503,
    "RANVIER-CONTEXT-KIND": 409,
    "RANVIER-HEAD-WENT-BACK": 409,
    "RANVIER-LAST-READY-NODE": 409,
    "RANVIER-NODE-NOT-RUNNING": 409,
    "RANVIER-QUERY-TIMEOUT": 504,
    "RANVIER-ONLY-ONE-SEGMENT": 409,
    "RANVIER-TOO-MANY-SEARCHES": 503,
    "RANVIER-STOPPING": 503,
    "RANVIER-STORAGE-FULL": 507,
    "RANVIER-STORAGE-UNAVAILABLE": 503,
    # Not one that a proxy may answer by sending the request again.
    "RANVIER-UNKNOWN-OUTCOME": 500,
    "RANVIER-CLUSTER-KEY-DIFFERS": 409,
    "RANVIER-CLUSTER-UNPROVEN": 502,
    "RANVIER-IN-OTHER-CLUSTER": 409,
    "RANVIER-JOIN": 409,
    "RANVIER-JOIN-ANSWER": 502,
    "RANVIER-JOIN-DATABASE": 502,
    "RANVIER-JOIN-NO-ANSWER": 502,
    "RANVIER-JOIN-UNDER-WAY": 409,
    "RANVIER-JOINS-ITSELF": 409,
    "RANVIER-LAST-NODE": 409,
    "RANVIER-LAST-USER": 409,
    "RANVIER-NAME-TAKEN": 409,
    "RANVIER-NO-SUCH-NODE": 404,
    "RANVIER-NO-SUCH-USER": 404,
    "RANVIER-NODE-IN-USE": 409,
    "RANVIER-NODE-ON-SQLITE": 409,
    "RANVIER-NOT-IN-CLUSTER": 409,
    "RANVIER-OTHER-CLUSTER-DATABASE": 409,
    "RANVIER-OTHER-PROTOCOL": 409,
    "RANVIER-PASSWORD": 422,
    "RANVIER-PROOF-MISSING": 403,
    "RANVIER-PROOF-WRONG": 403,
    "RANVIER-SET-UP-REFUSED": 403,
    "RANVIER-SIGN-IN-DELAYED": 429,
    "RANVIER-SIGN-IN-REFUSED": 401,
    "RANVIER-TOKEN-EXPIRED": 403,
    "RANVIER-TOKEN-USED": 403,
    "RANVIER-TOO-MANY-CONTEXTS": 409,
    "RANVIER-TOO-MANY-SIGN-INS": 429,
    "RANVIER-TOO-MANY-STRATEGIES": 409,
    "RANVIER-TOO-MANY-USERS": 409,
    "RANVIER-UNKNOWN-STRATEGY": 400,
    "RANVIER-USER-EXISTS": 409,
    "RANVIER-USER-NAME": 422,
}


def status_of(error: RanvierError) -> int:
    """Return the status for an error; one that is not listed is judged by its kind."""
    if isinstance(error, WebError):
        return error.status
    if isinstance(error, ConditionNotMet):
        return 409
    if isinstance(error, EventError):
        return STATUS_BY_CODE.get(error.code, 400)
    return STATUS_BY_CODE.get(error.code, 503 if error.retry_may_help else 500)
