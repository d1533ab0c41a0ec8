"""The part of a file for Apache httpd that users connect to, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ranvier.balancer.behaviour import BODY_BYTES, SILENCE_SECONDS
from ranvier.balancer.options import RenderOptions


def virtual_host(options: RenderOptions, behind: Iterable[str]) -> Iterator[str]:
    """Yield a virtual host with these directives in it.

    It says `Listen` only for an address that was asked for: most installations say it for 80.
    """
    if options.listen is not None:
        yield f"Listen {options.listens_at.text.removeprefix('*:')}"
    yield f"<VirtualHost {options.listens_at.text}>"
    if options.tls is not None:
        yield "    SSLEngine on"
        yield f"    SSLCertificateFile {options.tls}"
        yield "    SSLProtocol -all +TLSv1.2 +TLSv1.3"
    yield f"    LimitRequestBody {BODY_BYTES}"
    yield f"    TimeOut {SILENCE_SECONDS}"
    yield "    # Names in paths may hold an encoded slash."
    yield "    AllowEncodedSlashes NoDecode"
    for each in behind:
        yield f"    {each}"
    yield "</VirtualHost>"
