"""Every balancer that Ranvier renders a file for, as it stands in front of real nodes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.free_port import free_port
from ranvier.balancer.node_list import read_nodes
from ranvier.balancer.options import Listen, Protocol, RenderOptions, Stickiness
from ranvier.balancer.render import RENDERERS
from tests.support.apache import MOD_JK, MOD_PROXY_BALANCER, running_apache
from tests.support.haproxy import Haproxy, haproxies
from tests.support.nginx import Nginx, nginxes

NodeList = Sequence[Mapping[str, Any]]
AJP_SECRET = "between-balancer-and-node"


@dataclass(frozen=True, slots=True)
class RunningFront:
    """A balancer that takes requests at `url`."""

    url: str
    show: Callable[[NodeList], None]
    """Give it the file for other nodes, and have it read that without losing a request."""
    hands_on: bool = True
    """Whether it asks another node when one says that it drains; else its file must say so."""


@dataclass(frozen=True, slots=True)
class Front:
    """One balancer with one kind of stickiness."""

    name: str
    sticky: Stickiness
    running: Callable[[NodeList, Path], AbstractContextManager[RunningFront]]
    speaks_ajp: bool = False


def text_for(kind: str, nodes: NodeList, options: RenderOptions) -> list[str]:
    """Return the texts of the files for these nodes."""
    return [file.text for file in RENDERERS[kind](read_nodes(nodes), options)]


def behind_haproxy(haproxy: Haproxy, sticky: Stickiness) -> Front:
    """Return HAProxy as a front."""

    @contextmanager
    def running(nodes: NodeList, folder: Path) -> Iterator[RunningFront]:
        def text(listed: NodeList, port: int) -> str:
            options = RenderOptions(sticky=sticky, listen=Listen("127.0.0.1", port))
            return text_for("haproxy", listed, options)[0]

        with haproxy.running(lambda port: text(nodes, port)) as program:

            def show(listed: NodeList) -> None:
                (program.directory / "haproxy.cfg").write_text(text(listed, program.port))
                program.send(signal.SIGUSR2)

            yield RunningFront(program.url, show)

    return Front(f"{haproxy.name}-{sticky.value}", sticky, running)


def behind_nginx(nginx: Nginx, sticky: Stickiness) -> Front:
    """Return NGINX as a front; the newer one with its own stickiness."""

    @contextmanager
    def running(nodes: NodeList, folder: Path) -> Iterator[RunningFront]:
        def text(listed: NodeList, port: int) -> str:
            options = RenderOptions(
                sticky=sticky, listen=Listen("127.0.0.1", port), is_modern=nginx.knows_sticky
            )
            return text_for("nginx", listed, options)[0]

        with nginx.running(lambda port: text(nodes, port)) as program:

            def show(listed: NodeList) -> None:
                (program.directory / "ranvier.conf").write_text(text(listed, program.port))
                program.send(signal.SIGHUP)

            yield RunningFront(program.url, show)

    return Front(f"{nginx.name}-{sticky.value}", sticky, running)


def behind_apache(kind: str, protocol: Protocol, modules: Sequence[str]) -> Front:
    """Return Apache httpd as a front: `mod_jk`, or `mod_proxy` by either protocol."""

    @contextmanager
    def running(nodes: NodeList, folder: Path) -> Iterator[RunningFront]:
        port = free_port()
        options = RenderOptions(
            listen=Listen("127.0.0.1", port),
            protocol=protocol,
            workers_file=str(folder / "workers.properties"),
        )

        def write(listed: NodeList) -> str:
            files = RENDERERS[kind](read_nodes(listed), options)
            for file in files:
                (folder / file.name).write_text(file.text)
            return files[-1].name

        folder.mkdir(parents=True, exist_ok=True)
        snippet = write(nodes)
        logs = "JkLogFile {directory}/mod_jk.log\nJkShmFile {directory}/jk.shm\n"
        text = (logs if kind == "mod_jk" else "") + f"Include {folder}/{snippet}\n"
        with running_apache(folder / "httpd", text, modules) as apache:

            def show(listed: NodeList) -> None:
                write(listed)
                apache.reload()

            yield RunningFront(f"http://127.0.0.1:{port}", show, hands_on=kind == "mod_jk")

    by = "-by-ajp" if protocol is Protocol.AJP and kind == "mod_proxy" else ""
    return Front(f"{kind}{by}", Stickiness.COOKIE, running, speaks_ajp=kind == "mod_jk" or bool(by))


def fronts() -> list[Front]:
    """Return every balancer with every stickiness that it can."""
    cookie, address = Stickiness.COOKIE, Stickiness.ADDRESS
    debian_haproxy, wheel_haproxy = haproxies()
    debian_nginx, wheel_nginx = nginxes()
    proxy = (*MOD_PROXY_BALANCER, "headers")
    return [
        behind_haproxy(debian_haproxy, cookie),
        behind_haproxy(wheel_haproxy, cookie),
        behind_nginx(debian_nginx, cookie),
        behind_nginx(wheel_nginx, cookie),
        behind_apache("mod_jk", Protocol.AJP, MOD_JK),
        behind_apache("mod_proxy", Protocol.AJP, proxy),
        behind_apache("mod_proxy", Protocol.HTTP, proxy),
        behind_haproxy(wheel_haproxy, address),
        behind_nginx(debian_nginx, address),
    ]


@contextmanager
def ajp_secret_known() -> Iterator[None]:
    """Let programs that are started within know the secret of the nodes' connector."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RANVIER_AJP_SECRET", AJP_SECRET)
        yield
