"""JSON for values of every shape, and a refusal in a sentence where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from ranvier.client.codec import JsonCodec, TypeName
from ranvier.client.errors import PayloadUnreadable, PayloadUnwritable
from ranvier.client.payload import MetadataValue, Payload, metadata_from, wire_metadata
from ranvier.proto import command_pb2


@dataclass
class Order:
    lamps: int
    note: str = ""


class Paid(msgspec.Struct):
    cents: int


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Order(3, "red"), Order),
        (Paid(4200), Paid),
        ({"a": [1, 2.5, None, "ü"]}, dict[str, Any]),
        (["x"], list[str]),
        ("", str),
        (0, int),
        (b"\x00\xff", bytes),
        (b"", Any),
        (None, Any),
    ],
)
def test_what_is_encoded_is_decoded_again(value: object, wanted: Any) -> None:
    codec = JsonCodec()
    assert codec.decode(codec.encode(value), wanted) == value


def test_types_are_called_by_their_class_or_as_told() -> None:
    codec = JsonCodec({Paid: TypeName("com.example.Paid", "2")})
    assert codec.encode(Order(1)).type == "Order"
    payload = codec.encode(Paid(1))
    assert (payload.type, payload.revision) == ("com.example.Paid", "2")
    assert codec.decode(payload) == Paid(1)


def test_a_payload_passes_untouched() -> None:
    raw = Payload("anything", b"\xff", "7")
    codec = JsonCodec()
    assert codec.encode(raw) is raw
    assert codec.decode(raw, Payload) is raw


def test_what_is_no_json_of_the_type_is_refused_by_name() -> None:
    with pytest.raises(PayloadUnreadable, match="'Order' is no Order"):
        JsonCodec().decode(Payload("Order", b'{"lamps": "many"}'), Order)
    with pytest.raises(PayloadUnreadable):
        JsonCodec().decode(Payload("Order", b"{"))
    with pytest.raises(PayloadUnwritable, match="object"):
        JsonCodec().encode(object())


def test_metadata_keeps_its_types() -> None:
    metadata: dict[str, MetadataValue] = {
        "t": "x",
        "n": -(2**63),
        "f": 0.5,
        "b": True,
        "p": Payload("T", b"1", "2"),
    }
    command = command_pb2.Command(meta_data=wire_metadata(metadata))
    assert metadata_from(command.meta_data) == metadata
    with pytest.raises(PayloadUnwritable, match="'n'"):
        wire_metadata({"n": 2**63})


def test_nothing_is_only_read_where_nothing_may_be() -> None:
    codec = JsonCodec()
    assert codec.decode(Payload("")) is None
    assert codec.decode(Payload(""), Order | None) is None
    for wanted in (Order, str, int, bytes):
        with pytest.raises(PayloadUnreadable):
            codec.decode(Payload(""), wanted)
