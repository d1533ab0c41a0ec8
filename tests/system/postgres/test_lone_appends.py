"""An append without competitors is one message; what others did meanwhile is seen all the same."""

from __future__ import annotations

from typing import Any

import pytest

from ranvier.events.append import Accepted, Outcome, Refused
from ranvier.events.errors import InvalidSequence
from ranvier.events.event import NewEvent
from ranvier.storage.postgres.database import PostgresDatabase
from tests.support.appends import all_rows, append, event, store
from tests.support.databases import CONTEXT

Nodes = tuple[PostgresDatabase, PostgresDatabase]


async def decided(node: PostgresDatabase, what: NewEvent) -> Outcome:
    """Append one event, again while it is left out, as a sequencer does."""
    one = append(what)
    for _ in range(3):
        (outcome,) = await node.events.append(CONTEXT, [one])
        if isinstance(outcome, Accepted | Refused):
            return outcome
    raise AssertionError("left out again and again")


async def refused_for(node: PostgresDatabase, what: NewEvent) -> str:
    outcome = await decided(node, what)
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, InvalidSequence)
    return str(outcome.error)


async def test_a_lone_append_asks_nothing_before_it_is_made(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = nodes[0]
    await store(node, event(0))
    asked: list[str] = []
    ask = node._readers.ask  # what a node asks the server cannot be seen from outside

    async def noted(statement: str, *parameters: Any) -> Any:
        asked.append(statement)
        return await ask(statement, *parameters)

    monkeypatch.setattr(node._readers, "ask", noted)
    await store(node, event(1))
    await store(node, event(0, "new"))
    await store(node, event(0, None))
    assert asked == []
    assert "expected 2" in await refused_for(node, event(5))
    assert asked


async def test_what_another_node_has_appended_meanwhile_is_seen(nodes: Nodes) -> None:
    first, second = nodes
    await store(first, event(0))
    await store(second, event(1))
    assert "expected 2" in await refused_for(first, event(1))
    await store(first, event(2))
    await store(second, event(3))
    assert isinstance(await decided(first, event(4)), Accepted)
    assert await all_rows(first) == [b"a/%d" % number for number in range(5)]


async def test_an_aggregate_that_is_there_already_is_not_begun_anew(nodes: Nodes) -> None:
    first, second = nodes
    await store(second, event(0, "old"), event(1, "old"))
    await store(first, event(0))
    batch = [append(event(1)), append(event(0, "old")), append(event(0, "b"))]
    outcomes = await first.events.append(CONTEXT, batch)
    assert [type(one) for one in outcomes] == [Accepted, Refused, Accepted]
    assert isinstance(outcomes[1], Refused)
    assert isinstance(outcomes[1].error, InvalidSequence)
    assert await first.events.head(CONTEXT) == 5
