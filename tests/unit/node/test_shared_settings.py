"""What of the shared configuration a node goes by when it starts and has asked nobody yet."""

from __future__ import annotations

from pathlib import Path

from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.config.load import load_settings
from ranvier.node.shared_settings import SharedSettings


async def test_a_node_that_starts_again_begins_with_what_counted_last(tmp_path: Path) -> None:
    own = load_settings({"data": str(tmp_path)}, {}, tmp_path, machine="localhost").settings
    shared = SharedSettings(own)
    assert shared.current.query.limit != 7
    assert await shared.apply(ConfigurationRevision(1, 0, {"query.limit": "7"}))
    assert not await shared.apply(ConfigurationRevision(2, 1, {"query.limit": "no number"}))
    assert [each.current.query.limit for each in (shared, SharedSettings(own))] == [7, 7]
