"""A caller on grpcio that goes where nodes send it, as Axon's own connector does."""

from __future__ import annotations

import threading
from typing import Any, Self

import grpc

from ranvier.proto import control_pb2
from tests.support.axon_stubs import platform_stub
from tests.support.command_client import command, command_stub
from tests.support.live_call import LiveCall

WAIT_SECONDS = 30
PAUSE_SECONDS = 0.01
"""Between two calls: the machine is to do other things, too."""


class MovingCaller:
    """Sends one command after the other, on whichever node it is told to use; repeats none."""

    def __init__(self, addresses: list[str], name: str) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self.moves = 0
        self._addresses = addresses
        self._name = name
        self._is_over = threading.Event()
        self._channels: list[grpc.Channel] = []
        self._control: LiveCall[Any, Any] | None = None
        self._channel = self._settled()
        self._threads = [threading.Thread(target=each) for each in (self._follow, self._call)]

    def start(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """End; handlers of its commands must go on meanwhile."""
        self._is_over.set()
        assert self._control is not None
        self._control.cancel()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()
        for channel in self._channels:
            channel.close()

    def _settled(self) -> grpc.Channel:
        """Ask for a node, and settle there; repeated until there is one."""
        introduction = control_pb2.ClientIdentification(
            client_id="mover", component_name="mover", version="4.6"
        )
        while not self._is_over.is_set():
            for address in self._addresses:
                asked = self._opened(address)
                try:
                    found = platform_stub(asked).GetPlatformServer(introduction, timeout=5)
                except grpc.RpcError:
                    continue
                channel = asked
                if not found.same_connection:
                    node = found.primary
                    channel = self._opened(f"{node.host_name}:{node.grpc_port}")
                before = self._control
                self._control = LiveCall(platform_stub(channel).OpenStream)
                self._control.send(control_pb2.PlatformInboundInstruction(register=introduction))
                if before is not None:
                    before.cancel()
                return channel
        return self._channel

    def _opened(self, address: str) -> grpc.Channel:
        channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        self._channels.append(channel)
        return channel

    def _follow(self) -> None:
        """Move whenever the node asks for it, or ends the control stream."""
        while not self._is_over.is_set():
            assert self._control is not None
            try:
                sent = self._control.next()
                is_to_move = sent.WhichOneof("request") == "request_reconnect"
            except (grpc.RpcError, StopIteration):
                is_to_move = True
            if is_to_move and not self._is_over.is_set():
                self._channel = self._settled()
                self.moves += 1

    def _call(self) -> None:
        number = 0
        while not self._is_over.wait(PAUSE_SECONDS):
            number += 1
            try:
                message = command(f"mover-{number}", self._name, data=b"21")
                response = command_stub(self._channel).Dispatch(message, timeout=WAIT_SECONDS)
                if response.error_code:
                    self.failures.append(f"{response.error_code} {response.error_message.message}")
                self.answered += 1
            except grpc.RpcError as error:
                self.failures.append(str(error))
