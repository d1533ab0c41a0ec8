"""Functions as handlers: what they take, by their annotations, and how they are to be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ranvier.client.codec import Codec
from ranvier.client.errors import HandlerUnusable
from ranvier.client.message import Message

MOST_ARGUMENTS: Final = 2
POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


@dataclass(frozen=True, slots=True)
class Handler:
    """One function and how it is called: with nothing, the value, or the value and the message."""

    function: Callable[..., Any]
    wanted: Any
    argument_count: int
    is_coroutine: bool
    is_stream: bool
    """A generator, plain or async: each value that it yields is a result."""

    def call(self, codec: Codec, message: Message) -> Any:
        """Call the function; PayloadUnreadable where the payload is not what it takes."""
        if self.argument_count == 0:
            return self.function()
        value = codec.decode(message.payload, self.wanted)
        if self.argument_count == 1:
            return self.function(value)
        return self.function(value, message)


def handler_from(function: Callable[..., Any], payload_type: Any = None) -> Handler:
    """Return a function as a handler; HandlerUnusable where it asks for more than there is.

    The first parameter's annotation says what the payload is decoded to, unless `payload_type`
    does.
    """
    parameters = parameters_of(function)
    required = [each for each in parameters if each.default is each.empty]
    if len(required) > MOST_ARGUMENTS:
        raise HandlerUnusable(
            f"{name_of(function)} must take one argument, the payload, or also the Message"
        )
    wanted = payload_type
    if wanted is None:
        wanted = parameters[0].annotation if parameters else Any
    return Handler(
        function=function,
        wanted=Any if wanted is inspect.Parameter.empty else wanted,
        argument_count=max(len(required), min(len(parameters), 1)),
        is_coroutine=inspect.iscoroutinefunction(function)
        or inspect.iscoroutinefunction(getattr(function, "__call__", None)),  # noqa: B004  # an object's own
        is_stream=inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function),
    )


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return what a function takes by place, with its annotations as types."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except (NameError, TypeError, ValueError) as problem:
        raise HandlerUnusable(
            f"the annotations of {name_of(function)} cannot be read ({problem}):"
            " use types of its module, or name the type by payload_type="
        ) from None
    needed = [
        each
        for each in signature.parameters.values()
        if each.kind is each.KEYWORD_ONLY and each.default is each.empty
    ]
    if needed:
        raise HandlerUnusable(f"{name_of(function)} may not demand arguments by name")
    return [each for each in signature.parameters.values() if each.kind in POSITIONAL]


def name_of(function: Callable[..., Any]) -> str:
    """Return how a function is called in its program."""
    return getattr(function, "__qualname__", repr(function))
