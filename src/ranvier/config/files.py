"""What configuration files say: our own and those that Axon users have."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from ranvier.config.axon_properties import reason_for_no_effect
from ranvier.config.errors import InvalidValue, UnknownKey, UnreadableFile
from ranvier.config.keys import AXON_PREFIX
from ranvier.config.known_names import find_axon_name, find_key, nearest
from ranvier.config.origins import Given, Layer, Notice, Origin
from ranvier.config.settings import KEYS

OWN_FILE: Final = "ranvier.yaml"
AXON_FILES: Final = ("axonserver.properties", "axonserver.yml", "axonserver.yaml")
PLACES: Final = ("config", ".")
"""Directories in the working directory; what the first says overrides the second, as for Axon."""

TAGS_KEY: Final = "tags"
TAG_PREFIX: Final = "tags."
"""A tag may be a name of its own, as in `tags.region`."""

MOST_BYTES: Final = 1 << 20
"""No list of settings is longer; a file that is was named by mistake."""

# Each parser takes 20 ms to import (`python -X importtime`), a tenth of what an empty start may
# take: it is loaded only where a file of its kind exists.
_READERS: Final = {
    ".properties": "ranvier.config.properties_file",
    ".yml": "ranvier.config.yaml_file",
    ".yaml": "ranvier.config.yaml_file",
}


class OwnFiles:
    """The layer of `ranvier.yaml`, or of the one file that the operator named instead."""

    def __init__(self, working_directory: Path, named: str | None) -> None:
        self.values: dict[str, Given] = {}
        for shown, path in _own_files(working_directory, named):
            for name, text in _read(shown, path).items():
                self._take(shown, name, text)

    def _take(self, file: str, name: str, text: str) -> None:
        if name.startswith(TAG_PREFIX):
            origin = Origin(Layer.RANVIER_FILE, f"{TAG_PREFIX}* in {file}")
            add_tag(self.values, name.removeprefix(TAG_PREFIX), text, origin)
            return
        key = find_key(name)
        if key is None:
            hint = nearest(name, (known.name for known in KEYS))
            raise UnknownKey(f"`{name}` in {file} is no setting; {hint}")
        earlier = self.values.get(key.name)
        if earlier is None:
            self.values[key.name] = Given(text, Origin(Layer.RANVIER_FILE, f"{name} in {file}"))
        elif earlier.origin.place.endswith(f" in {file}"):
            raise InvalidValue(f"{file} gives `{key.name}` twice; keep one of them.")


class AxonFiles:
    """The layer of `axonserver.properties` and `axonserver.yml`."""

    def __init__(self, working_directory: Path) -> None:
        self.values: dict[str, Given] = {}
        self.texts: dict[str, str] = {}
        self.notices: list[Notice] = []
        for place in PLACES:
            for name in AXON_FILES:
                path = working_directory / place / name
                if path.is_file():
                    self._take_file(path.relative_to(working_directory).as_posix(), path)

    def _take_file(self, shown: str, path: Path) -> None:
        texts = _read(shown, path)
        self.texts = texts | self.texts
        for name, text in texts.items():
            if found := find_axon_name(name):
                key, axon_name = found
                origin = Origin(Layer.AXON_FILE, f"{name} in {shown}")
                if text:
                    self.values.setdefault(key.name, Given(text, origin, axon_name.kind))
            elif name.startswith(AXON_PREFIX + TAG_PREFIX):
                origin = Origin(Layer.AXON_FILE, f"{AXON_PREFIX}{TAG_PREFIX}* in {shown}")
                add_tag(self.values, name.removeprefix(AXON_PREFIX + TAG_PREFIX), text, origin)
            elif name.startswith(AXON_PREFIX):
                self.notices.append(Notice(f"{name} in {shown}", _why_without_effect(name)))


def add_tag(values: dict[str, Given], name: str, text: str, origin: Origin) -> None:
    """Put one tag, which a file gives by itself, to those that stand in it before."""
    known = values.get(TAGS_KEY)
    before = f"{known.text}," if known is not None and known.origin == origin else ""
    if known is None or known.origin == origin:
        values[TAGS_KEY] = Given(f"{before}{name}={text}", origin)


def _why_without_effect(name: str) -> str:
    if reason := reason_for_no_effect(name):
        return f"has no effect: {reason}."
    known = (axon_name.property_name for key in KEYS for axon_name in key.axon)
    return f"is no property that Ranvier knows; {nearest(name, known, prefix=AXON_PREFIX)}"


def _own_files(working_directory: Path, named: str | None) -> Iterator[tuple[str, Path]]:
    if named is not None:
        path = working_directory / named
        if not path.is_file():
            raise UnreadableFile(f"The configuration file {named} does not exist.")
        yield named, path
        return
    for place in PLACES:
        path = working_directory / place / OWN_FILE
        if path.is_file():
            yield path.relative_to(working_directory).as_posix(), path


class _Reader(Protocol):
    def read_settings_file(self, path: Path) -> dict[str, str]: ...


def _read(shown: str, path: Path) -> dict[str, str]:
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableFile(f"{shown} is over {MOST_BYTES} bytes and no list of settings.")
    module = _READERS.get(path.suffix, _READERS[".yaml"])
    return cast("_Reader", import_module(module)).read_settings_file(path)
