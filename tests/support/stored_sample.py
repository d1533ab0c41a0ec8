"""A database with something in every table, as a node may have filled it."""

from __future__ import annotations

from ranvier.access.user_name import read_user_name
from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.events.keyed_snapshot import KeyedSnapshot
from ranvier.events.scheduled_event import ScheduledEvent
from ranvier.events.snapshot import Snapshot
from ranvier.events.streams.definition import StreamDefinition
from ranvier.events.streams.progress import fresh
from ranvier.events.tag import Tag
from ranvier.messages.event_processor import ProcessorId
from ranvier.security.secret import Secret
from ranvier.storage.cluster_identity import ClusterIdentity
from ranvier.storage.database import Database
from tests.support.appends import append, event
from tests.support.databases import CONTEXT

DCB_CONTEXT = "dcb"


async def fill(database: Database, appends: int = 40) -> None:
    """Store some of everything; the database has the context of the tests already."""
    await database.contexts.create("gone")
    await database.contexts.create(DCB_CONTEXT, dcb=True, properties={"colour": "blü"})
    await append_some(database, CONTEXT, appends)
    await append_some(database, "gone", 5)
    tags = (Tag(b"size", b"\x00\xff"), Tag(b"size", b""))
    loose = [append(event(0, None, name=f"Came{n}", tags=tags)) for n in range(10)]
    await database.events.append(DCB_CONTEXT, loose)
    for number in range(3):
        await database.snapshots.put(CONTEXT, Snapshot(f"order-{number}", 1, 7, b"so", "State"))
        await database.keyed_snapshots.add(DCB_CONTEXT, KeyedSnapshot(b"\x00k", number, b"state"))
        scheduled = ScheduledEvent(f"token-{number}", 1 << 50, event(0, None))
        await database.scheduled_events.add(CONTEXT, scheduled)
    definition = StreamDefinition("s", "Orders", "PropertySequencingPolicy", ("json",), "")
    assert await database.persistent_streams.create(CONTEXT, definition, fresh(3, 5), 10)
    await database.processor_strategies.choose(ProcessorId(CONTEXT, "p", "store"), "thread")
    await database.cluster_identity.found(ClusterIdentity("the-cluster", Secret("the-secret")))
    revision = await database.cluster_configuration.propose(ConfigurationRevision())
    assert revision is not None
    await database.cluster_configuration.judge(revision.number, "a-node", "")
    await database.cluster_configuration.decide(revision.number, "")
    await fill_users(database)
    await database.contexts.delete("gone")


async def fill_users(database: Database) -> None:
    """Store the secret of a set-up, and users that came to be without it."""
    assert await database.local_users.offer_set_up(bytes(range(32)))
    for name in ("Anna", "Größer <b>"):
        await database.local_users.add(read_user_name(name), Secret(f"the hash of {name}"))
    assert await database.local_users.signed_in("anna", Secret("the hash of Anna"))


async def append_some(database: Database, context: str, appends: int) -> None:
    """Append aggregates of two events each, with names beyond ASCII."""
    batch = [
        append(event(0, f"order-{number}"), event(1, f"order-{number}", name="Größer"))
        for number in range(appends)
    ]
    await database.events.append(context, batch)
