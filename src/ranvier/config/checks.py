"""What settings must not say together, however sensible each is alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ranvier.config.errors import ContradictorySettings, InvalidValue, UnsafeBinding
from ranvier.config.host_names import is_loopback
from ranvier.config.origins import Notice, Origin
from ranvier.config.settings import Settings


def check_settings(settings: Settings, origins: Mapping[str, Origin]) -> None:
    """Raise the `ConfigError` that names the first contradiction and its remedy."""
    _check_bindings(settings, origins)
    _check_ports(settings)
    _check_certificates(settings, origins)
    _check_heartbeat(settings)
    _check_sessions(settings)
    _check_balancers(settings)


def notices_about(settings: Settings) -> Iterator[Notice]:
    """Tell what is allowed, and probably not what was meant."""
    if settings.access_token is not None and not settings.access_control:
        yield Notice("access_token", "is asked of nobody while `access_control` is off.")
    if settings.access_control and settings.access_token is None:
        yield Notice(
            "access_token",
            "is not set here: people can sign in, and no application can connect, unless the"
            " cluster shares one.",
        )
    if settings.unsafe_database and settings.database.dsn is not None:
        yield Notice("unsafe_database", "lets a power failure lose events that were acknowledged.")
    if any(network.prefixlen == 0 for network in settings.trusted_balancers):
        yield Notice("trusted_balancers", "lets everyone say who he is and how he has come.")
    if settings.insecure and not settings.access_control:
        yield Notice("insecure", "lets everyone who reaches this node read and write everything.")


def _check_bindings(settings: Settings, origins: Mapping[str, Origin]) -> None:
    if settings.access_control or settings.insecure:
        return
    for name in ("bind", "internal_bind", "ajp_bind"):
        address = getattr(settings, name)
        if not is_loopback(address):
            raise UnsafeBinding(
                f"{name} is {address} ({origins[name]}), which others reach, while access_control"
                " is off; set access_control, or say insecure: true."
            )


def _check_ports(settings: Settings) -> None:
    names = ["http_port", "grpc_port", "internal_port"]
    if settings.ajp_secret is not None:
        names.append("ajp_port")
    taken: dict[int, str] = {}
    for name in names:
        port = getattr(settings, name)
        if port and port in taken:
            raise ContradictorySettings(
                f"{taken[port]} and {name} are both {port}; give each a port of its own."
            )
        taken[port] = name


def _check_certificates(settings: Settings, origins: Mapping[str, Origin]) -> None:
    tls, internal = settings.tls, settings.internal_tls
    for name, pair in (("tls", tls), ("internal_tls", internal)):
        if (pair.cert is None) != (pair.key is None):
            raise ContradictorySettings(f"{name}.cert and {name}.key go together; set both.")
    if tls.enabled and tls.cert is None:
        raise ContradictorySettings(
            f"tls.enabled is on ({origins['tls.enabled']}), but there is no certificate; set"
            " tls.cert and tls.key."
        )
    files = {"internal_tls.cert": internal.cert, "internal_tls.key": internal.key}
    files["internal_tls.ca"] = internal.ca
    if tls.enabled:
        files |= {"tls.cert": tls.cert, "tls.key": tls.key}
    _check_that_files_exist(files, origins)


def _check_that_files_exist(
    files: Mapping[str, Path | None], origins: Mapping[str, Origin]
) -> None:
    for name, path in files.items():
        if path is not None and not path.is_file():
            raise InvalidValue(
                f"{name} is {str(path)!r} ({origins[name]}), where no file is; correct the path."
            )


def _check_heartbeat(settings: Settings) -> None:
    heartbeat = settings.heartbeat
    if heartbeat.timeout_seconds <= heartbeat.interval_seconds:
        raise ContradictorySettings(
            f"heartbeat.timeout_seconds ({heartbeat.timeout_seconds:g}) must be above"
            f" heartbeat.interval_seconds ({heartbeat.interval_seconds:g}); raise it."
        )


def _check_sessions(settings: Settings) -> None:
    sessions = settings.sessions
    if sessions.absolute_seconds < sessions.idle_seconds:
        raise ContradictorySettings(
            f"sessions.absolute_seconds ({sessions.absolute_seconds:g}) is below"
            f" sessions.idle_seconds ({sessions.idle_seconds:g}); raise it."
        )


def _check_balancers(settings: Settings) -> None:
    if not settings.proxy_protocol:
        return
    if not settings.trusted_balancers:
        raise ContradictorySettings(
            "proxy_protocol is on, but there are no trusted_balancers that could speak it; set"
            " their addresses."
        )
    if settings.tls.enabled:
        raise ContradictorySettings(
            "proxy_protocol and tls.enabled are both on; let the balancer end TLS, or speak TLS to"
            " the node without PROXY headers."
        )
