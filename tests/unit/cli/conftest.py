from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stub_node import StubNode, stub_node


@pytest.fixture
def node() -> Iterator[StubNode]:
    with stub_node() as running:
        yield running
