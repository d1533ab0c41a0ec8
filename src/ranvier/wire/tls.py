"""TLS for the wire: version 1.2 or newer, HTTP/2 agreed by ALPN, certificates from files."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from ranvier.wire.errors import WireError

ALPN = "h2"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where an endpoint's certificates lie (PEM).

    A server needs `certificate` and `key`; with `authority` it demands a certificate of each
    client. A client trusts `authority`, or the system's where there is none, and shows
    `certificate` and `key` if it has them.
    """

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None


class TlsUnusable(WireError):
    """The certificate files cannot be used; the message names them."""

    code = "RANVIER-TLS"


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what a listener needs; TlsUnusable where the files are missing or do not fit."""
    if files.certificate is None or files.key is None:
        raise TlsUnusable("a TLS listener needs both a certificate and a key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load(context, files)
    if files.authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """Return what a client needs to check a server and, if asked, to show who it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load(context, files)
    if files.authority is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


def load(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Set what both roles share and read the files."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ALPN])
    try:
        if files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key, password="")
        if files.authority is not None:
            context.load_verify_locations(files.authority)
    except (OSError, ssl.SSLError) as problem:
        used = (files.certificate, files.key, files.authority)
        names = ", ".join(str(path) for path in used if path is not None)
        raise TlsUnusable(f"cannot use the TLS files {names}: {problem}") from problem


def has_agreed(tls: ssl.SSLObject | None) -> bool:
    """Tell whether HTTP/2 may be spoken: over plain TCP always, over TLS if ALPN chose it."""
    return tls is None or tls.selected_alpn_protocol() == ALPN
