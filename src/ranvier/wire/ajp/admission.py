"""Whether a request may come in: the secret that both sides know, and nothing it may not bring."""

from __future__ import annotations

from hmac import compare_digest

from ranvier.wire.ajp.codes import ALLOWED_ATTRIBUTES
from ranvier.wire.ajp.errors import RequestRefused
from ranvier.wire.ajp.request import Request

FORBIDDEN = 403


def admit(request: Request, secret: bytes) -> None:
    """Let a request pass, or raise `RequestRefused`; how wrong a secret is cannot be timed."""
    offered = request.secret
    if offered is None:
        raise RequestRefused(FORBIDDEN, "The web server sent no AJP secret: set the node's there.")
    if not compare_digest(offered, secret):
        raise RequestRefused(FORBIDDEN, "The AJP secret of the web server is not the node's.")
    for name in request.named:
        if name not in ALLOWED_ATTRIBUTES:
            shown = name[:80].decode("ascii", "backslashreplace")
            raise RequestRefused(
                FORBIDDEN,
                f"The AJP attribute {shown!r} is not let in: let the web server send none.",
            )
