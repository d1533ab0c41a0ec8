from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.config import kinds
from ranvier.config.database_address import DATABASE, DatabaseAddress
from ranvier.config.kinds import Kind


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (kinds.SWITCH, "true", True),
        (kinds.SWITCH, "ON", True),
        (kinds.SWITCH, "0", False),
        (kinds.PORT, "0", 0),
        (kinds.PORT, "65535", 65535),
        (kinds.BYTES, "65536", 65536),
        (kinds.BYTES, "4MB", 4 * 1024 * 1024),
        (kinds.BYTES, "64 KiB", 65536),
        (kinds.BYTES, "1g", 1 << 30),
        (kinds.SECONDS, "2", 2.0),
        (kinds.SECONDS, "0.5", 0.5),
        (kinds.SECONDS, "500ms", 0.5),
        (kinds.SECONDS, "5m", 300.0),
        (kinds.duration(1, 60), "1m", 60.0),
        (kinds.duration(1, 60), "1", 1.0),
        (kinds.COOKIE_NAME, "JSESSIONID", "JSESSIONID"),
        (kinds.MILLISECONDS, "2500", 2.5),
        (kinds.MILLISECONDS, "2s", 2.0),
        (kinds.HOST, "messaging1.axoniq.io.", "messaging1.axoniq.io"),
        (kinds.DOMAIN, "", ""),
        (kinds.BIND_ADDRESS, "::", "::"),
        (kinds.BIND_ADDRESS, "localhost", "localhost"),
        (kinds.optional(kinds.SECONDS), "off", None),
        (kinds.optional(kinds.COUNT), "0", None),
        (kinds.optional(kinds.SECONDS), "3", 3.0),
        (kinds.choice("json", "console"), "JSON", "json"),
        (kinds.PATH, "a/b", Path("a/b")),
        (DATABASE, "sqlite:", DatabaseAddress()),
        (DATABASE, "sqlite:elsewhere", DatabaseAddress(Path("elsewhere"))),
        (DATABASE, "sqlite:/var/lib/ranvier", DatabaseAddress(Path("/var/lib/ranvier"))),
        (DATABASE, "sqlite:///var/lib/ranvier", DatabaseAddress(Path("/var/lib/ranvier"))),
    ],
)
def test_texts_that_are_understood(kind: Kind[object], text: str, value: object) -> None:
    assert kind.read(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kinds.SWITCH, "maybe"),
        (kinds.PORT, "-1"),
        (kinds.PORT, "65536"),
        (kinds.PORT, "8024.5"),
        (kinds.PORT, ""),
        (kinds.BYTES, "0"),
        (kinds.BYTES, "4TB"),
        (kinds.BYTES, "4 b b"),
        (kinds.BYTES, "4ib"),
        (kinds.BYTES, "-4"),
        (kinds.SECONDS, "0"),
        (kinds.duration(1, 60), "61"),
        (kinds.duration(1, 60), "999ms"),
        (kinds.COOKIE_NAME, "a=b"),
        (kinds.COOKIE_NAME, ""),
        (kinds.SECONDS, "-1"),
        (kinds.SECONDS, "nan"),
        (kinds.SECONDS, "1e3"),
        (kinds.SECONDS, "99999999999d"),
        (kinds.HOST, "http://localhost"),
        (kinds.HOST, ""),
        (kinds.BIND_ADDRESS, "*"),
        (kinds.BIND_ADDRESS, "myhost"),
        (kinds.NODE_NAME, "two words"),
        (kinds.NODE_NAME, "a/b"),
        (kinds.ROUTE, "with.dot"),
        (kinds.ROUTE, "r" * 33),
        (kinds.SECRET_TOKEN, "with space"),
        (kinds.SECRET_TOKEN, "line\nbreak"),
        (kinds.PATH, ""),
        (kinds.PATH, "nul\0"),
        (kinds.choice("json"), "xml"),
        (DATABASE, "postgresql://u:p/ss@host/name"),
        (DATABASE, "postgresql://u:1/2@host/name"),
        (DATABASE, "postgresql://u:p@ss@host/name"),
        (DATABASE, "postgresql://u:1#2@host/name"),
        (DATABASE, "postgresql://u:1?2@host/name"),
        (DATABASE, "postgresql://host:70000/name"),
        (DATABASE, "postgresql://host:0/name"),
        (DATABASE, "postgresql://host/two words"),
        (DATABASE, "postgresql:host/name"),
        (DATABASE, "postgresql+asyncpg://host/name"),
        (DATABASE, "sqlite"),
        (DATABASE, "sqlite::memory:"),
        (DATABASE, "sqlite://host/path"),
        (DATABASE, "sqlite:////x"),
    ],
)
def test_texts_that_are_refused(kind: Kind[object], text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each reader's own words are not shown to anybody
        kind.read(text)
