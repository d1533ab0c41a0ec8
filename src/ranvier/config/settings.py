"""Every setting of a node. This is the one declaration; flags, names and docs derive from it."""
# ruff: noqa: RUF009  # `setting` is how this package spells `dataclasses.field`

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ranvier.config.database_address import DATABASE, DatabaseAddress
from ranvier.config.first_start_settings import AutoclusterSettings, ClusterTemplateSettings
from ranvier.config.host_names import advertised_host, default_domain, domain_of, first_label
from ranvier.config.keys import AxonName, Derived, Key, axon, declared_keys, setting
from ranvier.config.kinds import (
    BIND_ADDRESS,
    DOMAIN,
    HOST,
    MILLISECONDS,
    NETWORKS,
    NODE_NAME,
    PATH,
    PORT,
    ROUTE,
    SECONDS,
    SECRET_TOKEN,
    SWITCH,
    TAGS,
    Network,
    choice,
    integer,
)
from ranvier.config.limit_settings import LimitSettings
from ranvier.config.route import compute_route
from ranvier.config.session_settings import SessionSettings
from ranvier.security.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Certificate and key of the ports that clients use, HTTP and gRPC."""

    cert: Path | None = setting(
        PATH,
        "certificate chain of the HTTP and gRPC ports, PEM",
        axon=(axon("ssl.cert-chain-file"), AxonName("server.ssl.certificate")),
    )
    key: Path | None = setting(
        PATH,
        "private key of that certificate, PEM",
        axon=(axon("ssl.private-key-file"), AxonName("server.ssl.certificate-private-key")),
    )
    enabled: bool = setting(
        SWITCH,
        "TLS on the HTTP and gRPC ports",
        default=Derived("on where `tls.cert` is set", lambda values, _: bool(values["tls.cert"])),
        axon=(axon("ssl.enabled"),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalTlsSettings:
    """Certificate, key and trusted authority of the port between nodes."""

    cert: Path | None = setting(
        PATH,
        "certificate chain of the internal port, PEM",
        axon=(axon("ssl.internal-cert-chain-file"),),
    )
    key: Path | None = setting(
        PATH,
        "private key of that certificate, PEM",
        axon=(axon("ssl.internal-private-key-file"),),
    )
    ca: Path | None = setting(
        PATH,
        "authorities that the certificates of other nodes are checked against, PEM",
        axon=(axon("ssl.internal-trust-manager-file"),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """Heartbeats from the node to connected applications."""

    enabled: bool = setting(
        SWITCH,
        "send heartbeats to applications and drop those that stay silent",
        default=False,
        axon=(axon("heartbeat.enabled"),),
    )
    interval_seconds: float = setting(
        SECONDS,
        "time between two heartbeats to an application",
        default=0.5,
        axon=(axon("client-heartbeat-frequency", MILLISECONDS),),
    )
    timeout_seconds: float = setting(
        SECONDS,
        "silence after which an application counts as gone",
        default=5.0,
        axon=(axon("client-heartbeat-timeout", MILLISECONDS),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """How the nodes of a cluster share the work."""

    auto_balancing: bool = setting(
        SWITCH,
        "ask clients to move from a node that has clearly more of them than its share",
        default=True,
        axon=(axon("cluster.auto-balancing"),),
    )
    balancing_rate_seconds: float = setting(
        SECONDS,
        "time between two looks at whether it has",
        default=15.0,
        axon=(axon("cluster.balancing-rate", MILLISECONDS),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySettings:
    """Ad-hoc queries over events, not those that applications answer."""

    limit: int = setting(
        integer(1, 10_000),
        "rows of an ad-hoc query that names no limit",
        default=200,
        axon=(axon("query.limit"),),
    )
    timeout_seconds: float = setting(
        SECONDS,
        "time that an ad-hoc query has for history",
        default=300.0,
        axon=(axon("query.timeout", MILLISECONDS),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What the node tells on standard error."""

    format: str = setting(
        choice("auto", "json", "console"),
        "JSON lines or lines for people; `auto` is for people where standard error is a terminal",
        default="auto",
    )
    level: str = setting(
        choice("debug", "info", "warning", "error"), "the least that is told", default="info"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one node was told, complete, checked and unchangeable."""

    hostname: str = setting(
        HOST,
        "host name that clients are told to dial",
        default=Derived(
            "first label of what `hostname` prints", lambda _, machine: first_label(machine)
        ),
        axon=(axon("hostname"),),
    )
    domain: str = setting(
        DOMAIN,
        "added to `hostname` for clients, unless it already ends in it",
        default=Derived(
            "the rest of the host name",
            lambda values, machine: default_domain(values["hostname"], domain_of(machine)),
        ),
        axon=(axon("domain"),),
    )
    name: str = setting(
        NODE_NAME,
        "name of the node, unlike that of any other node",
        default=Derived(
            "first label of the host name", lambda values, _: first_label(values["hostname"])
        ),
        axon=(axon("name"),),
    )
    internal_hostname: str = setting(
        HOST,
        "host name that other nodes are told to dial",
        default=Derived("`hostname`", lambda values, _: values["hostname"]),
        axon=(axon("internal-hostname"),),
    )
    internal_domain: str = setting(
        DOMAIN,
        "added to `internal_hostname`, unless it already ends in it",
        default=Derived(
            "`domain`",
            lambda values, _: (
                values["domain"]
                if values["internal_hostname"] == values["hostname"]
                else default_domain(values["internal_hostname"], values["domain"])
            ),
        ),
        axon=(axon("internal-domain"),),
    )
    http_port: int = setting(
        PORT, "port of REST and web pages", default=8024, axon=(AxonName("server.port"),)
    )
    grpc_port: int = setting(PORT, "gRPC port for clients", default=8124, axon=(axon("port"),))
    internal_port: int = setting(
        PORT, "gRPC port between nodes", default=8224, axon=(axon("internal-port"),)
    )
    ajp_port: int = setting(PORT, "AJP port, opened only where `ajp_secret` is set", default=8009)
    bind: str = setting(
        BIND_ADDRESS, "address that the HTTP and gRPC ports listen on", default="127.0.0.1"
    )
    internal_bind: str = setting(
        BIND_ADDRESS, "address that the internal port listens on", default="127.0.0.1"
    )
    ajp_bind: str = setting(
        BIND_ADDRESS, "address that the AJP port listens on", default="127.0.0.1"
    )
    insecure: bool = setting(
        SWITCH, "lets others reach a node whose access control is off", default=False
    )
    access_control: bool = setting(
        SWITCH,
        "ask applications for the access token and people to sign in",
        default=False,
        axon=(axon("accesscontrol.enabled"),),
        is_cluster_key=True,
    )
    access_token: Secret | None = setting(
        SECRET_TOKEN,
        "token that clients send as `AxonIQ-Access-Token`",
        axon=(axon("accesscontrol.token"),),
        is_cluster_key=True,
    )
    cluster_secret: Secret | None = setting(
        SECRET_TOKEN,
        "secret that nodes prove themselves with to each other",
        axon=(axon("accesscontrol.internal-token"),),
        is_cluster_key=True,
    )
    tls: TlsSettings
    internal_tls: InternalTlsSettings
    local_node_id: int = setting(
        integer(0, 9999), "tells nodes on one host apart in their routes", default=0
    )
    route: str = setting(
        ROUTE,
        "JVM route: the end of session cookies that balancers know the node by",
        default=Derived(
            "first label of the host name, and `-` and `local_node_id` where that is above 0",
            lambda values, _: compute_route(values["hostname"], values["local_node_id"]),
        ),
    )
    weight: int = setting(
        integer(1, 256), "share of new sessions that balancers give it", default=1
    )
    tags: Mapping[str, str] = setting(
        TAGS,
        "tags of the node: a client goes to the node whose tags fit its own best",
        default=Derived("none", lambda *_: MappingProxyType({})),
    )
    data: Path = setting(PATH, "directory that holds all that the node keeps", default=Path("data"))
    database: DatabaseAddress = setting(
        DATABASE,
        "the system database; `sqlite:` alone is the embedded one in `data`",
        default=DatabaseAddress(),
        is_cluster_key=True,
    )
    unsafe_database: bool = setting(
        SWITCH,
        "use a PostgreSQL that may lose acknowledged events when its power fails; for trials",
        default=False,
    )
    search: str = setting(
        choice("embedded"),
        "the search index; only the embedded one is supported yet",
        default="embedded",
        is_cluster_key=True,
    )
    default_context_dcb: bool = setting(
        SWITCH,
        "make the context `default` a DCB context; read once, when the database is new",
        default=False,
        axon=(axon("autocluster.dcb"),),
    )
    autocluster: AutoclusterSettings
    clustertemplate: ClusterTemplateSettings
    projects: Path = setting(
        PATH, "directory of the processes that are deployed at start", default=Path("projects")
    )
    ajp_secret: Secret | None = setting(SECRET_TOKEN, "secret that AJP balancers send; opens AJP")
    trusted_balancers: tuple[Network, ...] = setting(
        NETWORKS,
        "balancers that are believed about the clients of the HTTP port; all others are not",
        default=Derived("nobody", lambda *_: ()),
    )
    forwarded_headers: str = setting(
        choice("x-forwarded", "forwarded"),
        "headers that these balancers set: `X-Forwarded-For`, `-Proto`, `-Host`, `-Port`, or"
        " `Forwarded`",
        default="x-forwarded",
    )
    proxy_protocol: bool = setting(
        SWITCH,
        "connections of these balancers to the HTTP port begin with a PROXY header, version 1 or 2",
        default=False,
    )
    ajp_packet_bytes: int = setting(
        integer(8192, 65536),
        "size of an AJP packet, the same as `max_packet_size` in the web server",
        default=8192,
    )
    shutdown_grace_seconds: float = setting(
        SECONDS, "time that running calls get to end when the node is told to stop", default=3.0
    )
    heartbeat: HeartbeatSettings
    cluster: ClusterSettings
    query: QuerySettings
    sessions: SessionSettings
    log: LogSettings
    limits: LimitSettings
    given: frozenset[str]
    """The names of the keys that somebody has set; the others are derived, or at their defaults."""

    @property
    def advertised_host(self) -> str:
        """What clients are told to dial."""
        return advertised_host(self.hostname, self.domain)

    @property
    def advertised_internal_host(self) -> str:
        """What other nodes are told to dial."""
        return advertised_host(self.internal_hostname, self.internal_domain)

    @property
    def database_directory(self) -> Path:
        """Where the embedded database lies, if it is that."""
        return self.database.directory or self.data


KEYS: Final[tuple[Key, ...]] = tuple(declared_keys(Settings))
"""Every key of a node, in the order in which they are derived, explained and documented."""
