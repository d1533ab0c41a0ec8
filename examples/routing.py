"""The second half of `make demo`: commands find their handlers, also when one of them is killed.

Three tellers, each a process of its own, handle deposits. Every account's deposits go to the same
teller, for the account is their routing key. In the middle one teller gets SIGKILL.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

import ranvier
from ranvier.client import Hub
from ranvier.client.errors import HubError

TELLERS = 3
ACCOUNTS = 300
ROUNDS = 10
KILL_IN_ROUND = 5
IN_FLIGHT = 64

HANDLER_LOST = "AXONIQ-4001"


@dataclass
class Answers:
    """What became of every deposit."""

    processes: dict[int, list[int]] = field(default_factory=dict)
    """By account: which process has answered, deposit by deposit."""
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many deposits were answered at all."""
        return sum(self.outcomes.values())


async def show_routing(address: str, console: Console) -> bool:
    """Tell the story against a running node; return whether every promise was kept."""
    console.print(
        f"\n[bold]6.[/] {TELLERS} tellers, processes of their own, handle the command "
        f"[cyan]deposit[/] with [cyan]ranvier.connect[/] ..."
    )
    tellers = [start_teller(address) for _ in range(TELLERS)]
    try:
        async with ranvier.connect(address, component_name="branch") as hub:
            answers = await deposit_everywhere(hub, tellers, console)
    finally:
        for teller in tellers:
            teller.kill()
            teller.communicate()
    return print_table(answers, tellers, console)


def start_teller(address: str) -> subprocess.Popen[str]:
    """Start a teller and wait until it handles commands."""
    teller = subprocess.Popen(
        [sys.executable, "-m", "examples.teller", address], stdout=subprocess.PIPE, text=True
    )
    assert teller.stdout is not None
    teller.stdout.readline()
    return teller


async def deposit_everywhere(
    hub: Hub, tellers: list[subprocess.Popen[str]], console: Console
) -> Answers:
    """Send the deposits of all accounts, many at once, and kill one teller in the middle."""
    answers = Answers()
    room = asyncio.Semaphore(IN_FLIGHT)
    for number in range(ROUNDS):
        if number == KILL_IN_ROUND:
            console.print(f"[bold]7.[/] kill -9 {tellers[0].pid}, one of the tellers, meanwhile")
        async with asyncio.TaskGroup() as group:
            for account in range(ACCOUNTS):
                group.create_task(deposit(hub, account, room, answers))
                if number == KILL_IN_ROUND and account == ACCOUNTS // 2:
                    group.create_task(kill(tellers[0], room))
    return answers


async def kill(teller: subprocess.Popen[str], room: asyncio.Semaphore) -> None:
    """Kill a teller when the turn has come, with deposits in its hands."""
    async with room:
        teller.kill()


async def deposit(hub: Hub, account: int, room: asyncio.Semaphore, answers: Answers) -> None:
    """Send one deposit and note what became of it."""
    async with room:
        try:
            reply = await hub.commands.send("deposit", 1, routing_key=f"account-{account}")
        except HubError as error:
            answers.outcomes[error.code] += 1
            return
    answers.outcomes["done"] += 1
    answers.processes.setdefault(account, []).append(reply["process"])


def print_table(answers: Answers, tellers: list[subprocess.Popen[str]], console: Console) -> bool:
    """Show what was promised and what happened."""
    sent = ACCOUNTS * ROUNDS
    killed = tellers[0].pid
    moved = [own for own in answers.processes.values() if len(set(own)) > 1]
    strays = [own for own in moved if own[0] != killed]
    lost = answers.outcomes[HANDLER_LOST]
    others = answers.total - answers.outcomes["done"] - lost
    table = Table(title="What the branch asked for, and what it was told")
    table.add_column("question")
    table.add_column("answer", justify="right")
    table.add_row("deposits sent", str(sent))
    table.add_row("answered by a teller", str(answers.outcomes["done"]))
    table.add_row(f"told at once that the teller is gone ({HANDLER_LOST})", str(lost))
    table.add_row(
        "[bold]never answered, or answered otherwise[/]", str(sent - answers.total + others)
    )
    table.add_row("accounts that changed teller: those of the killed one", str(len(moved)))
    table.add_row("[bold]accounts of other tellers that changed[/]", str(len(strays)))
    console.print(table)
    return answers.total == sent and not others and not strays and bool(moved)
