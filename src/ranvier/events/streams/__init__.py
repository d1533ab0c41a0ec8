"""Persistent streams: who gets which event, decided from values alone."""
