"""The last part of `make demo`: three equal nodes on one PostgreSQL, of which one gets SIGKILL.

A branch of the bank stands at each node: it books, which is an event, and asks tellers to deposit,
which is a command. Tellers stand at all nodes, too, so that most commands cross from one node to
another.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

import ranvier
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer
from examples.routing import HANDLER_LOST, start_teller
from ranvier.client import Hub, ReconnectDelays
from ranvier.client.errors import HubError, OutcomeUnknown
from ranvier.client.events_message import EventMessage

NODES = ("north", "east", "west")
KILLED = "east"
CLERKS = 8
SECONDS_BEFORE = 2.0
SECONDS_AFTERWARDS = 3.0
PROMISED_SECONDS = 10.0
"""For the pause of a machine that does other work; measured by `python -m bench cluster`."""

QUICK = ReconnectDelays(unavailable_seconds=0.02, unavailable_seconds_max=0.2)


@dataclass
class Branch:
    """What the clerks of one branch asked for and what they were told."""

    name: str
    booked: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    last_answer_at: float = 0.0
    longest_pause_seconds: float = 0.0
    ended_at: str = ""
    """The address of the node where its clients are in the end."""

    def was_served(self) -> None:
        """Note that an answer has come."""
        now = time.monotonic()
        if self.last_answer_at:
            pause = now - self.last_answer_at
            self.longest_pause_seconds = max(self.longest_pause_seconds, pause)
        self.last_answer_at = now


async def show_cluster(folder: Path, console: Console) -> bool:
    """Tell the story; return whether every promise was kept."""
    console.print("\n[bold]8.[/] Starting PostgreSQL from a wheel, and three nodes on it ...")
    server = await asyncio.to_thread(PostgresServer)
    nodes = ClusterProcesses(folder, server.address())
    tellers: list[subprocess.Popen[str]] = []
    try:
        await asyncio.to_thread(nodes.start_all, NODES)
        await asyncio.to_thread(nodes.until_all_see, "running", *NODES)
        for name in NODES:
            node = nodes[name]
            console.print(f"   {name}: clients at {node.grpc_address}, process {node.process_id}")
        tellers += [start_teller(nodes[name].grpc_address) for name in NODES]
        branches = await work(nodes, console)
        return await print_table(nodes, branches, console)
    finally:
        for teller in tellers:
            teller.kill()
            teller.communicate()
        nodes.close()
        server.close()


def servers(nodes: ClusterProcesses) -> str:
    """Return the addresses of all nodes, as clients are told them."""
    return ",".join(nodes[name].grpc_address for name in NODES)


async def work(nodes: ClusterProcesses, console: Console) -> Sequence[Branch]:
    """Let the clerks of all branches work, and kill a node in the middle."""
    branches = [Branch(name) for name in NODES]
    is_over = asyncio.Event()
    clients: dict[str, Hub] = {}
    async with AsyncExitStack() as hubs, asyncio.TaskGroup() as clerks:
        for branch in branches:
            hub = await connect_at(branch.name, nodes, hubs)
            clients[branch.name] = hub
            for number in range(CLERKS):
                clerks.create_task(clerk(hub, branch, f"{branch.name}-{number}", is_over))
        console.print(
            f"[bold]9.[/] A branch at each node books and sends commands, {CLERKS} clerks each ..."
        )
        await asyncio.sleep(SECONDS_BEFORE)
        console.print(f"[bold]10.[/] kill -9 {nodes[KILLED].process_id}, the node {KILLED}")
        nodes[KILLED].kill()
        await asyncio.sleep(SECONDS_AFTERWARDS)
        for branch in branches:
            branch.ended_at = clients[branch.name].connection.node
        is_over.set()
    return branches


async def connect_at(name: str, nodes: ClusterProcesses, hubs: AsyncExitStack) -> Hub:
    """Connect a client that knows all nodes to one of them; which comes first, chance decides."""
    while True:
        one = AsyncExitStack()
        hub = await one.enter_async_context(
            ranvier.connect(servers(nodes), component_name=name, reconnect=QUICK)
        )
        if hub.connection.node == nodes[name].grpc_address:
            hubs.push_async_exit(one)
            return hub
        await one.aclose()


async def clerk(hub: Hub, branch: Branch, name: str, is_over: asyncio.Event) -> None:
    """Book and deposit by turns."""
    number = 0
    while not is_over.is_set():
        number += 1
        await book(hub, branch, f"{name}-{number}")
        await deposit(hub, branch, f"account-{name}-{number % 10}")


async def book(hub: Hub, branch: Branch, booking: str) -> None:
    """Append one event and note what became of it."""
    event = EventMessage({"amount": 1}, aggregate_type="Booking", aggregate_id=booking)
    try:
        await hub.events.append(event)
    except OutcomeUnknown:
        branch.unknown.add(booking)
    except HubError:
        branch.refused.add(booking)
    else:
        branch.booked.add(booking)
        branch.was_served()


async def deposit(hub: Hub, branch: Branch, account: str) -> None:
    """Send one command and note what became of it."""
    branch.asked += 1
    try:
        await hub.commands.send("deposit", 1, routing_key=account)
    except HubError as error:
        branch.answers[error.code] += 1
    else:
        branch.answers["done"] += 1
        branch.was_served()


async def stored_bookings(address: str) -> Counter[str]:
    """Read all bookings back from a node that lives."""
    found: Counter[str] = Counter()
    async with ranvier.connect(address) as hub:
        last = await hub.events.last_token()
        tail = hub.events.stream()
        while tail.position <= last:
            found.update(event.message.aggregate_identifier for event in await tail.batch(1_000))
        await tail.aclose()
    return found


async def print_table(
    nodes: ClusterProcesses, branches: Sequence[Branch], console: Console
) -> bool:
    """Show what was asked, answered and moved, and that nothing is lost."""
    stored = await stored_bookings(nodes[NODES[0]].grpc_address)
    booked = set[str]().union(*(branch.booked for branch in branches))
    refused = set[str]().union(*(branch.refused for branch in branches))
    lost = len(booked - stored.keys())
    doubled = sum(count > 1 for count in stored.values())
    untrue = len(refused & stored.keys())
    answers = sum((branch.answers for branch in branches), Counter[str]())
    asked = sum(branch.asked for branch in branches)
    moved = next(branch for branch in branches if branch.name == KILLED)
    pause = moved.longest_pause_seconds
    rows: list[tuple[str, object, bool | None]] = [
        ("bookings acknowledged, at all three nodes", len(booked), None),
        (
            "bookings whose answer the kill cut off",
            sum(len(branch.unknown) for branch in branches),
            None,
        ),
        ("[bold]acknowledged bookings lost[/]", lost, not lost),
        (
            "[bold]bookings stored twice, or stored and refused[/]",
            doubled + untrue,
            not doubled + untrue,
        ),
        ("commands sent", asked, None),
        ("answered by a teller, at whichever node", answers["done"], answers["done"] > 0),
        ("told that nobody can know", unknown_ends(answers), None),
        ("told that it was not done", other_ends(answers), None),
        ("[bold]never answered[/]", asked - answers.total(), asked == answers.total()),
        (f"the branch of {KILLED} went to", place_of(moved, nodes), bool(moved.ended_at)),
        (
            "... after a pause of, in seconds",
            f"{pause:.2f}",
            pause < PROMISED_SECONDS,
        ),
    ]
    table = Table(title="What three branches asked for, and what they were told")
    table.add_column("question")
    table.add_column("answer", justify="right")
    for question, answer, is_good in rows:
        colour = "" if is_good is None else "[green]" if is_good else "[red bold]"
        table.add_row(question, f"{colour}{answer}")
    console.print(table)
    return all(is_good for _, _, is_good in rows if is_good is not None)


def place_of(branch: Branch, nodes: ClusterProcesses) -> str:
    """Return the node at which a branch is in the end."""
    return next((name for name in NODES if nodes[name].grpc_address == branch.ended_at), "none")


def unknown_ends(answers: Counter[str]) -> int:
    """Return how many commands were said to have an unknown end."""
    return answers[HANDLER_LOST] + answers[OutcomeUnknown.code]


def other_ends(answers: Counter[str]) -> int:
    """Return how many commands were refused, and so not done."""
    return answers.total() - answers["done"] - unknown_ends(answers)
