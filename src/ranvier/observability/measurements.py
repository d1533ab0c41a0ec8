"""The figures of a node one by one, under dotted names as Axon users know them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import Metric

SECONDS: Final = "seconds"


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one combination of tags, by statistic: VALUE, COUNT or TOTAL_TIME."""

    tags: Mapping[str, str]
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure; times have the unit `seconds`, all others have none."""

    name: str
    description: str
    base_unit: str | None
    series: tuple[Series, ...]


def measurements(families: Iterable[Metric]) -> Iterator[Measurement]:
    """Yield what families of Prometheus say; the buckets of a histogram are left out."""
    for family in families:
        if family.type == "histogram":
            name = family.name.removesuffix(f"_{SECONDS}")
            yield Measurement(_dotted(name), family.documentation, SECONDS, _timings(family))
        else:
            statistic = "COUNT" if family.type == "counter" else "VALUE"
            series = tuple(
                [Series(sample.labels, {statistic: sample.value}) for sample in family.samples]
            )
            yield Measurement(_dotted(family.name), family.documentation, None, series)


def _timings(family: Metric) -> tuple[Series, ...]:
    tags: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
    values: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    for sample in family.samples:
        statistic = _STATISTICS.get(sample.name.removeprefix(family.name))
        if statistic is not None:
            key = tuple(sorted(sample.labels.items()))
            tags[key] = sample.labels
            values.setdefault(key, {})[statistic] = sample.value
    return tuple([Series(tags[key], found) for key, found in values.items()])


_STATISTICS: Final = {"_count": "COUNT", "_sum": "TOTAL_TIME"}


def _dotted(name: str) -> str:
    # No name of ours has an underscore before Prometheus asks for it.
    return name.replace("_", ".")
