from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ranvier.config.keys import Key
from ranvier.config.load import load_settings
from ranvier.config.settings import KEYS
from ranvier.wire.connection_limits import ConnectionLimits
from ranvier.wire.grpc.limits import GrpcLimits
from ranvier.wire.http2.limits import Limits

LIMITS = [key for key in KEYS if key.name.startswith("limits.")]
RENAMED = {"message_bytes": "message_bytes_in", "streams_per_connection": "concurrent_streams"}


@pytest.mark.parametrize("key", LIMITS, ids=lambda key: key.name)
def test_each_limit_is_one_of_the_wire_with_the_same_default(key: Key) -> None:
    name = key.name.removeprefix("limits.")
    name = RENAMED.get(name, name)
    defaults = {
        each.name: each.default
        for limits in (Limits, ConnectionLimits, GrpcLimits)
        for each in fields(limits)
    }
    assert defaults[name] == key.default


def test_limits_of_axon_users_are_understood(tmp_path: Path) -> None:
    (tmp_path / "axonserver.properties").write_text(
        "axoniq.axonserver.max-message-size=8MB\naxoniq.axonserver.keep-alive-time=0\n"
        "axoniq.axonserver.keep-alive-timeout=5000\naxoniq.axonserver.min-keep-alive-time=500ms\n"
    )
    limits = load_settings({}, {}, tmp_path).settings.limits
    assert limits.message_bytes == 8 * 1024 * 1024
    assert limits.keep_alive_seconds is None
    assert limits.keep_alive_timeout_seconds == 5.0
    assert limits.ping_interval_seconds == 0.5
