"""Every mistake of a workers.properties that can be found by reading it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from ranvier.balancer.check_against_nodes import node_findings
from ranvier.balancer.check_directives import directive_findings
from ranvier.balancer.check_relations import relation_findings
from ranvier.balancer.finding import Finding
from ranvier.balancer.node_list import BalancedNode
from ranvier.balancer.workers import workers_of
from ranvier.balancer.workers_text import read_workers_text

FINDINGS_MAX: Final = 200
"""Nobody reads more; the first ones explain the others."""
WORKERS_MAX: Final = 2_000


def check_workers(data: bytes, nodes: Sequence[BalancedNode] = ()) -> list[Finding]:
    """Return the mistakes of a file by line, none for a sound one; of many, the first ones.

    With the nodes of the cluster, it is compared with these, too.
    """
    text = read_workers_text(data)
    sources: list[Iterable[Finding]] = [text.findings]
    workers = workers_of(text.settings)
    if len(workers.by_name) > WORKERS_MAX:
        message = (
            f"The file has {len(workers.by_name)} workers; more than {WORKERS_MAX} are not read."
        )
        sources.append([Finding(1, "too-many", message)])
    elif text.settings:
        sources.append(directive_findings(text.settings, workers))
        sources.append(relation_findings(workers))
        sources.append(node_findings(workers, nodes) if nodes else ())
    some = [finding for each in sources for finding in islice(each, FINDINGS_MAX + 1)]
    found = sorted(dict.fromkeys(some))
    if len(found) <= FINDINGS_MAX:
        return found
    last = Finding(found[FINDINGS_MAX].line, "more", "There are more mistakes; mend these first.")
    return [*found[:FINDINGS_MAX], last]
