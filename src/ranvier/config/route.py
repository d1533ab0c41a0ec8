"""The JVM route of a node: the suffix of its session cookies that balancers know it by."""

from __future__ import annotations

import re
from typing import Final

from ranvier.config.host_names import first_label

ROUTE_LENGTH: Final = 32
"""NGINX keeps no longer one."""

ROUTE_PATTERN: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{ROUTE_LENGTH}}}")
"""What every balancer can use; a dot would end it for mod_jk."""


def compute_route(hostname: str, local_node_id: int) -> str:
    """Compute the route of the node with this local id (0 stands alone) on this host.

    It is the first label of the host name, or a whole IP address, in lower case and with every
    other character as `-`; ids above 0 are appended. It is the same after every restart.
    """
    suffix = f"-{local_node_id}" if local_node_id > 0 else ""
    host = re.sub(r"[^a-z0-9_-]", "-", first_label(hostname).lower())
    return host[: ROUTE_LENGTH - len(suffix)] + suffix
