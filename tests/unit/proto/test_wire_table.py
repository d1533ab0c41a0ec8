from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from ranvier.proto import (
    admin_pb2,
    command_pb2,
    common_pb2,
    control_pb2,
    dcb_pb2,
    event_pb2,
    license_pb2,
    persistent_streams_pb2,
    query_pb2,
)
from tests.unit.proto.wire_table import Row, rows_of, table_rows

DESCRIPTORS: tuple[FileDescriptor, ...] = tuple(
    module.DESCRIPTOR
    for module in (
        admin_pb2,
        command_pb2,
        common_pb2,
        control_pb2,
        dcb_pb2,
        event_pb2,
        license_pb2,
        persistent_streams_pb2,
        query_pb2,
    )
)


def compiled(name: str) -> FileDescriptorProto:
    (descriptor,) = (each for each in DESCRIPTORS if each.name == name)
    file = FileDescriptorProto()
    descriptor.CopyToProto(file)
    return file


FILES = sorted(descriptor.name for descriptor in DESCRIPTORS)


def rows_of_table(file: str) -> set[Row]:
    return {row for row in table_rows() if row[1] == file}


@pytest.mark.parametrize("file", FILES)
def test_what_is_compiled_is_what_the_table_says_row_by_row(file: str) -> None:
    written, in_table = set(rows_of(compiled(file))), rows_of_table(file)
    assert sorted(written - in_table) == []
    assert sorted(in_table - written) == []


def test_the_table_is_whole() -> None:
    rows = table_rows()
    assert len(rows) == len(set(rows))
    assert Counter(row[0] for row in rows) == {
        "rpc": 84,
        "field": 503,
        "enum": 33,
        "message": 16,
        "reserved": 7,
    }
    assert len({row[3] for row in rows if row[0] == "rpc"}) == 18
    assert len({(row[2], row[3]) for row in rows if row[0] in ("field", "message")}) == 180
    assert sorted({row[1] for row in rows}) == FILES


def test_nothing_is_compiled_beside_the_table() -> None:
    rows = [row for name in FILES for row in rows_of(compiled(name))]
    assert sorted(rows) == sorted(table_rows())


def renumber_a_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].number += 100


def retype_a_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].type = file.message_type[0].field[0].TYPE_BYTES


def rename_a_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].name += "s"


def repeat_a_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].label = file.message_type[0].field[0].LABEL_REPEATED


def drop_a_field(file: FileDescriptorProto) -> None:
    del file.message_type[0].field[0]


def add_a_message(file: FileDescriptorProto) -> None:
    file.message_type.add(name="Extra")


def nest_a_message(file: FileDescriptorProto) -> None:
    file.message_type[0].nested_type.add(name="Extra")


def take_a_field_out_of_its_oneof(file: FileDescriptorProto) -> None:
    (value,) = (each for each in file.message_type if each.name == "MetaDataValue")
    value.field[0].ClearField("oneof_index")


def renumber_a_value(file: FileDescriptorProto) -> None:
    file.enum_type[0].value[1].number = 99


def nest_an_enum(file: FileDescriptorProto) -> None:
    file.message_type[0].enum_type.add(name="Extra").value.add(name="NONE")


def free_a_reserved_number(file: FileDescriptorProto) -> None:
    (control,) = (each for each in file.message_type if each.name == "FlowControl")
    del control.reserved_range[:]


def free_a_reserved_value(file: FileDescriptorProto) -> None:
    (key,) = (each for each in file.enum_type if each.name == "ProcessingKey")
    del key.reserved_range[:]


def move_to_another_package(file: FileDescriptorProto) -> None:
    file.package += ".other"


def rename_the_file(file: FileDescriptorProto) -> None:
    file.name = "other.proto"


@pytest.mark.parametrize(
    "change",
    [
        renumber_a_field,
        retype_a_field,
        rename_a_field,
        repeat_a_field,
        drop_a_field,
        add_a_message,
        nest_a_message,
        take_a_field_out_of_its_oneof,
        renumber_a_value,
        nest_an_enum,
        free_a_reserved_number,
        free_a_reserved_value,
        move_to_another_package,
        rename_the_file,
    ],
)
def test_every_change_of_the_wire_is_seen(change: Callable[[FileDescriptorProto], None]) -> None:
    file = compiled("common.proto")
    assert set(rows_of(file)) == rows_of_table("common.proto")
    change(file)
    assert set(rows_of(file)) != rows_of_table("common.proto")


@pytest.mark.parametrize("side", ["client_streaming", "server_streaming"])
def test_a_change_of_streaming_is_seen(side: str) -> None:
    file = compiled("event.proto")
    method = file.service[0].method[0]
    setattr(method, side, not getattr(method, side))
    assert set(rows_of(file)) != rows_of_table("event.proto")


def test_a_changed_map_is_seen() -> None:
    file = compiled("event.proto")
    (event,) = (each for each in file.message_type if each.name == "Event")
    event.nested_type[0].field[0].type = event.nested_type[0].field[0].TYPE_INT64
    assert set(rows_of(file)) != rows_of_table("event.proto")
