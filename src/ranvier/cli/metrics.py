"""`ranvier metrics`: the figures of a node."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.node_client import NodeClient
from ranvier.cli.printed_metrics import PrintedMetric, read_metrics
from ranvier.cli.printing import aligned, one_line, write_json_array, write_line


@talks_to_node
def metrics(
    node: NodeClient,
    part: Annotated[str, typer.Argument(metavar="[NAME]", help="Only those with this in it.")] = "",
) -> None:
    """Print the figures of a node: counts, durations, and what is under way."""
    wanted = part.replace(".", "_")
    found = [each for each in read_metrics(node.get_text("/metrics")) if wanted in each.name]
    if node.prints_json:
        write_json_array(_as_json(each) for each in found)
    else:
        for line in aligned((_name(each), f"{each.value:.10g}") for each in found):
            write_line(line)


def _as_json(metric: PrintedMetric) -> dict[str, object]:
    value = metric.value if math.isfinite(metric.value) else str(metric.value)
    return {"name": metric.name, "labels": dict(metric.labels), "value": value}


def _name(metric: PrintedMetric) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in metric.labels.items())
    return one_line(f"{metric.name}{{{labels}}}" if labels else metric.name)
