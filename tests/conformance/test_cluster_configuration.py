"""Revisions of the shared configuration: one replaces another, and nodes say what they think."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ranvier.cluster.configuration import ConfigurationRevision, RevisionState
from ranvier.storage.database import Database

FIRST = ConfigurationRevision(
    values={"query.limit": "50", "access_token": "ä"}, author="me", made_at_ms=7
)


async def test_before_anything_was_set_revision_0_is_in_force(database: Database) -> None:
    look = await database.cluster_configuration.look()
    assert look.in_force == ConfigurationRevision()
    assert look.proposed is None
    assert await database.cluster_configuration.history(10) == []


async def test_a_proposed_revision_counts_when_it_is_accepted(database: Database) -> None:
    store = database.cluster_configuration
    proposed = await store.propose(FIRST)
    assert proposed == replace(FIRST, number=1, state=RevisionState.PROPOSED)
    look = await store.look()
    assert (look.in_force.number, look.proposed) == (0, proposed)
    await store.judge(1, "a", "")
    await store.judge(1, "b", "not yet")
    await store.judge(1, "b", "")
    assert await store.verdicts(1) == {"a": "", "b": ""}
    assert await store.decide(1, "")
    assert not await store.decide(1, "too late")
    look = await store.look()
    assert look.in_force == replace(proposed, state=RevisionState.ACCEPTED)
    assert look.proposed is None


async def test_a_refused_revision_leaves_the_former_in_force(database: Database) -> None:
    store = database.cluster_configuration
    await store.propose(FIRST)
    await store.decide(1, "")
    await store.propose(replace(FIRST, replaces=1, values={}))
    assert await store.decide(2, "Node b refuses it.")
    assert (await store.look()).in_force.number == 1
    newest, first = await store.history(10)
    assert (newest.state, newest.reason) == (RevisionState.REFUSED, "Node b refuses it.")
    assert first.state is RevisionState.ACCEPTED
    assert [each.number for each in await store.history(1)] == [2]
    third = await store.propose(replace(FIRST, replaces=1))
    assert third is not None
    assert third.number == 3


async def test_what_replaces_another_than_that_in_force_is_not_taken(database: Database) -> None:
    store = database.cluster_configuration
    assert await store.propose(replace(FIRST, replaces=1)) is None
    await store.propose(FIRST)
    assert await store.propose(FIRST) is None, "another one is proposed"
    await store.decide(1, "")
    assert await store.propose(FIRST) is None
    assert await store.propose(replace(FIRST, replaces=1)) is not None


async def test_of_many_at_once_one_is_taken(database: Database) -> None:
    store = database.cluster_configuration
    proposed = await asyncio.gather(*(store.propose(FIRST) for _ in range(10)))
    assert sum(each is not None for each in proposed) == 1
