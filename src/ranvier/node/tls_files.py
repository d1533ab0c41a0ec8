"""Which certificates the ports of a node show."""

from __future__ import annotations

from ranvier.config.settings import Settings
from ranvier.wire.tls import TlsFiles


def client_tls(settings: Settings) -> TlsFiles | None:
    """Return the certificate of the ports that clients use; None for plain text."""
    tls = settings.tls
    return TlsFiles(certificate=tls.cert, key=tls.key) if tls.enabled else None


def internal_tls(settings: Settings) -> TlsFiles | None:
    """Return the certificate of the port between nodes; None for plain text."""
    tls = settings.internal_tls
    return TlsFiles(tls.cert, tls.key, tls.ca) if tls.cert is not None else None
