"""The figures of one node, in a registry of its own, under the names that Axon users know.

A name of Axon's is written for Prometheus with its dots as underscores; times get `_seconds`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

from ranvier.observability.measurements import Measurement, measurements
from ranvier.observability.operation import ContextCounts, Operation, prometheus_name

logger = logging.getLogger("ranvier.observability")

Value = TypeVar("Value")

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""The media type of `Metrics.exposition`."""


class Metrics:
    """Counts what a node does; services get these objects as plain callables."""

    def __init__(self, node: str, version: str) -> None:
        # A second series beside each time, saying when it began, is asked for by nobody.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library left it so
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        self.events_append = self._operation("axon.events.append", "Events appended")
        self.aggregate_read = self._operation("axon.events.read.aggregate", "Aggregates read")
        self.sources = self._operation("ranvier.events.source", "Sources of events by criteria")
        self.snapshots_append = self._operation("axon.snapshots.append", "Snapshots appended")
        self.snapshots_read = self._operation("axon.snapshots.read", "Reads of snapshots")
        self.commands = self._operation("axon.commands", "Commands answered by their handlers")
        self.queries = self._operation("axon.queries", "Queries that were answered")
        self.events_sent = self._counts("ranvier.events.sent.count", "Events sent to readers")
        self.connects = self._counts(
            "axon.applications.throughput.connect.count", "Applications that connected"
        )
        self.disconnects = self._counts(
            "axon.applications.throughput.disconnect.count", "Applications that went"
        )
        self.authentication_errors = self._counts(
            "axon.authentication.error.count", "Calls refused for their access token"
        )
        self.http_requests = self._counts(
            "ranvier.http.requests.count", "HTTP requests that came", "method"
        )
        self._add(_Constant("ranvier_node_info", {"name": node, "version": version}))

    def watch_by_context(
        self, name: str, description: str, find: Callable[[], Mapping[str, float]]
    ) -> None:
        """Show what `find` says per context whenever the metrics are read; it must not block."""
        self._add(ContextCounts(name, description, lambda: _found(name, find, {})))

    def watch_by(
        self, label: str, name: str, description: str, find: Callable[[], Mapping[str, float]]
    ) -> None:
        """Show what `find` says per value of a label; it must not block."""
        self._add(ContextCounts(name, description, lambda: _found(name, find, {}), label))

    def watch(self, name: str, description: str, find: Callable[[], float]) -> None:
        """Show what `find` says whenever the metrics are read; it must not block."""
        self._add(_Watched(name, description, lambda: _found(name, find, math.nan)))

    def exposition(self) -> bytes:
        """Render everything in Prometheus' text format, version 0.0.4."""
        return generate_latest(self.registry)

    def measurements(self) -> list[Measurement]:
        """Return every figure by itself."""
        return list(measurements(self.registry.collect()))

    def _operation(self, name: str, description: str) -> Operation:
        operation = Operation(name, description)
        self._add(operation)
        return operation

    def _counts(self, name: str, description: str, label: str = "context") -> ContextCounts:
        counts = ContextCounts(name, description, label=label)
        self._add(counts)
        return counts

    def _add(self, collector: object) -> None:
        self.registry.register(collector)  # type: ignore[arg-type]  # a collector by its shape


def _found(name: str, find: Callable[[], Value], otherwise: Value) -> Value:
    """Ask for a figure; one that cannot be found must not hide all the others."""
    try:
        return find()
    except Exception:
        logger.exception("The figure %s cannot be found.", name)
        return otherwise


class _Watched:
    def __init__(self, name: str, description: str, find: Callable[[], float]) -> None:
        self._name = name
        self._description = description
        self._find = find

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(prometheus_name(self._name), self._description, self._find())


class _Constant:
    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        self._name = name
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self._name, "What this node is", labels=list(self._labels))
        family.add_metric(list(self._labels.values()), 1)
        yield family
