"""`ranvier events import`: copy a context out of any server of the Axon API into a node."""

from __future__ import annotations

import importlib
from typing import Final

from ranvier.cli.command import talks_to_node
from ranvier.cli.context_option import Context
from ranvier.cli.errors import ImportRefused
from ranvier.cli.import_options import SourceOptions, TargetOptions
from ranvier.cli.node_client import NodeClient
from ranvier.cli.printing import write_line

WORK: Final = "ranvier.cli.import_work"
"""Loaded only when called: no other command waits a fifth of a second for the client's modules."""


@talks_to_node
def import_events(
    node: NodeClient, source: SourceOptions, target: TargetOptions, context: Context = "default"
) -> None:
    """Copy a context from another server; interrupted at any moment, the same again goes on."""
    try:
        told = importlib.import_module(WORK).done(node, source, target, context)
    except KeyboardInterrupt:
        raise ImportRefused("Interrupted; run the same again to go on.") from None
    write_line(told)
