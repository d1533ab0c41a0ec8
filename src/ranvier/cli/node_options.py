"""The options common to all commands that talk to a node."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from ranvier.cli.errors import WrongUsage
from ranvier.config.kinds import SECRET_TOKEN
from ranvier.security.secret import Secret

DEFAULT_SERVER: Final = "http://localhost:8024"


class Output(Enum):
    """The form of what is printed: for people, or for programs."""

    TXT = "txt"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Which node, with which token, over which transport, and how to print."""

    server: Annotated[
        str, typer.Option("-S", "--server", metavar="URL", help="Address of the node.")
    ] = DEFAULT_SERVER
    token: Annotated[
        str | None, typer.Option("-t", "--token", metavar="TOKEN", help="Access token.")
    ] = None
    https: Annotated[bool, typer.Option("-s", "--https", help="Use https.")] = False
    insecure: Annotated[
        bool, typer.Option("-i", "--insecure", help="Accept any certificate of the node.")
    ] = False
    output: Annotated[Output, typer.Option("-o", "--output", help="Form of what is printed.")] = (
        Output.TXT
    )

    def base_url(self) -> str:
        """Give the address with the scheme that counts; raise `WrongUsage` where it is none."""
        given = self.server if "://" in self.server else f"http://{self.server}"
        scheme, _, rest = given.partition("://")
        try:
            parts = urlsplit(given)
            is_address = (
                scheme in {"http", "https"}
                and parts.hostname
                and (parts.port is None or parts.port > 0)
                and not (parts.query or parts.fragment or parts.username)
            )
        except ValueError:
            is_address = False
        if not is_address or not given.isascii() or not given.isprintable():
            raise WrongUsage(f"-S {self.server!r} is no address of a node; give http://HOST:PORT.")
        return f"{'https' if self.https else scheme}://{rest.rstrip('/')}"

    def secret_token(self) -> Secret | None:
        """Give the token, masked; raise `WrongUsage` where it cannot stand in a header."""
        if self.token is None:
            return None
        try:
            return SECRET_TOKEN.read(self.token)
        except ValueError:
            raise WrongUsage(f"The token of -t must be {SECRET_TOKEN.expected}.") from None
