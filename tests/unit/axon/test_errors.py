"""What clients are told of errors: the statuses of Axon's codes, the text, the trailer."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import ranvier
from ranvier.axon.errors import STATUS_BY_CODE, BrokenMessage, grpc_error
from ranvier.errors import RanvierError
from ranvier.events.errors import InvalidSequence, SnapshotAheadOfEvents, UnknownContext
from ranvier.storage.errors import StorageFull
from ranvier.wire.grpc.status import StatusCode


def test_a_wrong_sequence_names_what_was_expected() -> None:
    error = grpc_error(InvalidSequence("account-1", expected=3, actual=7))
    assert error.status is StatusCode.OUT_OF_RANGE
    assert error.message == (
        "[AXONIQ-2000] Invalid sequence number 7 for aggregate account-1, expected 3"
    )
    assert error.trailers == ((b"axoniq-errorcode", b"AXONIQ-2000"),)


def test_a_snapshot_ahead_of_its_aggregate_has_the_text_that_clients_compare() -> None:
    assert grpc_error(SnapshotAheadOfEvents("x", 0, 1)).message == (
        "[AXONIQ-2000] Invalid sequence number while storing snapshot."
        " Highest aggregate x sequence number: 0, snapshot sequence 1."
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownContext("nowhere"), StatusCode.NOT_FOUND),
        (StorageFull(), StatusCode.RESOURCE_EXHAUSTED),
        (BrokenMessage("Event"), StatusCode.INVALID_ARGUMENT),
        (RanvierError("something"), StatusCode.CANCELLED),
    ],
)
def test_statuses(error: RanvierError, status: StatusCode) -> None:
    assert grpc_error(error).status is status


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AXONIQ-0001", StatusCode.CANCELLED),
        ("AXONIQ-1000", StatusCode.PERMISSION_DENIED),
        ("AXONIQ-1001", StatusCode.PERMISSION_DENIED),
        ("AXONIQ-1002", StatusCode.UNKNOWN),
        ("AXONIQ-1003", StatusCode.INTERNAL),
        ("AXONIQ-1100", StatusCode.UNAVAILABLE),
        ("AXONIQ-1302", StatusCode.NOT_FOUND),
        ("AXONIQ-1304", StatusCode.ALREADY_EXISTS),
        ("AXONIQ-1900", StatusCode.RESOURCE_EXHAUSTED),
        ("AXONIQ-2000", StatusCode.OUT_OF_RANGE),
        ("AXONIQ-2001", StatusCode.INVALID_ARGUMENT),
        ("AXONIQ-2100", StatusCode.NOT_FOUND),
        ("AXONIQ-2306", StatusCode.ALREADY_EXISTS),
        ("AXONIQ-2310", StatusCode.FAILED_PRECONDITION),
        ("AXONIQ-2511", StatusCode.INVALID_ARGUMENT),
        ("AXONIQ-6002", StatusCode.ABORTED),
        ("AXONIQ-11000", StatusCode.DEADLINE_EXCEEDED),
    ],
)
def test_axons_codes_have_axons_statuses(code: str, status: StatusCode) -> None:
    assert STATUS_BY_CODE[code] is status


@pytest.mark.parametrize("package", ["events", "services", "axon"])
def test_every_refusal_of_these_packages_has_a_status_of_its_own(package: str) -> None:
    codes = {error.code for error in errors_of(package)} - {
        "RANVIER-SERVICE",  # the root of its package is never raised
        "AXONIQ-0001",
    }
    assert codes
    assert codes - STATUS_BY_CODE.keys() == set()


def errors_of(package: str) -> Iterator[type[RanvierError]]:
    path = [f"{ranvier.__path__[0]}/{package}"]
    for module in pkgutil.walk_packages(path, f"ranvier.{package}."):
        if not module.name.endswith("errors"):
            continue
        for member in vars(importlib.import_module(module.name)).values():
            if isinstance(member, type) and issubclass(member, RanvierError):
                yield member
