"""Ranvier: an event store and message router that Axon clients use unchanged."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ranvier.client import connect

__all__ = ["__version__", "connect"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the client when somebody asks for it: a node and its command line do without."""
    if name == "connect":
        return import_module("ranvier.client").connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
