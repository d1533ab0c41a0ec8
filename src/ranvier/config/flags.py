"""The flags of `ranvier start`: one for every key, and a few of the command itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.config.errors import InvalidValue, UnknownKey
from ranvier.config.keys import Key
from ranvier.config.known_names import find_key, nearest
from ranvier.config.settings import KEYS

CONFIG_FLAG: Final = "--config"
PROCESSES_FLAG: Final = "--processes"
_HELP_FLAGS: Final = ("--help", "-h")
_MOST_PROCESSES: Final = 256


@dataclass(frozen=True, slots=True)
class StartArguments:
    """What the command line of `ranvier start` said; `values` maps names of keys to texts."""

    values: Mapping[str, str]
    config_file: str | None = None
    processes: int = 1
    wants_help: bool = False


def read_flags(arguments: Sequence[str]) -> StartArguments:
    """Read `--key value`, `--key=value` and bare switches; of a repeated flag the last counts.

    Raises `UnknownKey` or `InvalidValue`, both with exit code 2.
    """
    if any(argument in _HELP_FLAGS for argument in arguments):
        return StartArguments({}, wants_help=True)
    values: dict[str, str] = {}
    extra: dict[str, str] = {}
    for flag, text in _pairs(list(arguments)):
        if flag in {CONFIG_FLAG, PROCESSES_FLAG}:
            extra[flag] = text
        else:
            values[_key_of(flag).name] = text
    return StartArguments(values, extra.get(CONFIG_FLAG), _processes(extra.get(PROCESSES_FLAG)))


def flags_help() -> Iterator[str]:
    """Yield the lines of `ranvier start --help`."""
    yield "Usage: ranvier start [--KEY VALUE ...] [--config FILE] [--processes N]"
    yield ""
    yield "Starts a node in the foreground. Every setting has a flag; `ranvier config explain`"
    yield "prints the values that they all have here, and where each came from."
    yield ""
    yield f"  {CONFIG_FLAG} FILE"
    yield "      read this file instead of ranvier.yaml"
    yield f"  {PROCESSES_FLAG} N"
    yield "      run so many nodes here, on one PostgreSQL; each next one has the next ports"
    for key in KEYS:
        yield f"  {key.flag}{'' if key.kind.is_switch else ' VALUE'}"
        yield f"      {key.help}"


def _pairs(arguments: list[str]) -> Iterator[tuple[str, str]]:
    waiting = arguments[::-1]
    while waiting:
        flag, equals, text = waiting.pop().partition("=")
        if not flag.startswith("--"):
            raise UnknownKey(
                f"`{flag}` is not understood; settings are given as --key value.", wrong_usage=True
            )
        if not equals:
            text = _value_after(flag, waiting)
        yield flag, text


def _value_after(flag: str, waiting: list[str]) -> str:
    if waiting and not waiting[-1].startswith("--"):
        return waiting.pop()
    if flag not in {CONFIG_FLAG, PROCESSES_FLAG} and _key_of(flag).kind.is_switch:
        return "true"
    raise InvalidValue(f"{flag} needs a value; write {flag} VALUE.", wrong_usage=True)


def _key_of(flag: str) -> Key:
    key = find_key(flag)
    if key is None:
        hint = nearest(flag, (CONFIG_FLAG, *(known.flag for known in KEYS)), prefix="--")
        raise UnknownKey(f"`{flag}` is no flag; {hint}", wrong_usage=True)
    return key


def _processes(text: str | None) -> int:
    if text is None:
        return 1
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PROCESSES:
        raise InvalidValue(
            f"{PROCESSES_FLAG} is {text!r}; it must be a number from 1 to {_MOST_PROCESSES}.",
            wrong_usage=True,
        )
    return int(text)
