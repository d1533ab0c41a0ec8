"""Reading the text format of Prometheus, as far as a node writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_SAMPLE: Final = re.compile(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"n": "\n"}


@dataclass(frozen=True, slots=True)
class PrintedMetric:
    """One figure with its labels."""

    name: str
    labels: Mapping[str, str]
    value: float


def read_metrics(text: str) -> Iterator[PrintedMetric]:
    """Yield the figures of a page of metrics; lines of another form are passed over."""
    for line in text.split("\n"):
        sample = _SAMPLE.fullmatch(line)
        if sample is None:
            continue
        labels = {name: _unescaped(value) for name, value in _LABEL.findall(sample[2] or "")}
        with suppress(ValueError):
            yield PrintedMetric(sample[1], labels, float(sample[3]))


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value)
