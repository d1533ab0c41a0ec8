"""Which servers are fit to hold events: seen whenever a connection is made, for servers change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ranvier.storage.errors import StorageUnavailable, UnsafeDatabase

OLDEST_VERSION: Final = 15
"""The oldest major version that is tried."""

PRODUCT: Final = "PostgreSQL "

ENCODING: Final = "UTF8"


def refuse_server(server: Mapping[str, Any], *, takes_unsafe: bool) -> None:
    """Raise `StorageUnavailable` for a server that cannot keep what a node promises.

    Jepsen's and others' reports agree on the commonest loss of acknowledged data: a server that
    answers before its disk has it.
    """
    product, version, encoding = server["product"], server["version"], server["encoding"]
    if not product.startswith(PRODUCT):
        raise StorageUnavailable(f"its server is {product.split(' ')[0]}, not PostgreSQL")
    if version // 10_000 < OLDEST_VERSION:
        raise StorageUnavailable(
            f"its server is PostgreSQL {version // 10_000}; version {OLDEST_VERSION} or later is "
            "needed"
        )
    if encoding != ENCODING:
        raise StorageUnavailable(
            f"its encoding is {encoding}, which cannot hold every name; create it with ENCODING "
            "'UTF8'"
        )
    switched_off = [name for name in ("fsync", "full_page_writes") if not server[name]]
    if switched_off and not takes_unsafe:
        raise UnsafeDatabase(" and ".join(switched_off))
