"""Which refusal is told by which HTTP status."""

from __future__ import annotations

from http import HTTPStatus
from types import ModuleType

import pytest

from ranvier.errors import RanvierError
from ranvier.events import errors as event_errors
from ranvier.events.errors import (
    ConditionNotMet,
    EventError,
    InvalidEvent,
    InvalidSequence,
    PayloadTooLarge,
    UnknownContext,
)
from ranvier.services import errors as service_errors
from ranvier.services.errors import AppendOutcomeUnknown, NodeStopping
from ranvier.storage import errors as storage_errors
from ranvier.storage.errors import StorageFull, StorageUnavailable
from ranvier.web import errors as web_errors
from ranvier.web.errors import AccessTokenMissing, AccessTokenWrong
from ranvier.web.http_status import status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidSequence("a", 1, 0), 409),
        (ConditionNotMet(), 409),
        (UnknownContext("a"), 404),
        (InvalidEvent("tag", "is wrong"), 400),
        (PayloadTooLarge(2, 1), 413),
        (AccessTokenMissing(), 401),
        (AccessTokenWrong(), 403),
        (NodeStopping(), 503),
        (StorageUnavailable("it sleeps"), 503),
        (StorageFull(), 507),
        (AppendOutcomeUnknown("a"), 500),
    ],
)
def test_users_meet_the_status_that_says_what_to_do(error: RanvierError, status: int) -> None:
    assert status_of(error) == status


def kinds(*modules: ModuleType, root: type[RanvierError]) -> list[type[RanvierError]]:
    found = [each for module in modules for each in vars(module).values()]
    return [each for each in found if isinstance(each, type) and issubclass(each, root)]


@pytest.mark.parametrize(
    "kind",
    kinds(event_errors, service_errors, storage_errors, web_errors, root=RanvierError),
    ids=lambda kind: kind.__name__,
)
def test_every_error_has_a_status_of_refusal(kind: type[RanvierError]) -> None:
    assert 400 <= HTTPStatus(status_of(kind.__new__(kind))) < 600


@pytest.mark.parametrize(
    "kind", kinds(event_errors, root=EventError), ids=lambda kind: kind.__name__
)
def test_what_a_user_sent_wrong_is_never_the_fault_of_the_node(kind: type[EventError]) -> None:
    assert 400 <= status_of(kind.__new__(kind)) < 500
