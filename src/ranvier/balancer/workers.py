"""The workers of a file: what is said of each, itself or by a worker that it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ranvier.balancer.workers_directives import BALANCER, DEPRECATED, LISTS, NODE
from ranvier.balancer.workers_text import Setting

REFERENCES_MAX: Final = 20
"""References that mod_jk follows one after the other."""
NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
"""What a worker can be called."""
OLDER_NODES: Final = frozenset({"ajp12", "ajp14"})


@dataclass(slots=True)
class Worker:
    """One worker and its own lines, by directive; of a list all lines, of others the last."""

    name: str
    line: int
    said: dict[str, list[Setting]] = field(default_factory=dict)


@dataclass(slots=True)
class Workers:
    """All workers of a file by name, and the names that `worker.list` has."""

    by_name: dict[str, Worker] = field(default_factory=dict)
    listed: list[Setting] = field(default_factory=list)
    other: list[Setting] = field(default_factory=list)
    """Lines like `worker.maintain`."""

    def get(self, name: str, directive: str) -> Setting | None:
        """Return what counts for a worker: its own line, or that of one it refers to."""
        for each in self.with_references(name):
            if directive in each.said:
                return each.said[directive][-1]
        return None

    def value(self, name: str, directive: str, otherwise: str = "") -> str:
        """Return the value that counts for a worker."""
        found = self.get(name, directive)
        return otherwise if found is None else found.value

    def type_of(self, name: str) -> str:
        """Return the type of a worker, which is a node where nothing is said."""
        kind = self.value(name, "type", NODE).lower()
        return NODE if kind in OLDER_NODES else kind

    def with_references(self, name: str) -> Iterator[Worker]:
        """Yield a worker, the one it refers to and so on, as deep as mod_jk looks."""
        seen: set[str] = set()
        while name in self.by_name and name not in seen and len(seen) < REFERENCES_MAX:
            seen.add(name)
            worker = self.by_name[name]
            yield worker
            name = self.reference_of(worker)

    def reference_of(self, worker: Worker) -> str:
        """Return the name of the worker that this one refers to, or nothing."""
        lines = worker.said.get("reference")
        return lines[-1].value.removeprefix("worker.") if lines else ""

    def listed_names(self) -> Iterator[tuple[str, int]]:
        """Yield the names in `worker.list`, with their lines."""
        return names_in(self.listed)

    def members_of(self, name: str) -> list[tuple[str, int]]:
        """Return the names that a balancer spreads over, with their lines."""
        for each in self.with_references(name):
            if "balance_workers" in each.said:
                return list(names_in(each.said["balance_workers"]))
        return []

    def balancers(self) -> list[str]:
        """Return the names of the workers that spread over others."""
        return [name for name in self.by_name if self.type_of(name) == BALANCER]

    def referred(self) -> set[str]:
        """Return the names of the workers that others refer to."""
        return {self.reference_of(each) for each in self.by_name.values()} - {""}


def workers_of(settings: Iterable[Setting]) -> Workers:
    """Sort the lines of a file by worker; what can be no worker's name is passed over."""
    found = Workers()
    for each in settings:
        head, _, rest = each.key.partition(".")
        name, dot, directive = rest.rpartition(".")
        if head != "worker":
            continue
        if rest == "list":
            found.listed.append(each)
        elif not dot:
            found.other.append(each)
        elif NAME.fullmatch(name):
            worker = found.by_name.setdefault(name, Worker(name, each.line))
            _keep(worker.said, DEPRECATED.get(directive, directive), each)
    return found


def _keep(said: dict[str, list[Setting]], directive: str, setting: Setting) -> None:
    if directive in LISTS:
        said.setdefault(directive, []).append(setting)
    else:
        said[directive] = [setting]


def names_in(settings: Iterable[Setting]) -> Iterator[tuple[str, int]]:
    """Yield the names of lists, as far as the file itself says them."""
    for each in settings:
        if not each.is_open:
            yield from ((name, each.line) for name in re.split(r"[\s,]+", each.value) if name)
