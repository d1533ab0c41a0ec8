from __future__ import annotations

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ranvier.observability.metrics import CONTENT_TYPE, Metrics
from ranvier.observability.operation import MOST_CONTEXTS, OTHER_CONTEXTS, Operation

Samples = dict[tuple[str, str], float]


def scraped(metrics: Metrics) -> Samples:
    """Read the exposition as a monitoring system does: (name, context) to value."""
    return {
        (sample.name, sample.labels.get("context", "")): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
        if "le" not in sample.labels
    }


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("m1", "0.1.0")


def test_an_operation_counts_work_time_and_refusals(metrics: Metrics) -> None:
    metrics.events_append.done("default", 3, 0.25)
    metrics.events_append.done("default", 1, 0.5)
    metrics.events_append.done("other", 1, 0.125)
    metrics.events_append.failed("default")
    figures = scraped(metrics)
    assert figures["axon_events_append_throughput_count", "default"] == 4
    assert figures["axon_events_append_throughput_count", "other"] == 1
    assert figures["axon_events_append_error_count", "default"] == 1
    assert figures["axon_events_append_duration_seconds_count", "default"] == 2
    assert figures["axon_events_append_duration_seconds_sum", "default"] == 0.75


def test_the_names_are_those_that_axon_users_know(metrics: Metrics) -> None:
    operations: dict[str, Operation] = {
        "axon_events_append": metrics.events_append,
        "axon_events_read_aggregate": metrics.aggregate_read,
        "axon_snapshots_append": metrics.snapshots_append,
        "axon_snapshots_read": metrics.snapshots_read,
    }
    for operation in operations.values():
        operation.done("default", 1, 1.0)
    metrics.connects.add("default")
    metrics.disconnects.add("default")
    metrics.authentication_errors.add("default")
    figures = scraped(metrics)
    for name in operations:
        assert figures[f"{name}_throughput_count", "default"] == 1
        assert figures[f"{name}_duration_seconds_count", "default"] == 1
    assert figures["axon_applications_throughput_connect_count", "default"] == 1
    assert figures["axon_applications_throughput_disconnect_count", "default"] == 1
    assert figures["axon_authentication_error_count", "default"] == 1


def test_watched_figures_are_asked_for_at_each_scrape(metrics: Metrics) -> None:
    tokens = {"default": 41.0}
    metrics.watch_by_context("axon.event.lastToken", "Token of the last event", lambda: tokens)
    metrics.watch("ranvier.connections", "Open connections", lambda: len(tokens))
    assert scraped(metrics)["axon_event_lastToken", "default"] == 41
    tokens.update({"default": 42.0, "other": 7.0})
    figures = scraped(metrics)
    assert figures["axon_event_lastToken", "default"] == 42
    assert figures["axon_event_lastToken", "other"] == 7
    assert figures["ranvier_connections", ""] == 2


def test_a_figure_that_breaks_does_not_hide_the_others(
    metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> float:
        raise RuntimeError

    metrics.watch("ranvier.broken", "Broken", broken)
    metrics.watch("ranvier.whole", "Whole", lambda: 1)
    figures = scraped(metrics)
    assert math.isnan(figures["ranvier_broken", ""])
    assert figures["ranvier_whole", ""] == 1
    assert "ranvier.broken" in caplog.text


def test_contexts_beyond_the_bound_share_one_label(metrics: Metrics) -> None:
    many = MOST_CONTEXTS + 20
    for number in range(many):
        metrics.events_append.done(f"context-{number}", 1, 0.1)
        metrics.events_append.failed(f"context-{number}")
    metrics.watch_by_context(
        "axon.event.lastToken", "x", lambda: {f"context-{n}": float(n) for n in range(many)}
    )
    figures = scraped(metrics)
    for name in (
        "axon_events_append_throughput_count",
        "axon_events_append_error_count",
        "axon_events_append_duration_seconds_count",
    ):
        assert figures[name, OTHER_CONTEXTS] == 20
        assert sum(each == name for each, _ in figures) == MOST_CONTEXTS + 1
    assert sum(name == "axon_event_lastToken" for name, _ in figures) == MOST_CONTEXTS


def test_hostile_names_of_contexts_are_escaped(metrics: Metrics) -> None:
    hostile = 'a"b\\c\nd'
    metrics.events_sent.add(hostile, 5)
    assert scraped(metrics)["ranvier_events_sent_count", hostile] == 5


def test_the_process_and_the_node_are_there(metrics: Metrics) -> None:
    text = metrics.exposition().decode()
    assert "process_cpu_seconds_total" in text
    assert 'ranvier_node_info{name="m1",version="0.1.0"} 1.0' in text
    assert "_created" not in text
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_two_nodes_in_one_process_do_not_mix() -> None:
    one, other = Metrics("m1", "0"), Metrics("m2", "0")
    one.events_sent.add("default")
    assert ("ranvier_events_sent_count", "default") not in scraped(other)
