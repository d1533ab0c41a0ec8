from __future__ import annotations

from prometheus_client.core import CounterMetricFamily

from ranvier.observability.measurements import Series, measurements
from ranvier.observability.metrics import Metrics


def test_figures_have_the_dotted_names_that_axon_users_know() -> None:
    metrics = Metrics("node-1", "1.0")
    metrics.events_append.done("default", 3, 0.5)
    metrics.events_append.done("other", 1, 0.25)
    metrics.watch_by_context("axon.event.lastToken", "Token", lambda: {"default": 41})
    found = {each.name: each for each in metrics.measurements()}
    assert found["axon.event.lastToken"].series == (Series({"context": "default"}, {"VALUE": 41}),)
    assert found["axon.events.append.throughput.count"].series == (
        Series({"context": "default"}, {"VALUE": 3}),
        Series({"context": "other"}, {"VALUE": 1}),
    )
    duration = found["axon.events.append.duration"]
    assert duration.base_unit == "seconds"
    assert duration.series == (
        Series({"context": "default"}, {"COUNT": 1, "TOTAL_TIME": 0.5}),
        Series({"context": "other"}, {"COUNT": 1, "TOTAL_TIME": 0.25}),
    )
    assert not any("_" in name for name in found)


def test_counters_are_counts() -> None:
    family = CounterMetricFamily("some_things", "Things", 7)
    [measurement] = measurements([family])
    assert (measurement.name, measurement.base_unit) == ("some.things", None)
    assert measurement.series == (Series({}, {"COUNT": 7}),)
