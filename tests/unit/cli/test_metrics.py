from __future__ import annotations

import json

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode

PAGE = b"""\
# HELP axon_event_lastToken Token of the last event
# TYPE axon_event_lastToken gauge
axon_event_lastToken{context="default"} 41.0
process_cpu_seconds_total 0.25
ranvier_broken NaN
"""


@pytest.fixture
def metered(node: StubNode) -> StubNode:
    node.will_answer(StubAnswer(content_type="text/plain; version=0.0.4", body=PAGE))
    return node


def test_figures_as_lines(metered: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "-S", metered.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "axon_event_lastToken{context=default}  41",
        "process_cpu_seconds_total              0.25",
        "ranvier_broken                         nan",
    ]


def test_figures_as_json(metered: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "-S", metered.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "axon_event_lastToken", "labels": {"context": "default"}, "value": 41.0},
        {"name": "process_cpu_seconds_total", "labels": {}, "value": 0.25},
        {"name": "ranvier_broken", "labels": {}, "value": "nan"},
    ]


@pytest.mark.parametrize("name", ["lastToken", "axon.event"])
def test_figures_by_a_part_of_their_name(
    metered: StubNode, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metrics", name, "-S", metered.url]) == 0
    assert capsys.readouterr().out == "axon_event_lastToken{context=default}  41\n"
