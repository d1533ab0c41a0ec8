from __future__ import annotations

import os

import pytest

from ranvier.cluster.joining.errors import (
    NotOfThisCluster,
    OtherClusterDatabase,
    SecretDiffers,
    SecretNotGiven,
    TooManyTokens,
)
from ranvier.cluster.joining.token import read_token
from ranvier.security.secret import Secret
from ranvier.services.own_cluster import OwnCluster, OwnTerms
from ranvier.storage.cluster_identity import ClusterIdentity
from tests.support.joining import MemoryIdentities, cluster_side

STORED = ClusterIdentity("cluster-1", Secret("right"))


class Kept:
    def __init__(self) -> None:
        self.identities: list[ClusterIdentity] = []

    async def keep(self, identity: ClusterIdentity) -> None:
        self.identities.append(identity)


def own(
    identities: MemoryIdentities,
    kept: Kept,
    secret: str | None = None,
    cluster_id: str | None = None,
    *,
    is_shared: bool = True,
    is_on_loopback: bool = False,
) -> OwnCluster:
    terms = OwnTerms(
        None if secret is None else Secret(secret),
        cluster_id,
        is_shared=is_shared,
        is_on_loopback=is_on_loopback,
    )
    return OwnCluster(identities, lambda: terms, os.urandom, kept.keep)


async def test_the_first_node_founds_a_cluster_and_keeps_it() -> None:
    identities, kept = MemoryIdentities(), Kept()
    cluster = own(identities, kept)
    assert cluster.secret() is None
    with pytest.raises(RuntimeError):
        _ = cluster.identity
    await cluster.start()
    assert kept.identities == [identities.identity] == [cluster.identity]
    assert len(cluster.identity.secret.reveal()) == 64
    assert cluster.secret() == cluster.identity.secret


async def test_the_secret_that_was_given_becomes_that_of_the_cluster() -> None:
    identities, kept = MemoryIdentities(), Kept()
    await own(identities, kept, "mine").start()
    assert identities.identity is not None
    assert identities.identity.secret == Secret("mine")


async def test_a_node_with_the_secret_takes_part_and_knows_it_next_time() -> None:
    identities, kept = MemoryIdentities(), Kept()
    identities.identity = STORED
    await own(identities, kept, "right").start()
    assert kept.identities == [STORED]
    await own(identities, kept, "right", "cluster-1").start()
    assert kept.identities == [STORED]


@pytest.mark.parametrize(
    ("secret", "cluster_id", "refusal"),
    [
        ("wrong", None, SecretDiffers),
        (None, None, SecretNotGiven),
        ("right", "cluster-2", OtherClusterDatabase),
    ],
)
async def test_a_stranger_is_refused(
    secret: str | None, cluster_id: str | None, refusal: type[NotOfThisCluster]
) -> None:
    identities, kept = MemoryIdentities(), Kept()
    identities.identity = STORED
    with pytest.raises(refusal) as refused:
        await own(identities, kept, secret, cluster_id).start()
    assert "right" not in str(refused.value).split("the right one")[0]
    assert kept.identities == []


async def test_an_empty_database_is_not_the_one_that_the_node_had() -> None:
    identities = MemoryIdentities()
    with pytest.raises(OtherClusterDatabase):
        await own(identities, Kept(), "right", "cluster-1").start()
    assert identities.identity is None


async def test_a_node_alone_goes_by_what_it_was_told() -> None:
    identities, kept = MemoryIdentities(), Kept()
    await own(identities, kept, is_shared=False).start()
    for secret in ("one", "two"):
        cluster = own(identities, kept, secret, is_shared=False)
        await cluster.start()
        assert cluster.secret() == Secret(secret)
    assert kept.identities == []


async def test_a_token_is_stored_as_what_checks_it() -> None:
    side = await cluster_side()
    text = await side.cluster.new_token()
    token = read_token(text)
    assert token is not None
    assert side.identities.tokens[token.token_id].digest == token.digest
    assert text.rpartition(".")[2] not in repr(side.identities.tokens)
    assert await side.cluster.new_token() != text
    side.identities.has_room = False
    with pytest.raises(TooManyTokens):
        await side.cluster.new_token()
