from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ranvier.cli.app import main
from tests.support.stub_node import StubAnswer, StubNode, problem

NAMES = StubAnswer(body=b'{"names": ["axon.event.lastToken", "axon.events.append.duration"]}')
LAST_TOKEN = {
    "name": "axon.event.lastToken",
    "baseUnit": None,
    "measurements": [{"statistic": "VALUE", "value": 41.0}],
    "availableTags": [],
}
DURATION = {
    "name": "axon.events.append.duration",
    "baseUnit": "seconds",
    "measurements": [
        {"statistic": "COUNT", "value": 2.0},
        {"statistic": "TOTAL_TIME", "value": 0.25},
        {"statistic": "MAX", "value": None},
    ],
    "availableTags": [],
}


def answer(figure: Mapping[str, object]) -> StubAnswer:
    return StubAnswer(body=json.dumps(figure).encode())


def test_figures_as_lines(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(NAMES, answer(LAST_TOKEN), answer(DURATION))
    assert main(["metrics", "-S", node.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "axon.event.lastToken                     41",
        "axon.events.append.duration  count       2",
        "axon.events.append.duration  total_time  0.25 seconds",
        "axon.events.append.duration  max         unknown seconds",
    ]
    assert [request.path for request in node.seen] == [
        "/actuator/metrics",
        "/actuator/metrics/axon.event.lastToken",
        "/actuator/metrics/axon.events.append.duration",
    ]


def test_figures_as_json(node: StubNode, capsys: pytest.CaptureFixture[str]) -> None:
    node.will_answer(NAMES, answer(LAST_TOKEN), answer(DURATION))
    assert main(["metrics", "-S", node.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [LAST_TOKEN, DURATION]


@pytest.mark.parametrize("name", ["lastToken", "axon.event.", "axon_event_last"])
def test_figures_by_a_part_of_their_name(
    node: StubNode, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(NAMES, answer(LAST_TOKEN))
    assert main(["metrics", name, "-S", node.url]) == 0
    assert capsys.readouterr().out.split() == ["axon.event.lastToken", "41"]
    assert len(node.seen) == 2


def test_figures_of_one_context_leave_out_what_it_has_not(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    node.will_answer(NAMES, answer(LAST_TOKEN), problem(404, "RANVIER-UNKNOWN-METRIC", "None."))
    assert main(["metrics", "-c", "orders", "-S", node.url]) == 0
    assert capsys.readouterr().out.split() == ["axon.event.lastToken", "41"]
    assert node.seen[1].query == {"tag": "context:orders"}


def test_another_refusal_of_a_figure_ends_the_command(node: StubNode) -> None:
    node.will_answer(NAMES, problem(503, "RANVIER-STOPPING", "Stopping."))
    assert main(["metrics", "-S", node.url]) == 1


@pytest.mark.parametrize("shape", ["txt", "json"])
def test_no_figure_of_that_name_is_said(
    node: StubNode, capsys: pytest.CaptureFixture[str], shape: str
) -> None:
    node.will_answer(NAMES)
    assert main(["metrics", "nosuch", "-S", node.url, "-o", shape]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("The node has no figure with 'nosuch' in its name: ")


def test_no_figure_of_that_context_is_said(
    node: StubNode, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = problem(404, "RANVIER-UNKNOWN-METRIC", "None.")
    node.will_answer(NAMES, unknown, unknown)
    assert main(["metrics", "-c", "nosuch", "-S", node.url]) == 1
    assert capsys.readouterr().err.startswith("The node has no figure of a context nosuch: ")
