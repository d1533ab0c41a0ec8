from __future__ import annotations

import asyncio

import pytest

from ranvier.security.secret import Secret
from ranvier.storage import cluster_identity
from ranvier.storage.cluster_identity import ClusterIdentity, StoredToken
from ranvier.storage.database import Database

DIGEST = bytes(range(32))
OURS = ClusterIdentity("cluster-1", Secret("the secret of all"))
THEIRS = ClusterIdentity("cluster-2", Secret("another secret"))


async def test_a_new_database_belongs_to_no_cluster(database: Database) -> None:
    assert await database.cluster_identity.read() is None


async def test_the_first_identity_counts_and_stays(database: Database) -> None:
    assert await database.cluster_identity.found(OURS) == OURS
    assert await database.cluster_identity.found(THEIRS) == OURS
    assert await database.cluster_identity.read() == OURS


async def test_of_nodes_that_start_together_all_see_one_identity(database: Database) -> None:
    candidates = [ClusterIdentity(f"cluster-{n}", Secret(f"secret-{n}")) for n in range(8)]
    founded = await asyncio.gather(*map(database.cluster_identity.found, candidates))
    assert all(each == founded[0] for each in founded)
    assert await database.cluster_identity.read() == founded[0]


async def test_a_token_is_used_by_one_node(database: Database) -> None:
    tokens = database.cluster_identity
    assert await tokens.add_token("t", DIGEST, 900.0)
    assert await tokens.token("t") == StoredToken(DIGEST, is_expired=False, used_by=None)
    assert await tokens.use_token("t", "node-1")
    assert not await tokens.use_token("t", "node-2")
    assert await tokens.token("t") == StoredToken(DIGEST, is_expired=False, used_by="node-1")


async def test_the_node_that_used_a_token_may_finish_with_it(database: Database) -> None:
    await database.cluster_identity.add_token("t", DIGEST, 900.0)
    assert await database.cluster_identity.use_token("t", "node-1")
    assert await database.cluster_identity.use_token("t", "node-1")


async def test_of_nodes_that_use_a_token_together_one_may(database: Database) -> None:
    await database.cluster_identity.add_token("t", DIGEST, 900.0)
    uses = [database.cluster_identity.use_token("t", f"node-{n}") for n in range(8)]
    assert sum(await asyncio.gather(*uses)) == 1


async def test_an_expired_token_is_known_and_of_no_use(database: Database) -> None:
    await database.cluster_identity.add_token("t", DIGEST, 0.0)
    assert await database.cluster_identity.token("t") == StoredToken(
        DIGEST, is_expired=True, used_by=None
    )
    assert not await database.cluster_identity.use_token("t", "node-1")


async def test_a_token_that_never_was_is_of_no_use(database: Database) -> None:
    assert await database.cluster_identity.token("t") is None
    assert not await database.cluster_identity.use_token("t", "node-1")


async def test_tokens_that_expired_long_ago_are_forgotten(database: Database) -> None:
    await database.cluster_identity.add_token("old", DIGEST, -7200.0)
    await database.cluster_identity.add_token("new", DIGEST, 900.0)
    assert await database.cluster_identity.token("old") is None
    assert await database.cluster_identity.token("new") is not None


async def test_open_tokens_are_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for implementation in ("sqlite", "postgres"):
        monkeypatch.setattr(
            f"ranvier.storage.{implementation}.cluster_identity.OPEN_TOKENS_MOST", 2
        )
    assert cluster_identity.OPEN_TOKENS_MOST > 2
    tokens = database.cluster_identity
    assert [await tokens.add_token(name, DIGEST, 900.0) for name in "abc"] == [True, True, False]
    await tokens.use_token("a", "node-1")
    assert await tokens.add_token("c", DIGEST, 900.0)
