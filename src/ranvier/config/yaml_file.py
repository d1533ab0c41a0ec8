"""Reading a YAML file of settings into dotted names and texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from ranvier.config.errors import UnreadableFile

_DEEPEST: Final = 8
"""Sections within sections; Axon's deepest names have six parts."""


def read_settings_file(path: Path) -> dict[str, str]:
    """Read one YAML mapping; sections become dotted names, every value stays as it is written."""
    return dict(_flatten(read_yaml(path), "", path))


def read_yaml(path: Path) -> dict[Any, Any]:
    """Read one YAML mapping, in which every scalar is a text; raises `UnreadableFile`."""
    try:
        content = yaml.load(path.read_text("utf-8"), _TextLoader)  # noqa: S506  # builds texts only
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise UnreadableFile(f"{path} is no valid YAML: {_in_one_line(error)}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UnreadableFile(f"{path} must hold `key: value` lines at its top level.")
    return content


class _TextLoader(yaml.BaseLoader):
    """Leaves every scalar a text, so that `no` and `010` mean what was written."""

    def construct_mapping(  # type: ignore[override]  # PyYAML itself gives `deep` by name
        self, node: yaml.MappingNode, *, deep: bool = False
    ) -> dict[object, object]:
        names = [key.value for key, _ in node.value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(
                problem=f"`{twice}` is given twice", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: yaml.ScalarNode) -> str | None:  # type: ignore[override]  # null is no text
        is_null = node.style is None and node.value in {"", "~", "null", "Null", "NULL"}
        return None if is_null else str(super().construct_scalar(node))


def _flatten(content: object, name: str, path: Path) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        if name.count(".") >= _DEEPEST:
            raise UnreadableFile(f"{path} nests `{name}` too deep; join the names with dots.")
        for key, value in content.items():
            yield from _flatten(value, f"{name}.{key}" if name else str(key), path)
    elif isinstance(content, list):
        yield name, ",".join(str(item) for item in content)
    elif content is not None:
        yield name, str(content)


def _in_one_line(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return " ".join(str(error).split())
