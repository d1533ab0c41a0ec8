"""Where the system database is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ranvier.config.kinds import Kind


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """An embedded SQLite database in a directory; None is the node's data directory."""

    directory: Path | None = None

    def __str__(self) -> str:
        return "sqlite:" if self.directory is None else f"sqlite:{self.directory}"


def _read(text: str) -> DatabaseAddress:
    scheme, colon, place = text.partition(":")
    if scheme.lower() != "sqlite" or not colon or place.startswith(":"):
        raise ValueError(text)
    # Three slashes are a URL without a host: what follows them is the absolute path.
    directory = place[2:] if place.startswith("///") else place
    if directory.startswith("//"):
        raise ValueError(text)
    return DatabaseAddress(Path(directory) if directory else None)


DATABASE = Kind(
    "`sqlite:`, or `sqlite:` and a directory; PostgreSQL is not supported yet",
    _read,
    is_secret=True,  # an address of a server may hold a password
)
