from __future__ import annotations

from pathlib import Path

from ranvier.config.reference import render_reference
from ranvier.config.settings import KEYS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"


def test_the_page_in_the_manual_is_the_one_that_the_declarations_make() -> None:
    assert PAGE.read_text("utf-8") == render_reference(), (
        "run: python -m ranvier.config.reference > docs/reference/configuration.md"
    )


def test_the_page_names_every_key_and_every_property() -> None:
    page = PAGE.read_text("utf-8")
    for key in KEYS:
        assert f"`{key.name}`" in page
        assert all(f"`{axon.property_name}`" in page for axon in key.axon)
