"""workers.properties for mod_jk and isapi_redirect: one balancer and its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ranvier.balancer.behaviour import COOKIE, IDLE_SECONDS, SILENCE_SECONDS
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.options import RenderOptions
from ranvier.balancer.rendered_file import RenderedFile, head, text_of

WORKERS_FILE: Final = "workers.properties"
SECRET_VARIABLE: Final = "RANVIER_AJP_SECRET"  # noqa: S105  # the name of a variable, not its value
PROBE_MILLISECONDS: Final = 2_000
"""For a connection, and for the answer to a CPing before each request."""


def workers_file(nodes: Sequence[BalancedNode], options: RenderOptions) -> RenderedFile:
    """Render the workers; raises `NodeLacks` for a node without AJP."""
    options.refuse_address("mod_jk", "use --sticky cookie, or haproxy or nginx")
    lines = [
        *head("mod_jk"),
        f"# The secret is read from the variable {SECRET_VARIABLE} of the web server.",
        f"worker.list={options.name}",
        "worker.maintain=5",
        *_shared(options.name),
        *(line for at, node in enumerate(nodes, 1) for line in _member(options.name, at, node)),
        *_balancer(options.name, len(nodes)),
    ]
    return RenderedFile(WORKERS_FILE, text_of(lines))


def _shared(name: str) -> Iterator[str]:
    """Yield what all nodes have in common, as a worker that they refer to."""
    worker = f"worker.{name}Node"
    yield ""
    yield f"{worker}.type=ajp13"
    yield f"{worker}.secret=$({SECRET_VARIABLE})"
    yield "# Ask each connection first whether its node answers."
    yield f"{worker}.ping_mode=A"
    yield f"{worker}.ping_timeout={PROBE_MILLISECONDS}"
    yield f"{worker}.socket_connect_timeout={PROBE_MILLISECONDS}"
    yield f"{worker}.reply_timeout={SILENCE_SECONDS * 1_000}"
    yield f"{worker}.connection_pool_timeout={IDLE_SECONDS}"
    yield "# What a node may have done is not done by another one again."
    yield f"{worker}.recovery_options=7"
    yield "# A node that drains answers 503 before it does anything: another one is asked."
    yield f"{worker}.fail_on_status=-503"


def _member(name: str, at: int, node: BalancedNode) -> Iterator[str]:
    worker = f"worker.{name}Node{at}"
    yield ""
    yield f"# {node.shown_name}"
    yield f"{worker}.reference=worker.{name}Node"
    yield f"{worker}.host={node.host}"
    yield f"{worker}.port={node.needed_ajp_port}"
    yield f"{worker}.route={node.route}"
    yield f"{worker}.lbfactor={node.weight}"
    if node.is_draining:
        yield "# It keeps the users that it has."
        yield f"{worker}.activation=D"


def _balancer(name: str, count: int) -> Iterator[str]:
    worker = f"worker.{name}"
    yield ""
    yield f"{worker}.type=lb"
    yield f"{worker}.balance_workers={','.join(f'{name}Node{at}' for at in range(1, count + 1))}"
    yield f"{worker}.sticky_session=true"
    yield f"{worker}.session_cookie={COOKIE}"
    yield f"{worker}.method=R"
    yield f"{worker}.recover_time=10"
    yield f"{worker}.error_escalation_time=0"
