"""Ranvier: an event store and message router that Axon clients use unchanged."""

__version__ = "0.1.0"
