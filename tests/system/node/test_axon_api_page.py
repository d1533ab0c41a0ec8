"""The page of the manual about the Axon API says what a node offers."""

from __future__ import annotations

from pathlib import Path

from ranvier.axon.differences import DIFFERENCES
from ranvier.axon.not_offered import REASONS, axon_services
from ranvier.node.axon_api import offered_by_default, render_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "axon-api.md"


def test_the_page_is_the_one_that_the_methods_make() -> None:
    assert PAGE.read_text("utf-8") == render_page(offered_by_default()), (
        "run: python -m ranvier.node.axon_api > docs/reference/axon-api.md"
    )


def test_every_call_is_answered_or_refused_on_purpose() -> None:
    every = {
        f"/{service.full_name}/{method.name}"
        for service in axon_services()
        for method in service.methods
    }
    assert len(every) == 84
    assert every <= offered_by_default()


def test_differences_are_told_of_calls_that_work() -> None:
    working = {
        f"{service.name}.{method.name}"
        for service in axon_services()
        if service.name not in REASONS
        for method in service.methods
    }
    assert set(DIFFERENCES) <= working
