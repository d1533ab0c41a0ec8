"""Tags of a node, from all the places that may name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.config.errors import InvalidValue
from ranvier.config.load import load_settings


def tags(directory: Path, *, text: str | None = None) -> dict[str, str]:
    flags = {} if text is None else {"tags": text}
    return dict(load_settings(flags, {}, directory, machine="host.example").settings.tags)


def test_tags_are_pairs_and_by_default_none(tmp_path: Path) -> None:
    assert tags(tmp_path) == {}
    assert tags(tmp_path, text="") == {}
    assert tags(tmp_path, text="region=eu, zone = a") == {"region": "eu", "zone": "a"}


@pytest.mark.parametrize("text", ["region", "=eu", "region=", f"region={'x' * 300}"])
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidValue, match="region=eu,zone=a"):
        tags(tmp_path, text=text)


def test_files_may_give_each_tag_by_itself(tmp_path: Path) -> None:
    axon = "axoniq.axonserver.tags.region=eu\naxoniq.axonserver.tags.zone=a\n"
    (tmp_path / "axonserver.properties").write_text(axon, "utf-8")
    assert tags(tmp_path) == {"region": "eu", "zone": "a"}
    (tmp_path / "ranvier.yaml").write_text("tags:\n  region: us\n", "utf-8")
    assert tags(tmp_path) == {"region": "us"}
    assert tags(tmp_path, text="rack=7") == {"rack": "7"}
