"""`make demo`: a bank keeps its events in a node and sends its commands through it.

The bank is a public library's application (`banking.py`); four tellers book at once. In the
middle the node gets SIGKILL and is started again. A table then shows what was acknowledged and
what is there. The second part (`routing.py`) kills a handler of commands instead of the node, the
third (`cluster_story.py`) one of three nodes on one PostgreSQL, and the fourth (`web_story.py`) the
node that somebody works at, behind a balancer.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import grpc
from axonclient.client import AxonClient
from rich.console import Console
from rich.table import Table

from examples.banking import Bank
from examples.cluster_story import show_cluster
from examples.node_process import NodeProcess
from examples.routing import show_routing
from examples.web_story import show_web

TELLERS = 4
BOOKINGS_BEFORE_THE_KILL = 600
BOOKINGS_AFTERWARDS = 200

console = Console(highlight=False, width=100)


@dataclass
class Ledger:
    """What the store has acknowledged, kept by the tellers outside the store."""

    balances: Counter[UUID] = field(default_factory=Counter)
    bookings: list[tuple[str, int]] = field(default_factory=list)
    unknown: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    enough: threading.Event = field(default_factory=threading.Event)

    def acknowledge(self, account: UUID, version: int, amount: int, *, wanted: int) -> None:
        """Note a booking that the store has said it keeps."""
        with self.lock:
            self.bookings.append((str(account), version))
            self.balances[account] += amount
            if len(self.bookings) >= wanted:
                self.enough.set()

    def leave_open(self) -> None:
        """Note a booking whose answer the kill cut off: it may be there or not."""
        with self.lock:
            self.unknown += 1


def main() -> None:
    """Run the story and print it."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="ranvier-demo-") as folder:
        tell(Path(folder) / "data")


def tell(data: Path) -> None:
    """Start, book, kill, start again, book on, compare."""
    console.print("[bold]1.[/] Starting a node on embedded SQLite ...")
    node = NodeProcess(data)
    console.print(f"   ready after {node.seconds_to_ready:.2f} s, process {node.process_id}")
    console.print(
        f"[bold]2.[/] A bank on the public [cyan]eventsourcing[/] library opens {TELLERS} "
        f"accounts; {TELLERS} tellers book at once ..."
    )
    ledger = Ledger()
    accounts = open_accounts(node.grpc_address, ledger)
    tellers = start_tellers(node.grpc_address, accounts, ledger)
    ledger.enough.wait(timeout=60)
    node.kill()
    console.print(f"[bold]3.[/] kill -9 {node.process_id} in the middle of the bookings")
    for teller in tellers:
        teller.join()
    acknowledged_before = len(ledger.bookings)
    node = NodeProcess(data)
    console.print(
        f"[bold]4.[/] Started again on the same data: ready after {node.seconds_to_ready:.2f} s; "
        "the bank goes on where it stood ..."
    )
    book_on(node.grpc_address, accounts, ledger)
    console.print("[bold]5.[/] Reading everything back with [cyan]axonclient[/] ...\n")
    verdict = print_table(node.grpc_address, ledger, acknowledged_before)
    verdict &= asyncio.run(show_routing(node.grpc_address, console))
    node.stop()
    verdict &= asyncio.run(show_cluster(data.parent, console))
    verdict &= show_web(data.parent / "web", console)
    print_where_next()
    if not verdict:
        raise SystemExit(1)


def open_accounts(address: str, ledger: Ledger) -> list[UUID]:
    """Open one account per teller."""
    bank = Bank(address)
    accounts = [bank.open_account(f"customer {number}") for number in range(1, TELLERS + 1)]
    ledger.bookings.extend((str(account), 0) for account in accounts)
    return accounts


def start_tellers(address: str, accounts: list[UUID], ledger: Ledger) -> list[threading.Thread]:
    """Let each teller book on its own account until the node is gone."""
    threads = [
        threading.Thread(target=book_until_killed, args=(address, account, ledger))
        for account in accounts
    ]
    for thread in threads:
        thread.start()
    return threads


def book_until_killed(address: str, account: UUID, ledger: Ledger) -> None:
    """Deposit rising amounts; the answer that the kill cuts off is left open."""
    bank = Bank(address)
    for amount in range(1, 1_000_000):
        try:
            version = bank.deposit(account, amount)
        except grpc.RpcError:
            ledger.leave_open()
            return
        ledger.acknowledge(account, version, amount, wanted=BOOKINGS_BEFORE_THE_KILL)


def book_on(address: str, accounts: list[UUID], ledger: Ledger) -> None:
    """Book on the same accounts after the restart; what was left open is taken as it is found."""
    bank = Bank(address)
    for account in accounts:
        ledger.balances[account] = bank.balance(account)
    for number in range(BOOKINGS_AFTERWARDS):
        account = accounts[number % TELLERS]
        ledger.acknowledge(account, bank.deposit(account, 1), 1, wanted=1)


def print_table(address: str, ledger: Ledger, acknowledged_before: int) -> bool:
    """Compare the tellers' notes with the store; return whether every promise was kept."""
    client = AxonClient(address)
    stored = client.list_events(number_of_permits=10_000_000)
    client.close_connection()
    tokens = [token for token, _ in stored]
    places = Counter((e.aggregate_identifier, e.aggregate_sequence_number) for _, e in stored)
    lost = [booking for booking in ledger.bookings if places[booking] == 0]
    doubled = [place for place, count in places.items() if count > 1]
    extra = len(places) - len(set(ledger.bookings))
    bank = Bank(address)
    balances_fit = all(bank.balance(account) == sum_ for account, sum_ in ledger.balances.items())
    in_order = tokens == list(range(len(tokens)))
    table = Table(title="What the tellers noted, and what the node holds")
    table.add_column("question")
    table.add_column("answer", justify="right")
    table.add_row("events acknowledged before the kill", str(acknowledged_before))
    table.add_row("events acknowledged in all", str(len(ledger.bookings)))
    table.add_row("bookings whose answer the kill cut off", str(ledger.unknown))
    table.add_row("... of these, committed all the same", str(extra))
    table.add_row("events in the store", str(len(stored)))
    table.add_row("[bold]acknowledged events lost[/]", verdict_text(not lost, str(len(lost))))
    table.add_row("[bold]events stored twice[/]", verdict_text(not doubled, str(len(doubled))))
    table.add_row(
        "positions 0, 1, 2 ... without a gap", verdict_text(in_order, yes_or_no(in_order))
    )
    table.add_row("balances add up", verdict_text(balances_fit, yes_or_no(balances_fit)))
    console.print(table)
    return not lost and not doubled and in_order and balances_fit


def yes_or_no(fact: object) -> str:
    """Say a fact in a word."""
    return "yes" if fact else "NO"


def verdict_text(good: object, text: str) -> str:
    """Colour an answer by whether it is the promised one."""
    return f"[green]{text}[/]" if good else f"[red bold]{text}[/]"


def print_where_next() -> None:
    """Say how to look further."""
    console.print(
        "\nTo look further:\n"
        "  make start               one node that stays, its data in ./data\n"
        "  make cluster             three nodes that stay, one PostgreSQL, and HAProxy in front\n"
        "  http://localhost:8024    its page; /cockpit the Cockpit, /swagger-ui.html the REST API\n"
        "  examples/banking.py      the bank: the library's code, one line names the server\n"
        "  examples/teller.py       a handler of commands; orders.py, live_prices.py: more of it\n"
        "  make test, make bench    the proofs and the figures"
    )


if __name__ == "__main__":
    main()
