"""A shop and its customer: commands, queries, and an error that is part of the business.

    python -m examples.orders [localhost:8124]

Shop and customer are two programs here, though in one process: they meet only at the hub.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import ranvier
from ranvier.client import Hub
from ranvier.client.errors import CommandFailed


@dataclass
class PlaceOrder:
    """A command: the customer wants lamps."""

    customer: str
    lamps: int


@dataclass
class Order:
    """What the shop has written down."""

    number: int
    customer: str
    lamps: int


def open_shop(hub: Hub, stock: int) -> None:
    """Offer to take orders and to tell of them, until the hub is closed."""
    orders: list[Order] = []

    @hub.commands.handler("PlaceOrder")
    async def place(command: PlaceOrder) -> Order:
        sold = sum(order.lamps for order in orders)
        if sold + command.lamps > stock:
            raise CommandFailed(f"only {stock - sold} lamps are left", code="SHOP-SOLD-OUT")
        order = Order(len(orders) + 1, command.customer, command.lamps)
        orders.append(order)
        return order

    @hub.queries.handler("orders.find")
    def find(number: int) -> Order | None:
        return next((order for order in orders if order.number == number), None)

    @hub.queries.handler("orders.of")
    async def all_of(customer: str) -> AsyncIterator[Order]:
        for order in orders:
            if order.customer == customer:
                yield order


async def go_shopping(hub: Hub) -> None:
    """Buy until there is nothing left."""
    for lamps in (3, 5, 4):
        try:
            order = await hub.commands.send(
                PlaceOrder("Ada", lamps), result_type=Order, routing_key="lamps"
            )
            print(f"order {order.number}: {order.lamps} lamps")
        except CommandFailed as refusal:
            print(f"no {lamps} lamps: {refusal} [{refusal.code}]")
    second = await hub.queries.ask("orders.find", 2, result_type=Order)
    print(f"order 2 is {second.customer}'s")
    placed = [
        order.number async for order in hub.queries.stream("orders.of", "Ada", result_type=Order)
    ]
    print(f"Ada's orders: {placed}")


async def main(address: str) -> None:
    """Open the shop, send the customer in, close the shop."""
    async with ranvier.connect(address, component_name="shop") as shop:
        open_shop(shop, stock=10)
        await shop.commands.ready()
        await shop.queries.ready()
        async with ranvier.connect(address, component_name="customer") as customer:
            await go_shopping(customer)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "localhost:8124"))
