"""A node hears over its links that its database has been promoted elsewhere, and leaves it."""

from __future__ import annotations

from pathlib import Path

from ranvier.config.load import load_settings
from ranvier.node.node import Node
from ranvier.services.peers import NodeCondition


async def test_a_node_that_others_tell_of_a_later_life_of_its_database_is_not_ready(
    address: str, tmp_path: Path
) -> None:
    ports = dict.fromkeys(("http_port", "grpc_port", "internal_port"), "0")
    given = {"data": str(tmp_path / "data"), "database": address, **ports}
    node = Node(load_settings(given, {}, tmp_path, machine="localhost").settings)
    await node.start()
    condition = node._mesh._look()
    hear = node._mesh.mesh.links.hear_condition  # what a link calls
    known = (condition.system_identifier, condition.timeline)
    assert all(known)
    readiness = [node._health.is_ready()]
    for system_identifier, timeline in (known, (known[0] + 1, known[1] + 1), (0, known[1] + 1)):
        hear(NodeCondition(timeline, system_identifier=system_identifier))
        readiness.append(node._health.is_ready())
    hear(NodeCondition(known[1] + 1, system_identifier=known[0]))
    readiness.append(node._health.is_ready())
    await node.stop()
    assert readiness == [True, True, True, True, False]
