"""Criteria as the functions of the database take them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ranvier.events.criterion import Criterion


def criterion_fields(criterion: Criterion) -> dict[str, Any]:
    """Return a criterion's tags, as pairs of hexadecimal texts, and its names."""
    return {
        "tags": [(tag.key.hex(), tag.value.hex()) for tag in criterion.tags],
        "names": list(criterion.names),
    }


def criteria_as_json(criteria: Iterable[Criterion]) -> str:
    """Return criteria as a JSON array."""
    return json.dumps([criterion_fields(criterion) for criterion in criteria])
