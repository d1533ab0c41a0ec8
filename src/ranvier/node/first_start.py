"""What the settings ask for on the first start of a node."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from ranvier.cluster.first_start import OwnPlace, WantedContext, is_own
from ranvier.config.host_names import is_loopback
from ranvier.config.settings import Settings
from ranvier.services.administer_cluster import AdministerCluster
from ranvier.services.join_cluster import JoinProof
from ranvier.services.join_messages import Place
from ranvier.services.set_up_node import FirstStartPlan, SetUpNode
from ranvier.storage.context_catalogue import ContextCatalogue

if TYPE_CHECKING:
    from ranvier.config.cluster_template import ClusterTemplate


def set_up_node(
    contexts: ContextCatalogue, settings: Settings, administer: AdministerCluster
) -> SetUpNode:
    """Return the service that sets up what is asked for."""
    proof = JoinProof(secret=settings.cluster_secret)
    return SetUpNode(contexts, partial(plan, settings), lambda place: administer.join(place, proof))


def plan(settings: Settings) -> FirstStartPlan:
    """Return what is asked for by `autocluster` and by the template; raises `UnreadableFile`."""
    template = template_of(settings)
    first = settings.autocluster.first or (template.first if template else None)
    own = OwnPlace(own_hosts(settings), settings.internal_port)
    stands_alone = settings.database.dsn is None
    joins = first is not None and stands_alone and not is_own(first.host, first.port, own)
    return FirstStartPlan(
        tuple(wanted_contexts(settings, template)),
        Place(first.host, first.port) if first and joins else None,
        template.sentence if template else "",
    )


def template_of(settings: Settings) -> ClusterTemplate | None:
    """Return the cluster template; None where there is no such file."""
    path = settings.clustertemplate.path
    if not path.is_file():
        return None
    # The parser takes 20 ms to import, and hardly any node has a file for it.
    module = import_module("ranvier.config.cluster_template")
    template: ClusterTemplate = module.read_template(path)
    return template


def wanted_contexts(
    settings: Settings, template: ClusterTemplate | None
) -> Iterator[WantedContext]:
    """Yield the contexts that shall be there; those of the template know more of theirs."""
    is_dcb = settings.default_context_dcb
    for context in template.contexts if template else ():
        kind = is_dcb if context.is_dcb is None else context.is_dcb
        yield WantedContext(context.name, kind, dict(context.properties))
    for name in settings.autocluster.contexts:
        # `_admin` is Axon's word for a node that administers the others; here each one does.
        if not name.startswith("_"):
            yield WantedContext(name, is_dcb)


def own_hosts(settings: Settings) -> set[str]:
    """Return the names that mean this node, wherever they were written down."""
    hosts = {
        settings.hostname,
        settings.internal_hostname,
        settings.advertised_host,
        settings.advertised_internal_host,
    }
    return hosts | ({"localhost", "127.0.0.1"} if is_loopback(settings.internal_bind) else set())
