"""What a setting may not say.

ConfigError
├── InvalidValue        a value that its key does not take
├── UnknownKey          a key that nobody knows, with the nearest one that somebody does
├── UnreadableFile      a configuration file that is missing or broken
├── UnsafeBinding       an open door without a lock
└── ContradictorySettings   values that are fine alone and wrong together
"""

from __future__ import annotations

from typing import ClassVar

from ranvier.errors import RanvierError


class ConfigError(RanvierError):
    """The node does not start with this configuration; the message is one sentence."""

    code: ClassVar[str] = "RANVIER-CONFIG"

    def __init__(self, message: str, *, wrong_usage: bool = False) -> None:
        super().__init__(message)
        self.wrong_usage = wrong_usage

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends with it: 2 where its own line is wrong, else 1."""
        return 2 if self.wrong_usage else 1


class InvalidValue(ConfigError):
    """A value that its key does not take."""

    code: ClassVar[str] = "RANVIER-CONFIG-VALUE"


class UnknownKey(ConfigError):
    """A key that does not exist."""

    code: ClassVar[str] = "RANVIER-CONFIG-KEY"


class UnreadableFile(ConfigError):
    """A configuration file that is missing or cannot be understood."""

    code: ClassVar[str] = "RANVIER-CONFIG-FILE"


class UnsafeBinding(ConfigError):
    """An address that others reach, while access control is off."""

    code: ClassVar[str] = "RANVIER-CONFIG-BIND"


class ContradictorySettings(ConfigError):
    """Values that are fine alone and wrong together."""

    code: ClassVar[str] = "RANVIER-CONFIG-TOGETHER"
