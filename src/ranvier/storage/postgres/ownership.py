"""What a database is for: the system of a cluster, or contexts that it has placed there."""

from __future__ import annotations

from ranvier.storage.errors import DatabaseTaken
from ranvier.storage.postgres.connections import Lent
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "placements")


async def refuse_other_use(lent: Lent, owner: str | None) -> None:
    """Raise `DatabaseTaken` where a database has another use; nothing is changed.

    `owner` is the id of the cluster that places contexts there, None for a system database.
    """
    (tables,) = await lent.rows(_SQL["tables"])
    owners = await lent.rows(_SQL["owner"]) if tables["has_owner"] else []
    if owners and owner is None:
        raise DatabaseTaken("keeps contexts that a cluster has placed there")
    if owners and owners[0][0] != owner:
        raise DatabaseTaken("keeps contexts of another cluster")
    if owner is not None and tables["is_ours"] and not owners:
        await _refuse_system_database(lent, owner)


async def take_for(lent: Lent, owner: str) -> None:
    """Note for which cluster a database keeps contexts; raises `DatabaseTaken` for another."""
    await lent.rows(_SQL["own"], owner)
    await refuse_other_use(lent, owner)


async def _refuse_system_database(lent: Lent, owner: str) -> None:
    if not (await lent.rows(_SQL["has_contexts"]))[0][0]:
        return
    identity = await lent.rows(_SQL["identity"])
    if identity and identity[0][0] == owner:
        raise DatabaseTaken("is the system database of this cluster")
    raise DatabaseTaken("holds other contexts already")
