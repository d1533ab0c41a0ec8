"""Apache before an AJP listener of this process: by mod_jk, and by mod_proxy_ajp."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme

from examples.free_port import free_port
from ranvier.wire.ajp.asgi import Receive, Scope, Send
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.server import AjpServer
from tests.support.ajp_application import Mirror
from tests.support.apache import (
    MOD_JK,
    MOD_PROXY_AJP,
    Apache,
    need_apache,
    running_apache,
)

KINDS: Final = {"mod_jk": MOD_JK, "mod_proxy_ajp": MOD_PROXY_AJP}
SECRET: Final = "between-apache-and-node"  # of this test alone

SHARED: Final = """
AllowEncodedSlashes NoDecode
LimitRequestFieldSize 20000
Listen 127.0.0.1:{https_port}
<VirtualHost 127.0.0.1:{https_port}>
  SSLEngine on
  SSLCertificateFile {directory}/server.pem
  SSLOptions +StdEnvVars
  {mounts}
</VirtualHost>
"""

JK: Final = """
JkWorkersFile {directory}/workers.properties
JkLogFile {directory}/mod_jk.log
JkShmFile {directory}/jk.shm
JkWatchdogInterval 1
JkOptions +ForwardURICompatUnparsed
"""
JK_MOUNTS: Final = """
JkMount /wrong/* stranger
JkMount /* lb
"""
WORKERS: Final = """
worker.list=lb,stranger
worker.maintain=1
worker.node.type=ajp13
worker.node.host=127.0.0.1
worker.node.port={ajp_port}
worker.node.secret={secret}
worker.node.route=node1
worker.node.ping_mode=A
worker.node.ping_timeout=20000
worker.node.socket_connect_timeout=20000
worker.node.recovery_options=7
worker.node.max_packet_size={packet_bytes}
worker.lb.type=lb
worker.lb.balance_workers=node
worker.lb.recover_time=1
worker.lb.error_escalation_time=0
worker.stranger.type=ajp13
worker.stranger.host=127.0.0.1
worker.stranger.port={ajp_port}
worker.stranger.secret=wrong
"""

PROXY_MOUNTS: Final = """
ProxyPass "/wrong/" "ajp://127.0.0.1:{ajp_port}/" secret=wrong retry=0
ProxyPass "/" "ajp://localhost:{ajp_port}/" secret={secret} ping=20 retry=0 nocanon
"""


@dataclass
class Front:
    """An httpd, and the listener behind it; a test sets the application that answers."""

    kind: str
    apache: Apache
    https_port: int
    ajp_port: int
    limits: AjpLimits
    authority: trustme.CA
    server: AjpServer = field(init=False)
    mirror: Mirror = field(default_factory=Mirror)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request by the application of the test that runs."""
        await self.mirror(scope, receive, send)

    async def start_node(self) -> None:
        """Listen at the port that httpd knows."""
        self.server = AjpServer(self, SECRET, self.limits)
        await self.server.listen("127.0.0.1", self.ajp_port)

    async def stop_node(self) -> None:
        """End the listener; httpd goes on."""
        await self.server.stop(grace_seconds=0)


@asynccontextmanager
async def apache_front(
    kind: str, directory: Path, limits: AjpLimits | None = None
) -> AsyncIterator[Front]:
    """Yield httpd and listener; skips the test where httpd or a module is missing."""
    modules = (*KINDS[kind], "ssl", "socache_shmcb")
    need_apache(*modules)
    limits = limits or AjpLimits()
    authority = certificate_in(directory)
    values = {
        "ajp_port": free_port(),
        "https_port": free_port(),
        "secret": SECRET,
        "packet_bytes": limits.packet_bytes,
        "directory": directory,
    }
    with running_apache(directory, configuration(kind, values), modules) as apache:
        front = Front(
            kind,
            apache,
            int(str(values["https_port"])),
            int(str(values["ajp_port"])),
            limits,
            authority,
        )
        await front.start_node()
        try:
            yield front
        finally:
            await front.stop_node()


def configuration(kind: str, values: dict[str, object]) -> str:
    """Return httpd's text, and write the files that it names."""
    if kind == "mod_jk":
        Path(f"{values['directory']}/workers.properties").write_text(WORKERS.format(**values))
        mounts, before = JK_MOUNTS, JK.format(**values)
    else:
        mounts, before = PROXY_MOUNTS.format(**values), ""
        packet = f"ProxyIOBufferSize {values['packet_bytes']}\n"
        before = packet
    return before + mounts + SHARED.format(**values, mounts=mounts)


def certificate_in(directory: Path) -> trustme.CA:
    """Write a server's certificate and key, and return who has signed it."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    return authority
