"""How a node is laid out in the columns of its row, in both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ranvier.cluster.member import Member, NodeRecord, NodeState
from ranvier.cluster.node_wish import NodeWish
from ranvier.events.limits import refuse_text


def refuse_member(member: Member) -> None:
    """Raise `InvalidEvent` for a text that no database could store."""
    for field, text in (
        ("node id", member.node_id),
        ("node name", member.name),
        ("host name", member.host),
        ("internal host name", member.internal_host),
        ("route", member.route),
    ):
        refusal = refuse_text(field, text)
        if refusal is not None:
            raise refusal


def columns_of(member: Member) -> tuple[Any, ...]:
    """Return the columns that a node tells of itself, its id first and without its incarnation."""
    return (
        member.node_id,
        member.name,
        member.route,
        member.host,
        member.internal_host,
        member.ip,
        member.http_port,
        member.grpc_port,
        member.internal_port,
        member.ajp_port,
        member.local_node_id,
        member.weight,
        member.version,
        member.os,
        member.python,
        member.config_revision,
        member.started_at_ms,
    )


def lacks_text(lacks: Sequence[str]) -> str:
    """Return a list of node ids as it stands in its column."""
    return json.dumps([*lacks])


def record_of(row: Sequence[Any]) -> NodeRecord:
    """Return the node of a row: the columns of `columns_of`, then those of its life."""
    node_id, name, route, host, internal_host, ip, http, grpc, internal, ajp, *rest = row
    local_node_id, weight, version, os, python, config_revision, started_at_ms, *life = rest
    incarnation, state, beats, timeline, lacks, last_seen, stopped, failed, *asked = life
    wish, system_identifier = asked
    return NodeRecord(
        member=Member(
            node_id=node_id,
            name=name,
            route=route,
            host=host,
            internal_host=internal_host,
            ip=ip,
            http_port=http,
            grpc_port=grpc,
            internal_port=internal,
            ajp_port=ajp,
            local_node_id=local_node_id,
            weight=weight,
            version=version,
            os=os,
            python=python,
            incarnation=incarnation,
            config_revision=config_revision,
            started_at_ms=started_at_ms,
        ),
        state=NodeState(state),
        beats=beats,
        system_identifier=system_identifier,
        timeline=timeline,
        lacks=tuple(json.loads(lacks)),
        last_seen_at_ms=last_seen,
        stopped_at_ms=stopped,
        failed_at_ms=failed,
        wish=NodeWish(wish),
    )
