"""Reading a Java properties file into names and texts."""

from __future__ import annotations

from pathlib import Path

import javaproperties

from ranvier.config.errors import UnreadableFile


def read_settings_file(path: Path) -> dict[str, str]:
    """Read escapes, continued lines and comments as Java does; a later line replaces an earlier."""
    try:
        with path.open("rb") as file:
            return dict(javaproperties.load(file))
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error}.") from error
    except javaproperties.InvalidUEscapeError as error:
        raise UnreadableFile(f"{path} holds a broken escape: {error}.") from error
