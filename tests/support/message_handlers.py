"""Handlers and subscriptions for the tests of routing."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.messages.handler import Handler
from ranvier.messages.subscriptions import Subscription, SubscriptionTable


def handler(
    number: int | str = 1,
    *,
    context: str = "default",
    component: str = "orders",
    tags: Mapping[str, str] | None = None,
    node: str = "",
) -> Handler:
    """Return a handler whose stream id tells it from others."""
    return Handler(context, f"client-{number}", f"stream-{number}", component, tags or {}, node)


def candidates(
    *handlers: Handler, name: str = "Buy", load_factor: int = 100
) -> tuple[Subscription, ...]:
    """Return the candidates that these handlers are, as a table tells them."""
    table = SubscriptionTable()
    for each in handlers:
        table.subscribe(each.context, name, each, load_factor)
    return table.candidates(handlers[0].context, name) if handlers else ()
