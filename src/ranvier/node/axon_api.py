"""The page of the manual that lists every call of the Axon API, made from what a node offers.

python -m ranvier.node.axon_api > docs/reference/axon-api.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from ranvier.axon.differences import DIFFERENCES, EVERYWHERE
from ranvier.axon.not_offered import REASONS, axon_services
from ranvier.config.load import load_settings
from ranvier.node.node import Node

_INTRODUCTION: Final = """\
# The Axon API

This page is made from the methods that a node puts on its gRPC port, by
`python -m ranvier.node.axon_api`; a test keeps it true.

*Works* means: answered as clients of Axon Server expect of a single node. *Refused* means that
every call is answered by UNIMPLEMENTED and the reason. *Differs* says where a node behaves
otherwise than Axon Server, and why.

## Everywhere

| topic | differs |
| --- | --- |
"""

_KIND: Final = {
    (False, False): "one to one",
    (False, True): "one to many",
    (True, False): "many to one",
    (True, True): "many to many",
}


def render_page(offered_paths: frozenset[str]) -> str:
    """Render the whole page as Markdown, from the full names of the methods that are offered."""
    services = list(axon_services())
    lines = [_INTRODUCTION.rstrip()]
    lines += [f"| {topic} | {text} |" for topic, text in EVERYWHERE.items()]
    lines += ["", *_summary(services, offered_paths)]
    for service in services:
        lines += _section(service, offered_paths)
    return "\n".join(lines)


def _summary(services: list[ServiceDescriptor], offered: frozenset[str]) -> Iterator[str]:
    yield from ("## Summary", "", "| service | calls | state |", "| --- | --- | --- |")
    for service in services:
        working = sum(_state(method, offered) == "works" for method in service.methods)
        state = REASONS.get(service.name) or f"{working} work"
        refused = "refused: " if service.name in REASONS else ""
        yield f"| `{service.name}` | {len(service.methods)} | {refused}{state} |"
    yield ""


def _section(service: ServiceDescriptor, offered: frozenset[str]) -> Iterator[str]:
    yield from (f"## {service.name}", "", f"`{service.full_name}`", "")
    if service.name in REASONS:
        yield from (f"Refused: {REASONS[service.name]}.", "")
    yield from ("| call | kind | state | differs |", "| --- | --- | --- | --- |")
    for method in service.methods:
        differs = DIFFERENCES.get(f"{service.name}.{method.name}", "")
        kind = _KIND[method.client_streaming, method.server_streaming]
        yield f"| `{method.name}` | {kind} | {_state(method, offered)} | {differs} |"
    yield ""


def _state(method: MethodDescriptor, offered: frozenset[str]) -> str:
    service = method.containing_service
    if f"/{service.full_name}/{method.name}" not in offered:
        return "missing"
    return "refused" if service.name in REASONS else "works"


def offered_by_default() -> frozenset[str]:
    """Return what a node without any setting offers; it is built and never started."""
    return Node(load_settings({}, {}, Path(), machine="localhost").settings).offered_paths()


if __name__ == "__main__":
    sys.stdout.write(render_page(offered_by_default()))
