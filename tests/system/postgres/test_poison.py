"""What only PostgreSQL refuses, one row of a batch, must not harm the rows around it."""

from __future__ import annotations

import asyncpg
import pytest

from ranvier.events.append import Accepted, Refused
from ranvier.events.errors import InvalidEvent, InvalidSequence
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import all_rows, append, event, refusals
from tests.support.databases import CONTEXT

POISON = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'not this one' USING ERRCODE = '{state}', DETAIL = 'secret';
END $$;
CREATE TRIGGER poison BEFORE INSERT ON ranvier.event FOR EACH ROW
WHEN (new.name = 'poison') EXECUTE FUNCTION refuse();
"""


@pytest.mark.parametrize("state", ["22023", "23514", "54000"])
async def test_the_neighbours_of_a_poisonous_append_are_stored(
    nodes: tuple[PostgresDatabase, PostgresDatabase], address: str, state: str
) -> None:
    database, _ = nodes
    operator = await asyncpg.connect(address)
    await operator.execute(POISON.format(state=state))
    await operator.close()
    poison = event(0, None, name="poison")
    batch = [append(poison) if n in (3, 4, 11) else append(event(n, None)) for n in range(16)]
    batch[7] = append(event(0, "b"), poison)
    batch[8] = append(event(1, "b"))
    outcomes = await database.events.append(CONTEXT, batch)
    kinds = refusals(outcomes)
    assert [n for n, kind in enumerate(kinds) if kind is InvalidEvent] == [3, 4, 7, 11]
    assert kinds[8] is InvalidSequence
    tokens = [one.first_token for one in outcomes if isinstance(one, Accepted)]
    assert tokens == list(range(11))
    assert len(await all_rows(database)) == 11
    guilty = outcomes[3]
    assert isinstance(guilty, Refused)
    assert "not this one" in str(guilty.error)
    assert "secret" not in str(guilty.error)
    assert database.ready


async def test_an_append_that_is_stored_already_is_found_and_stored_no_more(
    nodes: tuple[PostgresDatabase, PostgresDatabase],
) -> None:
    first, second = nodes
    one = append(event(0, None))
    neighbour = append(event(0, "n"))
    assert await first.events.append(CONTEXT, [one]) == [Accepted(0, 1)]
    assert await second.events.append(CONTEXT, [one, neighbour]) == [Accepted(0, 1), Accepted(1, 1)]
    assert len(await all_rows(first)) == 2
