"""`make bench`: measures every published figure and prints it beside what it must reach.

`python -m bench NAME ...` measures only some: idle, echo, command, mesh, cluster, append, dcb, and
so on; a name that there is not is answered by the list of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import (
    ajp,
    append_events,
    cluster,
    cockpit,
    command,
    dcb,
    idle,
    list_events,
    lost_node,
    mesh,
    mesh_queries,
    python_client,
    query,
    search_events,
    sessions,
    start_and_memory,
    unary_echo,
)
from bench.figure import Figure, table

GROUPS: Mapping[str, Callable[[Path], list[Figure]]] = {
    "echo": lambda _: unary_echo.figures(),
    "command": command.figures,
    "mesh": mesh.figures,
    "queries": mesh_queries.figures,
    "read": list_events.figures,
    "append": append_events.figures,
    "dcb": dcb.figures,
    "search": search_events.figures,
    "query": query.figures,
    "start": start_and_memory.figures,
    "client": python_client.figures,
    "idle": idle.figures,
    "ajp": ajp.figures,
    "sessions": sessions.figures,
    "visitor": lost_node.figures,
    "cluster": cluster.figures,
    "cockpit": cockpit.figures,
}


def main(names: list[str]) -> int:
    """Measure and print; return 1 if a figure is not met."""
    unknown = set(names) - GROUPS.keys()
    if unknown:
        print(f"No such figures: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}.")
        return 2
    measured: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ranvier-bench-") as folder:
        for name in names or GROUPS:
            print(f"measuring: {name} ...", file=sys.stderr, flush=True)
            measured += GROUPS[name](Path(folder))
    print(table(measured))
    return 0 if all(figure.is_met for figure in measured) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
