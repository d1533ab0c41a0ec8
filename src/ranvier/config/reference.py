"""The page of the manual that lists every key, made from the declarations.

python -m ranvier.config.reference > docs/reference/configuration.md
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from typing import Final, get_type_hints

from ranvier.config.keys import Derived, Key
from ranvier.config.settings import KEYS, Settings

_INTRODUCTION: Final = """\
# Configuration

This page is made from the declarations in `src/ranvier/config` by
`python -m ranvier.config.reference`; a test keeps it true.

The first of these that gives a value counts:

1. a flag of `ranvier start`: `--http-port 8025`, `--http-port=8025`, `--insecure`
2. a variable of our own: `RANVIER_HTTP_PORT`
3. a variable of Axon's: `AXONIQ_AXONSERVER_PORT`
4. `ranvier.yaml` in `./config`, then in the working directory; or one file, named by `--config`
   or `RANVIER_CONFIG`
5. `axonserver.properties`, then `axonserver.yml`, as Axon users have them; first those in
   `./config`, then those in the working directory
6. the default

`ranvier config explain` prints each value and where it came from. Unknown flags, unknown keys in
`ranvier.yaml` and bad values stop the start with a sentence. Unknown variables, and properties of
Axon Server that have no meaning here, change nothing; `config explain` and the log name them.

Keys with a dot are sections of `ranvier.yaml`. Paths count from the working directory. An empty
variable is one that is not set. Keys marked *c* belong to the cluster: all nodes share them.
"""


def render_reference() -> str:
    """Render the whole page as Markdown."""
    lines = [_INTRODUCTION]
    lines += _section("Node", [key for key in KEYS if "." not in key.name])
    for name, section in get_type_hints(Settings).items():
        if is_dataclass(section) and not any(key.name == name for key in KEYS):
            keys = [key for key in KEYS if key.name.startswith(f"{name}.")]
            lines += _section(f"`{name}`", keys, f"{inspect.getdoc(section)}")
    lines += ["## Names that Axon users know", "", "| property of Axon Server | key |"]
    lines += ["| --- | --- |", *_axon_rows(), ""]
    return "\n".join(lines)


def _section(title: str, keys: Sequence[Key], about: str = "") -> Iterator[str]:
    yield from (f"## {title}", "")
    if about:
        yield from (about, "")
    yield from ("| key | default | what it is | value |", "| --- | --- | --- | --- |")
    yield from map(_row, keys)
    yield ""


def _row(key: Key) -> str:
    mark = " *c*" if key.is_cluster_key else ""
    return f"| `{key.name}`{mark} | {_default(key)} | {key.help} | {key.kind.expected} |"


def _default(key: Key) -> str:
    if isinstance(key.default, Derived):
        return key.default.description
    if key.default in (None, ()):
        return "`off`" if "`off`" in key.kind.expected else "-"
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    return f"`{key.default:g}`" if isinstance(key.default, float) else f"`{key.default}`"


def _axon_rows() -> Iterator[str]:
    for key in KEYS:
        for name in key.axon:
            yield f"| `{name.property_name}` | `{key.name}` |"


if __name__ == "__main__":
    sys.stdout.write(render_reference())
