"""The routing of commands of a node, with its figures shown."""

from __future__ import annotations

import time

from ranvier.observability.metrics import Metrics
from ranvier.services.context_kinds import ContextKinds
from ranvier.services.dispatch_across_nodes import DispatchAcrossNodes
from ranvier.services.topology import Topology


def routed_commands(
    kinds: ContextKinds, topology: Topology, metrics: Metrics
) -> DispatchAcrossNodes:
    """Return the routing of commands for all contexts that are known."""
    commands = DispatchAcrossNodes(kinds, topology, metrics.commands, time.monotonic)
    for name, description, find in (
        ("active", "Commands that handlers work on", commands.active_counts),
        ("queued", "Commands that wait for permits", commands.queued_counts),
    ):
        metrics.watch_by_context(f"axon.commands.saturation.{name}.count", description, find)
    metrics.watch(
        "ranvier.commands.answers.stray.count",
        "Answers of command handlers that nobody waited for",
        lambda: commands.stray_answers,
    )
    return commands
