"""`ranvier metrics`: the figures of a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, Any, Final

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.errors import NodeRefused, NoSuchFigure
from ranvier.cli.node_client import Json, NodeClient
from ranvier.cli.printing import aligned, one_line, write_json_array, write_line

METRICS: Final = "/actuator/metrics"
UNKNOWN: Final = "RANVIER-UNKNOWN-METRIC"


@talks_to_node
def metrics(
    node: NodeClient,
    part: Annotated[str, typer.Argument(metavar="[NAME]", help="Only those with this in it.")] = "",
    context: Annotated[
        str | None,
        typer.Option("-c", "--context", metavar="NAME", help="Only those of this context."),
    ] = None,
) -> None:
    """Print the figures of a node, of all contexts together: counts, times, what is under way."""
    names = node.get_object(METRICS, {}).get("names", [])
    wanted = [str(name) for name in names if part.replace("_", ".") in str(name)]
    figures = _figures(node, wanted, context)
    first = next(figures, None)
    if first is None:
        raise NoSuchFigure(part, context)
    found = chain((first,), figures)
    if node.prints_json:
        write_json_array(found)
    else:
        for line in aligned(_rows(found)):
            write_line(line)


def _figures(node: NodeClient, names: Iterable[str], context: str | None) -> Iterator[Json]:
    """Ask for one figure after the other; those that the context has not are left out."""
    parameters = {} if context is None else {"tag": f"context:{context}"}
    for name in names:
        try:
            yield node.get_object(f"{METRICS}/{name}", parameters)
        except NodeRefused as refusal:
            if refusal.node_code != UNKNOWN:
                raise


def _rows(figures: Iterable[Json]) -> Iterator[tuple[str, str, str]]:
    for figure in figures:
        unit = figure.get("baseUnit") or ""
        for each in figure.get("measurements", []):
            statistic = str(each.get("statistic", ""))
            is_time = unit and statistic != "COUNT"
            shown = _number(each.get("value")) + (f" {unit}" if is_time else "")
            kind = "" if statistic == "VALUE" else statistic.lower()
            yield one_line(str(figure.get("name", ""))), one_line(kind), one_line(shown)


def _number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, (int, float)) else "unknown"
