from __future__ import annotations

import json

import pytest

from ranvier.web.ajp_refusal import ajp_refusal
from ranvier.wire.ajp.errors import RequestRefused


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "RANVIER-AJP-MALFORMED"),
        (403, "RANVIER-AJP-REFUSED"),
        (431, "RANVIER-AJP-HEAD-TOO-LARGE"),
    ],
)
def test_a_refusal_is_a_problem_with_its_status(status: int, code: str) -> None:
    headers, body = ajp_refusal(RequestRefused(status, "One sentence."))
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"] == "One sentence."
    assert dict(headers)[b"content-type"] == b"application/problem+json"
    assert dict(headers)[b"content-length"] == b"%d" % len(body)
    assert b"content-security-policy" in dict(headers)
