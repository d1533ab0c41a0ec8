"""`ranvier events query`: search events or snapshots."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Annotated, Any, Final

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.context_option import Context
from ranvier.cli.errors import NodeRefused, NodeSilent
from ranvier.cli.node_client import Json, NodeClient
from ranvier.cli.printing import json_text, write_json_array, write_line
from ranvier.cli.query_caret import caret_lines
from ranvier.cli.query_table import QueryTable
from ranvier.cli.server_sent_events import ServerSentEvent

SEARCH: Final = "/v1/search"


@talks_to_node
def query(
    node: NodeClient,
    text: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="What to search; none: the newest events.")
    ] = "",
    snapshots: Annotated[
        bool, typer.Option("--snapshots", help="Search snapshots instead of events.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Go on with what comes, until interrupted.")
    ] = False,
    context: Context = "default",
) -> None:
    """Search events; with --live and -o json one object per line, with the identity of its row."""
    parameters = {
        "query": text,
        "snapshots": str(snapshots).lower(),
        "live": str(live).lower(),
    }
    try:
        with closing(node.named_events(SEARCH, context, parameters)) as events:
            show = _show_json if node.prints_json else _show_table
            if not live:
                show(events, live=False)
                return
            with suppress(KeyboardInterrupt):
                show(events, live=True)
    except NodeRefused as refusal:
        if refusal.position is not None:
            refusal.picture = caret_lines(text, refusal.position)
        raise


def _show_table(events: Iterator[ServerSentEvent], *, live: bool) -> None:
    columns, history = _history(events)
    table = QueryTable(columns, [row.get("value", {}) for row in history])
    for line in table.head():
        write_line(line)
    for row in history:
        write_line(table.line(row["value"]))
    if live:
        sys.stdout.flush()
        for row in _rows(events):
            is_gone = row.get("deleted", False)
            write_line(_gone(row) if is_gone else table.line(row["value"]))
            sys.stdout.flush()


def _show_json(events: Iterator[ServerSentEvent], *, live: bool) -> None:
    _, history = _history(events)
    if not live:
        write_json_array(row["value"] for row in history)
        return
    for row in history:
        write_line(json_text(row))
    sys.stdout.flush()
    for row in _rows(events):
        write_line(json_text(row))
        sys.stdout.flush()


def _gone(row: Json) -> str:
    return f"no longer: {json_text(row.get('idValues', []))}"


def _history(events: Iterator[ServerSentEvent]) -> tuple[list[str], list[Json]]:
    """Return the columns and the rows up to the end of history."""
    columns: list[str] = []
    rows: list[Json] = []
    for event in events:
        match event.name:
            case "metadata":
                columns = json.loads(event.data)
            case "row":
                rows.append(json.loads(event.data))
            case "done":
                return columns, rows
    raise NodeSilent("The node broke off before it had told everything; try again.")


def _rows(events: Iterator[ServerSentEvent]) -> Iterator[Any]:
    for event in events:
        if event.name == "row":
            yield json.loads(event.data)
