"""A small bank on the public `eventsourcing` library; nothing in it knows of Ranvier.

The library's Axon adapter keeps the accounts' events in whatever server `AXONSERVER_URI` names.
"""

from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event


class Account(Aggregate):
    """An account whose balance is the sum of what happened to it."""

    INITIAL_VERSION = 0  # the adapter asks for it: Axon counts an aggregate's events from 0

    @event("Opened")
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = 0

    @event("Deposited")
    def deposit(self, amount: int) -> None:
        """Add `amount` cents."""
        self.balance += amount

    @event("Withdrawn")
    def withdraw(self, amount: int) -> None:
        """Take `amount` cents."""
        self.balance -= amount


class Bank(Application[UUID]):
    """Opens accounts and books on them; every booking is one event in the store."""

    def __init__(self, address: str) -> None:
        super().__init__(
            env={"PERSISTENCE_MODULE": "eventsourcing_axonserver", "AXONSERVER_URI": address}
        )

    def open_account(self, owner: str) -> UUID:
        """Return the id of a new account."""
        account = Account(owner)
        self.save(account)
        return account.id

    def deposit(self, account_id: UUID, amount: int) -> int:
        """Book a deposit; return the account's version once the store has acknowledged it."""
        account: Account = self.repository.get(account_id)
        account.deposit(amount)
        self.save(account)
        return account.version

    def balance(self, account_id: UUID) -> int:
        """Return the balance that the account's events add up to."""
        account: Account = self.repository.get(account_id)
        return account.balance
