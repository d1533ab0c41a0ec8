"""Ports of the database in the words of the pure ring, and their implementations."""
