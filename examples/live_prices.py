"""Prices that stay up to date: a subscription query with its answer and updates.

    python -m examples.live_prices [localhost:8124]

The market answers what a currency costs and tells every change to those who asked for it.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

import ranvier
from ranvier.client import Hub


@dataclass
class Price:
    """What one euro costs."""

    currency: str
    amount: float


CHANGES = [Price("USD", 1.1), Price("GBP", 0.8), Price("USD", 1.2), Price("USD", 1.3)]


def open_market(hub: Hub) -> dict[str, float]:
    """Offer the prices; returns them, to be changed."""
    prices = {"USD": 1.0, "GBP": 0.9}

    @hub.queries.handler("prices")
    def price_of(currency: str) -> Price:
        return Price(currency, prices[currency])

    return prices


async def trade(hub: Hub, prices: dict[str, float]) -> None:
    """Change prices, then close the market."""
    for price in CHANGES:
        prices[price.currency] = price.amount
        await tell(hub, price)
    hub.queries.complete("prices")


async def tell(hub: Hub, price: Price) -> None:
    """Send a price to those who watch its currency."""
    await hub.queries.emit("prices", price, where=lambda currency: currency == price.currency)


async def watch(hub: Hub, currency: str, seen: asyncio.Event) -> None:
    """Print the price now and every later one."""
    async with hub.queries.subscribe(
        "prices", currency, result_type=Price, update_type=Price
    ) as live:
        first = await live.initial_result()
        print(f"1 EUR is {first.amount} {first.currency}")
        seen.set()
        async for price in live:
            print(f"1 EUR is now {price.amount} {price.currency}")
    print("the market is closed")


async def main(address: str) -> None:
    """Open a market, watch it from another program's connection."""
    async with (
        ranvier.connect(address, component_name="market") as market,
        ranvier.connect(address, component_name="trader") as trader,
    ):
        prices = open_market(market)
        await market.queries.ready()
        seen = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(trader, "USD", seen))
            await seen.wait()
            await trade(market, prices)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "localhost:8124"))
