"""What is not as it should be in the cluster, as sentences for whoever looks at a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ranvier.cluster.member import MemberView, NodeState
from ranvier.web.cluster_nodes import is_in_reach
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies


class Severity(IntEnum):
    """How bad it is."""

    WORTH_KNOWING = 1
    SERIOUS = 2

    @property
    def look(self) -> str:
        """The colour by which pages show it."""
        return "red" if self is Severity.SERIOUS else "yellow"


@dataclass(frozen=True, slots=True)
class HealthMessage:
    """One thing to look at; `node` is the name of the node that it is about."""

    severity: Severity
    sentence: str
    node: str


def health_messages(of: WebDependencies) -> Sequence[HealthMessage]:
    """Return what this node knows to be wrong, the worst first; waits for nothing."""
    found = [*_of_this_node(of), *_of_other_nodes(of)]
    return sorted(found, key=lambda each: -each.severity)


def _of_this_node(of: WebDependencies) -> Iterator[HealthMessage]:
    name = of.node().name
    for part in of.health():
        if not part.is_up:
            severity = Severity.SERIOUS if part.is_needed else Severity.WORTH_KNOWING
            sentence = _("Node %(node)s: %(reason)s", node=name, reason=part.reason)
            yield HealthMessage(severity, sentence, name)


def _of_other_nodes(of: WebDependencies) -> Iterator[HealthMessage]:
    linked = of.linked()
    for view in of.members():
        if not view.is_own:
            message = _of_node(view, is_linked=is_in_reach(view, linked))
            if message is not None:
                yield message


def _of_node(view: MemberView, *, is_linked: bool) -> HealthMessage | None:
    name = view.member.name
    match view.state:
        case NodeState.DOWN:
            sentence = _("Node %(node)s is down: it went without a goodbye.", node=name)
            return HealthMessage(Severity.SERIOUS, sentence, name)
        case NodeState.DRAINING:
            sentence = _("Node %(node)s is draining: it takes no new clients.", node=name)
            return HealthMessage(Severity.WORTH_KNOWING, sentence, name)
        case NodeState.RUNNING if not is_linked:
            sentence = _("Node %(node)s runs, but cannot be reached from here.", node=name)
            return HealthMessage(Severity.SERIOUS, sentence, name)
        case _:
            return None
