"""The public packages `eventsourcing` and `eventsourcing-axonserver`, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.tests import application as library_tests
from eventsourcing.utils import Environment
from eventsourcing_axonserver.factory import Factory

from tests.support.axon_node import AxonNode
from tests.system.axon.conftest import on_every_database

pytestmark = on_every_database


class Account(Aggregate):
    INITIAL_VERSION = 0  # Axon numbers the events of an aggregate from 0

    @event("Opened")
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = Decimal(0)

    @event("Credited")
    def credit(self, amount: Decimal) -> None:
        self.balance += amount


class Bank(Application[UUID]):
    is_snapshotting_enabled = True

    def open(self, owner: str) -> UUID:
        account = Account(owner)
        self.save(account)
        return account.id

    def credit(self, account_id: UUID, amount: Decimal) -> None:
        account: Account = self.repository.get(account_id)
        account.credit(amount)
        self.save(account)

    def balance(self, account_id: UUID, version: int | None = None) -> Decimal:
        account: Account = self.repository.get(account_id, version=version)
        return account.balance


@pytest.fixture
def environment(node: AxonNode) -> dict[str, str]:
    return {"PERSISTENCE_MODULE": "eventsourcing_axonserver", "AXONSERVER_URI": node.address}


@pytest.fixture
def factory(environment: dict[str, str]) -> Factory:
    return Factory(Environment(env=environment))


@pytest.fixture
def bank(environment: dict[str, str]) -> Iterator[Bank]:
    bank = Bank(environment)
    yield bank
    bank.close()


def stored(originator_id: UUID, version: int, topic: str = "topic") -> StoredEvent:
    return StoredEvent(originator_id, version, topic, f"state {version}".encode())


def test_an_application_keeps_its_events_in_a_node(bank: Bank) -> None:
    with pytest.raises(AggregateNotFoundError):
        bank.balance(uuid4())
    account_id = bank.open("Alice")
    for amount in (10, 25, 30):
        bank.credit(account_id, Decimal(amount))
    assert bank.balance(account_id) == Decimal(65)
    assert bank.balance(account_id, version=1) == Decimal(10)


def test_another_application_process_sees_the_same_state(
    bank: Bank, environment: dict[str, str]
) -> None:
    account_id = bank.open("Alice")
    bank.credit(account_id, Decimal(5))
    other = Bank(environment)
    assert other.balance(account_id) == Decimal(5)
    other.credit(account_id, Decimal(1))
    assert bank.balance(account_id) == Decimal(6)
    other.close()


def test_a_save_on_a_stale_state_is_refused(bank: Bank) -> None:
    account_id = bank.open("Alice")
    one: Account = bank.repository.get(account_id)
    other: Account = bank.repository.get(account_id)
    one.credit(Decimal(1))
    other.credit(Decimal(2))
    bank.save(one)
    with pytest.raises(IntegrityError):
        bank.save(other)
    assert bank.balance(account_id) == Decimal(1)


def test_snapshots_are_kept_beside_the_events(bank: Bank) -> None:
    account_id = bank.open("Alice")
    for _ in range(4):
        bank.credit(account_id, Decimal(10))
    bank.take_snapshot(account_id, version=1)
    assert bank.balance(account_id, version=2) == Decimal(20)
    bank.take_snapshot(account_id)
    assert bank.snapshots is not None
    versions = [snapshot.originator_version for snapshot in bank.snapshots.get(account_id)]
    assert versions == [1, 4]
    assert bank.balance(account_id) == Decimal(40)


def test_the_notification_log_lists_what_was_saved_in_its_order(bank: Bank) -> None:
    assert bank.notification_log["1,10"].items == []
    account_ids = [bank.open(owner) for owner in ("Alice", "Bob", "Carol")]
    for account_id in account_ids:
        bank.credit(account_id, Decimal(1))
    notifications = bank.notification_log.select(start=0, limit=10)
    assert [notification.id for notification in notifications] == list(range(6))
    assert [notification.originator_id for notification in notifications] == account_ids * 2
    section = bank.notification_log["1,3"]
    assert [notification.id for notification in section.items] == [1, 2, 3]
    assert section.next_id == "4,6"
    assert bank.notification_log["4,6"].next_id is None


@pytest.mark.parametrize("purpose", ["aggregate", "application"])
def test_a_recorder_selects_and_refuses_as_its_library_expects(
    factory: Factory, purpose: str
) -> None:
    recorder = (
        factory.aggregate_recorder() if purpose == "aggregate" else factory.application_recorder()
    )
    one, other = uuid4(), uuid4()
    recorder.insert_events([])
    assert recorder.select_events(one, desc=True, limit=1) == []
    events = [stored(one, version) for version in range(3)]
    recorder.insert_events(events[:1])
    for conflict in ([events[0]], [events[1], events[0]], [events[1], events[1]]):
        with pytest.raises(IntegrityError):
            recorder.insert_events(conflict)
    assert recorder.select_events(one) == events[:1]
    recorder.insert_events(events[1:])
    recorder.insert_events([stored(other, 0)])
    assert recorder.select_events(one) == events
    assert recorder.select_events(one, desc=True, limit=1) == events[2:]
    assert recorder.select_events(one, gt=0, lte=1) == events[1:2]
    assert recorder.select_events(one, lte=1, desc=True, limit=1) == events[1:2]
    assert recorder.select_events(other) == [stored(other, 0)]


def test_the_application_recorder_numbers_what_it_stores_as_the_log_does(
    factory: Factory,
) -> None:
    recorder = factory.application_recorder()
    one, other = uuid4(), uuid4()
    assert recorder.max_notification_id() == -1
    assert recorder.insert_events([stored(one, 0, "a"), stored(one, 1, "b")]) == [0, 1]
    assert recorder.insert_events([stored(other, 0, "c")]) == [2]
    assert recorder.max_notification_id() == 2
    selected = recorder.select_notifications(None, 10, topics=["a", "c"])
    assert [(one.id, one.topic) for one in selected] == [(0, "a"), (2, "c")]
    assert [one.id for one in recorder.select_notifications(0, 2)] == [0, 1]
    assert [
        one.id for one in recorder.select_notifications(0, 9, stop=1, inclusive_of_start=False)
    ] == [1]
    assert recorder.select_notifications(3, 10) == []


def test_the_librarys_own_test_of_an_application_passes(
    environment: dict[str, str], factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OfThisNode(library_tests.ExampleApplicationTestCase):
        expected_factory_topic = "eventsourcing_axonserver.factory:Factory"

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Aggregate, "INITIAL_VERSION", 0)
    # It counts its four events from 1, so one must be there before.
    factory.application_recorder().insert_events([stored(uuid4(), 0)])
    OfThisNode("test_example_application").debug()
