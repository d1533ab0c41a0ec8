"""What mod_jk 1.2.48 lets one say of a worker: each directive, whose it is, and its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

NODE, BALANCER, STATUS = "ajp13", "lb", "status"
"""Types of workers: a node, several of them, a page about them."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a directive: which fit, and how they are described."""

    fit: Callable[[str], bool]
    described: str


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: the types of workers that have it, and its values."""

    types: frozenset[str]
    values: Values
    is_list: bool = False


def _number(least: int, most: int = 2**31 - 1) -> Values:
    described = f"a number from {least} to {most}" if most < 2**31 - 1 else f"a number from {least}"
    return Values(
        lambda text: bool(re.fullmatch(r"-?[0-9]{1,10}", text)) and least <= int(text) <= most,
        described,
    )


def _pattern(pattern: str, described: str) -> Values:
    return Values(lambda text: re.fullmatch(pattern, text) is not None, described)


_ANY: Final = Values(lambda text: bool(text), "no empty value")
_SWITCH: Final = _pattern(r"(?i)1|0|true|false|on|off|yes|no|[tfyn]", "true or false")
_TIME: Final = _number(0)
_NAMES: Final = _pattern(r"[\w-]+([\s,]+[\w-]+)*,?", "names with commas between them")
_PACKET: Final = Values(
    lambda text: text in {str(size) for size in range(8192, 65537, 1024)},
    "a multiple of 1024 from 8192 to 65536",
)
_STATUSES: Final = _pattern(
    r"-?[1-5][0-9]{2}([\s,]+-?[1-5][0-9]{2})*", "HTTP status codes with commas between them"
)
_METHOD: Final = _pattern(r"(?i)r|request|s|session|n|next|t|traffic|b|busyness", "R, S, N, T or B")
_ACTIVATION: Final = _pattern(r"(?i)a|active|d|disabled|s|stopped", "A, D or S")
_ROUTE: Final = _pattern(r"[\x21-\x7e]+", "a route without spaces")
_HOST: Final = _pattern(r"[A-Za-z0-9_.:-]{1,253}|\[[0-9A-Fa-f:.]+\]", "a host name or an address")

_IN_ALL: Final[Mapping[str, Values]] = {
    "type": _ANY,
    "reference": _pattern(r"worker\.[\w-]+", "worker.NAME"),
}
_IN_NODES: Final[Mapping[str, Values]] = {
    "host": _HOST,
    "port": _number(1, 65_535),
    "source": _HOST,
    "lbfactor": _number(1),
    "route": _ROUTE,
    "distance": _number(0),
    "domain": _ROUTE,
    "redirect": _ROUTE,
    "activation": _ACTIVATION,
    "secret": _ANY,
    "socket_timeout": _TIME,
    "socket_connect_timeout": _TIME,
    "socket_keepalive": _SWITCH,
    "socket_buffer": _TIME,
    "prefer_ipv6": _SWITCH,
    "connection_pool_size": _number(1),
    "connection_pool_minsize": _number(0),
    "connection_pool_timeout": _TIME,
    "connection_acquire_timeout": _TIME,
    "connection_ping_interval": _TIME,
    "ping_mode": _pattern(r"(?i)[cpia]+|n|none", "letters out of C, P, I and A"),
    "ping_timeout": _TIME,
    "connect_timeout": _TIME,
    "prepost_timeout": _TIME,
    "reply_timeout": _TIME,
    "retries": _number(1),
    "retry_interval": _TIME,
    "recovery_options": _number(0, 31),
    "fail_on_status": _STATUSES,
    "max_packet_size": _PACKET,
    "busy_limit": _TIME,
    "mount": _ANY,
}
_IN_BALANCERS: Final[Mapping[str, Values]] = {
    "balance_workers": _NAMES,
    "sticky_session": _SWITCH,
    "sticky_session_force": _SWITCH,
    "session_cookie": _pattern(r"[!#-'*+.0-9A-Z^-z|~-]+", "the name of a cookie"),
    "session_path": _ANY,
    "set_session_cookie": _SWITCH,
    "session_cookie_path": _ANY,
    "method": _METHOD,
    "lock": _pattern(r"(?i)o|optimistic|p|pessimistic", "O or P"),
    "secret": _ANY,
    "retries": _number(1),
    "lb_retries": _number(1),
    "retry_interval": _TIME,
    "recover_time": _number(1),
    "error_escalation_time": _TIME,
    "max_reply_timeouts": _TIME,
    "recovery_options": _number(0, 31),
    "mount": _ANY,
}
_IN_STATUS: Final[Mapping[str, Values]] = {
    "css": _ANY,
    "read_only": _SWITCH,
    "user": _ANY,
    "user_case_insensitive": _SWITCH,
    "good": _ANY,
    "bad": _ANY,
    "prefix": _ANY,
    "ns": _ANY,
    "xmlns": _ANY,
    "doctype": _ANY,
    "mount": _ANY,
}
LISTS: Final = frozenset({"balance_workers", "fail_on_status", "mount", "user", "good", "bad"})
"""A directive of these may stand in several lines, which count together."""

_BY_TYPE: Final = {NODE: _IN_NODES, BALANCER: _IN_BALANCERS, STATUS: _IN_STATUS}


def _directives() -> dict[str, Directive]:
    found = {name: Directive(frozenset(_BY_TYPE), values) for name, values in _IN_ALL.items()}
    for names in _BY_TYPE.values():
        for name, values in names.items():
            types = frozenset(each for each, theirs in _BY_TYPE.items() if name in theirs)
            found[name] = Directive(types, values, is_list=name in LISTS)
    return found


DIRECTIVES: Final[Mapping[str, Directive]] = _directives()

GLOBAL: Final[Mapping[str, Values]] = {"list": _NAMES, "maintain": _number(0)}
"""What stands directly behind `worker.`."""

DEPRECATED: Final[Mapping[str, str]] = {
    "balanced_workers": "balance_workers",
    "cachesize": "connection_pool_size",
    "cache_timeout": "connection_pool_timeout",
    "recycle_timeout": "connection_pool_timeout",
    "cache_acquire_timeout": "connection_acquire_timeout",
    "jvm_route": "route",
    "disabled": "activation",
    "stopped": "activation",
}
"""Names of older versions, and what to write today."""

MISTAKEN: Final[Mapping[str, str]] = {
    "sticky": "sticky_session",
    "hostname": "host",
    "address": "host",
    "server": "host",
    "ajp_port": "port",
    "jvmroute": "route",
    "weight": "lbfactor",
    "loadfactor": "lbfactor",
    "load_factor": "lbfactor",
    "members": "balance_workers",
    "workers": "balance_workers",
    "password": "secret",
    "requiredsecret": "secret",
    "timeout": "socket_timeout",
}
"""Names that other programs have for it, which mod_jk passes over without a word."""

OBSOLETE: Final = frozenset(
    {
        "bridge", "class_path", "cmd_line", "disabled_workers", "jvm_lib", "local_worker",
        "local_worker_only", "ms", "mx", "native_lib", "stderr", "stdout", "sysprops", "secretkey",
    }
)  # fmt: skip
"""Names of kinds of workers that are gone."""
