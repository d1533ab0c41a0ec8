"""Which handler gets a command: tags, routing key, duplicates, coming and going."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.messages.command_flow import CommandFlow
from ranvier.messages.command_routing import CommandRouting
from ranvier.messages.errors import DuplicateCommand, NoCommandHandler
from tests.support.message_handlers import handler

Flow = CommandFlow[str]


class Command:
    """What routing asks of a command."""

    def __init__(
        self,
        message_id: str = "id",
        key: str = "",
        metadata: Mapping[str, str] | None = None,
        *,
        name: str = "Buy",
        context: str = "default",
    ) -> None:
        self.context, self.name, self.message_id = context, name, message_id
        self._key = key
        self._metadata = metadata or {}

    def routing_key(self) -> str:
        return self._key or self.message_id

    def metadata(self) -> Mapping[str, str]:
        return self._metadata


def routing(*flows: Flow, name: str = "Buy") -> CommandRouting[Flow]:
    found: CommandRouting[Flow] = CommandRouting()
    for flow in flows:
        found.join(flow)
        found.table.subscribe(flow.handler.context, name, flow.handler)
    return found


def flow(number: int | str = 1, *, tags: Mapping[str, str] | None = None) -> Flow:
    return CommandFlow(handler(number, tags=tags))


def test_one_handler_is_taken_and_none_is_4000() -> None:
    only = flow()
    routes = routing(only)
    assert routes.choose(Command()) is only
    for command in (Command(name="Sell"), Command(context="other")):
        with pytest.raises(NoCommandHandler) as refusal:
            routes.choose(command)
        assert refusal.value.code == "AXONIQ-4000"


def test_the_sole_handler_is_remembered_until_anything_changes() -> None:
    only, other = flow(1), flow(2)
    routes = routing(only)
    assert routes.sole("default", "Buy") is None
    routes.choose(Command())
    assert routes.sole("default", "Buy") is only
    routes.join(other)
    routes.table.subscribe("default", "Buy", other.handler)
    assert routes.sole("default", "Buy") is None
    assert routes.choose(Command(key="a")) in (only, other)
    assert routes.sole("default", "Buy") is None
    routes.leave(only.handler)
    assert routes.choose(Command()) is other
    assert routes.sole("default", "Buy") is other
    assert routes.leave(other.handler) == ("Buy",)
    assert routes.sole("default", "Buy") is None


def test_tags_come_before_the_ring() -> None:
    european, american = flow(1, tags={"region": "eu"}), flow(2, tags={"region": "us"})
    routes = routing(european, american)
    for number in range(20):
        assert routes.choose(Command(f"{number}", metadata={"region": "eu"})) is european
        assert routes.choose(Command(f"{number}", metadata={"region": "us"})) is american


def test_an_id_in_flight_goes_to_another_handler_then_is_4005() -> None:
    flows = [flow(1), flow(2)]
    routes = routing(*flows)
    chosen = []
    for _ in flows:
        chosen.append(routes.choose(Command("same")))
        chosen[-1].permits.grant(1)
        assert chosen[-1].offer("same", "command", 0)
    assert set(map(id, chosen)) == set(map(id, flows))
    with pytest.raises(DuplicateCommand) as refusal:
        routes.choose(Command("same"))
    assert refusal.value.code == "AXONIQ-4005"
    chosen[0].answered("same")
    assert routes.choose(Command("same")) is chosen[0]


@given(st.lists(st.text(max_size=5), min_size=1), st.integers(2, 6), st.data())
def test_a_routing_key_keeps_its_handler_and_on_loss_only_the_lost_ones_keys_move(
    keys: list[str], count: int, data: st.DataObject
) -> None:
    flows = [flow(number) for number in range(count)]
    routes = routing(*flows)
    before = [routes.choose(Command("id", key)) for key in keys]
    assert [routes.choose(Command("id", key)) for key in keys] == before
    lost = data.draw(st.sampled_from(flows))
    routes.leave(lost.handler)
    after = [routes.choose(Command("id", key)) for key in keys]
    for was, now in zip(before, after, strict=True):
        assert now is not lost
        assert was is lost or now is was
