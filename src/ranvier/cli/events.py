"""`ranvier events`: append events, read those that are stored, follow those that come, import."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ranvier.cli.command import talks_to_node
from ranvier.cli.context_option import Context
from ranvier.cli.errors import HeadUnknown, WrongUsage
from ranvier.cli.event_line import event_line
from ranvier.cli.import_command import import_events
from ranvier.cli.node_client import Json, NodeClient, Parameters
from ranvier.cli.printed_metrics import read_metrics
from ranvier.cli.printing import json_text, write_json_array, write_line
from ranvier.cli.query import query

EVENTS: Final = "/v1/events"
SNAPSHOTS: Final = "/v1/snapshots"
FOLLOW_SECONDS: Final = 3_600
"""After so long the node ends a stream that it was asked to keep open; the next one goes on."""

MOST_EVENTS: Final = 2**31 - 1
SNAPSHOT_PAGE: Final = 100
"""As many snapshots as a node puts into one answer."""

FILE_EXAMPLE: Final = (
    'A file holds one event or an array: [{"payload": {"type": "Opened", "data": "{}"}, '
    '"aggregateType": "Account", "aggregateId": "acc-1", "aggregateSequenceNumber": 0}]'
)

app = typer.Typer(no_args_is_help=True, help="Append, read, follow and search events.")
app.command("import")(import_events)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event given by options."""

    payload_type: Annotated[
        str | None, typer.Option("--type", metavar="NAME", help="Type of the payload.")
    ] = None
    data: Annotated[str, typer.Option("--data", metavar="TEXT", help="The payload.")] = ""
    aggregate: Annotated[
        str | None,
        typer.Option("--aggregate", metavar="TYPE/ID", help="Whose event it is: Account/acc-1."),
    ] = None
    sequence: Annotated[
        int | None,
        typer.Option("--sequence", min=0, metavar="N", help="Its number in the aggregate, from 0."),
    ] = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are to be read."""

    aggregate: Annotated[
        str | None,
        typer.Option("--aggregate", metavar="ID", help="Only those of this aggregate."),
    ] = None
    start: Annotated[
        int,
        typer.Option(
            "--from", min=0, metavar="N", help="First token, or first number in the aggregate."
        ),
    ] = 0
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many.")
    ] = None
    snapshots: Annotated[
        bool, typer.Option("--snapshots", help="Snapshots of the aggregate, newest first.")
    ] = False


@app.command(epilog=FILE_EXAMPLE)
@talks_to_node
def append(
    node: NodeClient,
    event: NewEvent,
    file: Annotated[
        Path | None, typer.Argument(help="JSON: one event or an array; `-` for standard input.")
    ] = None,
    context: Context = "default",
) -> None:
    """Append events: those of a file, all or none, or one given by --type and --data."""
    body = _posted(event, file)
    if _is_empty(body):
        write_line(json_text({"success": True}) if node.prints_json else "Nothing to append.")
        return
    answer = node.post_json(EVENTS, context, body)
    write_line(json_text(answer) if node.prints_json else "Appended.")


@app.command()
@talks_to_node
def read(node: NodeClient, wanted: Wanted, context: Context = "default") -> None:
    """Print the events that are stored now, oldest first."""
    events = _stored(node, wanted, context)
    if node.prints_json:
        write_json_array(events)
    else:
        for event in events:
            write_line(event_line(event))


@app.command()
@talks_to_node
def tail(
    node: NodeClient,
    start: Annotated[
        int | None,
        typer.Option("--from", min=0, metavar="TOKEN", help="Begin here, not with new events."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="End after so many.")
    ] = None,
    context: Context = "default",
) -> None:
    """Print new events as they come, until interrupted; with -o json one object per line."""
    first = _next_token(node, context) if start is None else start
    shown = json_text if node.prints_json else event_line
    with suppress(KeyboardInterrupt):
        for event in _following(node, context, first, limit or MOST_EVENTS):
            write_line(shown(event))
            sys.stdout.flush()


app.command()(query)


def _posted(event: NewEvent, file: Path | None) -> bytes:
    if (file is None) == (event.payload_type is None):
        raise WrongUsage("Give either a file with events or --type and --data.")
    if file is not None:
        return _content(file)
    message: Json = {"payload": {"type": event.payload_type, "data": event.data}}
    if event.aggregate is not None:
        aggregate_type, slash, aggregate_id = event.aggregate.partition("/")
        if not (slash and aggregate_type and aggregate_id) or event.sequence is None:
            raise WrongUsage("An aggregate is given as --aggregate TYPE/ID --sequence N.")
        message |= {"aggregateType": aggregate_type, "aggregateId": aggregate_id}
        message["aggregateSequenceNumber"] = event.sequence
    return json_text({"messages": [message]}).encode()


def _is_empty(body: bytes) -> bool:
    return body.split() in ([b"[]"], [b"[", b"]"])


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}.") from None


def _stored(node: NodeClient, wanted: Wanted, context: str) -> Iterable[Any]:
    if wanted.snapshots:
        return _snapshots(node, wanted, context)
    if wanted.aggregate is not None:
        parameters: Parameters = {
            "aggregateId": wanted.aggregate,
            "initialSequence": wanted.start,
            "allowSnapshots": "false",
        }
        events = node.stream(EVENTS, context, parameters)
        return events if wanted.limit is None else _first(events, wanted.limit)
    parameters = {
        "trackingToken": wanted.start,
        "maxEvents": wanted.limit or MOST_EVENTS,
        "timeout": 0,
    }
    return node.stream(EVENTS, context, parameters)


def _snapshots(node: NodeClient, wanted: Wanted, context: str) -> Iterator[Any]:
    if wanted.aggregate is None or wanted.start:
        raise WrongUsage("Snapshots are those of an aggregate; give --aggregate and no --from.")
    left = wanted.limit or MOST_EVENTS
    parameters: dict[str, str | int] = {"aggregateId": wanted.aggregate}
    while left > 0:
        asked = min(left, SNAPSHOT_PAGE)
        page = node.get_list(SNAPSHOTS, context, parameters | {"maxResults": asked})
        yield from page
        left -= len(page)
        # A page may be short because its snapshots are large, so only an empty one is the last.
        if not page or page[-1]["aggregateSequenceNumber"] == 0:
            return
        parameters["maxSequence"] = page[-1]["aggregateSequenceNumber"] - 1


def _first(events: Generator[Json], count: int) -> Iterator[Json]:
    yield from islice(events, count)
    events.close()


def _following(node: NodeClient, context: str, token: int, count: int) -> Iterator[Json]:
    while count > 0:
        parameters = {"trackingToken": token, "maxEvents": count, "timeout": FOLLOW_SECONDS}
        for event in node.stream(EVENTS, context, parameters):
            yield event
            token, count = int(event["token"]) + 1, count - 1


def _next_token(node: NodeClient, context: str) -> int:
    """Find the token that the next event of the context will get."""
    for metric in read_metrics(node.get_text("/metrics")):
        if metric.name == "axon_event_lastToken" and metric.labels.get("context") == context:
            return int(metric.value) + 1
    first_event = {"trackingToken": 0, "maxEvents": 1, "timeout": 0}
    if list(node.stream(EVENTS, context, first_event)):
        raise HeadUnknown
    return 0
