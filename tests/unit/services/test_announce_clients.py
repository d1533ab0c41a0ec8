"""What other nodes are told of the clients of this one."""

from __future__ import annotations

from ranvier.errors import RanvierError
from ranvier.messages.processor_plans import Instruction
from ranvier.services.announce_clients import AnnounceClients, AnnouncedClient, Announcement
from ranvier.services.connected_client import ClientIdentity
from ranvier.services.keep_clients import ConnectedClient, KeepClients
from tests.support.processors import instance


class Link:
    def send_heartbeat(self) -> None: ...
    def ask_to_reconnect(self) -> None: ...
    def instruct(self, instruction: Instruction, instruction_id: str = "") -> None: ...
    def close(self, error: RanvierError) -> None: ...


class Scene:
    """A node with clients, and one other node that listens."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.clients = KeepClients(lambda: self.now)
        self.announce = AnnounceClients(self.clients)
        self.woken = 0

    def connect(self, name: str) -> ConnectedClient:
        self.now += 0.001
        return self.clients.connect(ClientIdentity(name, "bank", "4.6"), "default", Link())

    def report(self, client: ConnectedClient, free: int = 1) -> None:
        self.clients.processor_reported(client, instance("x", ((0, 1),), free=free).status)

    def listen(self) -> Announcement:
        return self.announce.listen(self.wake)

    def wake(self) -> None:
        self.woken += 1


def names(changed: list[AnnouncedClient]) -> list[tuple[str, int]]:
    return [(each.client.identity.client_id, len(each.processors)) for each in changed]


def test_all_clients_come_first_in_parts_then_what_changes() -> None:
    scene = Scene()
    one = scene.connect("one")
    scene.connect("two")
    scene.report(one)
    announcement = scene.listen()
    assert names(announcement.take(1)[0]) == [("one", 1)]
    assert names(announcement.take(10)[0]) == [("two", 0)]
    assert announcement.take(10) == ([], [])
    scene.connect("three")
    assert scene.woken == 1
    assert names(announcement.take(10)[0]) == [("three", 0)]


def test_a_status_that_says_nothing_new_is_not_told_again() -> None:
    scene = Scene()
    client = scene.connect("one")
    announcement = scene.listen()
    announcement.take(10)
    for _ in range(3):
        scene.report(client)
    assert (scene.woken, names(announcement.take(10)[0])) == (1, [("one", 1)])
    scene.report(client)
    assert not announcement.is_due
    scene.report(client, free=7)
    ((told,), _) = announcement.take(10)
    assert told.processors[0].available_threads == 7


def test_a_status_that_is_too_old_is_taken_back() -> None:
    scene = Scene()
    client = scene.connect("one")
    scene.report(client)
    announcement = scene.listen()
    announcement.take(10)
    scene.now += 100
    scene.clients.beat()
    assert names(announcement.take(10)[0]) == [("one", 0)]


def test_a_client_that_goes_is_told_by_its_number_and_found_no_more() -> None:
    scene = Scene()
    client = scene.connect("one")
    announcement = scene.listen()
    ((told,), _) = announcement.take(10)
    assert scene.announce.client_of(told.number) is client
    scene.clients.disconnect(client)
    scene.clients.disconnect(client)
    assert announcement.take(10) == ([], [told.number])
    assert scene.announce.client_of(told.number) is None
    again = scene.connect("one")
    ((new,), _) = announcement.take(10)
    assert (new.client, new.number == told.number) == (again, False)


def test_a_client_that_went_before_it_was_told_leaves_only_its_number() -> None:
    scene = Scene()
    announcement = scene.listen()
    client = scene.connect("one")
    scene.clients.disconnect(client)
    changed, gone = announcement.take(10)
    assert (changed, len(gone), scene.woken) == ([], 1, 1)


def test_who_listens_no_more_is_not_woken() -> None:
    scene = Scene()
    announcement = scene.listen()
    announcement.close()
    announcement.close()
    client = scene.connect("one")
    scene.clients.disconnect(client)
    assert scene.woken == 0
