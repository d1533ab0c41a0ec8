"""Mistakes within one line: names that mod_jk passes over, values that it takes for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ranvier.balancer.finding import Finding, nearest, shown
from ranvier.balancer.workers import NAME, Workers
from ranvier.balancer.workers_directives import (
    BALANCER,
    DEPRECATED,
    DIRECTIVES,
    GLOBAL,
    LISTS,
    MISTAKEN,
    NODE,
    OBSOLETE,
    STATUS,
    Values,
)
from ranvier.balancer.workers_text import Setting

NAME_LENGTH: Final = 60
"""The longest name that mod_jk keeps in its shared memory."""
_KINDS: Final = {NODE: "a node", BALANCER: "a balancer", STATUS: "a status page"}


def directive_findings(settings: Iterable[Setting], workers: Workers) -> Iterator[Finding]:
    """Yield the mistakes of all lines."""
    settings = tuple(settings)
    yield from _repeated_findings(settings)
    for each in workers.listed:
        yield from _value_findings(each, "list", GLOBAL["list"])
    for each in workers.other:
        yield from _global_findings(each)
    for each in settings:
        head, _, rest = each.key.partition(".")
        name, _, directive = rest.rpartition(".")
        if head == "worker" and "." in rest:
            yield from _worker_findings(each, name, directive, workers)


def _repeated_findings(settings: Iterable[Setting]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for each in settings:
        is_list = each.key == "worker.list" or each.key.rpartition(".")[2] in LISTS
        if each.key in first and not is_list:
            message = (
                f"{each.key} was set in line {first[each.key]} already; the later line counts."
            )
            yield Finding(each.line, "duplicate", message)
        first.setdefault(each.key, each.line)


def _global_findings(setting: Setting) -> Iterator[Finding]:
    directive = setting.key.partition(".")[2]
    if directive in GLOBAL:
        yield from _value_findings(setting, directive, GLOBAL[directive])
    else:
        hint = nearest(directive, GLOBAL).replace("mean ", "mean worker.")
        message = f"{shown(setting.key)} names no worker and is not known{hint}"
        yield Finding(setting.line, "unknown-directive", message)


def _worker_findings(
    setting: Setting, name: str, directive: str, workers: Workers
) -> Iterator[Finding]:
    if not NAME.fullmatch(name):
        message = f"The name {shown(name)} of a worker must be of A-Z, a-z, 0-9, _ and -."
        yield Finding(setting.line, "worker-name", message)
        return
    if len(name) > NAME_LENGTH:
        message = f"The name {shown(name)} is cut after {NAME_LENGTH} characters; shorten it."
        yield Finding(setting.line, "worker-name", message)
    if directive in DEPRECATED:
        message = f"{directive} is deprecated; write {DEPRECATED[directive]}."
        yield Finding(setting.line, "deprecated", message)
    elif directive in OBSOLETE:
        message = f"{directive} belongs to kinds of workers that are gone; remove the line."
        yield Finding(setting.line, "deprecated", message)
    elif directive not in DIRECTIVES:
        yield Finding(setting.line, "unknown-directive", _unknown(directive))
    else:
        yield from _known_findings(setting, name, directive, workers)


def _unknown(directive: str) -> str:
    meant = MISTAKEN.get(directive.lower())
    hint = f"; write {meant}." if meant else nearest(directive, DIRECTIVES)
    return f"mod_jk knows no {shown(directive)}, and passes over it{hint}"


def _known_findings(
    setting: Setting, name: str, directive: str, workers: Workers
) -> Iterator[Finding]:
    known = DIRECTIVES[directive]
    if directive == "type":
        yield from _type_findings(setting)
        return
    yield from _value_findings(setting, directive, known.values)
    kind = workers.type_of(name)
    # A worker that others refer to may say things for several types.
    if kind in _KINDS and kind not in known.types and name not in workers.referred():
        owners = " or ".join(sorted(_KINDS[each] for each in known.types))
        message = f"{directive} belongs to {owners}; {name} is {_KINDS[kind]}."
        yield Finding(setting.line, "wrong-type", message)


def _type_findings(setting: Setting) -> Iterator[Finding]:
    kind = setting.value.lower()
    if kind in {"ajp12", "ajp14", "jni"}:
        message = f"The type {kind} is obsolete; write ajp13."
        yield Finding(setting.line, "deprecated", message)
    elif kind not in _KINDS and not setting.is_open:
        hint = nearest(kind, _KINDS) if kind not in {"balancer", "loadbalancer"} else "; write lb."
        message = f"There is no type {shown(setting.value)}{hint}"
        yield Finding(setting.line, "value", message)


def _value_findings(setting: Setting, directive: str, values: Values) -> Iterator[Finding]:
    if not setting.is_open and not values.fit(setting.value):
        message = f"{directive} is {shown(setting.value)}; it must be {values.described}."
        yield Finding(setting.line, "value", message)
