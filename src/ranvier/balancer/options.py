"""What is asked of a file: its names, where the balancer listens, how users stay with a node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ranvier.balancer.errors import CannotRender, UnusableOption
from ranvier.balancer.node_list import bracketed, is_host

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_CLASS: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PATH: Final = re.compile(r"[A-Za-z0-9_./@][A-Za-z0-9_./@+:-]{0,254}")
GATEWAY_CLASS: Final = "ranvier"
_PORT_MAX: Final = 65_535


class Stickiness(Enum):
    """How a user stays with a node: by the end of the session cookie, or by the own address."""

    COOKIE = "cookie"
    ADDRESS = "address"


class Protocol(Enum):
    """What a balancer speaks with the nodes."""

    HTTP = "http"
    AJP = "ajp"


class WebServer(Enum):
    """The web server that mod_jk's file is for."""

    APACHE = "apache"
    IIS = "iis"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a balancer listens; an empty host is every address of the machine."""

    host: str
    port: int

    @property
    def text(self) -> str:
        """Host and port, with `*` for every address."""
        return f"{bracketed(self.host) or '*'}:{self.port}"


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Everything about a file but its nodes; raises `UnusableOption` where it cannot be written.

    `listen` None is port 80, or 443 where `tls` names a certificate with its key.
    """

    name: str = "ranvier"
    sticky: Stickiness = Stickiness.COOKIE
    listen: Listen | None = None
    tls: str | None = None
    protocol: Protocol = Protocol.HTTP
    server: WebServer = WebServer.APACHE
    is_modern: bool = False
    gateway_class: str = GATEWAY_CLASS
    workers_file: str = "conf/workers.properties"
    """Where the file of workers will lie, for the other file that names it."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UnusableOption(
                f"--name {self.name!r} must begin with a letter and have at most 40 of A-Z, a-z,"
                " 0-9, _ and -."
            )
        if not _CLASS.fullmatch(self.gateway_class):
            raise UnusableOption(
                f"--gateway-class {self.gateway_class!r} must be of a-z, 0-9, - and dots."
            )
        if not _PATH.fullmatch(self.workers_file):
            raise UnusableOption(
                f"The web server cannot be told the path {self.workers_file!r}: it must be of A-Z,"
                " a-z, 0-9 and _ . / @ + : - only; give --workers-file another one."
            )
        if self.tls is not None and not _PATH.fullmatch(self.tls):
            raise UnusableOption(
                f"--tls {self.tls!r} must be a path of A-Z, a-z, 0-9 and _ . / @ + : - only."
            )

    @property
    def listens_at(self) -> Listen:
        """Where the balancer listens in the end."""
        return self.listen or Listen("", 80 if self.tls is None else 443)

    @property
    def scheme(self) -> str:
        """What users type."""
        return "http" if self.tls is None else "https"

    def refuse_address(self, balancer: str, remedy: str) -> None:
        """Raise `CannotRender` where users are to stay by their address."""
        if self.sticky is Stickiness.ADDRESS:
            raise CannotRender(f"{balancer} cannot keep users by their address; {remedy}.")


def read_listen(text: str) -> Listen:
    """Read `HOST:PORT`, `:PORT` or `*:PORT`, IPv6 in brackets; raise `UnusableOption`."""
    host, colon, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= _PORT_MAX
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    is_bracketed_right = (":" in bare) == (bare != host)
    if (
        not colon
        or not is_port
        or not is_bracketed_right
        or not (bare in {"", "*"} or is_host(bare))
    ):
        raise UnusableOption(f"--listen {text!r} must be HOST:PORT, as 0.0.0.0:80 or [::1]:8443.")
    return Listen("" if bare == "*" else bare, int(port))
