"""Where the system database is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ranvier.config.kinds import Kind
from ranvier.security.secret import MASK, Secret

_HOST: Final = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\[\]@:/?#,]*)(?::\d{1,5})?"

# Characters that a password must bear as %xx are refused anywhere else too: the rest of such a
# password would otherwise count as a host or a name, and be shown.
_SERVER: Final = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^@:/?#]*)(?P<password>:[^@/?#]*)?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?P<name>/[^@/?#]*)?"
    r"(?:\?(?:\w+=[^&#]*(?:&\w+=[^&#]*)*)?)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A PostgreSQL where `dsn` is set, else an embedded SQLite database.

    That one lies in `directory`; None is the node's data directory. `dsn` is what libpq calls a
    connection URI: of several hosts the primary is used.
    """

    directory: Path | None = None
    dsn: Secret | None = None

    def __str__(self) -> str:
        if self.dsn is not None:
            return without_secrets(self.dsn.reveal())
        return "sqlite:" if self.directory is None else f"sqlite:{self.directory}"


def without_secrets(dsn: str) -> str:
    """Return who connects to which hosts and database: no password, and no parameter."""
    matched = _SERVER.fullmatch(dsn)
    if matched is None:
        return MASK
    user, name = matched["user"], matched["name"] or ""
    return f"postgresql://{f'{user}@' if user else ''}{matched['hosts']}{name}"


def _read(text: str) -> DatabaseAddress:
    if text.lower().startswith("postgres"):
        return DatabaseAddress(dsn=read_dsn(text))
    scheme, colon, place = text.partition(":")
    if scheme.lower() != "sqlite" or not colon or place.startswith(":"):
        raise ValueError(text)
    # Three slashes are a URL without a host: what follows them is the absolute path.
    directory = place[2:] if place.startswith("///") else place
    if directory.startswith("//"):
        raise ValueError(text)
    return DatabaseAddress(Path(directory) if directory else None)


def read_dsn(text: str) -> Secret:
    """Return the address of a PostgreSQL as the driver takes it, or raise `ValueError`."""
    matched = _SERVER.fullmatch(text)
    if matched is None or not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError(text)
    ports = re.findall(r":(\d+)(?:,|$)", matched["hosts"])
    if not all(0 < int(port) < 65_536 for port in ports):
        raise ValueError(text)
    # The driver takes the scheme in lower case only.
    scheme, separator, rest = text.partition("://")
    return Secret(f"{scheme.lower()}{separator}{rest}")


DATABASE = Kind(
    "`sqlite:`, `sqlite:` and a directory, or `postgresql://user:password@host1,host2/name` with"
    " %xx for other characters than letters and digits in it",
    _read,
    is_secret=True,  # an address of a server may hold a password
)
