"""Compiled descriptors as rows of the wire table: names, numbers, types, labels and streaming.

The table, `tests/data/axon-api.tsv`, holds the facts of the public Axon Server API that clients
rely on. A field's row names the file, package and message, its name, number and type (messages and
enums in full) and whether it is single, repeated, a map, or in which oneof it lies.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

TABLE = Path(__file__).resolve().parents[2] / "data" / "axon-api.tsv"

# kind, file, package, owner, name, number, type, label, response type, streams in, streams out
Row = tuple[str, str, str, str, str, str, str, str, str, str, str]

_REPEATED = FieldDescriptorProto.LABEL_REPEATED
_SAID = {True: "yes", False: "no"}


def table_rows() -> list[Row]:
    """Return the rows of the table, without its head."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        _head, *rows = csv.reader(lines, delimiter="\t")
    return [_row(*cells) for cells in rows]


def rows_of(file: FileDescriptorProto) -> Iterator[Row]:
    """Yield what a compiled file declares, as rows of the table."""
    for message in file.message_type:
        yield from _message_rows(file, message, "")
    for enum in file.enum_type:
        yield from _enum_rows(file, enum, "")
    for service in file.service:
        yield from _service_rows(file, service)


def _message_rows(file: FileDescriptorProto, message: DescriptorProto, outer: str) -> Iterator[Row]:
    owner = f"{outer}{message.name}"
    entries = {entry.name: entry for entry in message.nested_type if entry.options.map_entry}
    if not message.field:
        yield _row("message", file.name, file.package, owner)
    for field in message.field:
        kind, label = _type_and_label(message, field, entries)
        cells = ("field", file.name, file.package, owner, field.name, str(field.number))
        yield _row(*cells, kind, label)
    for reserved in message.reserved_range:
        for number in range(reserved.start, reserved.end):
            yield _row("reserved", file.name, file.package, owner, "", str(number))
    for nested in message.nested_type:
        if nested.name not in entries:
            yield from _message_rows(file, nested, f"{owner}.")
    for enum in message.enum_type:
        yield from _enum_rows(file, enum, f"{owner}.")


def _type_and_label(
    message: DescriptorProto, field: FieldDescriptorProto, entries: dict[str, DescriptorProto]
) -> tuple[str, str]:
    entry = entries.get(field.type_name.rpartition(".")[2])
    if entry is not None:
        return f"map<{','.join(_type(part) for part in entry.field)}>", "map"
    if field.label == _REPEATED:
        return _type(field), "repeated"
    if field.HasField("oneof_index"):
        return _type(field), f"oneof {message.oneof_decl[field.oneof_index].name}"
    return _type(field), "single"


def _type(field: FieldDescriptorProto) -> str:
    named = field.type_name.removeprefix(".")
    return named or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _enum_rows(file: FileDescriptorProto, enum: EnumDescriptorProto, outer: str) -> Iterator[Row]:
    owner = f"{outer}{enum.name}"
    for value in enum.value:
        cells = ("enum", file.name, file.package, owner, value.name, str(value.number))
        yield _row(*cells, "enum")
    for reserved in enum.reserved_range:
        for number in range(reserved.start, reserved.end + 1):  # an enum's ranges have their end
            yield _row("reserved", file.name, file.package, owner, "", str(number))


def _service_rows(file: FileDescriptorProto, service: ServiceDescriptorProto) -> Iterator[Row]:
    for method in service.method:
        yield _row(
            "rpc",
            file.name,
            file.package,
            f"{file.package}.{service.name}",
            method.name,
            "",
            method.input_type.removeprefix("."),
            "",
            method.output_type.removeprefix("."),
            _SAID[method.client_streaming],
            _SAID[method.server_streaming],
        )


def _row(*cells: str) -> Row:
    kind, file, package, owner, name, number, of_type, label, response, taking, giving = (
        *cells,
        *[""] * (11 - len(cells)),
    )
    return kind, file, package, owner, name, number, of_type, label, response, taking, giving
