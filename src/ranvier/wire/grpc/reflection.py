"""Server reflection, v1 and v1alpha: callers may ask which services there are and how they look.

The answers come from the package's own descriptor pool, not from the process-wide one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError

from ranvier.proto._private_pool import POOL
from ranvier.proto.grpc.reflection.v1 import reflection_pb2 as v1
from ranvier.proto.grpc.reflection.v1alpha import reflection_pb2 as v1alpha
from ranvier.wire.grpc.methods import Method, streaming
from ranvier.wire.grpc.server_call import QUEUE_HIGH_BYTES, ServerCall
from ranvier.wire.grpc.status import GrpcError, StatusCode

# The two versions have the same messages under two names, so their types are not spelled here.
Messages = Any


def reflection_services(services: Collection[str]) -> Mapping[str, Mapping[str, Method]]:
    """Return both versions of the service; `services` names what is offered, read at each call."""
    return {
        f"grpc.reflection.{version}.ServerReflection": {
            "ServerReflectionInfo": reflection_method(services, messages)
        }
        for version, messages in (("v1", v1), ("v1alpha", v1alpha))
    }


def reflection_method(services: Collection[str], messages: Messages) -> Method:
    """Return the one method of the service, with the messages of one version."""
    return streaming(lambda call: ReflectionCall(call, services, messages))


class ReflectionCall:
    """One answer to each question, in order."""

    def __init__(self, call: ServerCall, services: Collection[str], messages: Messages) -> None:
        self._call = call
        self._services = services
        self._messages = messages

    def message_received(self, message: bytes) -> None:
        """Answer one question."""
        try:
            question = self._messages.ServerReflectionRequest.FromString(message)
        except DecodeError:
            raise GrpcError(
                StatusCode.INVALID_ARGUMENT, "the message is no ServerReflectionRequest"
            ) from None
        answer = self._messages.ServerReflectionResponse(
            valid_host=question.host, original_request=question
        )
        try:
            self._fill(answer, question)
        except KeyError:
            answer.error_response.error_code = StatusCode.NOT_FOUND
            answer.error_response.error_message = "there is no such file or symbol"
        self._call.send(answer.SerializeToString())
        if self._call.queued_bytes > QUEUE_HIGH_BYTES:
            self._call.pause_reading()

    def half_closed(self) -> None:
        """End: every question is answered."""
        self._call.finish()

    def writable(self) -> None:
        """Take further questions."""
        self._call.resume_reading()

    def cancelled(self) -> None:
        """Do nothing."""

    def _fill(self, answer: Messages, question: Messages) -> None:
        """Put what was asked for into the answer; KeyError where there is no such thing."""
        kind = question.WhichOneof("message_request")
        if kind == "list_services":
            for name in sorted(self._services):
                answer.list_services_response.service.add(name=name)
        elif kind == "file_by_filename":
            put_files(answer, POOL.FindFileByName(question.file_by_filename))
        elif kind == "file_containing_symbol":
            put_files(answer, POOL.FindFileContainingSymbol(question.file_containing_symbol))
        elif kind == "file_containing_extension":
            extension = question.file_containing_extension
            containing = POOL.FindMessageTypeByName(extension.containing_type)
            found = POOL.FindExtensionByNumber(containing, extension.extension_number)
            put_files(answer, POOL.FindFileContainingSymbol(found.full_name))
        elif kind == "all_extension_numbers_of_type":
            containing = POOL.FindMessageTypeByName(question.all_extension_numbers_of_type)
            numbers = sorted(found.number for found in POOL.FindAllExtensions(containing))
            answer.all_extension_numbers_response.base_type_name = containing.full_name
            answer.all_extension_numbers_response.extension_number.extend(numbers)
        else:
            raise GrpcError(StatusCode.INVALID_ARGUMENT, "the question asks for nothing")


def put_files(answer: Messages, file: FileDescriptor) -> None:
    """Put a file and all that it imports into the answer, the imported ones behind it."""
    files: dict[str, FileDescriptor] = {}
    waiting = [file]
    while waiting:
        current = waiting.pop()
        if current.name not in files:
            files[current.name] = current
            waiting.extend(current.dependencies)
    for found in files.values():
        answer.file_descriptor_response.file_descriptor_proto.append(found.serialized_pb)
